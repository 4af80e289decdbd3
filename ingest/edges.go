package ingest

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/pageferry/pageferry/crawler"
	"github.com/pageferry/pageferry/ingest/ledger"
)

// maxHops is how many redirects and canonicals may lead from a page to the one that stands for it.
const maxHops = 10

// target follows the edges that this run recorded from a page and returns the page where they end. ok is false where
// they lead out of what the run has seen; loop names the URLs of a circle, or of a chain that is too long.
func (r *run) target(ctx context.Context, from ledger.Page) (end ledger.Page, ok bool, loop []string, err error) {
	chain := []string{from.URL}
	at := from
	for at.Outcome == Redirected || at.Outcome == Canonicalized {
		for _, seen := range chain[:len(chain)-1] {
			if seen == at.URL {
				return at, false, chain, nil
			}
		}
		if len(chain) > maxHops {
			return at, false, chain, nil
		}
		next, found, err := r.site.Ledger.Page(ctx, r.destID, at.Edge)
		if err != nil {
			return at, false, nil, err
		}
		if !found || (next.OutcomeRun != r.ledger.ID && !r.staged(next)) {
			return next, false, nil, nil
		}
		if r.staged(next) {
			return next, true, nil, nil
		}
		chain = append(chain, next.URL)
		at = next
	}
	return at, stands(at), nil, nil
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

// standAlone returns, as links, the pages whose canonical does not end at a page that is in Fin or about to be: they
// stand for themselves and must be fetched again.
func (r *run) standAlone(ctx context.Context) ([]crawler.Link, error) {
	var links []crawler.Link
	for p, err := range r.site.Ledger.Pages(ctx, r.destID, r.ledger.ID, ledger.Edges) {
		if err != nil {
			return nil, err
		}
		if p.Outcome != Canonicalized {
			continue
		}
		_, ok, loop, err := r.target(ctx, p)
		if err != nil {
			return nil, err
		}
		if !ok && len(loop) == 0 {
			// Where the next page of a chain stands alone, it is the one that this page leads to.
			next, found, err := r.site.Ledger.Page(ctx, r.destID, p.Edge)
			if err != nil {
				return nil, err
			}
			ok = found && next.OutcomeRun == r.ledger.ID && next.Outcome == Canonicalized
		}
		if !ok {
			links = append(links, crawler.Link{URL: p.URL, Via: crawler.ViaAgain, From: p.Edge, Depth: p.Depth, Alone: true})
		}
	}
	return links, nil
}

// manyToOne is from how many delivered pages on a common target of their redirects or canonicals is no move, but a login
// or a home page that stands in for what is not there.
const manyToOne = 3

// settleEdges says at the end of a run what each redirect and canonical came to. One that ends at a live page is
// evidence that a delivered page has moved there, unless it is temporary or leads where many lead; a circle is a
// failure; else a delivered page is stale.
func (r *run) settleEdges(ctx context.Context) error {
	type edge struct {
		from ledger.Page
		end  ledger.Page
		ok   bool
		loop []string
	}
	var edges []edge
	delivered := map[string]int{} // pages in Fin by where they lead
	for p, err := range r.site.Ledger.Pages(ctx, r.destID, r.ledger.ID, ledger.Edges) {
		if err != nil {
			return err
		}
		e := edge{from: p}
		if e.end, e.ok, e.loop, err = r.target(ctx, p); err != nil {
			return err
		}
		if e.end.URL == "" {
			e.end.URL = p.Edge
		}
		if p.RemoteID != "" {
			delivered[e.end.URL]++
		}
		r.leads.add(e.end.URL)
		if p.RemoteID != "" || !e.ok {
			edges = append(edges, e) // the others are what they were recorded as
		}
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
		case e.ok && p.Class != classTemporary && delivered[e.end.URL] < manyToOne:
			v.Evidence = true
		default:
			v.Stale = true
		}
		if err := r.ledger.Revise(v); err != nil {
			return err
		}
	}
	return nil
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
