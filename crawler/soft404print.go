package crawler

import (
	"hash/maphash"
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Limits of the likeness of pages.
const (
	shingle      = 4 // words
	nearText     = 0.9
	nearLinks    = 0.6
	scantPrint   = 8 // words; pages with less are alike by chance
	nearWordsMax = 0.15
)

// fingerprint is what a page says, without what its URL brings into it.
type fingerprint struct {
	title, h1   string
	words       int
	text, links map[uint64]struct{} // shingles
	linked      int
	missing     bool   // it says that there is no page
	canonical   string // only of probes
}

// fingerprintOf takes the fingerprint of a page. vary are the parts of its URL that are no evidence, plain.
func fingerprintOf(root *html.Node, vary []string) *fingerprint {
	s := look(root)
	clean := func(text string) string {
		for _, v := range vary {
			text = strings.ReplaceAll(text, v, " ")
		}
		return text
	}
	f := &fingerprint{title: oneLine(clean(s.title)), h1: oneLine(clean(s.h1)), words: s.words, linked: s.linked}
	f.text, f.links = shingles(clean(s.text)), shingles(clean(s.linkText))
	f.missing = saysMissing(f.title) != "" || saysMissing(f.h1) != "" || s.words <= maxMissingWords && missingText(s.text)
	return f
}

// missingText reports whether a text says that there is no page, in more than a word.
func missingText(text string) bool {
	for _, p := range missingPhrases.list {
		if (strings.Contains(p, " ") || dense([]rune(p)[0])) && p != "not found" && p != "no longer available" && hasPhrase(text, p) {
			return true
		}
	}
	return false
}

var shingleSeed = maphash.MakeSeed()

func shingles(text string) map[uint64]struct{} {
	words := strings.Fields(text)
	set := make(map[uint64]struct{}, len(words))
	for i := range words {
		if i > 0 && i+shingle > len(words) {
			break
		}
		set[maphash.String(shingleSeed, strings.Join(words[i:min(i+shingle, len(words))], " "))] = struct{}{}
	}
	return set
}

// scant reports whether there is too little on a page for a likeness to mean anything.
func (f *fingerprint) scant() bool { return f.words+f.linked < scantPrint }

// near reports whether two pages are the same but for details: title, heading, text and links, without which the lists
// of a site would be alike. Where pages say that there is none, what they offer instead may differ.
func (f *fingerprint) near(g *fingerprint) bool {
	return f.says(g) && (f.missing && g.missing || f.leads(g))
}

// says reports whether two pages say the same, but for details, outside of links.
func (f *fingerprint) says(g *fingerprint) bool {
	if f.title != g.title || f.h1 != g.h1 {
		return false
	}
	most := max(f.words, g.words)
	if diff := most - min(f.words, g.words); float64(diff) > nearWordsMax*float64(most)+shingle {
		return false
	}
	return jaccard(f.text, g.text) >= nearText
}

// leads reports whether the links of two pages say the same, but for details.
func (f *fingerprint) leads(g *fingerprint) bool { return jaccard(f.links, g.links) >= nearLinks }

// jaccard is the part of two sets that is common to both; 1 if both are empty.
func jaccard(a, b map[uint64]struct{}) float64 {
	if len(a)+len(b) == 0 {
		return 1
	}
	common := 0
	for h := range a {
		if _, ok := b[h]; ok {
			common++
		}
	}
	return float64(common) / float64(len(a)+len(b)-common)
}

// canonicalOf returns the rel=canonical in the head of a page at u as it stands there, resolved; empty if there is none.
func canonicalOf(root *html.Node, u *url.URL) string {
	for n := root; n != nil; n = following(n, root) {
		if n.DataAtom == atom.Body {
			break
		}
		if n.DataAtom != atom.Link {
			continue
		}
		if rel, _ := attribute(n, "rel"); hasToken(rel, "canonical") {
			href, _ := attribute(n, "href")
			if to, err := u.Parse(strings.TrimSpace(href)); err == nil {
				return to.String()
			}
		}
	}
	return ""
}
