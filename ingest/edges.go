package ingest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pageferry/pageferry/crawler"
	"github.com/pageferry/pageferry/ingest/ledger"
)

// maxHops is how many redirects and canonicals may lead from a page to the one that stands for it.
const maxHops = 10

// destination is where the redirects and canonicals from a page lead.
type destination struct {
	end       ledger.Page // where they end; zero: a URL that the ledger does not have
	ok        bool        // end is in Fin, or about to be
	temporary bool        // one of them says that it is not for ever
	loop      []string    // URLs of a circle, or of a chain that is too long; nil: neither
}

// target follows the edges that this run recorded from a page.
func (r *run) target(ctx context.Context, from ledger.Page) (d destination, err error) {
	chain := []string{from.URL}
	d.end = from
	for d.end.Outcome == Redirected || d.end.Outcome == Canonicalized {
		if len(chain) > maxHops || slices.Contains(chain[:len(chain)-1], d.end.URL) {
			d.loop = chain
			return d, nil
		}
		d.temporary = d.temporary || d.end.Class == classTemporary
		next, found, err := r.site.Ledger.Page(ctx, r.destID, d.end.Edge)
		if err != nil {
			return d, err
		}
		d.end = next
		if found && r.staged(next) {
			d.ok = true
			return d, nil
		}
		if !found || next.OutcomeRun != r.ledger.ID {
			return d, nil
		}
		chain = append(chain, next.URL)
	}
	d.ok = stands(d.end)
	return d, nil
}

// stands reports whether a page is in Fin after this run: it was confirmed, or it was there and nothing says that it
// should not be.
func stands(p ledger.Page) bool {
	return live(p.Outcome) || p.RemoteID != "" && !speaksForDeletion(p.Outcome)
}

// staged reports whether this run is about to deliver the page, and has not failed to.
func (r *run) staged(p ledger.Page) bool {
	return p.Intent != "" && p.IntentRun == r.ledger.ID && p.OutcomeRun != r.ledger.ID
}

// Bounds of what may lead to one page.
const (
	// manyAlike is from how many paths canonicals to one page are a mistake of the site's template. Other queries of one
	// path, such as the pages of a list, are no such paths.
	manyAlike = 10
	// manyToOne is from how many delivered pages on a common target of their redirects or canonicals may be no move, but
	// a home page that stands in for what is not there.
	manyToOne = 3
)

// standAlone returns, as links, the pages that stand for themselves although they name a canonical, and must be fetched
// again: those whose canonical does not end at a page that is in Fin or about to be, and those of too many that all
// name the same one.
func (r *run) standAlone(ctx context.Context) ([]crawler.Link, error) {
	var links []crawler.Link
	alone := func(p ledger.Page) {
		links = append(links, crawler.Link{URL: p.URL, Via: crawler.ViaAgain, From: p.Edge, Depth: p.Depth, Alone: true})
	}
	to := map[string][]ledger.Page{} // by where they end, if it is in Fin
	for p, err := range r.site.Ledger.Pages(ctx, r.destID, r.ledger.ID, ledger.Edges) {
		if err != nil {
			return nil, err
		}
		if p.Outcome != Canonicalized {
			continue
		}
		d, err := r.target(ctx, p)
		if err != nil {
			return nil, err
		}
		if d.end.URL != "" && r.judge.keptOut.match(d.end.URL) != "" {
			d.ok = true // who has taken a page out does not want its copies in its place
		}
		if !d.ok && len(d.loop) == 0 {
			// Where the next page of a chain stands alone, it is the one that this page leads to.
			next, found, err := r.site.Ledger.Page(ctx, r.destID, p.Edge)
			if err != nil {
				return nil, err
			}
			d.ok = found && next.OutcomeRun == r.ledger.ID && next.Outcome == Canonicalized
		}
		if d.ok {
			to[d.end.URL] = append(to[d.end.URL], p)
		} else {
			alone(p)
		}
	}
	for _, end := range slices.Sorted(maps.Keys(to)) {
		pages := to[end]
		if distinctPaths(pages, end) < manyAlike {
			continue
		}
		r.findings = append(r.findings, fmt.Sprintf("%d pages, such as %s, name %s as their canonical URL; so many cannot be copies of one, "+
			"so each was read for itself", len(pages), pages[0].URL, end))
		for _, p := range pages {
			alone(p)
		}
	}
	return links, nil
}

// distinctPaths counts the paths of pages that are not that of end.
func distinctPaths(pages []ledger.Page, end string) int {
	own, _, _ := strings.Cut(end, "?")
	paths := map[string]bool{}
	for _, p := range pages {
		if path, _, _ := strings.Cut(p.URL, "?"); path != own {
			paths[path] = true
		}
	}
	return len(paths)
}

// settleEdges says at the end of a run what each redirect and canonical came to. One that ends at a live page is
// evidence that a delivered page has moved there, unless it is temporary or leads where too many lead; a circle is a
// failure; else a delivered page is stale.
func (r *run) settleEdges(ctx context.Context) error {
	type edge struct {
		from ledger.Page
		destination
	}
	var edges []edge
	delivered := map[string]int{} // pages in Fin by where they lead
	for p, err := range r.site.Ledger.Pages(ctx, r.destID, r.ledger.ID, ledger.Edges) {
		if err != nil {
			return err
		}
		d, err := r.target(ctx, p)
		if err != nil {
			return err
		}
		if d.end.URL == "" {
			d.end.URL = p.Edge
		}
		if p.RemoteID != "" {
			delivered[d.end.URL]++
		}
		if p.Via != crawler.ViaRedirect { // the way there, not one more that leads there
			r.leads.add(d.end.URL)
		}
		if p.RemoteID != "" || !d.ok {
			edges = append(edges, edge{p, d}) // the others are what they were recorded as
		}
	}
	inFin, err := r.site.Ledger.InTarget(ctx, r.destID)
	if err != nil {
		return err
	}
	for _, e := range edges {
		p, in := e.from, e.from.RemoteID != ""
		v := ledger.Revision{Page: p.ID, Outcome: p.Outcome, Class: p.Class, Detail: p.Detail, At: time.Now()}
		switch {
		case len(e.loop) > maxHops:
			v.Outcome, v.Class, v.Detail, v.Stale = Failed, crawler.FailRedirectLoop, fmt.Sprintf("leads through more than %d pages", maxHops), in
		case len(e.loop) > 0:
			v.Outcome, v.Class, v.Detail, v.Stale = Failed, crawler.FailRedirectLoop, "goes in a circle: "+strings.Join(e.loop, " → "), in
		case !e.ok && e.end.ID != 0:
			v.Detail, v.Stale = fmt.Sprintf("to %s, which is not in Fin (%s)", p.Edge, cmp.Or(e.end.Outcome, "not reached")), in
		case !in: // leads out of scope, which its detail says
			continue
		case e.ok && (live(e.end.Outcome) || e.end.Outcome == Held) && !e.temporary && !r.gathers(e.end.URL, delivered[e.end.URL], inFin):
			v.Evidence = true
			if e.end.Outcome == Created && e.end.OutcomeRun == r.ledger.ID {
				r.moves = append(r.moves, move{p, e.end})
			}
		default:
			v.Stale = true
		}
		if err := r.ledger.Revise(v); err != nil {
			return err
		}
	}
	return nil
}

// gathers reports whether a page to which n of the pages in Fin lead stands in for what is not there: it is where the
// site begins, or they are more than a site merges at once.
func (r *run) gathers(url string, n, inFin int) bool {
	if n < manyToOne {
		return false
	}
	return r.begins(url) || n > max(2*manyToOne-1, inFin/20) || 2*n > inFin
}

// begins reports whether a URL is a start URL or the root of its host.
func (r *run) begins(url string) bool {
	for _, s := range r.site.Crawl.Start {
		if c, err := r.judge.canon.Canonical(s); err == nil && c == url {
			return true
		}
	}
	return strings.Count(url, "/") == 3 && strings.HasSuffix(url, "/")
}

// leading counts where redirects and canonicals lead, and knows the place to which most do.
type leading struct {
	to   map[string]int
	most string
}

func (l *leading) add(url string) {
	if l.to == nil {
		l.to = map[string]int{}
	}
	l.to[url]++
	if l.to[url] > l.to[l.most] {
		l.most = url
	}
}
