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

// lingerFor is how long a change that nobody waits for may wait for others to share its transaction.
const lingerFor = 2 * time.Millisecond

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
	urgent bool        // somebody waits for it
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
func (w *writer) submit(do func(*statements) error, after func(error)) { w.queue(do, after, false) }

func (w *writer) queue(do func(*statements) error, after func(error), urgent bool) {
	if after == nil {
		after = func(error) {}
	}
	w.closing.RLock()
	defer w.closing.RUnlock()
	if w.closed {
		after(errClosed)
		return
	}
	w.jobs <- job{do, after, urgent}
}

// exec queues a change and waits until it is committed. It does not take a context: a change that was begun is either
// committed or fails, and both come soon.
func (w *writer) exec(do func(*statements) error) error {
	done := make(chan error, 1)
	w.queue(do, func(err error) { done <- err }, true)
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

// gather returns the changes that share a transaction with the first: all that are waiting, and, as long as nobody
// waits for one of them, those that come within the linger.
func (w *writer) gather(first job) []job {
	batch := []job{first}
	urgent := first.urgent
	var linger <-chan time.Time
	for len(batch) < maxBatch {
		if linger == nil && !urgent && len(w.jobs) == 0 {
			t := time.NewTimer(lingerFor)
			defer t.Stop()
			linger = t.C
		}
		if urgent && len(w.jobs) == 0 {
			return batch
		}
		select {
		case j, ok := <-w.jobs:
			if !ok {
				return batch
			}
			batch = append(batch, j)
			urgent = urgent || j.urgent
		case <-linger:
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
