package sanitize

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// tidy brings what is below n into normal form: nothing empty, no needless div, white space collapsed outside of
// preformatted text, one newline between blocks. A page that only moves its white space gives the same bytes.
func tidy(n *html.Node, pre bool) {
	for ch, next := n.FirstChild, (*html.Node)(nil); ch != nil; ch = next {
		next = ch.NextSibling
		if ch.Type != html.ElementNode {
			continue
		}
		ch = innermostDiv(ch)
		tidy(ch, pre || ch.DataAtom == atom.Pre)
		dropEmpty(ch)
	}
	for ch, next := n.FirstChild, (*html.Node)(nil); ch != nil; ch = next {
		next = ch.NextSibling
		if ch.DataAtom == atom.Div && needless(ch) {
			unwrap(ch)
		}
	}
	for ch, next := n.FirstChild, (*html.Node)(nil); ch != nil; ch = next {
		if ch.Type == html.TextNode {
			mergeText(ch)
		}
		next = ch.NextSibling
		if pre {
			continue
		}
		if ch.Type == html.TextNode {
			collapse(ch)
		} else if next != nil && isBlock(ch.DataAtom) && isBlock(next.DataAtom) && n.DataAtom != atom.Tr {
			n.InsertBefore(textNode("\n"), next)
		}
	}
}

// innermostDiv replaces a div that holds nothing but a div by that, and so on, and returns what stands there then. To
// unwrap such a chain one by one would move its content as often as it is deep.
func innermostDiv(n *html.Node) *html.Node {
	for n.DataAtom == atom.Div {
		only := onlyElement(n)
		if only == nil || only.DataAtom != atom.Div {
			break
		}
		n.RemoveChild(only)
		replaceWith(n, only)
		n = only
	}
	return n
}

// dropEmpty removes n if it shows nothing. Cells stay, as they hold the columns together, and so do the items of an
// ordered list, which count.
func dropEmpty(n *html.Node) {
	switch a := n.DataAtom; {
	case a == atom.Img, a == atom.Br, a == atom.Hr, a == atom.Col, a == atom.Td, a == atom.Th:
	case a == atom.Li && n.Parent.DataAtom == atom.Ol:
	case a == atom.Tr, a == atom.Thead, a == atom.Tbody, a == atom.Tfoot:
		if n.FirstChild == nil || onlyBlankText(n) {
			remove(n)
		}
	case a == atom.Colgroup:
		if len(n.Attr) == 0 && find(n, func(d *html.Node) bool { return len(d.Attr) > 0 }) == nil {
			remove(n) // says no more than the rows do
		}
	case isBlock(a):
		if blankNode(n) && !hasElement(n, func(d atom.Atom) bool { return d == atom.Hr }) {
			remove(n)
		}
	case n.FirstChild == nil:
		remove(n)
	case blankNode(n):
		unwrap(n)
	}
}

func onlyBlankText(n *html.Node) bool {
	for ch := n.FirstChild; ch != nil; ch = ch.NextSibling {
		if ch.Type != html.TextNode || !blank(ch.Data) {
			return false
		}
	}
	return true
}

// needless reports whether a div changes nothing: it holds nothing but blocks; or some, and stands between blocks; or
// is all that an element holds which is a block itself.
func needless(div *html.Node) bool {
	parent := div.Parent.DataAtom
	switch parent {
	case atom.Dl, atom.Ul, atom.Ol:
		return true
	}
	if takesInlineOnly(parent) {
		return false
	}
	blocks, lines := 0, 0
	for ch := div.FirstChild; ch != nil; ch = ch.NextSibling {
		switch {
		case ch.Type == html.ElementNode && isBlock(ch.DataAtom):
			blocks++
		case ch.Type != html.TextNode || solidLen(ch.Data) > 0:
			lines++
		}
	}
	if lines == 0 || blocks > 0 && atBlock(div.PrevSibling, prevSolid) && atBlock(div.NextSibling, nextSolid) {
		return true
	}
	switch parent {
	case atom.Li, atom.Td, atom.Th, atom.Dd, atom.Dt, atom.Blockquote, atom.Figure, atom.Figcaption, atom.Caption,
		atom.Summary, atom.Div:
		return div.Parent.Parent != nil && onlyElement(div.Parent) == div
	}
	return false
}

// atBlock reports whether the first sibling from n on that shows anything is a block, or missing.
func atBlock(n *html.Node, solid func(*html.Node) *html.Node) bool {
	n = solid(n)
	return n == nil || isBlock(n.DataAtom)
}

func prevSolid(n *html.Node) *html.Node {
	for n != nil && n.Type == html.TextNode && solidLen(n.Data) == 0 {
		n = n.PrevSibling
	}
	return n
}

func nextSolid(n *html.Node) *html.Node {
	for n != nil && n.Type == html.TextNode && solidLen(n.Data) == 0 {
		n = n.NextSibling
	}
	return n
}

// mergeText joins a text and those that follow it, as a parser would.
func mergeText(t *html.Node) {
	if next := t.NextSibling; next != nil && next.Type == html.TextNode {
		var b strings.Builder
		b.WriteString(t.Data)
		for ; next != nil && next.Type == html.TextNode; next = t.NextSibling {
			b.WriteString(next.Data)
			remove(next)
		}
		t.Data = b.String()
	}
	t.Data = printable(t.Data)
}

// collapse replaces each run of white space in t by one space, removes it at the edges of blocks and at breaks, and
// leaves one newline of it between blocks.
func collapse(t *html.Node) {
	s := squeeze(t.Data)
	if atEdge(t, t.PrevSibling) {
		s = strings.TrimPrefix(s, " ")
	}
	if atEdge(t, t.NextSibling) {
		s = strings.TrimSuffix(s, " ")
	}
	switch {
	case s != "":
		t.Data = s
	case isBetweenBlocks(t):
		t.Data = "\n"
	default:
		remove(t)
	}
}

// isBetweenBlocks reports whether t stands between two blocks that are to stand on lines of their own; cells are not.
func isBetweenBlocks(t *html.Node) bool {
	prev, next := t.PrevSibling, t.NextSibling
	return prev != nil && next != nil && isBlock(prev.DataAtom) && isBlock(next.DataAtom) && t.Parent.DataAtom != atom.Tr
}

func atEdge(t, sibling *html.Node) bool {
	if sibling == nil {
		return !isInline(t.Parent.DataAtom)
	}
	return isBlock(sibling.DataAtom) || sibling.DataAtom == atom.Br
}
