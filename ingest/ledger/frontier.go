package ledger

import (
	"context"
	"fmt"
	"hash/maphash"

	"github.com/pageferry/pageferry/crawler"
)

var _ crawler.Frontier = (*Run)(nil)

// readAhead is how many rows of the frontier are read at once.
const readAhead = 256

// entry is an item of the frontier with its row and what the ledger knows of its page.
type entry struct {
	item  crawler.Item
	seq   int64
	state State
}

// State is what the ledger knows of a page when its item is handed out.
type State struct {
	ID        int64  // row; 0: the page is new
	RemoteID  string // empty: not in the destination
	Hash      string // of the article as delivered
	Listed    string // hash of what the destination's listing had instead; empty: nothing else
	Intent    string // create or update: open, so the page is sent whatever its hash
	Outcome   string // of the last run that reached it
	Detail    string // of a listing: what shows that it is one
	Canonical string // rel=canonical when it was last read, if it named another URL
	outlinks  []byte // packed; only with validators, because only then they can be needed
	seq       int64
}

// item identifies what is handed out: a page can be crawled a second time, to stand alone.
type item struct {
	url   string
	alone bool
}

// key is what the set of seen URLs holds. 64 bits with a seed of the run: two of a million URLs share a key with a
// probability of 3e-8, and the next run, with another seed, would find the page that this one missed.
func (r *Run) key(url string, alone bool) uint64 {
	var h maphash.Hash
	h.SetSeed(r.hash)
	h.WriteString(url)
	if alone {
		h.WriteByte(0)
	}
	return h.Sum64()
}

// Next implements crawler.Frontier. The visitor closes the item with Record.
func (r *Run) Next(ctx context.Context) (crawler.Item, bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		switch {
		case r.failed != nil:
			return crawler.Item{}, false, r.failed
		case ctx.Err() != nil:
			return crawler.Item{}, false, context.Cause(ctx)
		case r.stopped || r.full():
			return crawler.Item{}, false, nil
		}
		// The next rows are read while the last ones are being fetched.
		if len(r.ahead) < readAhead/2 && r.waiting > 0 && !r.filling {
			r.filling = true
			go r.fill(context.WithoutCancel(ctx), r.cursor, r.waiting)
		}
		switch {
		case len(r.ahead) > 0:
			e := r.ahead[0]
			r.ahead = r.ahead[1:]
			e.state.seq = e.seq
			r.states[item{e.item.URL, e.item.Alone}] = e.state
			r.open++
			r.handed++
			return e.item, true, nil
		case r.open == 0 && !r.filling:
			return crawler.Item{}, false, nil
		}
		changed := r.changed
		r.mu.Unlock()
		select {
		case <-ctx.Done():
		case <-changed:
		}
		r.mu.Lock()
	}
}

func (r *Run) full() bool { return r.opts.MaxItems > 0 && r.handed >= r.opts.MaxItems }

// Seen reports whether the frontier of this run has a URL, or had it.
func (r *Run) Seen(url string) bool {
	key := r.key(url, false)
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.seen[key]
	return ok
}

// Left reports how many items are known but were not handed out.
func (r *Run) Left() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.waiting + len(r.ahead)
}

// Found reports how many URLs the run has found.
func (r *Run) Found() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.seen)
}

// Full reports whether the limit of items has been reached with work left.
func (r *Run) Full() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.full() && r.waiting+len(r.ahead) > 0
}

// Stop makes Next say that there is nothing more. Items that are out can still be recorded.
func (r *Run) Stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped = true
	r.wake()
}

// wake tells those who wait in Next that something changed. The lock is held.
func (r *Run) wake() {
	close(r.changed)
	r.changed = make(chan struct{})
}

// fill reads the rows after cursor, of which waiting are known to be there, and adds them to those ahead.
func (r *Run) fill(ctx context.Context, cursor int64, waiting int) {
	next, err := r.readRows(ctx, cursor)
	if err == nil && len(next) == 0 {
		err = fmt.Errorf("read frontier of run %d: %d rows are missing after row %d", r.ID, waiting, cursor)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.filling = false
	if err != nil && r.failed == nil {
		r.failed = err
	}
	if len(next) > 0 {
		r.ahead = append(r.ahead, next...)
		r.cursor = next[len(next)-1].seq
		r.waiting -= len(next)
	}
	r.wake()
}

// readRows reads the next rows of the frontier, with what is known of their pages.
func (r *Run) readRows(ctx context.Context, cursor int64) ([]entry, error) {
	rows, err := r.l.read.QueryContext(ctx, `SELECT f.seq, f.url, f.via, f.found_from, f.depth, f.hops, f.alone,
			coalesce(p.id, 0), coalesce(p.remote_id, ''), coalesce(p.hash, ''), coalesce(p.listed_hash, ''), coalesce(p.intent, ''),
			coalesce(p.outcome, ''), iif(p.outcome = 'listing', p.detail, ''), coalesce(p.signature, ''), coalesce(p.etag, ''), coalesce(p.last_modified, ''),
			coalesce(p.body_hash, ''), coalesce(p.canonical, ''), o.links
		FROM frontier f LEFT JOIN pages p ON p.destination_id = $1 AND p.url = f.url LEFT JOIN outlinks o ON o.page_id = p.id
		WHERE f.seq > $2 AND f.run_id = $3 AND f.done = 0 ORDER BY f.seq LIMIT $4`, r.opts.Destination, cursor, r.ID, readAhead)
	if err != nil {
		return nil, r.readError(ctx, err)
	}
	defer rows.Close()
	next := make([]entry, 0, readAhead)
	for rows.Next() {
		var e entry
		var v crawler.Validators
		var signature string
		it, st := &e.item, &e.state
		if err := rows.Scan(&e.seq, &it.URL, &it.Via, &it.From, &it.Depth, &it.Hops, &it.Alone, &st.ID, &st.RemoteID,
			&st.Hash, &st.Listed, &st.Intent, &st.Outcome, &st.Detail, &signature, &v.ETag, &v.LastModified, &v.BodyHash, &st.Canonical, &st.outlinks); err != nil {
			return nil, r.readError(ctx, err)
		}
		if st.Intent == "" && !r.opts.Refetch && v != (crawler.Validators{}) && signature == r.opts.Reading(it.URL) {
			it.Validators = v
		} else {
			st.outlinks = nil
		}
		next = append(next, e)
	}
	if err := rows.Err(); err != nil {
		return nil, r.readError(ctx, err)
	}
	return next, nil
}

// readError keeps the driver's word for an ended context from hiding the reason.
func (r *Run) readError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("read frontier: %w", plain(err))
}

// Add implements crawler.Frontier. It returns when the links are recorded.
func (r *Run) Add(ctx context.Context, links []crawler.Link) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	fresh := r.take(links, 1)
	if len(fresh) == 0 {
		r.release(0, 1, nil)
		return nil
	}
	done := make(chan error, 1)
	r.l.writer.queue(func(s *statements) error { return s.insertLinks(r.ID, fresh) }, func(err error) {
		r.release(len(fresh), 1, err)
		done <- err
	}, 0)
	return <-done
}

// take marks links as seen and returns those that were not; n changes are counted as open until release.
func (r *Run) take(links []crawler.Link, n int) []crawler.Link {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open += n
	var fresh []crawler.Link
	for _, l := range links {
		k := r.key(l.URL, l.Alone)
		if _, ok := r.seen[k]; !ok {
			r.seen[k] = struct{}{}
			fresh = append(fresh, l)
		}
	}
	return fresh
}

// release counts what a change has committed and wakes those who wait for it.
func (r *Run) release(added, n int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil && r.failed == nil {
		r.failed = fmt.Errorf("record in the ledger: %w", err)
	}
	r.waiting += added
	r.open -= n
	r.wake()
}

// Known is a page that the ledger knows when a run begins.
type Known struct {
	URL   string
	Depth int
	InFin bool // delivered, or perhaps: its first delivery was not acknowledged
}

// Seed puts the pages that the ledger knows into the frontier: those in the destination, those whose delivery is open,
// those that failed or could not be judged, and those that a person has taken out. place says for each whether it still belongs to the site; where it
// does not, the outcome and where the page went are recorded instead.
func (r *Run) Seed(ctx context.Context, place func(Known) (crawl bool, instead Visit)) error {
	rows, err := r.l.read.QueryContext(ctx, `SELECT url, depth, remote_id <> '' OR intent <> '' FROM pages
		WHERE destination_id = $1 AND (remote_id <> '' OR intent <> ''
			OR outcome IN ('robots', 'login', 'challenge', 'needs_js', 'empty', 'too_large', 'held', 'failed')
			OR outcome = 'excluded' AND class = 'removed') ORDER BY id`, r.opts.Destination)
	if err != nil {
		return r.readError(ctx, err)
	}
	defer rows.Close()
	links := make([]crawler.Link, 0, readAhead)
	flush := func() error {
		err := r.Add(ctx, links)
		links = links[:0]
		return err
	}
	for rows.Next() {
		var k Known
		if err := rows.Scan(&k.URL, &k.Depth, &k.InFin); err != nil {
			return r.readError(ctx, err)
		}
		crawl, instead := place(k)
		if crawl {
			links = append(links, crawler.Link{URL: k.URL, Via: crawler.ViaKnown, Depth: k.Depth})
		} else {
			instead.Item.URL, instead.Item.Via, instead.Item.Depth = k.URL, crawler.ViaKnown, k.Depth
			r.Record(instead, nil)
		}
		if len(links) == cap(links) {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := rows.Err(); err != nil {
		return r.readError(ctx, err)
	}
	return flush()
}
