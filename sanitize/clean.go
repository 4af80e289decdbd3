package sanitize

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// cleaner brings a tree into the vocabulary of the policy: what runs, hides, styles or submits goes, containers become
// div, URLs become absolute. It changes the tree in place; tidy then brings it into normal form.
type cleaner struct {
	root   *html.Node
	urls   *resolver
	size   int                   // text of root before it was cleaned
	panels map[string]*html.Node // elements by id, once a button asked for one
}

// clean cleans what is below root.
func clean(root *html.Node, urls *resolver) {
	c := cleaner{root: root, urls: urls, size: -1}
	c.children(root, false)
}

// children cleans what is below n.
func (c *cleaner) children(n *html.Node, inPre bool) {
	for ch, next := n.FirstChild, (*html.Node)(nil); ch != nil; ch = next {
		next = ch.NextSibling
		switch ch.Type {
		case html.TextNode:
		case html.ElementNode:
			c.element(ch, inPre)
		default: // comments, doctypes, raw nodes
			n.RemoveChild(ch)
		}
	}
}

// element cleans one element and what is below it. It touches neither the siblings after n nor its parent.
func (c *cleaner) element(n *html.Node, inPre bool) {
	if n.Namespace != "" {
		replaceWith(n, formula(n))
		return
	}
	if isDropped(n.DataAtom) || n.Data == "search" || hidden(n) || hasNavigationRole(n) {
		c.drop(n)
		return
	}
	switch n.DataAtom {
	case atom.Img:
		c.image(n)
		return
	case atom.Noscript:
		c.noscript(n)
		return
	case atom.Iframe, atom.Embed, atom.Video, atom.Audio:
		c.media(n)
		return
	case atom.Form:
		c.form(n, inPre)
		return
	case atom.Button:
		c.button(n, inPre)
		return
	case atom.Object:
		if c.mediaLink(n) != nil {
			c.media(n)
			return
		}
	case atom.Picture:
		fillPicture(n)
	}
	if inPre {
		c.inPre(n)
		return
	}
	c.flow(n)
}

// drop removes n. Of a cell that is withheld only the content goes: the cell holds its column together.
func (c *cleaner) drop(n *html.Node) {
	if !isCell(n.DataAtom) || !hasAttr(n, noSnippet) {
		remove(n)
		return
	}
	for n.FirstChild != nil {
		n.RemoveChild(n.FirstChild)
	}
	pruneAttrs(n)
}

// flow cleans an element outside of preformatted text that neither goes with its content nor becomes something else.
func (c *cleaner) flow(n *html.Node) {
	if to, ok := renamed(n.DataAtom); ok {
		rename(n, to)
	}
	switch {
	case n.DataAtom == atom.Pre:
		c.pre(n)
	case n.DataAtom == atom.A:
		c.children(n, false)
		c.link(n)
	case n.DataAtom == atom.Code:
		markLanguage(n, n)
		c.children(n, false)
		pruneAttrs(n)
	case isBlock(n.DataAtom), isInline(n.DataAtom), n.DataAtom == atom.Br:
		if n.DataAtom == atom.Table && isCodeTable(n) {
			c.codeTable(n)
			return
		}
		c.children(n, false)
		pruneAttrs(n)
	case isPlainInline(n.DataAtom):
		c.children(n, false)
		unwrap(n)
	default:
		separate(n)
		c.children(n, false)
		if n.DataAtom == atom.Div {
			n.Attr = nil
			return
		}
		unwrap(n)
	}
}

// separate prepares an unknown or custom element to be unwrapped: it becomes a div where it stood on lines of its own,
// and is parted from a sibling of its kind, so that the text of two is never glued.
func separate(n *html.Node) {
	own := func(s *html.Node) bool { // does s begin or end a line, as far as n can tell
		return s == nil || s.Type == html.ElementNode && (isSourceBlock(s.DataAtom) || isUnknown(s))
	}
	prev, next := n.PrevSibling, n.NextSibling
	for prev != nil && prev.Type != html.ElementNode && blank(prev.Data) {
		prev = prev.PrevSibling
	}
	for next != nil && next.Type != html.ElementNode && (next.Type != html.TextNode || blank(next.Data)) {
		next = next.NextSibling
	}
	parent := n.Parent.DataAtom
	if !takesInlineOnly(parent) && !isPlainInline(parent) && (own(prev) && own(next) || hasElement(n, isSourceBlock)) {
		rename(n, atom.Div)
		return
	}
	if s := n.NextSibling; s != nil && isUnknown(s) {
		n.Parent.InsertBefore(textNode(" "), s)
	}
}

func isUnknown(n *html.Node) bool {
	if n.Type != html.ElementNode || n.Namespace != "" {
		return false
	}
	a := n.DataAtom
	return a == 0 || a == atom.Label || !isSourceBlock(a) && !isInline(a) && !isPlainInline(a) && !isDropped(a) &&
		a != atom.Img && a != atom.Br && a != atom.Button && a != atom.Noscript
}

// form drops a form, unless it holds most of the content: some systems wrap the whole page in one.
func (c *cleaner) form(n *html.Node, inPre bool) {
	if c.size < 0 {
		c.size = textLen(c.root, nil)
	}
	if textLen(n, nil)*2 <= c.size {
		remove(n)
		return
	}
	c.children(n, inPre)
	rename(n, atom.Div)
	n.Attr = nil
}

// button drops a button, unless its label is content: a heading, or the question of a collapsed answer.
func (c *cleaner) button(n *html.Node, inPre bool) {
	label := within(n, c.root, func(a atom.Atom) bool { return isHeading(a) || a == atom.Dt || a == atom.Summary })
	if !label && !c.discloses(n) {
		remove(n)
		return
	}
	c.children(n, inPre)
	if !label && !inPre && !takesInlineOnly(n.Parent.DataAtom) {
		rename(n, atom.P)
		n.Attr = nil
		return
	}
	unwrap(n)
}

// discloses reports whether a button opens and closes a part of the content (WAI-ARIA disclosure pattern).
func (c *cleaner) discloses(n *html.Node) bool {
	id := attr(n, "aria-controls")
	if id == "" || attr(n, "aria-expanded") == "" || attr(n, "aria-haspopup") != "" {
		return false
	}
	if c.panels == nil {
		c.panels = map[string]*html.Node{}
		find(c.root, func(d *html.Node) bool {
			if key := attr(d, "id"); key != "" && c.panels[key] == nil {
				c.panels[key] = d
			}
			return false
		})
	}
	panel := c.panels[id]
	return panel != nil && hasElement(panel, isText)
}

func isImg(a atom.Atom) bool { return a == atom.Img }

// formula returns the text of a MathML formula, in TeX if the page has that, and nil for other foreign elements.
func formula(n *html.Node) *html.Node {
	if n.Data != "math" {
		return nil
	}
	text := attr(n, "alttext")
	if text == "" {
		tex := find(n, func(d *html.Node) bool {
			return d.Data == "annotation" && strings.Contains(attr(d, "encoding"), "tex")
		})
		if tex == nil {
			tex = n
		}
		text = inlineText(tex)
	}
	if blank(text) {
		return nil
	}
	return textNode(text)
}
