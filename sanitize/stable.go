package sanitize

import (
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// stable reports whether what is below root, which clean and tidy have just left, is known to come back unchanged when
// it is rendered, parsed, cleaned and tidied again. It saves nearly every page that second parse. It is conservative:
// what it does not know it refuses, and normal then finds out. A fuzz target compares it with the parser.
//
// The rules of parsing are those of the HTML standard, 13.2.6.4.7 and following. What tidy does to every text, and
// clean to every attribute but URLs, they do no second time, so that is not checked again.
func stable(root *html.Node, urls *resolver) bool {
	s := stability{urls: urls, ok: true}
	s.children(root, around{})
	return s.ok
}

// stability holds the verdict. Its methods report whether a node shows anything: text, an image or a rule.
type stability struct {
	urls *resolver
	ok   bool
}

// around is what the ancestors of a node mean for it.
type around struct {
	phrasing, pre bool
	open, twice   uint16 // formatting elements that are open, and open twice: see formatBit
	depth         uint16
}

// maxStableDepth keeps well below the 512 open elements at which the parser gives up.
const maxStableDepth = 128

func (s *stability) require(ok bool) { s.ok = s.ok && ok }

func (s *stability) children(n *html.Node, in around) (shows bool) {
	for c := n.FirstChild; c != nil && s.ok; c = c.NextSibling {
		switch c.Type {
		case html.TextNode:
			// The parser joins neighbouring texts, drops empty ones, and moves a table's text out of it.
			s.require(c.Data != "" && (c.PrevSibling == nil || c.PrevSibling.Type != html.TextNode))
			s.require(!isTablePart(n.DataAtom) || c.Data == "\n")
			shows = shows || !blank(c.Data)
		case html.ElementNode:
			// Readability renames elements by their Data alone.
			s.require(c.Namespace == "" && c.Data == c.DataAtom.String() && mayHold(n.DataAtom, c.DataAtom))
			shows = s.ok && s.element(c, in) || shows
		default:
			s.ok = false
		}
	}
	return shows
}

func (s *stability) element(n *html.Node, in around) bool {
	in.depth++
	s.require(in.depth <= maxStableDepth)
	switch a := n.DataAtom; {
	case isInline(a):
		return s.inline(n, in)
	case a == atom.Br:
		s.require(n.FirstChild == nil && !in.pre)
		return false
	case a == atom.Img:
		src := attr(n, "src")
		u, ok := s.urls.image(src)
		s.require(n.FirstChild == nil && ok && u == src)
		return true
	}
	s.require(isBlock(n.DataAtom) && !in.phrasing)
	return s.ok && s.block(n, in)
}

func (s *stability) inline(n *html.Node, in around) bool {
	// The parser closes a link before another one, opens no more than three formatting elements of a kind, and sorts
	// their attributes.
	bit := formatBit(n.DataAtom)
	s.require(in.twice&bit == 0 && (n.DataAtom != atom.A || in.open&bit == 0))
	s.require(len(n.Attr) < 2 || n.Attr[0].Key < n.Attr[1].Key)
	in.twice |= in.open & bit
	in.open |= bit
	in.phrasing = true
	shows := s.children(n, in)
	s.require(shows)
	if n.DataAtom == atom.A && s.ok {
		s.link(n)
	}
	return shows
}

// link checks that a link stays as it is: its URL, and, if it leads to its own page, what it links from.
func (s *stability) link(n *html.Node) {
	href := attr(n, "href")
	to, ok := s.urls.link(href)
	s.require(ok && to == href && (!s.urls.self(to) || !isWholeHeading(n) && !isSign(n)))
}

func (s *stability) block(n *html.Node, in around) bool {
	mayBeBlank := false
	switch n.DataAtom {
	case atom.Hr, atom.Col:
		s.require(n.FirstChild == nil)
		return n.DataAtom == atom.Hr
	case atom.Colgroup:
		s.require(len(n.Attr) > 0 || find(n, func(d *html.Node) bool { return len(d.Attr) > 0 }) != nil)
		mayBeBlank = true
	case atom.Tr, atom.Thead, atom.Tbody, atom.Tfoot:
		s.require(!onlyBlankText(n))
		mayBeBlank = true
	case atom.Td, atom.Th:
		mayBeBlank = true
	case atom.Li:
		mayBeBlank = n.Parent.DataAtom == atom.Ol
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		in.phrasing = true
	case atom.Pre:
		in.phrasing, in.pre = true, true
		// The class of preformatted text moves to a code element that is all there is in it.
		only := onlyElement(n)
		s.require(len(n.Attr) == 0 || only == nil || only.DataAtom != atom.Code)
	case atom.Div:
		only := onlyElement(n)
		s.require(!needless(n) && (only == nil || only.DataAtom != atom.Div))
	}
	shows := s.children(n, in)
	s.require(shows || mayBeBlank)
	return shows
}

// mayHold reports whether the parser leaves child where it stands in parent: items and table parts have their places,
// and table parts hold nothing else.
func mayHold(parent, child atom.Atom) bool {
	switch child {
	case atom.Li:
		return parent == atom.Ul || parent == atom.Ol
	case atom.Dt, atom.Dd:
		return parent == atom.Dl
	case atom.Caption, atom.Colgroup, atom.Thead, atom.Tbody, atom.Tfoot:
		return parent == atom.Table
	case atom.Tr:
		return parent == atom.Thead || parent == atom.Tbody || parent == atom.Tfoot
	case atom.Td, atom.Th:
		return parent == atom.Tr
	case atom.Col:
		return parent == atom.Colgroup
	}
	return !isTablePart(parent)
}

// isTablePart holds the elements of tables that have no content but other such elements.
func isTablePart(a atom.Atom) bool {
	switch a {
	case atom.Table, atom.Colgroup, atom.Thead, atom.Tbody, atom.Tfoot, atom.Tr:
		return true
	}
	return false
}

// formatBit gives each formatting element of the output (HTML standard, 13.2.4.3) a bit of its own, others none.
func formatBit(a atom.Atom) uint16 {
	switch a {
	case atom.A:
		return 1
	case atom.B:
		return 1 << 1
	case atom.Code:
		return 1 << 2
	case atom.Em:
		return 1 << 3
	case atom.I:
		return 1 << 4
	case atom.S:
		return 1 << 5
	case atom.Small:
		return 1 << 6
	case atom.Strong:
		return 1 << 7
	case atom.U:
		return 1 << 8
	}
	return 0
}
