package crawler

import "fmt"

// cutLinks counts the links that were not followed for one kind of trap.
type cutLinks struct {
	n            int
	example, why string
}

// count notes a link that was not followed.
func (t *traps) count(kind int, url, why string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	cut := &t.cut[kind]
	if cut.n++; cut.n == 1 {
		cut.example, cut.why = url, why
	}
}

// trapNames are what is said of links that were not followed, by kind.
var trapNames = [trapKinds]string{
	trapPath:     "the path repeats itself",
	trapDeep:     "the path has no end",
	trapQuery:    "the query piles up",
	trapCalendar: "a calendar has no end",
	trapChain:    "pages lead to ever further ones",
	trapOrder:    "the same words come in ever other orders",
	trapVariants: "a list is combined of filters without end",
	trapSame:     "other addresses show the same page",
}

// TrapNotes returns a sentence for each kind of trap that links were kept out of so far, and one on session ids; nil:
// there was nothing of the kind. Links are counted each time that a page names them.
func (c *Crawler) TrapNotes() []string {
	var notes []string
	c.traps.mu.Lock()
	for kind, cut := range c.traps.cut {
		if cut.n > 0 {
			notes = append(notes, fmt.Sprintf("%s not followed, because %s: of %s, %s; if it is a page, name it in a sitemap or in start",
				countOf(cut.n, "link was", "links were"), trapNames[kind], cut.example[:min(len(cut.example), maxDirectiveQuote)], cut.why))
		}
	}
	c.traps.mu.Unlock()
	if n := c.sessions.taken.Load(); n > 0 {
		notes = append(notes, fmt.Sprintf("session ids were taken off %s", countOf(int(n), "link", "links")))
	}
	return notes
}

func countOf(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
