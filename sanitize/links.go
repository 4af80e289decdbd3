package sanitize

import (
	"strings"
	"unicode"

	"golang.org/x/net/html"
)

// link gives a link its absolute URL. Links that lead nowhere are unwrapped, and so are headings that link to
// themselves; permalink signs beside headings go.
func (c *cleaner) link(n *html.Node) {
	to, ok := "", false
	if href := attr(n, "href"); href != "" {
		to, ok = c.urls.link(href)
	}
	if !ok {
		if anyToken(attr(n, "class"), isPermalinkClass) && !hasLetters(n) {
			remove(n)
			return
		}
		unwrap(n)
		return
	}
	if c.urls.self(to) {
		switch {
		case isWholeHeading(n):
			unwrap(n)
			return
		case anyToken(attr(n, "class"), isPermalinkClass), isSign(n):
			remove(n)
			return
		}
	}
	setAttr(n, "href", to)
	pruneAttrs(n)
}

// isPermalinkClass knows the classes of the link of a heading to itself. Each is used by a documentation generator.
func isPermalinkClass(name string) bool {
	switch name {
	case "headerlink", "header-anchor", "hash-link", "heading-anchor", "heading-link",
		"anchor-link", "anchorjs-link", "permalink", "anchor", "headinglink",
		"direct-link", "sl-anchor-link":
		return true
	}
	return false
}

// isWholeHeading reports whether a link holds all the text of the heading it stands in.
func isWholeHeading(n *html.Node) bool {
	heading := ancestorHeading(n)
	return heading != nil && !textExceeds(heading, textLen(n, nil), nil) && hasLetters(n)
}

// isSign reports whether a link shows neither words nor an image.
func isSign(n *html.Node) bool { return !hasLetters(n) && !hasElement(n, isImg) }

func ancestorHeading(n *html.Node) *html.Node {
	for p, up := n.Parent, 0; p != nil && up < 4; p, up = p.Parent, up+1 {
		if isHeading(p.DataAtom) {
			return p
		}
	}
	return nil
}

// hasLetters reports whether n's text has a letter or digit, so that it can name anything.
func hasLetters(n *html.Node) bool {
	if n.Type == html.TextNode {
		return strings.IndexFunc(n.Data, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) >= 0
	}
	for ch := n.FirstChild; ch != nil; ch = ch.NextSibling {
		if hasLetters(ch) {
			return true
		}
	}
	return false
}
