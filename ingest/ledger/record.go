package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/pageferry/pageferry/crawler"
)

// What is intended for a page.
const (
	IntentCreate = "create"
	IntentUpdate = "update"
)

// Visit is what became of one item: an outcome, or an article that shall be delivered and gets its outcome then.
type Visit struct {
	Item       crawler.Item
	ExternalID string
	At         time.Time

	Outcome string // empty: with an Intent the delivery decides; without one nothing is recorded but the links
	Class   string
	Detail  string
	Edge    string // where a redirect or canonical leads

	Intent    string // create or update; stages the article
	Title     string
	Hash      string
	HTML      string
	Signature string // of the article, or of the reading that the validators stand for

	Validators     crawler.Validators
	KeepValidators bool // with an outcome: these validators become the page's; else it loses them
	Confirmed      bool // the site has what was delivered
	Stale          bool // delivered, and this run could not confirm it
	Evidence       bool // the outcome speaks for deletion

	Read         bool     // the page's document was read: the next two replace what is stored
	Outlinks     []string // canonical URLs as found, scope not applied
	Canonical    string   // rel=canonical, if it names another URL
	CanonicalOut bool     // it is out of scope, and therefore does not count
	Follow       []crawler.Link
	NotFollowed  []Visit // outcomes of links that are not crawled, recorded unless the run has found them otherwise
}

// onlyConfirms reports whether a visit says nothing but that the page is what it was: what most pages of most runs say,
// and what is therefore recorded for many at once.
func (v Visit) onlyConfirms() bool {
	return v.Confirmed && v.Outcome != "" && v.Intent == "" && !v.Read && v.KeepValidators && v.Validators == v.Item.Validators &&
		v.Class+v.Detail+v.Edge == "" && !v.Stale && !v.Evidence
}

// State returns what is known of the page of an item that is out.
func (r *Run) State(it crawler.Item) State {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.states[item{it.URL, it.Alone}]
}

// maxPending is how many links wait to be written. A page can have thousands, and hundreds of pages share a transaction.
const maxPending = 16_384

// Record closes an item: in one transaction it takes the row off the frontier, stores what became of the page, and
// adds the links to follow. It returns before that is committed; staged, if not nil, is then called with what shall be
// delivered, from the ledger's goroutine, and must not block. A failure ends the run through Next.
func (r *Run) Record(v Visit, staged func(Intent)) {
	follow := r.take(v.Follow, 1)
	left := r.unseen(v.NotFollowed)
	state := r.State(v.Item)
	var article, outlinks []byte
	if v.Intent != "" {
		article = pack(v.HTML)
	}
	if v.Read {
		outlinks = packLines(v.Outlinks)
	}
	in := Intent{Page: state.ID, URL: v.Item.URL, ExternalID: v.ExternalID, Action: v.Intent, Title: v.Title, Hash: v.Hash, HTML: v.HTML,
		RemoteID: state.RemoteID}
	if state.Intent == IntentDelete {
		in.RemoteID = ""
	}
	v.HTML, v.Outlinks = "", nil
	weight := min(int64(len(follow)+len(left)), maxPending)
	_ = r.pending.Acquire(context.Background(), weight) // fails only when its context ends
	confirmed := state.ID != 0 && v.onlyConfirms() && len(left)+len(follow) == 0
	r.l.writer.submit(func(s *statements) error {
		if confirmed {
			s.confirm(r.ID, state.ID, state.seq, v)
			return r.progressed(s, v.At)
		}
		var err error
		if v.Outcome != "" || v.Intent != "" || v.Read {
			if in.Page, err = s.record(r, v, state, article, outlinks); err != nil {
				return fmt.Errorf("%s: %w", v.Item.URL, err)
			}
		}
		for _, n := range left {
			if _, err := s.record(r, n, State{}, nil, nil); err != nil {
				return fmt.Errorf("%s: %w", n.Item.URL, err)
			}
		}
		if state.seq != 0 {
			s.done = append(s.done, state.seq)
		}
		if err := s.insertLinks(r.ID, follow); err != nil {
			return err
		}
		return r.progressed(s, v.At)
	}, func(err error) {
		r.pending.Release(weight)
		if err == nil && v.Intent != "" && staged != nil {
			staged(in)
		}
		n := 1
		if state.seq != 0 {
			n++ // the item itself, which Next counted
		}
		r.mu.Lock()
		delete(r.states, item{v.Item.URL, v.Item.Alone})
		r.mu.Unlock()
		r.release(len(follow), n, err)
	})
}

// Flush waits until everything that was recorded is committed, and its staged functions have been called.
func (r *Run) Flush() error {
	return r.l.writer.exec(func(*statements) error { return nil })
}

// progressed notes when the run last got on, once a second. Only the writer calls it.
func (r *Run) progressed(s *statements, at time.Time) error {
	if at.Sub(r.lastProgress) < time.Second {
		return nil
	}
	r.lastProgress = at
	_, err := s.progress.Exec(r.ID, ms(at))
	return err
}

// unseen returns the visits whose URL the run has not found otherwise, without marking them: another way may come.
func (r *Run) unseen(visits []Visit) []Visit {
	r.mu.Lock()
	defer r.mu.Unlock()
	var fresh []Visit
	for _, v := range visits {
		if _, ok := r.seen[r.key(v.Item.URL, false)]; !ok {
			fresh = append(fresh, v)
		}
	}
	return fresh
}

// Outlinks returns the links that the page had when it was last read. It has them only where the item was handed out
// with validators.
func (s State) Outlinks() ([]string, error) { return unpackLines(s.outlinks) }

// Intent is an article that shall be delivered.
type Intent struct {
	Page       int64
	URL        string
	ExternalID string
	Action     string // create or update
	Title      string
	Hash       string
	HTML       string
	RemoteID   string // empty for a page that was never acknowledged

	// Of those that Intents reads:
	Delivered string    // hash of what the destination has; empty: nothing, as far as is known
	Alike     bool      // that was made under the same signature
	Restore   *Switches // the page was hidden, and is to be as it was before; nil: it was not
}

// Updates returns the rows of the pages whose update this run has staged.
func (r *Run) Updates(ctx context.Context) ([]int64, error) {
	rows, err := r.l.read.QueryContext(ctx, `SELECT id FROM pages
		WHERE destination_id = $1 AND intent <> '' AND intent = 'update' AND intent_run = $2 ORDER BY id -- <> '': for the index`, r.opts.Destination, r.ID)
	if err != nil {
		return nil, r.readError(ctx, err)
	}
	defer rows.Close()
	var ids []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, r.readError(ctx, err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return nil, r.readError(ctx, err)
	}
	return ids, nil
}

// Intents reads what shall be delivered for some pages, in their order.
func (r *Run) Intents(ctx context.Context, pages []int64) ([]Intent, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	// The driver starts a goroutine for each query that can be cancelled, and this one reads a few rows.
	rows, err := r.l.intent.QueryContext(context.WithoutCancel(ctx), idList(pages))
	if err != nil {
		return nil, r.readError(ctx, err)
	}
	defer rows.Close()
	intents := make([]Intent, 0, len(pages))
	for rows.Next() {
		var in Intent
		var packed sql.RawBytes
		var hidden bool
		var before Switches
		if err := rows.Scan(&in.Page, &in.URL, &in.ExternalID, &in.Action, &in.Title, &in.Hash, &packed, &in.RemoteID,
			&in.Delivered, &in.Alike, &hidden, &before.Agent, &before.Copilot); err != nil {
			return nil, r.readError(ctx, err)
		}
		if in.HTML, err = unpack(packed); err != nil {
			return nil, fmt.Errorf("article of %s in the ledger: %w", in.URL, err)
		}
		if hidden {
			in.Restore = &before
		}
		intents = append(intents, in)
	}
	if err := rows.Err(); err != nil {
		return nil, r.readError(ctx, err)
	}
	if len(intents) != len(pages) {
		return nil, fmt.Errorf("the ledger has %d of %d articles that it was to deliver", len(intents), len(pages))
	}
	return intents, nil
}

// Settle records that the destination has acknowledged an intent: the article, its validators and Intercom's id become
// the page's. It returns when that is committed, whatever becomes of the run meanwhile.
func (r *Run) Settle(in Intent, remoteID, outcome string, at time.Time) error {
	err := r.l.writer.execWithin(lingerShort, func(s *statements) error {
		if _, err := s.settle.Exec(in.Page, remoteID, outcome, r.ID, ms(at), in.Title, in.Hash); err != nil {
			return err
		}
		if in.Action == IntentUpdate {
			if _, err := s.pruneArticles.Exec(in.Page, keepVersions); err != nil {
				return err
			}
		}
		return s.outcome(r.ID, in.Page, outcome, "", "")
	})
	if err != nil {
		return fmt.Errorf("record delivery of %s: %w", in.URL, err)
	}
	return nil
}

// Revision replaces the outcome that a page had in this run.
type Revision struct {
	Page                   int64
	Outcome, Class, Detail string
	Stale                  bool // delivered, and this run could not confirm it
	Evidence               bool // the outcome speaks for deletion
	At                     time.Time
}

// Revise records a revision. An open intent stays open.
func (r *Run) Revise(v Revision) error {
	err := r.l.writer.exec(func(s *statements) error {
		if _, err := s.revise.Exec(v.Page, v.Outcome, v.Class, v.Detail, r.ID, ms(v.At), v.Stale, v.Evidence); err != nil {
			return err
		}
		return s.outcome(r.ID, v.Page, v.Outcome, v.Class, v.Detail)
	})
	if err != nil {
		return fmt.Errorf("record outcome: %w", err)
	}
	return nil
}

// Unreached gives every page in the destination that this run did not come to an outcome of its own, and makes it
// stale.
func (r *Run) Unreached(outcome, class, detail string, at time.Time) error {
	err := r.l.writer.exec(func(s *statements) error {
		if _, err := s.unreached.Exec(r.ID, outcome, class, detail, r.opts.Destination); err != nil {
			return err
		}
		_, err := s.staleUnreached.Exec(r.ID, outcome, class, detail, r.opts.Destination, ms(at))
		return err
	})
	if err != nil {
		return fmt.Errorf("record pages that were not reached: %w", err)
	}
	return nil
}
