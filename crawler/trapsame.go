package crawler

import (
	"fmt"
	"hash/maphash"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const (
	// maxSame is how many pages in a row may show the same text, word by word, whose addresses differ only in the values
	// of their parameters, or in segments that look drawn by lot.
	maxSame = 10
	// maxSameNumbered is the same, numbers aside, for pages that were found only from each other, such as the pages of a
	// list beyond its end.
	maxSameNumbered = 50
	maxSameForms    = 8 << 10 // addresses of which it is remembered
)

// sameText is how often the pages of one form of address showed the same text, the last times that they were read.
type sameText struct {
	told
	n, numbered int
}

// told are hashes of what a page shows, with the numbers in it and without.
type told struct{ all, words uint64 }

// hasToken reports whether a segment of the path looks drawn by lot.
func (a *trapAddress) hasToken() bool {
	return slices.ContainsFunc(a.segment[:min(a.segments, maxTrapSegments)], isToken)
}

// sameForm returns the form of an address by which pages with the same text are counted: its path, with * for segments
// that look drawn by lot, and the names of its parameters. An address without either has none: "". Numbers in a path are
// no such thing: a site may say the same on many pages, and yet mean them all.
func (a *trapAddress) sameForm() string {
	if a.query == "" && !a.hasToken() {
		return ""
	}
	var b strings.Builder
	b.WriteString(a.host)
	for segment := range strings.SplitSeq(a.path, "/") {
		if isToken(segment) {
			segment = "*"
		}
		b.WriteByte('/')
		b.WriteString(segment)
	}
	for param := range strings.SplitSeq(a.query, "&") {
		name, _, _ := strings.Cut(param, "=")
		b.WriteByte('?')
		b.WriteString(name)
	}
	return b.String()
}

// sameTrap judges a URL by what the pages like it showed: a parameter that is another one in each answer, such as against
// caches, and an order of a list of one entry, make of a page endlessly many. The caller holds the lock.
func (t *traps) sameTrap(l Link, a *trapAddress) string {
	if len(t.same) == 0 {
		return ""
	}
	form := a.sameForm()
	if form == "" {
		return ""
	}
	same := t.same[maphash.String(t.seed, form)]
	switch {
	case same.n >= maxSame && a.query != "":
		return fmt.Sprintf("the last %d pages of its path that were read, which differ only in the query, show the same text; "+
			"a parameter that does not say what the page is belongs into scope.drop_params", maxSame)
	case same.n >= maxSame:
		return fmt.Sprintf("the last %d pages that were read, whose addresses differ only in what looks drawn by lot, show the same text", maxSame)
	case same.numbered >= maxSameNumbered && sameTemplate(l.From, l.URL):
		return fmt.Sprintf("the last %d pages that were read, whose addresses differ only in numbers, show the same text but for numbers", maxSameNumbered)
	}
	return ""
}

// again returns why a page that was found by a link need not be read: since then it turned out that pages like it are
// all the same. Empty: it is to be read.
func (t *traps) again(l Link) string {
	if l.Via != ViaLink {
		return ""
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.same) == 0 {
		return ""
	}
	a := parseTrapAddress(l.URL)
	return t.sameTrap(l, &a)
}

// saw notes the text of a page that was read, if its address has a form by which that counts.
func (t *traps) saw(page *Page) {
	if page.Doc == nil {
		return
	}
	a := parseTrapAddress(page.Item.URL)
	form := a.sameForm()
	if form == "" {
		return
	}
	t.mu.Lock()
	t.begin()
	seed := t.seed
	t.mu.Unlock()
	key, text := maphash.String(seed, form), showing(page, seed)
	t.mu.Lock()
	defer t.mu.Unlock()
	last, known := t.same[key]
	if !known && len(t.same) == maxSameForms {
		return
	}
	if text.all != last.all {
		last.n = 0
	}
	if text.words != last.words {
		last.numbered = 0
	}
	t.same[key] = sameText{told: text, n: last.n + 1, numbered: last.numbered + 1}
}

// showing returns what a page says, and the paths that it leads to: of a list of pictures, nothing else differs from one
// page to the next.
func showing(page *Page, seed maphash.Seed) told {
	var all, words maphash.Hash // writing to them never fails
	all.SetSeed(seed)
	words.SetSeed(seed)
	say := func(text string) {
		_, _ = all.WriteString(text)
		for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return '0' <= r && r <= '9' }) {
			_, _ = words.WriteString(word)
		}
	}
	for n := range page.Doc.Nodes[0].Descendants() {
		if n.Type != html.TextNode {
			continue
		}
		switch n.Parent.DataAtom {
		case atom.Script, atom.Style, atom.Noscript:
		default:
			say(n.Data)
		}
	}
	for _, link := range page.Links {
		a := parseTrapAddress(link)
		for segment := range strings.SplitSeq(a.path, "/") {
			if !isToken(segment) {
				say(segment)
			}
		}
	}
	return told{all.Sum64(), words.Sum64()}
}
