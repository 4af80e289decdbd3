package ingest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pageferry/pageferry/ingest/ledger"
	"github.com/pageferry/pageferry/sanitize"
)

// Limits of the guards.
const (
	// sharedText is how many URLs may not get one text.
	sharedText = 3
	// maxChanged is the share of the compared pages, in percent, that may change in one run; fewer than minChanged pages
	// say nothing.
	maxChanged = 30
	minChanged = 5
	// minBlock is how long a line must be, in bytes, to be a block that pages have gained.
	minBlock = 20
	// maxLines is how many new lines of a page are looked at: one that is new from end to end need not be kept in memory.
	maxLines = 50
)

// change is what the guards look at of a staged update.
type change struct {
	page     int64
	hash     string
	url      string
	alike    bool // made under the same signature as what is in Fin
	old, new int  // length of the text in bytes
	text     [sha256.Size]byte
	gained   []string // lines that are in no version before
	why      string   // why it is held for itself; empty: it is not
}

// guard looks at the staged updates before any of them is sent, holds those that look like a mishap of the site, and
// returns the pages of the others.
func (r *run) guard(ctx context.Context) ([]int64, error) {
	if err := r.loadAccepted(ctx); err != nil {
		return nil, err
	}
	pages, err := r.ledger.Updates(ctx)
	if err != nil || len(pages) == 0 {
		return nil, err
	}
	updates := make([]change, 0, len(pages))
	for chunk := range slices.Chunk(pages, r.site.Target.Concurrency) {
		intents, err := r.ledger.Intents(ctx, chunk)
		if err != nil {
			return nil, err
		}
		for _, in := range intents {
			u, err := r.look(ctx, in)
			if err != nil {
				return nil, err
			}
			updates = append(updates, u)
		}
	}
	holdAlone(updates)
	if r.suspect, err = r.suspicion(ctx, updates); err != nil {
		return nil, err
	}
	return r.part(updates)
}

// look compares the text of a staged update with what is in Fin.
func (r *run) look(ctx context.Context, in ledger.Intent) (change, error) {
	u := change{page: in.Page, hash: in.Hash, url: in.URL, alike: in.Alike}
	html, err := r.site.Ledger.Article(ctx, in.Page, in.Delivered)
	if err != nil {
		return u, fmt.Errorf("article of %s in the ledger: %w", in.URL, err)
	}
	before, after := sanitize.Text(html), sanitize.Text(in.HTML)
	u.old, u.new, u.text = len(before), len(after), sha256.Sum256([]byte(after))
	if in.Alike {
		u.gained = newLines(before, after)
	}
	return u, nil
}

// suspicion returns why so much has changed, without a change of the config or of pageferry, that all updates of the run
// are held; empty: it has not.
func (r *run) suspicion(ctx context.Context, updates []change) (string, error) {
	all, changed, err := r.ledger.Compared(ctx)
	if err != nil || changed < minChanged {
		return "", err
	}
	if 100*changed > maxChanged*all {
		return fmt.Sprintf("%d of %d compared pages have changed since the last run, more than %d %%: a redesign, or a mishap of the site? "+
			"All updates of the run are held, and nothing is taken out", changed, all, maxChanged), nil
	}
	if n, of, block := gainedBlock(updates); of >= minChanged && 2*n > of {
		return fmt.Sprintf("%d of %d changed pages have gained the same text, %q: if it does not belong to the articles, cut it out with "+
			"extract.remove. All updates of the run are held, and nothing is taken out", n, of, shorten(block)), nil
	}
	return "", nil
}

// gainedBlock returns the line that most of the updates have gained that nothing else is said against, how many they are,
// and of how many.
func gainedBlock(updates []change) (n, of int, line string) {
	pages := map[string]int{}
	for _, u := range updates {
		if !u.alike || u.why != "" {
			continue
		}
		of++
		for _, l := range u.gained {
			pages[l]++
			if pages[l] > n || pages[l] == n && l < line {
				n, line = pages[l], l
			}
		}
	}
	return n, of, line
}

func shorten(s string) string {
	const limit = 100
	if r := []rune(s); len(r) > limit {
		return string(r[:limit]) + "…"
	}
	return s
}

// holdAlone says of each update whether it is held for what it is itself.
func holdAlone(updates []change) {
	sharing := map[[sha256.Size]byte]int{}
	for _, u := range updates {
		sharing[u.text]++
	}
	for i := range updates {
		u := &updates[i]
		switch n := sharing[u.text]; {
		case n >= sharedText:
			u.why = fmt.Sprintf("%d pages would get the same text", n)
		case 2*u.new < u.old:
			u.why = fmt.Sprintf("its text shrank from %d to %d bytes", u.old, u.new)
		}
	}
}

// part records the updates that are held and returns the pages of the others.
func (r *run) part(updates []change) ([]int64, error) {
	var pass []int64
	for _, u := range updates {
		why := u.why
		if r.suspect != "" && u.alike && why == "" {
			why = "too much has changed in this run"
		}
		if why == "" || r.accepts(u.page, ledger.IntentUpdate, u.hash) {
			pass = append(pass, u.page)
			continue
		}
		r.progress.waiting.Add(-1)
		h := ledger.Held{Page: u.page, URL: u.url, Action: ledger.IntentUpdate, Key: u.hash, Why: why}
		if err := r.ledger.Hold(h, time.Now()); err != nil {
			return nil, err
		}
	}
	return pass, nil
}

// loadAccepted reads what the run that shall be accepted has held.
func (r *run) loadAccepted(ctx context.Context) error {
	if r.held != nil || r.flags.Accept == 0 {
		return nil
	}
	holds, err := r.site.Ledger.Holds(ctx, r.destID, r.flags.Accept)
	if err != nil {
		return err
	}
	if len(holds) == 0 {
		r.findings = append(r.findings, fmt.Sprintf("--accept %d lets nothing through: run %d held nothing that is in this destination", r.flags.Accept, r.flags.Accept))
	}
	r.held = make(map[int64]ledger.Held, len(holds))
	for _, h := range holds {
		r.held[h.Page] = h
	}
	return nil
}

// accepts reports whether a person has let this very thing through.
func (r *run) accepts(page int64, action, key string) bool {
	h, ok := r.held[page]
	return ok && h.Action == action && h.Key == key
}

// newLines returns the first lines of some length that after has and before has not, each once.
func newLines(before, after string) []string {
	had := map[string]bool{}
	for line := range strings.Lines(before) {
		had[strings.TrimSpace(line)] = true
	}
	var gained []string
	for line := range strings.Lines(after) {
		line = strings.TrimSpace(line)
		if len(line) < minBlock || had[line] {
			continue
		}
		if had[line] = true; len(gained) == maxLines {
			break
		}
		gained = append(gained, strings.Clone(line))
	}
	return gained
}
