package ingest

import (
	"context"
	"fmt"
	"time"

	"github.com/pageferry/pageferry/ingest/ledger"
)

// checkPlan refuses a plan that was made for another site or under another config, and makes ready to look things up in it.
func (r *run) checkPlan() error {
	p := r.flags.Plan
	switch {
	case p == nil:
		return nil
	case !p.Done():
		return refuse(ReasonOtherPlan, fmt.Errorf("the plan is not whole: it ended with %s", p.Reason))
	case p.Site != r.site.Name:
		return refuse(ReasonOtherPlan, fmt.Errorf("the plan is of site %q, this config is of site %q", p.Site, r.site.Name))
	case p.Signature != r.site.Signature:
		return refuse(ReasonOtherPlan, fmt.Errorf("the config of site %s has changed since the plan was made, %s: make a new plan", p.Site,
			p.MadeAt.Local().Format("2006-01-02 15:04")))
	}
	r.listed = make(map[string]PlanItem, len(p.Items))
	for _, it := range p.Items {
		if it.Action != PlanHold {
			r.listed[it.URL] = it
		}
	}
	return nil
}

// checkPlanned refuses a plan that was made for another destination. It returns the id of the source to use: that of the
// plan where nothing else says which.
func (r *run) checkPlanned(workspace string, source int64) (int64, error) {
	p := r.flags.Plan
	if p == nil {
		return source, nil
	}
	d, t := p.Destination, r.site.Target
	differs := func(what, have, want string) error {
		return refuse(ReasonOtherPlan, fmt.Errorf("the plan delivers to %s %s, this run to %s: make a new plan", what, have, want))
	}
	switch {
	case d.Kind != string(t.Kind):
		return 0, differs("target", d.Kind, string(t.Kind)+" (see --sandbox)")
	case d.Host != host(t):
		return 0, differs("host", d.Host, host(t))
	case d.Workspace != workspace:
		return 0, differs("workspace", d.Workspace, workspace)
	case d.SourceID != 0 && source != 0 && d.SourceID != source:
		return 0, differs("source", fmt.Sprint(d.SourceID), fmt.Sprint(source))
	}
	return max(source, d.SourceID), nil // a source that the plan was to create may exist by now
}

// unplanned says why the plan does not allow something to be done with a page; empty: it does, or there is no plan.
func (r *run) unplanned(url, key string, actions ...string) string {
	if r.flags.Plan == nil {
		return ""
	}
	it, ok := r.listed[url]
	if !ok {
		return "the plan does not have it"
	}
	for _, a := range actions {
		if it.Action == a && it.Key == key {
			return ""
		}
		if it.Action == a {
			return "it has changed since the plan was made"
		}
	}
	return fmt.Sprintf("the plan has another action for it: %s", it.Action)
}

// holdUnplanned holds the delivery of an article that the plan does not list, and reports whether it did.
func (r *run) holdUnplanned(in ledger.Intent) (bool, error) {
	// A create that was not acknowledged is an update for the API, and the other way round where a page is missing there.
	why := r.unplanned(in.URL, in.Hash, PlanCreate, PlanUpdate)
	if why == "" {
		return false, nil
	}
	r.progress.waiting.Add(-1)
	return true, r.ledger.Hold(ledger.Held{Page: in.Page, URL: in.URL, Action: in.Action, Key: in.Hash, Why: why}, time.Now())
}

// onlyPlanned holds those removals that the plan does not list, and returns the others.
func (r *run) onlyPlanned(out []ledger.Page) ([]ledger.Page, error) {
	if r.flags.Plan == nil {
		return out, nil
	}
	var pass []ledger.Page
	for _, p := range out {
		why := r.unplanned(p.URL, p.Outcome, PlanDelete, PlanHide)
		if why == "" {
			pass = append(pass, p)
		} else if err := r.holdRemoval(p, p.Outcome, fmt.Sprintf("%s: %s; %s", p.Outcome, p.Detail, why)); err != nil {
			return nil, err
		}
	}
	return pass, nil
}

// missedPlan lists as held what the plan has and the run did not come to do, because the page is another by now.
func (r *run) missedPlan(ctx context.Context) error {
	if r.flags.Plan == nil {
		return nil
	}
	holds, err := r.site.Ledger.Holds(ctx, r.destID, r.ledger.ID)
	if err != nil {
		return err
	}
	held := make(map[string]bool, len(holds))
	for _, h := range holds {
		held[h.URL] = true
	}
	for _, it := range r.flags.Plan.Items {
		if it.Action == PlanHold || held[it.URL] {
			continue
		}
		p, found, err := r.site.Ledger.Page(ctx, r.destID, it.URL)
		if err != nil {
			return err
		}
		now := "not found on the site"
		if found && p.OutcomeRun == r.ledger.ID {
			now = p.Outcome
			if p.Detail != "" {
				now += ", " + p.Detail
			}
		}
		// What could not be read or delivered is among the failures: the plan can be carried out again.
		if it.done(p) || found && p.OutcomeRun == r.ledger.ID && p.Outcome == Failed {
			continue
		}
		r.missed = append(r.missed, HeldItem{it.URL, it.Action, "the plan has it, but it has changed since: it is " + now})
	}
	return nil
}

// done reports whether a page is as the plan wants it; p is zero where the ledger does not have it.
func (it PlanItem) done(p ledger.Page) bool {
	switch it.Action {
	case PlanCreate, PlanUpdate:
		return p.RemoteID != "" && p.Hash == it.Key && p.Intent == ""
	case PlanDelete:
		return p.RemoteID == ""
	case PlanHide:
		return p.RemoteID == "" || !p.Hidden.IsZero()
	case PlanShow:
		return p.Hidden.IsZero()
	}
	return true
}
