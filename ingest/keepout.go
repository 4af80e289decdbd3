package ingest

import (
	"context"
	"fmt"
	"time"

	"github.com/pageferry/pageferry/crawler"
	"github.com/pageferry/pageferry/ingest/ledger"
)

// classRemoved is the class of pages that are excluded because a person has taken them out.
const classRemoved = "removed"

// keptOut are the patterns of pages that a person has taken out.
type keptOut []struct {
	pattern crawler.Pattern
	why     string
}

// keptOutOf reads what is kept out of a destination.
func keptOutOf(ctx context.Context, l *ledger.Ledger, destination int64) (keptOut, error) {
	rows, err := l.KeptOut(ctx, destination)
	if err != nil {
		return nil, err
	}
	all := make(keptOut, len(rows))
	for i, row := range rows {
		if all[i].pattern, err = crawler.CompilePattern(row.Pattern); err != nil {
			return nil, fmt.Errorf("what is kept out: %w", err)
		}
		all[i].why = takenOutOn(row.Pattern, row.Since)
	}
	return all, nil
}

func takenOutOn(pattern string, since time.Time) string {
	return fmt.Sprintf("taken out with remove on %s, by %s", since.Local().Format(time.DateOnly), pattern)
}

// match returns why a page is kept out; empty: it is not.
func (k keptOut) match(url string) string {
	for _, p := range k {
		if p.pattern.Match(url) {
			return p.why
		}
	}
	return ""
}

// pageOrKeptOut is page, for all but the pages that are kept out: of these only the links and redirects are followed, so
// that what they lead to is found.
func (j *judge) pageOrKeptOut(p *crawler.Page, known ledger.State, stored []string) verdict {
	v := j.page(p, known, stored)
	why := j.keptOut.match(p.Item.URL)
	if why == "" || v.Outcome == "" && v.Intent == "" {
		return v
	}
	if v.Intent != "" || v.Outcome == Unchanged { // it was read to its end, and need not be again while it has not changed
		v.KeepValidators = true
	}
	v.Intent, v.Title, v.Hash, v.HTML, v.Edge, v.article = "", "", "", "", "", nil
	v.Signature = j.reading(p.Item.URL)
	return v.end(known, Excluded, classRemoved, why)
}
