package ingest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pageferry/pageferry/crawler"
	"github.com/pageferry/pageferry/ingest/ledger"
)

// errTimeBudget is the cause of the end of a run whose Flags.MaxDuration is over.
var errTimeBudget = errors.New("the time budget (--max-duration) is over")

// partial reports whether the run is a trial that sees only a part of the site: nothing that it did not see is judged.
func (f Flags) partial() bool { return f.Limit > 0 || f.Only != nil }

// signature is added to that of a run, so that only a run with the same part is resumed by this one.
func (f Flags) signature() string {
	var s string
	if f.Refetch {
		s += ":refetch" // what is left of it must not be read with validators
	}
	if f.Limit > 0 {
		s += ":limit" // a trial must not end a whole run that was interrupted as if it had been one
	}
	if f.Plan != nil {
		s += fmt.Sprintf(":plan:%d", f.Plan.MadeAt.Unix()) // what it holds back must not be held by another run
	}
	if f.Only != nil {
		s += ":only:" + f.Only.String()
	}
	return s
}

// reasons says why a partial run is incomplete, whatever it came to.
func (f Flags) reasons() []string {
	if f.Only == nil {
		return nil
	}
	return []string{fmt.Sprintf("--only %q leaves out the rest of the site", f.Only.String())}
}

// budget returns the context that says when to stop: at the end of ctx, or when the time budget is over.
func (r *run) budget(ctx context.Context) (context.Context, context.CancelFunc) {
	if r.flags.MaxDuration <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, r.flags.MaxDuration, errTimeBudget)
}

// stopCause returns what ended stopping: the user, or the time budget.
func stopCause(stopping context.Context) error {
	if errors.Is(context.Cause(stopping), errTimeBudget) {
		return errTimeBudget
	}
	return errInterrupted
}

// frontier is where discovery puts what it finds: the run's own, without what --only leaves out. Start URLs are read in
// any case, because nothing would be found otherwise.
func (r *run) frontier() crawler.Frontier {
	if r.flags.Only == nil {
		return r.ledger
	}
	return matching{r.ledger, r.flags.Only}
}

type matching struct {
	*ledger.Run
	only *crawler.Pattern
}

// Add implements crawler.Frontier.
func (m matching) Add(ctx context.Context, links []crawler.Link) error {
	var wanted []crawler.Link
	for _, l := range links {
		if l.Via == crawler.ViaStart || m.only.Match(l.URL) {
			wanted = append(wanted, l)
		}
	}
	return m.Run.Add(ctx, wanted)
}

// wants reports whether --only asks for a URL.
func (j *judge) wants(url string) bool { return j.only == nil || j.only.Match(url) }

// linksOnly reports whether an item is read only to find what --only asks for: a start URL, or what one of those leads to.
// What a page that is asked for leads to stands for it, and is judged whatever its URL.
func (j *judge) linksOnly(it crawler.Item) bool {
	edge := it.Via == crawler.ViaRedirect || it.Via == crawler.ViaCanonical
	return !j.wants(it.URL) && !(edge && j.wants(it.From))
}

// forLinks follows the links of a page that --only leaves out. What is known of the page stays as it is.
func (j *judge) forLinks(v verdict, p *crawler.Page, stored []string) verdict {
	switch {
	case !p.NotModified:
		j.follow(&v, p.Links)
	case !p.NoFollow:
		j.follow(&v, stored)
	}
	return v
}

// graceTimer cuts off what is still in flight when the grace after stopping is over.
func graceTimer(stopping, work context.Context, cut context.CancelCauseFunc) {
	t := time.AfterFunc(grace, func() { cut(stopCause(stopping)) })
	context.AfterFunc(work, func() { t.Stop() })
}
