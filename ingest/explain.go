package ingest

import (
	"context"
	"fmt"

	"github.com/pageferry/pageferry/crawler"
	"github.com/pageferry/pageferry/ingest/ledger"
)

// historyShown is how many past outcomes of a page an explanation has.
const historyShown = 5

// Explanation is everything about one URL.
type Explanation struct {
	URL        string // canonical form
	ExternalID string
	Scope      crawler.Verdict

	Destination *ledger.Destination // whose state is shown; nil: there was no run yet
	Known       *ledger.Page        // nil: the ledger does not have it
	History     []ledger.OutcomeOf

	Page     *crawler.Page // the answer of the site just now; nil if it was not asked
	Decision Decision
}

// Decision is what a run would make of a page as it is now.
type Decision struct {
	Outcome, Class, Detail string // of a page that would be delivered: created or updated
	Title                  string
	Text                   string // of the article
	ForeignCanonical       string // does not count, because it is out of scope
}

// Explain looks at one URL as a run would, without recording or delivering anything. Site needs no API; its Ledger may
// be nil and is only read.
func Explain(ctx context.Context, site Site, raw string) (Explanation, error) {
	canonical, err := site.Crawler.Canonicalizer().Canonical(raw)
	if err != nil {
		return Explanation{}, fmt.Errorf("%s is not a URL that can be crawled: %w", raw, err)
	}
	x := Explanation{URL: canonical, ExternalID: ExternalID(canonical), Scope: site.Crawler.Scope().Decide(canonical)}
	var known ledger.State
	if site.Ledger != nil {
		if known, err = x.recall(ctx, site); err != nil {
			return x, err
		}
	}
	if !x.Scope.In {
		x.Decision.Detail = "out of scope: " + x.Scope.Why
		if known.RemoteID != "" {
			x.Decision.Outcome = Excluded
		}
		return x, nil
	}
	// No validators: an explanation shows the page, not whether it changed.
	p, err := site.Crawler.Fetch(ctx, crawler.Item{Link: crawler.Link{URL: canonical, Via: crawler.ViaStart}})
	if err != nil {
		return x, err
	}
	v := newJudge(site).page(p, known, nil)
	x.Page = p
	x.Decision = Decision{Outcome: v.Outcome, Class: v.Class, Detail: v.Detail}
	if v.CanonicalOut {
		x.Decision.ForeignCanonical = v.Canonical
	}
	if v.article != nil {
		x.Decision.Title, x.Decision.Text = v.article.Title, v.article.Text
	}
	switch v.Intent {
	case ledger.IntentCreate:
		x.Decision.Outcome = Created
	case ledger.IntentUpdate:
		x.Decision.Outcome = Updated
	}
	return x, nil
}

// recall reads what the ledger has on the page, for the destination of the last run.
func (x *Explanation) recall(ctx context.Context, site Site) (ledger.State, error) {
	var known ledger.State
	runs, err := site.Ledger.Runs(ctx, 1)
	if err != nil || len(runs) == 0 {
		return known, err
	}
	x.Destination = &runs[0].Destination
	p, found, err := site.Ledger.Page(ctx, x.Destination.ID, x.URL)
	if err != nil || !found {
		return known, err
	}
	x.Known = &p
	x.History, err = site.Ledger.History(ctx, p.ID, historyShown)
	return ledger.State{ID: p.ID, RemoteID: p.RemoteID, Hash: p.Hash, Intent: p.Intent, Outcome: p.Outcome}, err
}
