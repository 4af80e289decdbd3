package sanitize

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// plainText returns what a reader sees of a tidy tree: one line a block, cells separated by tabs, preformatted text as
// it stands. Images leave nothing. size is at least the length of the text.
func plainText(n *html.Node, size int) string {
	var w textWriter
	w.b.Grow(size)
	w.children(n, false)
	return strings.TrimRight(w.b.String(), "\n\t ")
}

type textWriter struct {
	b     strings.Builder
	fresh bool // a line was begun: nothing but white space stands on it
}

func (w *textWriter) children(n *html.Node, pre bool) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.TextNode {
			w.text(c.Data, pre)
			continue
		}
		switch a := c.DataAtom; {
		case a == atom.Br:
			w.line()
		case a == atom.Td, a == atom.Th:
			if prevElement(c) != nil {
				w.b.WriteByte('\t')
			}
			w.children(c, pre)
		case isBlock(a):
			// A block at the start of an item or cell stands on its line.
			if c.PrevSibling != nil || n.DataAtom != atom.Td && n.DataAtom != atom.Th {
				w.line()
			}
			w.children(c, pre || a == atom.Pre)
			if c.NextSibling != nil {
				w.line()
			}
		default:
			w.children(c, pre)
		}
	}
}

func (w *textWriter) text(s string, pre bool) {
	if !pre {
		if s == "\n" {
			return // between blocks
		}
		if w.b.Len() == 0 || w.fresh {
			s = strings.TrimLeft(s, " ")
		}
	}
	if s != "" {
		w.b.WriteString(s)
		w.fresh = false
	}
}

// line begins a line, unless one was just begun.
func (w *textWriter) line() {
	if w.b.Len() > 0 && !w.fresh {
		w.b.WriteByte('\n')
		w.fresh = true
	}
}

// inlineText returns the text of n on one line, for titles and labels: without permalink signs, hidden labels and what
// is no text at all.
func inlineText(n *html.Node) string {
	var b strings.Builder
	inline(&b, n)
	return strings.Join(strings.FieldsFunc(printable(b.String()), func(r rune) bool { return blank(string(r)) }), " ")
}

func inline(b *strings.Builder, n *html.Node) {
	if n.Type == html.TextNode {
		b.WriteString(strings.Map(func(r rune) rune {
			if isZeroWidth(r) {
				return -1
			}
			return r
		}, n.Data))
		return
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type != html.TextNode && c.Type != html.ElementNode {
			continue
		}
		if c.Type == html.ElementNode {
			if isDropped(c.DataAtom) || c.DataAtom == atom.Noscript || c.Data == "svg" || hidden(c) || isPermalink(c) {
				continue
			}
			if isSourceBlock(c.DataAtom) || c.DataAtom == atom.Br {
				b.WriteByte(' ')
			}
		}
		inline(b, c)
		if isSourceBlock(c.DataAtom) {
			b.WriteByte(' ')
		}
	}
}

// isPermalink recognises the link of a heading to itself before URLs are resolved. A link that is all of its heading's
// text is the heading.
func isPermalink(n *html.Node) bool {
	if n.DataAtom != atom.A || !strings.Contains(attr(n, "href"), "#") {
		return false
	}
	if !hasLetters(n) {
		return true
	}
	heading := ancestorHeading(n)
	return anyToken(attr(n, "class"), isPermalinkClass) && (heading == nil || textExceeds(heading, textLen(n, nil), nil))
}
