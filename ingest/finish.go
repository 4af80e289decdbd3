package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/pageferry/pageferry/crawler"
	"github.com/pageferry/pageferry/ingest/ledger"
)

// finishTimeout bounds the reading and writing at the end of a run, which outlives its cancellation.
const finishTimeout = time.Minute

// finish turns what a run came to into its result, and records it.
func (r *run) finish(ctx context.Context, err error) Result {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTimeout)
	defer cancel()
	res := Result{Site: r.site.Name, Destination: r.dest, StartedAt: r.began, Pages: map[string]int{}, Messages: []string{}, Incomplete: []string{},
		Failures: []PageProblem{}, Stale: []PageProblem{}, Held: []HeldItem{}, Gone: []PageProblem{}, Removed: []PageProblem{}, Notes: []string{}, OutOfScope: []Beside{}}
	r.spend(&res)
	res.Notes = append(res.Notes, r.site.Crawler.RobotsNotes()...)
	res.Notes = append(res.Notes, r.site.Crawler.TrapNotes()...)
	res.Notes = append(res.Notes, r.findings...)
	res.Notes = append(res.Notes, r.verification.notes()...)
	res.Listing = r.verification.listing
	if r.ledger != nil {
		res.Run, res.Resumed, res.StartedAt = r.ledger.ID, r.ledger.Resumed, r.ledger.Started
		if rerr := r.collect(ctx, &res); rerr != nil && err == nil {
			err = rerr
		}
	}
	res.Deleted, res.Moved = int(r.removed.Load()), int(r.moved.Load())
	r.decide(ctx, &res, err)
	res.StartedAt = res.StartedAt.UTC().Truncate(time.Second)
	res.DurationMS = time.Since(r.began).Milliseconds()
	if r.ledger != nil {
		if cerr := r.close(ctx, &res); cerr != nil && res.Exit != ExitStopped {
			s := classify(cerr)
			res.Exit, res.Reason, res.Complete = s.Exit, s.Reason, false
			res.Messages = append(res.Messages, s.Error())
		}
	}
	return res
}

// spend sums what the run has cost; of a resumed one, with what its earlier processes said.
func (r *run) spend(res *Result) {
	var before ledger.Spent
	if r.ledger != nil {
		before = r.ledger.Before
	}
	crawled, api := r.site.Crawler.Stats(), r.site.API.Stats()
	res.Fetches, res.BytesFetched = before.Fetches+crawled.Fetches, before.BytesFetched+crawled.Bytes
	res.Upserts, res.APIRequests = before.Upserts+r.upserts.Load(), before.Requests+api.Requests
	res.Retries = before.Retries + crawled.Retries + api.Retries
}

// collect reads the counts and lists of the result from the ledger, which is what a later `status` will show.
func (r *run) collect(ctx context.Context, res *Result) error {
	var err error
	if res.Pages, err = r.ledger.Counts(ctx); err != nil {
		return err
	}
	if res.InTarget, err = r.site.Ledger.InTarget(ctx, r.destID); err != nil {
		return err
	}
	if r.site.Crawl.Scope.Canonical != crawler.Ignore {
		if r.foreign.pages, r.foreign.example, r.foreign.canonical, err = r.ledger.ForeignCanonicals(ctx); err != nil {
			return err
		}
	}
	if len(r.judge.keptOut) > 0 {
		if r.removedPages, err = r.ledger.CountClass(ctx, Excluded, classRemoved); err != nil {
			return err
		}
	}
	res.OutOfScope = r.beside.list()
	for _, list := range []struct {
		of   ledger.Condition
		into *[]PageProblem
	}{{ledger.Failed, &res.Failures}, {ledger.Stale, &res.Stale}, {ledger.Gone, &res.Gone}} {
		for p, err := range r.site.Ledger.Pages(ctx, r.destID, r.ledger.ID, list.of) {
			if err != nil {
				return err
			}
			*list.into = append(*list.into, problem(p, list.of))
		}
	}
	removed, err := r.site.Ledger.TakenOut(ctx, r.ledger.ID, math.MaxInt)
	if err != nil {
		return err
	}
	for _, c := range removed {
		res.Removed = append(res.Removed, PageProblem{URL: c.URL, Detail: c.Why})
	}
	holds, err := r.site.Ledger.Holds(ctx, r.destID, r.ledger.ID)
	if err != nil {
		return err
	}
	for _, h := range holds {
		res.Held = append(res.Held, HeldItem{h.URL, h.Action, h.Why})
	}
	res.Held = append(res.Held, r.missed...)
	if last, err := r.site.Ledger.LastComplete(ctx, r.destID); err != nil {
		return err
	} else if !last.IsZero() {
		res.LastCompleteAt = &last
	}
	return nil
}

func problem(p ledger.Page, of ledger.Condition) PageProblem {
	pp := PageProblem{URL: p.URL, Outcome: p.Outcome, Class: p.Class, Detail: p.Detail}
	switch since := p.StaleSince; of {
	case ledger.Stale:
		pp.Since = &since
	case ledger.Gone:
		since = p.EvidenceSince
		pp.Since = &since
	}
	return pp
}

// close records the result. A run that was interrupted, or that the API stopped, is left open for the next to resume.
func (r *run) close(ctx context.Context, res *Result) error {
	if res.Complete && r.plan == nil {
		now := time.Now().UTC().Truncate(time.Second)
		res.LastCompleteAt = &now
	}
	brief := *res
	brief.Failures, brief.Stale, brief.Held, brief.Gone, brief.Removed = nil, nil, nil, nil, nil
	brief.Listing = nil
	b, err := json.Marshal(brief)
	if err != nil {
		return fmt.Errorf("marshal result: %w", err)
	}
	open := res.Reason == ReasonInterrupted || res.Reason == ReasonTimeBudget || res.Reason == ReasonTokenRefused || res.Reason == ReasonAPIDown
	return r.ledger.Close(ledger.Closing{Now: time.Now(), Exit: res.Exit, Reason: res.Reason, Complete: res.Complete, KeepOpen: open,
		Evidence: res.Complete && r.trusted, Result: string(b),
		Spent: ledger.Spent{Fetches: res.Fetches, Upserts: res.Upserts, Requests: res.APIRequests, Retries: res.Retries, BytesFetched: res.BytesFetched}})
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
