package ingest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// decide sets the exit code, its reason, and what a person is told.
func (r *run) decide(ctx context.Context, res *Result, err error) {
	say := func(format string, args ...any) { res.Messages = append(res.Messages, fmt.Sprintf(format, args...)) }
	if err == nil {
		err = r.checkStart(ctx)
	}
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
	r.incomplete = append(r.incomplete, r.flags.reasons()...)
	if r.ledger.Full() {
		if r.flags.Limit > 0 {
			r.incomplete = append(r.incomplete, fmt.Sprintf("--limit %d", r.flags.Limit))
		} else {
			r.incomplete = append(r.incomplete, fmt.Sprintf("scope.max_pages (%d) was reached with %d URLs left", r.site.Crawl.Scope.MaxPages, r.ledger.Left()))
		}
	}
	res.Incomplete = append(res.Incomplete, r.incomplete...)
	reason, why := r.staleness(res)
	if why != "" {
		res.Incomplete = append(res.Incomplete, why)
	}
	if reason != "" {
		res.Exit, res.Reason = ExitStopped, reason
		say("%s; these pages stay in Fin as they were", why)
		return
	}
	res.Complete = len(res.Incomplete) == 0
	look := r.implausible(res)
	if r.verification.look != "" {
		look = append(look, r.verification.look)
	}
	if why != "" {
		look = append([]string{why}, look...)
	}
	if len(look) > 0 {
		res.Exit, res.Reason = ExitLook, ReasonImplausible
		if res.InTarget == 0 {
			res.Reason = ReasonNoPages
		}
		res.Messages = append(res.Messages, look...)
		return
	}
	if n := len(res.Held); n > 0 {
		res.Exit, res.Reason = ExitLook, ReasonHeld
		switch {
		case r.plan != nil:
			say("%s held, and listed: a sync would hold the same, and say how to let it through", held(n))
		case r.flags.Plan != nil:
			say("%s held, and listed below: what is not in the plan, or has changed since. Make a new plan, or sync without one", held(n))
		default:
			say("%s held, and listed below: look at them, and let them through with --accept %d if they are right", held(n), r.ledger.ID)
		}
		if r.suspect != "" {
			say("%s", r.suspect)
		}
		return
	}
	switch {
	case len(res.Failures) > 0:
		res.Exit, res.Reason = ExitIncomplete, ReasonFailed
		say("%s failed; what Fin has stays as it is, and the next run tries again", count(len(res.Failures), "page"))
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

func held(n int) string {
	if n == 1 {
		return "1 change is"
	}
	return fmt.Sprintf("%d changes are", n)
}

// goneFromFin counts the pages in Fin that the site no longer has.
func goneFromFin(res *Result) int {
	n := 0
	for _, p := range res.Gone {
		if p.Outcome == Gone {
			n++
		}
	}
	return n
}

// checkStart makes the run incomplete where a start URL could not be read: what hangs on it may have been missed.
func (r *run) checkStart(ctx context.Context) error {
	for _, s := range r.site.Crawl.Start {
		u, err := r.judge.canon.Canonical(s)
		if err != nil {
			return fmt.Errorf("start URL %s: %w", s, err)
		}
		p, found, err := r.site.Ledger.Page(ctx, r.destID, u)
		if err != nil {
			return err
		}
		if !found || p.OutcomeRun != r.ledger.ID {
			continue // the run was cut off before, which its other reasons say
		}
		if p.Outcome == Redirected {
			if to := r.judge.scope.Decide(p.Edge); !to.In {
				r.incomplete = append(r.incomplete, fmt.Sprintf("the start URL %s redirects to %s, which is out of scope (%s): set start to it, or add its host to scope.hosts", s, p.Edge, to.Why))
				continue
			}
			d, err := r.target(ctx, p)
			if err != nil {
				return err
			}
			if d.end.URL != "" {
				p = d.end
			}
		}
		switch p.Outcome {
		case TooLarge:
			r.incomplete = append(r.incomplete, fmt.Sprintf("the start URL %s is too large: %s", s, adviceFor(TooLarge)))
		case Login, Challenge, NeedsJS, Soft404:
			r.incomplete = append(r.incomplete, fmt.Sprintf("the start URL %s is %s (%s): %s", s, p.Outcome, p.Detail, adviceFor(p.Outcome)))
		case Failed, Gone, Robots, NotHTML:
			r.incomplete = append(r.incomplete, fmt.Sprintf("the start URL %s is %s (%s): correct `start`, or look at it in a browser", s, p.Outcome, cmp.Or(p.Detail, p.Class)))
		}
	}
	return nil
}

// loginURL recognises where a site sends those who are not logged in.
var loginURL = regexp.MustCompile(`(?i)[/._-](log-?in|sign-?in|sso|saml|oauth2?|auth|authorize|session)\b`)

// staleness says whether so much of what is in Fin could not be confirmed that the run cannot be called complete, and,
// where the site kept the run from it, the reason that ends it.
func (r *run) staleness(res *Result) (reason, why string) {
	if r.flags.partial() || len(res.Stale)*10 <= res.InTarget {
		return "", ""
	}
	by, example := map[string]int{}, map[string]PageProblem{}
	most := ""
	for _, s := range res.Stale {
		group := ""
		switch s.Outcome {
		case Robots, Challenge:
			group = ReasonBlocked
		case Login:
			group = ReasonLoginExpired
		case Redirected:
			group = ReasonBlocked
			if loginURL.MatchString(s.Detail) {
				group = ReasonLoginExpired
			}
		case Failed:
			group = ReasonSiteDown
		}
		if by[group]++; by[group] == 1 {
			example[group] = s
		}
		if by[group] > by[most] || by[most] == 0 {
			most = group
		}
	}
	s := example[most]
	if advice := adviceFor(s.Outcome); advice != "" {
		s.Detail += ": " + advice
	}
	if n := r.leads.to[r.leads.most]; s.Outcome == Redirected && n >= manyToOne {
		s.Detail += fmt.Sprintf("; %d URLs lead to %s, and so many have not moved there", n, r.leads.most)
	}
	return most, fmt.Sprintf("%d of %d pages in Fin could not be confirmed, such as %s (%s)", len(res.Stale), res.InTarget, s.URL, cmp.Or(s.Detail, s.Outcome))
}

// implausible returns why a person must look at the result: it leaves nothing in Fin, or one reason keeps out more
// than half of the pages.
func (r *run) implausible(res *Result) []string {
	var look []string
	total := 0
	for outcome, n := range res.Pages {
		if outcome != Trap { // a site has as many as it is asked for
			total += n
		}
	}
	total -= r.removedPages // a person knows of them
	if !r.flags.partial() {
		for _, s := range skips {
			n, total := res.Pages[s.outcome], total
			switch s.outcome {
			case Excluded:
				n -= r.removedPages
			case Gone: // links to what is not in Fin any more, or never was, do no harm
				n, total = goneFromFin(res), res.InTarget
			}
			if 2*n > total && !(s.outcome == Gone && (n == 0 || r.sparing)) {
				look = append(look, fmt.Sprintf("%d of %d pages are %s (%s): %s", n, total, s.outcome, s.key, s.advice))
			}
		}
		if n := r.foreign.pages; 2*n > total {
			look = append(look, fmt.Sprintf("%d of %d pages name a canonical URL out of scope, such as %s on %s; they were delivered under their "+
				"own URLs: if that is right, set scope.canonical: ignore, else crawl the site that they name (start, scope.hosts)",
				n, total, r.foreign.canonical, r.foreign.example))
		}
	}
	if n := r.leads.to[r.leads.most]; !r.flags.partial() && 2*n > total {
		look = append(look, fmt.Sprintf("%d of %d URLs lead to %s: a login page, or a site that has moved? Look at it in a browser", n, total, r.leads.most))
	}
	if res.InTarget == 0 && (!r.flags.partial() || len(res.Failures) > 0) {
		why := fmt.Sprintf("no page is in Fin after this run, which saw %s", count(total+r.removedPages, "URL"))
		for _, outcome := range slices.Sorted(maps.Keys(res.Pages)) {
			why += fmt.Sprintf(", %d %s", res.Pages[outcome], outcome)
		}
		if len(res.Failures) > 0 {
			why += fmt.Sprintf("; %s: %s (%s)", res.Failures[0].URL, res.Failures[0].Class, res.Failures[0].Detail)
		}
		look = append(look, why)
		if r.removedPages > 0 {
			look = append(look, fmt.Sprintf("%s taken out with `pageferry remove`, which --undo lets in again", count(r.removedPages, "page")))
		}
		look = append(look, r.incomplete...)
	}
	return look
}
