package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/pageferry/pageferry/ingest/ledger"
)

// finishTimeout bounds the reading and writing at the end of a run, which outlives its cancellation.
const finishTimeout = time.Minute

// finish turns what a run came to into its result, and records it.
func (r *run) finish(ctx context.Context, err error) Result {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTimeout)
	defer cancel()
	crawled, api := r.site.Crawler.Stats(), r.site.API.Stats()
	res := Result{Site: r.site.Name, Destination: r.dest, StartedAt: r.began.UTC().Truncate(time.Second), Pages: map[string]int{},
		Fetches: crawled.Fetches, BytesFetched: crawled.Bytes, Upserts: r.upserts.Load(), APIRequests: api.Requests,
		Retries: crawled.Retries + api.Retries, Messages: []string{}, Incomplete: []string{},
		Failures: []PageProblem{}, Stale: []PageProblem{}, Held: []PageProblem{}, Gone: []PageProblem{}, OutOfScope: []Beside{}}
	if r.ledger != nil {
		res.Run, res.Resumed = r.ledger.ID, r.ledger.Resumed
		if rerr := r.collect(ctx, &res); rerr != nil && err == nil {
			err = rerr
		}
	}
	r.decide(&res, err)
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

// collect reads the counts and lists of the result from the ledger, which is what a later `status` will show.
func (r *run) collect(ctx context.Context, res *Result) error {
	var err error
	if res.Pages, err = r.ledger.Counts(ctx); err != nil {
		return err
	}
	if res.InTarget, err = r.site.Ledger.InTarget(ctx, r.destID); err != nil {
		return err
	}
	if r.foreign.pages, r.foreign.example, r.foreign.canonical, err = r.ledger.ForeignCanonicals(ctx); err != nil {
		return err
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

// decide sets the exit code, its reason, and what a person is told.
func (r *run) decide(res *Result, err error) {
	say := func(format string, args ...any) { res.Messages = append(res.Messages, fmt.Sprintf(format, args...)) }
	if err != nil {
		s := classify(err)
		res.Exit, res.Reason = s.Exit, s.Reason
		res.Incomplete = append(r.incomplete, s.Reason)
		if s.Reason == ReasonInterrupted {
			say("interrupted; run again to continue where it stopped")
		} else {
			say("%s", s.Error())
		}
		return
	}
	r.checkStart(res)
	if r.ledger.Full() {
		if r.flags.Limit > 0 {
			r.incomplete = append(r.incomplete, fmt.Sprintf("--limit %d", r.flags.Limit))
		} else {
			r.incomplete = append(r.incomplete, fmt.Sprintf("scope.max_pages (%d) was reached with %d URLs left", r.site.Crawl.Scope.MaxPages, r.ledger.Left()))
		}
	}
	res.Incomplete = append(res.Incomplete, r.incomplete...)
	reason, why := r.staleness(res)
	if reason != "" {
		res.Exit, res.Reason = ExitStopped, reason
		res.Incomplete = append(res.Incomplete, why)
		say("%s; these pages stay in Fin as they were", why)
		return
	}
	res.Complete = len(res.Incomplete) == 0
	if look := r.implausible(res); len(look) > 0 {
		res.Exit, res.Reason = ExitLook, ReasonImplausible
		if res.InTarget == 0 {
			res.Reason = ReasonNoPages
		}
		res.Messages = append(res.Messages, look...)
		return
	}
	switch {
	case len(res.Failures) > 0:
		res.Exit, res.Reason = ExitIncomplete, ReasonFailed
		say("%s failed; what was in Fin of them is still there, and the next run tries them again", count(len(res.Failures), "page"))
	case len(res.Stale) > 0:
		res.Exit, res.Reason = ExitIncomplete, ReasonStale
	case !res.Complete:
		res.Exit, res.Reason = ExitIncomplete, ReasonIncomplete
	}
	if len(res.Stale) > 0 {
		say("%s in Fin could not be confirmed", count(len(res.Stale), "page"))
	}
	for _, why := range res.Incomplete {
		say("the run is incomplete: %s", why)
	}
}

// checkStart makes the run incomplete where a start URL could not be read: what hangs on it may have been missed.
func (r *run) checkStart(res *Result) {
	for _, s := range r.site.Crawl.Start {
		u, err := r.judge.canon.Canonical(s)
		if err != nil {
			continue // refused when the run began
		}
		p, found, err := r.site.Ledger.Page(context.Background(), r.destID, u)
		if err != nil || !found || p.OutcomeRun != r.ledger.ID {
			continue
		}
		switch p.Outcome {
		case Failed, Gone, Robots, NotHTML, TooLarge:
			r.incomplete = append(r.incomplete, fmt.Sprintf("the start URL %s is %s (%s): correct `start`, or look at it in a browser", s, p.Outcome, nonempty(p.Detail, p.Class)))
		case Redirected:
			if to := r.judge.scope.Decide(p.Edge); !to.In {
				r.incomplete = append(r.incomplete, fmt.Sprintf("the start URL %s redirects to %s, which is out of scope (%s): set start to it, or add its host to scope.hosts", s, p.Edge, to.Why))
			}
		}
	}
}

// staleness says whether so much of what is in Fin could not be confirmed that the run cannot be called one.
func (r *run) staleness(res *Result) (reason, why string) {
	if r.flags.Limit > 0 || len(res.Stale)*10 <= res.InTarget {
		return "", ""
	}
	by := map[string]int{}
	for _, s := range res.Stale {
		switch s.Outcome {
		case Robots:
			by[ReasonBlocked]++
		case Failed:
			by[ReasonSiteDown]++
		}
	}
	for _, c := range []string{ReasonSiteDown, ReasonBlocked} {
		if 2*by[c] > len(res.Stale) {
			example := res.Stale[0]
			return c, fmt.Sprintf("%d of %d pages in Fin could not be confirmed, such as %s (%s)", len(res.Stale), res.InTarget, example.URL, nonempty(example.Detail, example.Outcome))
		}
	}
	return "", ""
}

// implausible returns why a person must look at the result: it leaves nothing in Fin, or one reason keeps out more
// than half of the pages.
func (r *run) implausible(res *Result) []string {
	var look []string
	total := 0
	for _, n := range res.Pages {
		total += n
	}
	if r.flags.Limit == 0 {
		for _, s := range skips {
			if n := res.Pages[s.outcome]; 2*n > total {
				look = append(look, fmt.Sprintf("%d of %d pages are %s (%s): %s", n, total, s.outcome, s.key, s.advice))
			}
		}
		if n := r.foreign.pages; 2*n > total {
			look = append(look, fmt.Sprintf("%d of %d pages name a canonical URL out of scope, such as %s on %s; they were delivered under their "+
				"own URLs: if that is right, set scope.canonical: ignore, else crawl the site that they name (start, scope.hosts)",
				n, total, r.foreign.canonical, r.foreign.example))
		}
	}
	if res.InTarget == 0 && (r.flags.Limit == 0 || len(res.Failures) > 0) {
		why := fmt.Sprintf("no page is in Fin after this run, which saw %s", count(total, "URL"))
		if len(res.Failures) > 0 {
			why += fmt.Sprintf("; %s: %s (%s)", res.Failures[0].URL, res.Failures[0].Class, res.Failures[0].Detail)
		}
		look = append(look, why)
		look = append(look, r.incomplete...)
	}
	return look
}

// close records the result. A run that was interrupted, or that the API stopped, is left open for the next to resume.
func (r *run) close(ctx context.Context, res *Result) error {
	if res.Complete {
		now := time.Now().UTC().Truncate(time.Second)
		res.LastCompleteAt = &now
	}
	brief := *res
	brief.Failures, brief.Stale, brief.Held, brief.Gone = nil, nil, nil, nil
	b, err := json.Marshal(brief)
	if err != nil {
		return fmt.Errorf("marshal result: %w", err)
	}
	open := res.Reason == ReasonInterrupted || res.Reason == ReasonTokenRefused || res.Reason == ReasonAPIDown
	return r.ledger.Close(ledger.Closing{Now: time.Now(), Exit: res.Exit, Reason: res.Reason, Complete: res.Complete, KeepOpen: open,
		Fetches: res.Fetches, Upserts: res.Upserts, Requests: res.APIRequests, Retries: res.Retries, BytesFetched: res.BytesFetched,
		Result: string(b)})
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
