package ingest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"html"
	"slices"
	"strings"
	"time"

	"github.com/pageferry/pageferry/ingest/intercom"
	"github.com/pageferry/pageferry/ingest/ledger"
	"github.com/pageferry/pageferry/sanitize"
)

// Comparison is what a comparison of the ledger with the API's listing has found. The lists are complete.
type Comparison struct {
	Pages int `json:"pages"` // of this site's source, in the listing
	Known int `json:"known"` // in Fin, as far as the ledger knows

	Missing    []Difference `json:"missing"`    // in the ledger, not in the listing
	Extra      []Difference `json:"extra"`      // in the source, not in the ledger
	Edited     []Difference `json:"edited"`     // not what was delivered
	Hidden     []Difference `json:"hidden"`     // switched off in Intercom
	Duplicates []Difference `json:"duplicates"` // more than one page with an external ID
	Foreign    []Difference `json:"foreign"`    // of other sources, on the site's hosts

	adoptable int // of Extra
	reconcile ledger.Reconciliation
}

// Difference is a page that one side has otherwise than the other.
type Difference struct {
	URL    string `json:"url"`
	ID     string `json:"id,omitempty"` // Intercom's
	Detail string `json:"detail"`       // what differs
}

// expected is a page by its external ID, as the comparison comes to know of it.
type expected struct {
	page   int64 // row of the ledger; 0: the listing has it, the ledger does not
	inFin  bool
	listed bool   // under the ID that the ledger has
	other  string // ID under which it is listed besides, or instead
}

// comparer reads a listing and compares it with the ledger, a few pages at a time.
type comparer struct {
	*run
	repair bool // the ledger takes over versions that differ from its own, beside pages that it lacks

	pages []expected
	index map[[sha256.Size]byte]int // by external ID
	found Comparison
}

// compare reads the listing to its end. Errors of the API are *intercom.Error or wrap intercom.ErrUnexpected; nothing of
// what was found counts then.
func (c *comparer) compare(ctx context.Context) (*Comparison, error) {
	c.index = map[[sha256.Size]byte]int{}
	c.pages, c.found = nil, newComparison()
	if err := c.expect(ctx); err != nil {
		return nil, err
	}
	if err := c.site.Ledger.BeginListing(); err != nil {
		return nil, err
	}
	var batch []intercom.ExternalPage
	for p, err := range c.site.API.ListExternalPages(ctx) {
		if err != nil {
			return nil, err
		}
		if p.SourceID != c.dest.SourceID {
			c.foreigner(p)
			continue
		}
		c.found.Pages++
		if batch = append(batch, p); len(batch) == adoptBatch {
			if err := c.look(ctx, batch); err != nil {
				return nil, err
			}
			batch = batch[:0]
		}
	}
	if err := c.look(ctx, batch); err != nil {
		return nil, err
	}
	return &c.found, c.finish(ctx)
}

// expect loads what should be listed.
func (c *comparer) expect(ctx context.Context) error {
	for e, err := range c.site.Ledger.Expected(ctx, c.destID) {
		if err != nil {
			return err
		}
		if e.InFin {
			c.found.Known++
		}
		c.index[sha256.Sum256([]byte(e.ExternalID))] = len(c.pages)
		c.pages = append(c.pages, expected{page: e.Page, inFin: e.InFin})
	}
	return nil
}

// foreigner notes a page of another source that is about the same site.
func (c *comparer) foreigner(p intercom.ExternalPage) {
	if !sameHost(p.URL, c.site.Crawler.Scope().Hosts()) {
		return
	}
	c.found.Foreign = append(c.found.Foreign, Difference{p.URL, p.ID, fmt.Sprintf("of source %d", p.SourceID)})
}

// look compares some of the listed pages of our source.
func (c *comparer) look(ctx context.Context, batch []intercom.ExternalPage) error {
	var rows []int64
	for _, p := range batch {
		if i, ok := c.index[sha256.Sum256([]byte(p.ExternalID))]; ok && c.pages[i].page != 0 {
			rows = append(rows, c.pages[i].page)
		}
	}
	var known map[int64]ledger.Page
	if len(rows) > 0 {
		var err error
		if known, err = c.site.Ledger.ByRow(ctx, rows); err != nil {
			return err
		}
	}
	var keep []ledger.Adopted
	for _, p := range batch {
		taken, err := c.page(ctx, p, known)
		if err != nil {
			return err
		}
		if taken != "" {
			a := sanitize.Article{Title: p.Title, HTML: p.HTML}
			keep = append(keep, ledger.Adopted{URL: taken, ExternalID: p.ExternalID, RemoteID: p.ID, Title: p.Title, Hash: a.Hash(),
				HTML: p.HTML, Updated: p.UpdatedAt})
		}
	}
	if len(keep) == 0 {
		return nil
	}
	return c.site.Ledger.KeepListed(keep)
}

// page compares one listed page of our source, and returns the URL under which the ledger may take over what is listed;
// empty: it may not.
func (c *comparer) page(ctx context.Context, p intercom.ExternalPage, known map[int64]ledger.Page) (take string, err error) {
	key := sha256.Sum256([]byte(p.ExternalID))
	i, ok := c.index[key]
	if !ok {
		c.index[key] = len(c.pages)
		c.pages = append(c.pages, expected{listed: true})
		return c.unknown(p, "the ledger does not have it"), nil
	}
	e := &c.pages[i]
	row := known[e.page]
	switch {
	case row.RemoteID == p.ID && p.ID != "":
		e.listed = true
		return c.delivered(ctx, p, row)
	case e.page == 0 || row.RemoteID == "" && e.listed || e.other != "":
		c.found.Duplicates = append(c.found.Duplicates, Difference{p.URL, p.ID, "another page of the source has the same external_id"})
	case row.RemoteID == "":
		e.listed = true
		return c.unknown(p, "its delivery was not acknowledged"), nil
	default:
		e.other = p.ID
	}
	return "", nil
}

// unknown notes a page of our source that the ledger does not have in Fin.
func (c *comparer) unknown(p intercom.ExternalPage, why string) (take string) {
	switch {
	case p.ExternalID != ExternalID(p.URL):
		why = "its external_id is not the hash of its URL: it is not touched"
	case !c.ours(p.URL):
		why = "its URL is not one of this config's: it is not touched"
	default:
		c.found.adoptable++
		take = p.URL
	}
	c.found.Extra = append(c.found.Extra, Difference{p.URL, p.ID, why})
	return take
}

// delivered compares a page with what was delivered.
func (c *comparer) delivered(ctx context.Context, p intercom.ExternalPage, row ledger.Page) (take string, err error) {
	want := c.site.Target.Availability
	var off []string
	if want.AIAgent && p.AIAgentAvailability != nil && !*p.AIAgentAvailability {
		off = append(off, "ai_agent")
	}
	if want.AICopilot && p.AICopilotAvailability != nil && !*p.AICopilotAvailability {
		off = append(off, "ai_copilot")
	}
	if len(off) > 0 && row.Hidden.IsZero() {
		c.found.Hidden = append(c.found.Hidden, Difference{row.URL, p.ID, strings.Join(off, " and ") + " is off"})
	}
	a := sanitize.Article{Title: p.Title, HTML: p.HTML}
	// Of a page with an open intent nobody knows which version the API has taken.
	if row.Intent != "" || a.Hash() == row.Hash && p.URL == row.URL {
		return "", nil
	}
	what, err := c.edits(ctx, p, row)
	if err != nil {
		return "", err
	}
	if len(what) > 0 {
		c.found.Edited = append(c.found.Edited, Difference{row.URL, p.ID, strings.Join(what, ", ") + " differs from what was delivered"})
	}
	if c.repair {
		take = row.URL
	}
	return take, nil
}

// edits says what of a page differs for a reader: whether the API returns HTML and title as they were sent is not
// documented.
func (c *comparer) edits(ctx context.Context, p intercom.ExternalPage, row ledger.Page) (what []string, err error) {
	if words(html.UnescapeString(p.Title)) != words(html.UnescapeString(row.Title)) {
		what = append(what, "title")
	}
	sent, err := c.site.Ledger.Article(ctx, row.ID, row.Hash)
	if err != nil {
		return nil, err
	}
	if sent != "" && words(sanitize.Text(sent)) != words(sanitize.Text(p.HTML)) {
		what = append(what, "text")
	}
	if p.URL != row.URL {
		what = append(what, "URL")
	}
	return what, nil
}

func words(s string) string { return strings.Join(strings.Fields(s), " ") }

// finish says which pages are missing, once all that are listed have been seen.
func (c *comparer) finish(ctx context.Context) error {
	c.found.reconcile = ledger.Reconciliation{Renumbered: map[int64]string{}, At: time.Now()}
	var unlisted []int64
	for _, e := range c.pages {
		if e.page != 0 && (!e.listed || e.other != "") {
			unlisted = append(unlisted, e.page)
		}
		if e.page != 0 && !e.listed && e.other != "" {
			c.found.reconcile.Renumbered[e.page] = e.other
		}
	}
	other := map[int64]string{}
	for _, e := range c.pages {
		if e.listed && e.other != "" {
			other[e.page] = e.other
		}
	}
	for chunk := range slices.Chunk(unlisted, adoptBatch) {
		rows, err := c.site.Ledger.ByRow(ctx, chunk)
		if err != nil {
			return err
		}
		for _, page := range chunk {
			c.unlisted(rows[page], other[page])
		}
	}
	return nil
}

// unlisted notes a page that the listing has not, or has a second time under the ID other.
func (c *comparer) unlisted(p ledger.Page, other string) {
	rec := &c.found.reconcile
	unwanted := p.Evidence != "" && p.Evidence == p.Outcome || p.Intent == ledger.IntentDelete || !p.Hidden.IsZero()
	switch {
	case other != "":
		c.found.Duplicates = append(c.found.Duplicates, Difference{p.URL, other, "another page of the source has the same external_id"})
		return
	case rec.Renumbered[p.ID] != "":
		return
	case p.RemoteID == "" && unwanted:
		rec.Forgotten = append(rec.Forgotten, p.ID)
		return
	case p.RemoteID == "": // its create has not arrived, and will be tried again
		return
	}
	detail := "the next run sends it again"
	if unwanted {
		rec.Forgotten = append(rec.Forgotten, p.ID)
		detail = "and the site does not want it there: it is forgotten"
	} else {
		rec.Lost = append(rec.Lost, p.ID)
	}
	c.found.Missing = append(c.found.Missing, Difference{p.URL, p.RemoteID, detail})
}
