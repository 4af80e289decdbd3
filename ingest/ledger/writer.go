package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"
)

// maxBatch is how many changes share a transaction at the most, so that none waits long for its commit.
const maxBatch = 256

// How long a change may wait for others to share its transaction.
const (
	lingerLong  = 2 * time.Millisecond   // nobody waits for it
	lingerShort = 500 * time.Microsecond // one of several workers waits for it, whose request took longer by far
)

var errClosed = errors.New("the ledger is closed")

// writer runs all changes on one connection, in order. Changes that are waiting when it comes round share a
// transaction: commits cost more than rows.
type writer struct {
	conn  *sql.Conn
	stmts statements
	jobs  chan job

	closing sync.RWMutex // held for reading while a change is queued, so that close finds none half way
	closed  bool
	idle    chan struct{}

	mu  sync.Mutex
	err error // the first failure; afterwards everything fails with it
}

type job struct {
	do     func(*statements) error
	after  func(error) // called once, when the change is committed or will never be
	linger time.Duration
}

func startWriter(ctx context.Context, db *sql.DB) (*writer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	w := &writer{conn: conn, jobs: make(chan job, maxBatch), idle: make(chan struct{})}
	if err := w.stmts.prepare(ctx, conn); err != nil {
		conn.Close()
		return nil, err
	}
	go w.run()
	return w, nil
}

// submit queues a change, waiting while too many are queued. after may be nil; it must not block, and no lock that it
// takes may be held by a caller of submit.
func (w *writer) submit(do func(*statements) error, after func(error)) {
	w.queue(do, after, lingerLong)
}

func (w *writer) queue(do func(*statements) error, after func(error), linger time.Duration) {
	if after == nil {
		after = func(error) {}
	}
	w.closing.RLock()
	defer w.closing.RUnlock()
	if w.closed {
		after(errClosed)
		return
	}
	w.jobs <- job{do, after, linger}
}

// exec queues a change and waits until it is committed. It does not take a context: a change that was begun is either
// committed or fails, and both come soon.
func (w *writer) exec(do func(*statements) error) error { return w.execWithin(0, do) }

// execWithin is exec for a change that may wait so long for others.
func (w *writer) execWithin(linger time.Duration, do func(*statements) error) error {
	done := make(chan error, 1)
	w.queue(do, func(err error) { done <- err }, linger)
	return <-done
}

func (w *writer) run() {
	defer close(w.idle)
	for first := range w.jobs {
		batch := w.gather(first)
		err := w.failed()
		if err == nil {
			err = plain(w.commit(batch))
			w.fail(err)
		}
		for _, j := range batch {
			j.after(err)
		}
	}
}

// gather returns the changes that share a transaction with the first: all that are waiting, and those that come while
// none of them has waited for as long as it may.
func (w *writer) gather(first job) []job {
	batch := append(make([]job, 0, maxBatch/8), first)
	began, linger := time.Now(), first.linger
	var timer *time.Timer
	for len(batch) < maxBatch {
		select {
		case j, ok := <-w.jobs:
			if !ok {
				return batch
			}
			batch = append(batch, j)
			linger = min(linger, time.Since(began)+j.linger)
			continue
		default:
		}
		left := linger - time.Since(began)
		if left <= 0 {
			return batch
		}
		if timer == nil {
			timer = time.NewTimer(left)
			defer timer.Stop()
		} else {
			timer.Reset(left)
		}
		select {
		case j, ok := <-w.jobs:
			if !ok {
				return batch
			}
			batch = append(batch, j)
			linger = min(linger, time.Since(began)+j.linger)
		case <-timer.C:
			return batch
		}
	}
	return batch
}

// commit runs a batch in one transaction. A change that fails takes its batch along, and the ledger with it: a ledger
// that cannot record must not let effects go on.
func (w *writer) commit(batch []job) error {
	// Not the run's context: what has happened must be recorded even when the run is being cancelled.
	ctx := context.Background()
	if _, err := w.stmts.begin.ExecContext(ctx); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	for _, j := range batch {
		if err := j.do(&w.stmts); err != nil {
			w.rollback(ctx)
			return err
		}
	}
	if err := w.stmts.flush(); err != nil {
		w.rollback(ctx)
		return err
	}
	if _, err := w.stmts.commit.ExecContext(ctx); err != nil {
		w.rollback(ctx)
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// rollback ends a transaction that failed. SQLite has often done so by itself, such as when the disk is full, and then
// says that there is none.
func (w *writer) rollback(ctx context.Context) {
	_, _ = w.conn.ExecContext(ctx, "ROLLBACK")
}

func (w *writer) failed() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

func (w *writer) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = err
	}
}

func (w *writer) close() error {
	w.closing.Lock()
	if !w.closed {
		w.closed = true
		close(w.jobs)
	}
	w.closing.Unlock()
	<-w.idle
	return errors.Join(w.failed(), w.stmts.close(), w.conn.Close())
}
