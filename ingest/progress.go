package ingest

import (
	"sync/atomic"
	"time"
)

// Progress counts what a run has done so far. It may be read while the run goes on.
type Progress struct {
	found, fetched, delivered, failed, skipped, same, waiting atomic.Int64
	began                                                     atomic.Int64 // Unix milliseconds
	phase                                                     atomic.Value // string
}

// Snapshot is the state of a Progress at one moment.
type Snapshot struct {
	Phase     string // what the run is doing: checking, crawling, updating, finishing
	Found     int64  // URLs found
	Fetched   int64  // of these, done with
	Delivered int64  // pages that the API has acknowledged
	Same      int64  // pages that are in Fin as they are
	Skipped   int64  // pages that stay out for a stated reason
	Failed    int64
	Waiting   int64 // pages staged and not yet delivered
	Elapsed   time.Duration
}

// Snapshot returns the counts as they are now.
func (p *Progress) Snapshot() Snapshot {
	s := Snapshot{Found: p.found.Load(), Fetched: p.fetched.Load(), Delivered: p.delivered.Load(), Same: p.same.Load(),
		Skipped: p.skipped.Load(), Failed: p.failed.Load(), Waiting: p.waiting.Load()}
	s.Phase, _ = p.phase.Load().(string)
	if began := p.began.Load(); began > 0 {
		s.Elapsed = time.Since(time.UnixMilli(began))
	}
	return s
}

func (p *Progress) count(outcome string) {
	switch {
	case outcome == Failed:
		p.failed.Add(1)
	case live(outcome):
		p.same.Add(1)
	default:
		p.skipped.Add(1)
	}
}
