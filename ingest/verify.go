package ingest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pageferry/pageferry/ingest/intercom"
)

// Limits of what a listing is believed: more pages than these missing at once, and it is the listing that is wrong, or
// something a person must know of.
const (
	maxMissingPercent = 10
	minMissing        = 5 // fewer say nothing
)

// shownDifferences is how many pages a note names.
const shownDifferences = 3

// verification is what a run has learned from the API's listing.
type verification struct {
	listing *Comparison // nil: it was not read
	look    string      // why a person must look at it; empty: nobody must
}

// verify compares the ledger with the API's listing, if that is due, so that what was deleted in Intercom is sent again
// by this run. A listing that cannot be read to its end, or that the API itself contradicts, changes nothing but makes
// the run incomplete. A resumed run is not verified: part of it is done.
func (r *run) verify(ctx context.Context) error {
	every := r.site.Target.Verify
	if every <= 0 || r.flags.partial() || r.ledger.Resumed || r.dest.Adopted > 0 || r.dest.InTarget == 0 || time.Since(r.verified) < every {
		return nil
	}
	listing, err := r.readListing(ctx, &comparer{run: r})
	if err == nil {
		err = r.believe(ctx, listing)
	}
	if unread(err) {
		return r.unverified(ctx, err)
	}
	return err
}

// readListing compares the listing with the ledger, a second time where it did not hold together: pages that others
// create or delete meanwhile move those behind them.
func (r *run) readListing(ctx context.Context, c *comparer) (*Comparison, error) {
	listing, err := c.compare(ctx)
	if errors.Is(err, intercom.ErrUnexpected) && ctx.Err() == nil {
		r.log.Debug("the listing is read again", "err", err)
		listing, err = c.compare(ctx)
	}
	return listing, err
}

// believe takes over what the listing says, unless it says too much.
func (r *run) believe(ctx context.Context, l *Comparison) error {
	r.verification.listing = l
	if n := len(l.Missing); tooMany(n, l.Known) {
		r.verification.look = fmt.Sprintf("%d of %s in Fin are not in the API's listing, such as %s: were they deleted in Intercom? "+
			"Nothing of it is believed, and nothing is sent again: look with `pageferry check`, and if they are to be sent again, "+
			"`pageferry check --repair`", n, count(l.Known, "page"), l.Missing[0].URL)
		return nil
	}
	if err := r.confirmMissing(ctx, l.Missing); err != nil {
		return err
	}
	return r.site.Ledger.Reconcile(r.destID, l.reconcile)
}

func tooMany(missing, known int) bool {
	return missing >= minMissing && 100*missing > maxMissingPercent*known
}

// errListingLies says that the API has a page which its listing lacks.
var errListingLies = errors.New("the API has a page that its listing lacks")

// confirmMissing asks the API for each page by its ID before it is taken for gone.
func (r *run) confirmMissing(ctx context.Context, missing []Difference) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(r.site.Target.Concurrency)
	for _, m := range missing {
		if gctx.Err() != nil {
			break
		}
		g.Go(func() error {
			p, err := r.site.API.GetExternalPage(gctx, m.ID)
			var api *intercom.Error
			switch {
			case errors.As(err, &api) && api.NotFound():
				return nil
			case err != nil:
				return fmt.Errorf("look for %s, which is not listed: %w", m.URL, err)
			case p.SourceID == r.dest.SourceID && p.ExternalID == ExternalID(m.URL):
				return fmt.Errorf("%w: %s (%s)", errListingLies, m.URL, m.ID)
			}
			return nil
		})
	}
	return g.Wait()
}

// unread reports whether an error is about the API and its listing, and not about the ledger or the run.
func unread(err error) bool {
	var api *intercom.Error
	return errors.As(err, &api) || errors.Is(err, intercom.ErrUnexpected) || errors.Is(err, intercom.ErrTooLarge) || errors.Is(err, errListingLies)
}

// unverified goes on without the listing, unless the token is refused.
func (r *run) unverified(ctx context.Context, err error) error {
	var api *intercom.Error
	if ctx.Err() != nil || errors.As(err, &api) && api.Unauthorized() {
		return r.tokenError(ctx, err)
	}
	why := fmt.Sprintf("what is in Fin could not be verified, and the next run tries again: %v", err)
	r.log.Warn(why)
	r.incomplete = append(r.incomplete, why)
	r.verification.listing = nil
	return nil
}

// notes says what the listing has that a person may want to know, and that stays as it is.
func (v *verification) notes() []string {
	l := v.listing
	if l == nil {
		return nil
	}
	var notes []string
	note := func(list []Difference, what, then string) {
		if n := len(list); n > 0 {
			notes = append(notes, fmt.Sprintf("%s %s: %s; %s", count(n, "page"), what, examples(list), then))
		}
	}
	if v.look == "" {
		note(l.Missing, "of the ledger not in Intercom any more", "those that the site has are sent again")
	}
	if n := l.adoptable; n > 0 && v.look == "" {
		notes = append(notes, fmt.Sprintf("%s in Intercom that the ledger did not have: taken over as they are", count(n, "page")))
	}
	note(l.Edited, "edited in Intercom", "they stay as they are until the site's page changes")
	note(l.Hidden, "switched off in Intercom", "they stay off")
	note(l.Duplicates, "in Intercom more than once under one external_id", "delete those that are too many in Intercom")
	if n := len(l.Extra) - l.adoptable; n > 0 {
		notes = append(notes, fmt.Sprintf("%s of the source not made by this config: `pageferry check` lists them", count(n, "page")))
	}
	return notes
}

func examples(list []Difference) string {
	s := list[0].URL
	for _, d := range list[1:min(len(list), shownDifferences)] {
		s += ", " + d.URL
	}
	if len(list) > shownDifferences {
		s += ", …"
	}
	return s
}
