package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/maphash"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

const (
	// resumeWithin is how long ago a killed run may have made its last progress to be resumed: an older one has read
	// a site that may be another by now.
	resumeWithin = 24 * time.Hour
	// keepVersions is how many articles of a page are kept, the delivered one included.
	keepVersions = 5
	// keepRuns is how many runs of a destination keep their outcomes.
	keepRuns = 30
)

// RunOptions say how a run begins.
type RunOptions struct {
	Destination int64
	Signature   string // of what decides what the run does: only a run with the same one is resumed
	// Reading returns the signature of how a URL is read now: validators are handed out only where its last reading had
	// the same.
	Reading  func(url string) string
	Restart  bool // do not resume
	Refetch  bool // hand out no validators
	MaxItems int  // hand out that many items at the most; 0: no limit
	Now      time.Time
}

// Run is a run in progress and its frontier. It implements crawler.Frontier; its methods may be called concurrently.
type Run struct {
	ID      int64
	Resumed bool
	Started time.Time // of a resumed run, when it first began
	Before  Spent     // by the earlier processes of a resumed run, as far as they lived to say so

	l    *Ledger
	opts RunOptions
	hash maphash.Seed

	lastProgress time.Time           // touched by the writer alone
	pending      *semaphore.Weighted // links that wait to be written

	mu      sync.Mutex
	seen    map[uint64]struct{} // URLs in the frontier, see key
	ahead   []entry             // read from the frontier, not handed out
	cursor  int64               // seq of the last row read
	waiting int                 // rows committed but not read
	filling bool                // rows are being read
	open    int                 // items handed out and changes queued that are not committed
	handed  int
	stopped bool
	failed  error          // the ledger's failure, which ends every wait
	changed chan struct{}  // closed and replaced whenever the above changes
	states  map[item]State // of the items that are out
}

// OpenRun begins a run, or resumes the last one of the destination if it was not closed, has the same signature, and
// made progress within a day. Intents that are still open may not be sent before their pages have been fetched again:
// the site may have changed since.
func (l *Ledger) OpenRun(ctx context.Context, o RunOptions) (*Run, error) {
	r := &Run{l: l, opts: o, hash: maphash.MakeSeed(), seen: map[uint64]struct{}{}, changed: make(chan struct{}),
		states: map[item]State{}, pending: semaphore.NewWeighted(maxPending), Started: o.Now}
	var signature string
	var started, progress int64
	b := &r.Before
	err := l.read.QueryRowContext(ctx, `SELECT id, signature, started_ms, progress_ms, fetches, upserts, api_requests, retries, bytes_fetched
		FROM runs WHERE destination_id = $1 AND state = 'open' ORDER BY id DESC LIMIT 1`, o.Destination).Scan(&r.ID, &signature, &started,
		&progress, &b.Fetches, &b.Upserts, &b.Requests, &b.Retries, &b.BytesFetched)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("look for a run to resume: %w", plain(err))
	}
	// What a guard has said of a run is not known to the process that resumes it, which would trust what that one did not.
	var held bool
	if herr := l.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM holds WHERE run_id = $1)`, r.ID).Scan(&held); herr != nil {
		return nil, fmt.Errorf("look for a run to resume: %w", plain(herr))
	}
	r.Resumed = err == nil && !held && !o.Restart && signature == o.Signature && o.Now.Sub(fromMS(progress)) < resumeWithin
	err = l.writer.exec(func(s *statements) error {
		if _, err := s.disarmIntents.Exec(o.Destination); err != nil {
			return err
		}
		if r.Resumed {
			if _, err := s.resumeRun.Exec(r.ID, ms(o.Now)); err != nil {
				return err
			}
			_, err := s.reopenIntents.Exec(r.ID, o.Destination)
			return err
		}
		if _, err := s.abandonRuns.Exec(o.Destination); err != nil {
			return err
		}
		if err := s.dropFrontier(o.Destination); err != nil {
			return err
		}
		return s.newRun.QueryRow(o.Destination, o.Signature, ms(o.Now)).Scan(&r.ID)
	})
	if err != nil {
		return nil, fmt.Errorf("open run: %w", err)
	}
	if !r.Resumed {
		r.Before = Spent{}
		return r, nil
	}
	r.Started = fromMS(started)
	return r, r.load(ctx)
}

// load reads which URLs a resumed run has found, and how many of them are still to crawl.
func (r *Run) load(ctx context.Context) error {
	rows, err := r.l.read.QueryContext(ctx, `SELECT url, alone, done FROM frontier WHERE run_id = $1`, r.ID)
	if err != nil {
		return fmt.Errorf("read frontier: %w", plain(err))
	}
	defer rows.Close()
	for rows.Next() {
		var url string
		var alone, done bool
		if err := rows.Scan(&url, &alone, &done); err != nil {
			return fmt.Errorf("read frontier: %w", plain(err))
		}
		r.seen[r.key(url, alone)] = struct{}{}
		if done {
			r.handed++
		} else {
			r.waiting++
		}
	}
	return plain(rows.Err())
}

// Spent is what a run has cost.
type Spent struct{ Fetches, Upserts, Requests, Retries, BytesFetched int64 }

// Closing is how a run ended.
type Closing struct {
	Now      time.Time
	Exit     int
	Reason   string
	Complete bool
	Evidence bool // what it saw counts as evidence for deletion
	KeepOpen bool // it can be resumed: interrupted, not finished
	Spent    Spent
	Result   string // JSON
}

// Close records how the run ended and forgets what is older than the history that is kept.
func (r *Run) Close(c Closing) error {
	state := "closed"
	if c.KeepOpen {
		state = "open"
	}
	err := r.l.writer.exec(func(s *statements) error {
		_, err := s.closeRun.Exec(r.ID, state, ms(c.Now), c.Complete, c.Exit, c.Reason, c.Spent.Fetches, c.Spent.Upserts,
			c.Spent.Requests, c.Spent.Retries, c.Spent.BytesFetched, c.Result)
		if err != nil || c.KeepOpen {
			return err
		}
		if c.Evidence {
			if _, err := s.count.Exec(r.opts.Destination, r.ID); err != nil {
				return err
			}
		}
		if err := s.dropFrontier(r.opts.Destination); err != nil {
			return err
		}
		return s.prune(r.opts.Destination)
	})
	if err != nil {
		return fmt.Errorf("close run: %w", err)
	}
	return nil
}

// prune forgets what is older than the history that is kept.
func (s *statements) prune(destination int64) error {
	if _, err := s.pruneOutcomes.Exec(destination, keepRuns); err != nil {
		return err
	}
	var oldest int64
	if err := s.oldestKept.QueryRow(destination, keepRuns).Scan(&oldest); err != nil {
		return err
	}
	for _, stmt := range []*sql.Stmt{s.pruneOutlinks, s.pruneDrafts, s.prunePages} {
		if _, err := stmt.Exec(destination, oldest); err != nil {
			return err
		}
	}
	if _, err := s.pruneRuns.Exec(destination, keepRuns); err != nil {
		return err
	}
	_, err := s.pruneHolds.Exec()
	return err
}
