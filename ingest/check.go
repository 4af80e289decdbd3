package ingest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/pageferry/pageferry/ingest/intercom"
	"github.com/pageferry/pageferry/ingest/ledger"
)

// maxConfirmed is how many missing pages a check that repairs nothing looks for by their IDs: enough to catch a listing
// that lies.
const maxConfirmed = 50

// CheckResult is what a check has found. It is what --json prints: names are extended, never changed. The lists are
// complete.
type CheckResult struct {
	Site        string      `json:"site"`
	Destination Destination `json:"destination"`
	Exit        int         `json:"exit"`
	Reason      string      `json:"reason"`
	Messages    []string    `json:"messages"` // for people: what it came to, and what to do
	CheckedAt   time.Time   `json:"checked_at"`
	LastRun     int64       `json:"last_run"` // whose view of the site was compared; 0: there was none

	Comparison              // ledger and listing
	NotInFin   []Difference `json:"not_in_fin"`  // to be delivered, and not yet
	Outdated   []Difference `json:"outdated"`    // the site has a version that is not in Fin
	NotOnSite  []Difference `json:"not_on_site"` // in Fin, and the site no longer has them or no longer wants them there
	Stale      []Difference `json:"stale"`       // in Fin, and not confirmed by the last run

	Repaired *Repaired `json:"repaired,omitempty"` // nil: nothing was to be repaired
}

// Repaired is what a repair has changed in the ledger.
type Repaired struct {
	Adopted    int `json:"adopted"`    // in Fin, and now in the ledger
	Resend     int `json:"resend"`     // not in Fin, and sent by the next sync
	Forgotten  int `json:"forgotten"`  // neither in Fin nor wanted there
	Renumbered int `json:"renumbered"` // in Fin under another ID
}

// Check compares what the last run saw of a site with the ledger and with the API's listing. It crawls nothing, and the
// API is only asked. With repair the ledger takes over what the listing has: pages of this config's that it lacks are
// adopted, missing ones are marked to be sent again. Without it nothing of that is done, but the destination is recorded
// and the listing kept meanwhile: to change nothing at all, give it a copy of the ledger.
func Check(ctx context.Context, site Site, repair bool) CheckResult {
	api := &noNewSource{API: site.API}
	site.API = api
	r := &run{site: site, log: site.Log, began: time.Now()}
	res := NewCheckResult(site.Name, r.began)
	err := r.check(ctx, &res, api, repair)
	res.Destination = r.dest
	say := func(format string, args ...any) { res.Messages = append(res.Messages, fmt.Sprintf(format, args...)) }
	switch {
	case err != nil && ctx.Err() != nil:
		res.Exit, res.Reason = ExitInterrupted, ReasonInterrupted
		say("interrupted; nothing was changed")
	case err != nil && !errors.As(err, new(*StopError)) && unread(err):
		res.Exit, res.Reason = ExitIncomplete, ReasonIncomplete
		say("%v; nothing was changed", err)
	case err != nil:
		s := classify(err)
		res.Exit, res.Reason = s.Exit, s.Reason
		say("%s", s.Error())
	case repair:
		res.afterRepair(say)
	case res.differs():
		res.Exit, res.Reason = ExitLook, ReasonDiffers
		if len(res.Missing)+res.adoptable+len(res.reconcile.Renumbered) > 0 {
			say("`pageferry check --repair` brings the ledger in line with what is in Fin: the next sync then sends what is missing, and no more")
		}
	default:
		say("site, ledger and Fin agree")
	}
	return res
}

// NewCheckResult returns the result of a check that has found nothing yet.
func NewCheckResult(site string, at time.Time) CheckResult {
	return CheckResult{Site: site, CheckedAt: at.UTC().Truncate(time.Second), Messages: []string{}, Comparison: newComparison(),
		NotInFin: []Difference{}, Outdated: []Difference{}, NotOnSite: []Difference{}, Stale: []Difference{}}
}

func newComparison() Comparison {
	return Comparison{Missing: []Difference{}, Extra: []Difference{}, Edited: []Difference{}, Hidden: []Difference{},
		Duplicates: []Difference{}, Foreign: []Difference{}}
}

// check does the work of Check. Its result is filled as far as it came.
func (r *run) check(ctx context.Context, res *CheckResult, api *noNewSource, repair bool) error {
	r.judge = newJudge(r.site)
	if err := r.bind(ctx); err != nil {
		return err
	}
	if err := r.find(ctx, api); err != nil {
		return err
	}
	listing, err := r.readListing(ctx, &comparer{run: r, repair: repair})
	if err != nil {
		return r.listingError(ctx, err)
	}
	missing := listing.Missing
	if !repair {
		missing = missing[:min(len(missing), maxConfirmed)]
	}
	if err := r.confirmMissing(ctx, missing); err != nil {
		return r.listingError(ctx, err)
	}
	res.Comparison = *listing
	if err := r.siteView(ctx, res); err != nil || !repair {
		return err
	}
	if err := r.site.Ledger.Reconcile(r.destID, listing.reconcile); err != nil {
		return err
	}
	rec := listing.reconcile
	res.Repaired = &Repaired{Adopted: listing.adoptable, Resend: len(rec.Lost), Forgotten: len(rec.Forgotten), Renumbered: len(rec.Renumbered)}
	return r.site.Ledger.SetAdopted(ctx, r.destID)
}

func (r *run) listingError(ctx context.Context, err error) error {
	var api *intercom.Error
	if ctx.Err() != nil || errors.As(err, &api) && api.Unauthorized() {
		return r.tokenError(ctx, err)
	}
	return err
}

// find is connect for those who only look: it adopts nothing.
func (r *run) find(ctx context.Context, api *noNewSource) error {
	me, id, err := r.identify(ctx)
	if err != nil {
		return err
	}
	source, err := api.EnsureSource(ctx, id, r.sourceURL())
	if err != nil {
		return r.sourceError(ctx, err)
	}
	if api.missing {
		return stop(ReasonSourceGone, fmt.Errorf("the workspace %s has no source for %s: nothing was delivered there yet; `pageferry sync` creates it",
			me.App.IDCode, r.sourceURL()))
	}
	d, err := r.destination(ctx, me, source)
	if err != nil {
		return err
	}
	if d, err = r.site.Ledger.BindDestination(ctx, d); err != nil {
		return err
	}
	r.destID = d.ID
	return nil
}

// siteView says how the ledger differs from what was last seen of the site.
func (r *run) siteView(ctx context.Context, res *CheckResult) error {
	var err error
	if res.LastRun, err = r.site.Ledger.LastRunTo(ctx, r.destID); err != nil {
		return err
	}
	for _, list := range []struct {
		of   ledger.Condition
		into *[]Difference
	}{{ledger.Undelivered, &res.NotInFin}, {ledger.Outdated, &res.Outdated}, {ledger.Gone, &res.NotOnSite}, {ledger.Stale, &res.Stale}} {
		for p, err := range r.site.Ledger.Pages(ctx, r.destID, math.MaxInt64, list.of) {
			if err != nil {
				return err
			}
			*list.into = append(*list.into, Difference{p.URL, p.RemoteID, lastSeen(p)})
		}
	}
	return nil
}

// lastSeen is what the last run that came to a page said of it.
func lastSeen(p ledger.Page) string {
	s := p.Outcome
	for _, more := range []string{p.Class, p.Detail} {
		if more != "" {
			s += " " + more
		}
	}
	if p.Intent != "" && p.Outcome == "" {
		s = p.Intent + " is intended and not acknowledged"
	}
	return s
}

func (res *CheckResult) differs() bool {
	return len(res.Missing)+len(res.Extra)+len(res.reconcile.Renumbered)+len(res.NotInFin)+len(res.Outdated)+len(res.NotOnSite)+len(res.Stale) > 0 || res.remains()
}

// remains reports whether there is a difference that no repair takes away.
func (res *CheckResult) remains() bool {
	return len(res.Extra) > res.adoptable || len(res.Edited)+len(res.Hidden)+len(res.Duplicates)+len(res.Foreign) > 0
}

func (res *CheckResult) afterRepair(say func(string, ...any)) {
	p := res.Repaired
	if *p == (Repaired{}) {
		say("nothing was to be repaired")
	} else {
		say("the ledger was repaired: %s adopted, %d to be sent again by the next sync, %d forgotten, %d with another ID",
			count(p.Adopted, "page"), p.Resend, p.Forgotten, p.Renumbered)
	}
	if res.remains() {
		res.Exit, res.Reason = ExitLook, ReasonDiffers
		say("what else differs stays as it is: it is a person's, in Intercom")
	}
}
