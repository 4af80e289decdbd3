package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pageferry/pageferry/ingest/intercom"
	"github.com/pageferry/pageferry/ingest/ledger"
)

// move is a page in Fin whose address has changed to one that this run has created.
type move struct{ from, to ledger.Page }

// takeOver gives pages that have moved the switches that they had under their old address: an operator's choice belongs
// to the article, not to its URL.
func (r *run) takeOver(ctx context.Context) error {
	done := map[int64]bool{}
	for _, m := range r.moves {
		if done[m.to.ID] {
			continue
		}
		done[m.to.ID] = true
		old, err := r.site.API.GetExternalPage(ctx, m.from.RemoteID)
		var api *intercom.Error
		if errors.As(err, &api) && api.NotFound() {
			continue
		}
		if err != nil {
			return r.notNow(ctx, m.to, fmt.Errorf("read the switches of %s, which has moved to %s: %w", m.from.URL, m.to.URL, err))
		}
		before := r.switches(old)
		if !m.from.Hidden.IsZero() { // that it is off now is our own doing
			before = m.from.Before
		}
		if old.SourceID != r.dest.SourceID || before == r.switches(intercom.ExternalPage{}) {
			continue
		}
		if err := r.sendSwitches(ctx, m.to, before); err != nil {
			return r.notNow(ctx, m.to, fmt.Errorf("set the switches of %s as they were under %s: %w", m.to.URL, m.from.URL, err))
		}
	}
	return nil
}

// switches returns those of a page in the API; where it does not say, those that the config wants.
func (r *run) switches(p intercom.ExternalPage) ledger.Switches {
	t := r.site.Target.Availability
	s := ledger.Switches{Agent: t.AIAgent, Copilot: t.AICopilot}
	if p.AIAgentAvailability != nil {
		s.Agent = *p.AIAgentAvailability
	}
	if p.AICopilotAvailability != nil {
		s.Copilot = *p.AICopilotAvailability
	}
	return s
}

// sendSwitches delivers a page once more as it is in Fin, with these switches.
func (r *run) sendSwitches(ctx context.Context, p ledger.Page, s ledger.Switches) error {
	html, err := r.site.Ledger.Article(ctx, p.ID, p.Hash)
	if err != nil {
		return err
	}
	if html == "" {
		return fmt.Errorf("the ledger does not have the article of %s any more", p.URL)
	}
	in := ledger.Intent{Page: p.ID, URL: p.URL, ExternalID: p.ExternalID, Title: p.Title, HTML: html, RemoteID: p.RemoteID}
	q := r.request(in)
	q.AIAgentAvailability, q.AICopilotAvailability = &s.Agent, &s.Copilot
	r.upserts.Add(1)
	_, err = r.site.API.UpsertExternalPage(ctx, q)
	return err
}

// notNow deals with a request about one page that failed at the end of a run: what stops every run stops this one, all
// else is the page's.
func (r *run) notNow(ctx context.Context, p ledger.Page, err error) error {
	var api *intercom.Error
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &api) && api.Unauthorized():
		return stop(ReasonTokenRefused, fmt.Errorf("the API refused the token at the end of the run: %w; renew it and run again", err))
	case errors.As(err, &api) && api.SourceUnknown():
		return stop(ReasonSourceGone, fmt.Errorf("the API no longer knows source %d: %w", r.dest.SourceID, err))
	}
	r.log.Warn("a page could not be changed in Fin", "url", p.URL, "err", err)
	return r.ledger.Revise(ledger.Revision{Page: p.ID, Outcome: Failed, Class: failExhausted, Detail: err.Error(), Stale: true, At: time.Now()})
}

// remove takes out of Fin what should not be there, by the evidence of the pages themselves.
func (r *run) remove(ctx, stopping context.Context) error {
	// To show a page takes no trust: the site has it.
	if err := r.showAgain(ctx); err != nil {
		return err
	}
	if r.flags.partial() {
		return nil
	}
	var err error
	if r.trusted, err = r.trustworthy(ctx); err != nil || !r.trusted {
		return err
	}
	c := r.site.Config.Delete
	if c.Action == ActionKeep {
		return nil
	}
	if err := r.loadAccepted(ctx); err != nil {
		return err
	}
	out, err := r.ripe(ctx)
	if err != nil {
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(r.site.Target.Concurrency)
	for _, p := range out {
		if gctx.Err() != nil || stopping.Err() != nil {
			break
		}
		g.Go(func() error { return r.takeOut(gctx, p) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if stopping.Err() != nil {
		return stopCause(stopping)
	}
	return nil
}

// trustworthy reports whether the run has seen the whole site, in a state that is plausible.
func (r *run) trustworthy(ctx context.Context) (bool, error) {
	incomplete := slices.Clone(r.incomplete)
	// That very much is gone is for the cap to hold, where a person can let it through.
	r.sparing = true
	defer func() { r.incomplete, r.sparing = incomplete, false }()
	res := Result{Pages: map[string]int{}}
	if err := r.collect(ctx, &res); err != nil {
		return false, err
	}
	res.Held = nil // a page that is held says nothing of the others
	r.decide(ctx, &res, nil)
	return res.Complete && res.Exit != ExitLook && res.Exit != ExitStopped && r.suspect == "", nil
}

// ripe returns the pages to take out, and holds those that a person has to look at.
func (r *run) ripe(ctx context.Context) ([]ledger.Page, error) {
	c := r.site.Config.Delete
	var ripe, counted []ledger.Page
	gathered := map[string]bool{} // addresses that a page has moved to
	for p, err := range r.site.Ledger.Pages(ctx, r.destID, r.ledger.ID, ledger.Removable) {
		if err != nil {
			return nil, err
		}
		moved := (p.Outcome == Redirected || p.Outcome == Canonicalized) && !gathered[p.Edge]
		switch {
		case !p.Hidden.IsZero() && p.Intent != ledger.IntentHide: // it has been let through once
			if p.EvidenceRuns > 0 && time.Since(p.Hidden) >= c.After {
				ripe = append(ripe, p)
			}
		case r.accepts(p.ID, ledger.IntentDelete, evidenceKey(p)):
			ripe = append(ripe, p)
		case p.EvidenceRuns == 0 || time.Since(p.EvidenceSince) < c.After: // the present run is the second at least
		case moved: // it is in Fin under its new address; of several that lead there, one has moved, and the others are gone
			gathered[p.Edge] = true
			ripe = append(ripe, p)
		default:
			counted = append(counted, p)
		}
	}
	inFin, err := r.site.Ledger.InTarget(ctx, r.destID)
	if err != nil {
		return nil, err
	}
	limit := c.Max.of(inFin)
	if len(counted) <= limit {
		ripe = append(ripe, counted...)
	} else {
		why := fmt.Sprintf("%d of %s in Fin would be taken out, delete.max allows %d", len(counted), count(inFin, "page"), limit)
		for _, p := range counted {
			if err := r.holdRemoval(p, evidenceKey(p), fmt.Sprintf("%s: %s; %s", p.Outcome, p.Detail, why)); err != nil {
				return nil, err
			}
		}
	}
	for p, err := range r.site.Ledger.Pages(ctx, r.destID, r.ledger.ID, ledger.Doubtful) {
		if err != nil {
			return nil, err
		}
		key := fmt.Sprintf("%s since %d", p.Outcome, p.StaleSince.UnixMilli())
		if r.accepts(p.ID, ledger.IntentDelete, key) {
			ripe = append(ripe, p)
		} else if err := r.holdRemoval(p, key, "the site shows its page for unknown addresses: "+p.Detail); err != nil {
			return nil, err
		}
	}
	return r.onlyPlanned(ripe)
}

// evidenceKey names what speaks for the deletion of a page, and since when: if the page was there in between, it is another
// thing than what a person has accepted.
func evidenceKey(p ledger.Page) string {
	return fmt.Sprintf("%s since %d", p.Evidence, p.EvidenceSince.UnixMilli())
}

func (r *run) holdRemoval(p ledger.Page, key, why string) error {
	return r.ledger.Hold(ledger.Held{Page: p.ID, URL: p.URL, Action: ledger.IntentDelete, Key: key, Why: why}, time.Now())
}

// takeOut deletes a page, or hides it where the config wants that first. It looks at the page in the API before: what is
// not ours is not touched.
func (r *run) takeOut(ctx context.Context, p ledger.Page) error {
	there, err := r.site.API.GetExternalPage(ctx, p.RemoteID)
	var api *intercom.Error
	switch {
	case errors.As(err, &api) && api.NotFound():
		return r.ledger.Removed(p.ID)
	case err != nil:
		return r.notNow(ctx, p, fmt.Errorf("read %s before it is taken out: %w", p.URL, err))
	case there.SourceID != r.dest.SourceID || there.ExternalID != p.ExternalID:
		return r.notNow(ctx, p, fmt.Errorf("page %s in Intercom is not %s any more (source %d, %s): it is not touched", p.RemoteID, p.URL, there.SourceID, there.URL))
	}
	moved := p.Outcome == Redirected || p.Outcome == Canonicalized
	if r.site.Config.Delete.Action == ActionHide && !moved {
		switch {
		case p.Hidden.IsZero():
			return r.hide(ctx, p, r.switches(there))
		case p.Intent == ledger.IntentHide: // nobody knows whether that came to pass
			return r.hide(ctx, p, p.Before)
		}
	}
	if err := r.ledger.IntendDelete(p.ID); err != nil {
		return err
	}
	if err := r.site.API.DeleteExternalPage(ctx, p.RemoteID); err != nil {
		return r.notNow(ctx, p, fmt.Errorf("delete %s: %w", p.URL, err))
	}
	r.removed.Add(1)
	if moved {
		r.moved.Add(1)
	}
	return r.ledger.Removed(p.ID)
}

// hide switches a page off.
func (r *run) hide(ctx context.Context, p ledger.Page, before ledger.Switches) error {
	if err := r.ledger.IntendHide(p.ID, before, time.Now()); err != nil {
		return err
	}
	if err := r.sendSwitches(ctx, p, ledger.Switches{}); err != nil {
		return r.notNow(ctx, p, fmt.Errorf("hide %s: %w", p.URL, err))
	}
	return r.ledger.Hidden(p.ID)
}

// showAgain switches pages on that were hidden and are back on the site as they were.
func (r *run) showAgain(ctx context.Context) error {
	var back []ledger.Page
	for p, err := range r.site.Ledger.Pages(ctx, r.destID, r.ledger.ID, ledger.Back) {
		if err != nil {
			return err
		}
		if r.unplanned(p.URL, p.Hash, PlanShow) == "" {
			back = append(back, p)
		}
	}
	for _, p := range back {
		if err := r.sendSwitches(ctx, p, p.Before); err != nil {
			if err := r.notNow(ctx, p, fmt.Errorf("switch %s on again: %w", p.URL, err)); err != nil {
				return err
			}
			continue
		}
		if err := r.ledger.Shown(p.ID, Updated, time.Now()); err != nil {
			return err
		}
	}
	return nil
}
