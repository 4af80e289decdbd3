package ingest

import (
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
	return at, live(at.Outcome), nil, nil
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
		_, ok, _, err := r.target(ctx, p)
		if err != nil {
			return nil, err
		}
		if !ok {
			links = append(links, crawler.Link{URL: p.URL, Via: crawler.ViaAgain, From: p.Edge, Depth: p.Depth, Alone: true})
		}
	}
	return links, nil
}

// settleEdges says at the end of a run what each redirect and canonical came to. One that ends at a live page is
// evidence that a delivered page has moved there, unless it is temporary; a circle is a failure; where the target is
// not live a delivered page is stale.
func (r *run) settleEdges(ctx context.Context) error {
	var revisions []ledger.Revision
	for p, err := range r.site.Ledger.Pages(ctx, r.destID, r.ledger.ID, ledger.Edges) {
		if err != nil {
			return err
		}
		end, ok, loop, err := r.target(ctx, p)
		if err != nil {
			return err
		}
		v := ledger.Revision{Page: p.ID, Outcome: p.Outcome, Class: p.Class, Detail: p.Detail, At: time.Now()}
		delivered := p.RemoteID != ""
		switch {
		case len(loop) > 0:
			v.Outcome, v.Class, v.Detail, v.Stale = Failed, crawler.FailRedirectLoop, "goes in a circle: "+strings.Join(loop, " → "), delivered
		case ok && delivered:
			v.Evidence = p.Class != classTemporary
		case !ok && end.URL != "":
			v.Detail = fmt.Sprintf("to %s, which is not in Fin (%s)", p.Edge, nonempty(end.Outcome, "not reached"))
			v.Stale = delivered
		case !ok && delivered:
			v.Stale = true
		default:
			continue
		}
		revisions = append(revisions, v)
	}
	for _, v := range revisions {
		if err := r.ledger.Revise(v); err != nil {
			return err
		}
	}
	return nil
}

func nonempty(s, instead string) string {
	if s == "" {
		return instead
	}
	return s
}
