package ingest

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/pageferry/pageferry/ingest/intercom"
	"github.com/pageferry/pageferry/ingest/ledger"
)

// planner is the API of a plan: it reads, and writes down what it is asked to change. Its methods may be called
// concurrently.
type planner struct {
	noNewSource
	run    *run
	others []SourceOnSite

	mu    sync.Mutex
	items []PlanItem
	at    map[string]int // items by URL
}

// EnsureSource finds the source, and looks for others of the same site.
func (p *planner) EnsureSource(ctx context.Context, id int64, sourceURL string) (intercom.ContentImportSource, error) {
	own, err := p.noNewSource.EnsureSource(ctx, id, sourceURL)
	if err != nil {
		return own, err
	}
	hosts := p.run.site.Crawler.Scope().Hosts()
	for s, err := range p.ListContentImportSources(ctx) {
		if err != nil {
			return own, fmt.Errorf("list the content import sources: %w", err)
		}
		if s.ID != own.ID && sameHost(s.URL, hosts) {
			p.others = append(p.others, SourceOnSite{s.ID, s.URL, s.SyncBehavior})
		}
	}
	return own, nil
}

// UpsertExternalPage writes down an upsert. What it is for is what the ledger says to be intended.
func (p *planner) UpsertExternalPage(ctx context.Context, q intercom.UpsertExternalPageRequest) (intercom.ExternalPage, error) {
	page, found, err := p.run.site.Ledger.Page(ctx, p.run.destID, q.URL)
	if err != nil || !found {
		return intercom.ExternalPage{}, cmp.Or(err, fmt.Errorf("%s is not in the ledger", q.URL))
	}
	it := PlanItem{URL: q.URL, ExternalID: q.ExternalID, Title: q.Title, After: len(q.HTML), page: page.ID}
	switch page.Intent {
	case ledger.IntentCreate, ledger.IntentUpdate:
		err = p.describe(ctx, &it, page)
	case ledger.IntentHide:
		it.Action, it.Key, it.Why = PlanHide, page.Outcome, p.goes(page)
	default:
		if p.tookOver(q) {
			return acknowledged(q, page), nil
		}
		it.Action, it.Key, it.Why = PlanShow, page.Hash, "it is on the site again: it is switched on as it was before"
	}
	if err != nil {
		return intercom.ExternalPage{}, err
	}
	p.add(it)
	return acknowledged(q, page), nil
}

// acknowledged is the answer of an API that has done what it was asked to.
func acknowledged(q intercom.UpsertExternalPageRequest, page ledger.Page) intercom.ExternalPage {
	return intercom.ExternalPage{ID: cmp.Or(page.RemoteID, "planned:"+q.ExternalID), SourceID: q.SourceID, ExternalID: q.ExternalID,
		Title: q.Title, HTML: q.HTML, URL: q.URL, Locale: q.Locale, AIAgentAvailability: q.AIAgentAvailability,
		AICopilotAvailability: q.AICopilotAvailability}
}

// describe says of an article that would be sent what is new about it.
func (p *planner) describe(ctx context.Context, it *PlanItem, page ledger.Page) error {
	intents, err := p.run.ledger.Intents(ctx, []int64{page.ID})
	if err != nil {
		return err
	}
	in := intents[0]
	it.Key = in.Hash
	if in.Action == ledger.IntentCreate {
		it.Action, it.Why = PlanCreate, "new: "+page.Via
		if page.From != "" {
			it.Why += " from " + page.From
		}
		return nil
	}
	it.Action, it.old, it.new = PlanUpdate, in.Delivered, in.Hash
	before, err := p.run.site.Ledger.Article(ctx, page.ID, in.Delivered)
	if err != nil {
		return err
	}
	it.Before = len(before)
	switch {
	case in.Delivered == in.Hash:
		it.Why = "nobody knows whether its last version arrived"
	case !in.Alike:
		it.Why = "the config, or pageferry itself, reads it in another way than before"
	case page.Title != in.Title:
		it.Why = fmt.Sprintf("the article has changed; its title was %q", page.Title)
	default:
		it.Why = "the article has changed"
	}
	if in.Restore != nil {
		it.Why += "; it was hidden and is switched on again"
	}
	return nil
}

// tookOver reports whether a request only gives a page that the plan has already the switches of its old address.
func (p *planner) tookOver(q intercom.UpsertExternalPageRequest) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	i, ok := p.at[q.URL]
	if ok {
		p.items[i].Why += fmt.Sprintf("; it takes over the switches of its old address (Fin: %s, Copilot: %s)",
			onOff(q.AIAgentAvailability), onOff(q.AICopilotAvailability))
	}
	return ok
}

func onOff(b *bool) string {
	switch {
	case b == nil:
		return "as it is"
	case *b:
		return "on"
	}
	return "off"
}

// DeleteExternalPage writes down a deletion.
func (p *planner) DeleteExternalPage(ctx context.Context, id string) error {
	page, found, err := p.run.site.Ledger.Intended(ctx, p.run.destID, id)
	if err != nil || !found {
		return cmp.Or(err, fmt.Errorf("the deletion of page %s is not in the ledger", id))
	}
	p.add(PlanItem{URL: page.URL, ExternalID: page.ExternalID, Action: PlanDelete, Key: page.Outcome, Why: p.goes(page), Title: page.Title, page: page.ID})
	return nil
}

// goes says why a page goes.
func (p *planner) goes(page ledger.Page) string {
	why := page.Outcome
	if page.Detail != "" {
		why += ", " + strings.TrimSpace(page.Detail)
	}
	if !page.EvidenceSince.IsZero() {
		why += ", since " + page.EvidenceSince.Local().Format("2006-01-02 15:04")
	}
	return why
}

func (p *planner) add(it PlanItem) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at[it.URL] = len(p.items)
	p.items = append(p.items, it)
}
