package ingest

import (
	"context"
	"fmt"
	"slices"

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
	Trap       string                 // why a link to it would not be followed; empty: it would
	Robots     crawler.RobotsDecision // zero where the URL is out of scope
	Probe      *crawler.Probe         // how the site answers for such URLs that it cannot have; nil: it was not asked

	Destination *ledger.Destination // whose state is shown; nil: there was no run yet
	Known       *ledger.Page        // nil: the ledger does not have it
	Stored      crawler.Validators  // what the next run asks with whether the page has changed; zero: it asks for all of it
	History     []ledger.OutcomeOf

	Steps    []Step   // what the site answers now: for the URL and, where it leads on, for the pages that follow; nil: not asked
	Decision Decision // what a run would make of the URL
}

// Step is the answer for one page.
type Step struct {
	Page     *crawler.Page
	Decision Decision
	known    ledger.State
}

// Decision is what a run would make of a page as it is now.
type Decision struct {
	Outcome, Class, Detail string // of a page that would be delivered: created or updated
	Title                  string
	Text                   string // of the article
	Source                 string // where the article was found
	Links                  int    // of the page, that are in scope
	ForeignCanonical       string // does not count, because it is out of scope
	Alone                  string // its canonical does not count, because that page is not live: its outcome; empty: not so
	Advice                 string // what would make it be delivered; empty: nothing need be done
	edge                   string
}

// Explain looks at one URL as a run would, without recording or delivering anything. Site needs no API; its Ledger may
// be nil and is only read.
func Explain(ctx context.Context, site Site, raw string) (Explanation, error) {
	canonical, err := site.Crawler.Canonicalizer().Canonical(raw)
	if err != nil {
		return Explanation{}, fmt.Errorf("%s is not a URL that can be crawled: %w", raw, err)
	}
	x := Explanation{URL: canonical, ExternalID: ExternalID(canonical), Scope: site.Crawler.Scope().Decide(canonical)}
	e := explainer{site: site, judge: newJudge(site)}
	known, err := e.recall(ctx, &x)
	if err != nil {
		return x, err
	}
	if !x.Scope.In {
		x.Decision = Decision{Detail: x.Scope.Why, Advice: adviceOutOfScope}
		if known.RemoteID != "" {
			x.Decision.Outcome = Excluded
		}
		return x, nil
	}
	x.Trap = site.Crawler.Trap(crawler.Link{URL: canonical, Via: crawler.ViaLink, Depth: 1})
	if x.Robots, err = site.Crawler.Robots(ctx, canonical); err != nil {
		return x, err
	}
	if x.Steps, err = e.walk(ctx, canonical); err != nil {
		return x, err
	}
	if p, ok := site.Crawler.Probed(canonical); ok {
		x.Probe = &p
	}
	x.Decision = e.conclude(x.Steps)
	if f := x.Robots.Failure; f != nil && f.Class == crawler.FailBlockedAddress {
		x.Decision.Advice = failureAdvice[f.Class]
	} else if f != nil {
		x.Decision.Advice = "without its robots.txt nothing of a site may be read; run again when the site answers"
	}
	return x, nil
}

// explainer asks the site and the ledger.
type explainer struct {
	site  Site
	judge *judge
	dest  *ledger.Destination
}

// recall reads what the ledger has on the page, for the destination of the last run.
func (e *explainer) recall(ctx context.Context, x *Explanation) (ledger.State, error) {
	if e.site.Ledger == nil {
		return ledger.State{}, nil
	}
	runs, err := e.site.Ledger.Runs(ctx, 1)
	if err != nil || len(runs) == 0 {
		return ledger.State{}, err
	}
	e.dest = &runs[0].Destination
	x.Destination = e.dest
	if e.judge.keptOut, err = keptOutOf(ctx, e.site.Ledger, e.dest.ID); err != nil {
		return ledger.State{}, err
	}
	p, known, err := e.known(ctx, x.URL)
	if err != nil || known.ID == 0 {
		return known, err
	}
	x.Known = &p
	if x.History, err = e.site.Ledger.History(ctx, p.ID, historyShown); err != nil {
		return known, err
	}
	stored, signature, err := e.site.Ledger.Reading(ctx, p.ID)
	if p.Intent == "" && signature == e.judge.reading(x.URL) {
		x.Stored = stored
	}
	return known, err
}

func (e *explainer) known(ctx context.Context, url string) (ledger.Page, ledger.State, error) {
	if e.dest == nil {
		return ledger.Page{}, ledger.State{}, nil
	}
	p, found, err := e.site.Ledger.Page(ctx, e.dest.ID, url)
	if err != nil || !found {
		return p, ledger.State{}, err
	}
	return p, ledger.State{ID: p.ID, RemoteID: p.RemoteID, Hash: p.Hash, Intent: p.Intent, Outcome: p.Outcome}, nil
}

// walk fetches a page and, where redirects and canonicals lead on within the site, those that follow.
func (e *explainer) walk(ctx context.Context, url string) ([]Step, error) {
	var steps []Step
	seen := map[string]bool{}
	for at := (crawler.Link{URL: url, Via: crawler.ViaStart}); at.URL != "" && !seen[at.URL]; {
		seen[at.URL] = true
		_, known, err := e.known(ctx, at.URL)
		if err != nil {
			return nil, err
		}
		// No validators: an explanation shows the page, not whether it changed.
		p, err := e.site.Crawler.Fetch(ctx, crawler.Item{Link: at})
		if err != nil {
			return nil, err
		}
		d := e.decide(p, known)
		steps = append(steps, Step{p, d, known})
		at = crawler.Link{Via: crawler.ViaRedirect, From: at.URL, Hops: at.Hops + 1}
		if (d.Outcome == Redirected || d.Outcome == Canonicalized) && len(steps) <= maxHops && e.judge.scope.Decide(d.edge).In {
			at.URL = d.edge
		}
	}
	return steps, nil
}

func (e *explainer) decide(p *crawler.Page, known ledger.State) Decision {
	v := e.judge.pageOrKeptOut(p, known, nil)
	d := Decision{Outcome: v.Outcome, Class: v.Class, Detail: v.Detail, Links: len(v.Follow), edge: v.Edge}
	if v.CanonicalOut {
		d.ForeignCanonical = v.Canonical
	}
	if v.article != nil {
		d.Title, d.Text, d.Source = v.article.Title, v.article.Text, v.article.Source
	}
	switch v.Intent {
	case ledger.IntentCreate:
		d.Outcome = Created
	case ledger.IntentUpdate:
		d.Outcome = Updated
	}
	d.Advice = remedy(d)
	return d
}

// conclude says what a run would make of the first page once it has seen the others: a canonical counts only if it ends
// at a page that is live.
func (e *explainer) conclude(steps []Step) Decision {
	first, last := steps[0], steps[len(steps)-1]
	d := first.Decision
	circle := slices.ContainsFunc(steps, func(s Step) bool { return s.Page.Item.URL == last.Decision.edge })
	switch {
	case circle:
		d.Outcome, d.Class, d.Detail = Failed, crawler.FailRedirectLoop, "goes in a circle: it comes to "+last.Decision.edge+" again"
		d.Advice = remedy(d)
	case len(steps) == 1 || live(last.Decision.Outcome):
	case d.Outcome == Canonicalized:
		page := *first.Page
		page.Item.Alone = true
		d = e.decide(&page, first.known)
		d.Alone = last.Decision.Outcome
	default:
		d.Detail += fmt.Sprintf(", which is %s", last.Decision.Outcome)
		d.Advice = last.Decision.Advice
	}
	return d
}
