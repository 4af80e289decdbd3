package sanitize

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

func attr(n *html.Node, key string) string {
	for i := range n.Attr {
		if n.Attr[i].Key == key && n.Attr[i].Namespace == "" {
			return n.Attr[i].Val
		}
	}
	return ""
}

func setAttr(n *html.Node, key, val string) {
	for i := range n.Attr {
		if n.Attr[i].Key == key {
			n.Attr[i].Val = val
			return
		}
	}
	n.Attr = append(n.Attr, html.Attribute{Key: key, Val: val})
}

func remove(n *html.Node) {
	if n.Parent != nil {
		n.Parent.RemoveChild(n)
	}
}

// unwrap puts the children of n in its place.
func unwrap(n *html.Node) {
	for c := n.FirstChild; c != nil; c = n.FirstChild {
		n.RemoveChild(c)
		n.Parent.InsertBefore(c, n)
	}
	n.Parent.RemoveChild(n)
}

// replaceWith puts with, which may be nil, in the place of n.
func replaceWith(n, with *html.Node) {
	if with != nil {
		n.Parent.InsertBefore(with, n)
	}
	n.Parent.RemoveChild(n)
}

func rename(n *html.Node, a atom.Atom) {
	n.DataAtom, n.Data, n.Namespace = a, a.String(), ""
}

func element(a atom.Atom, attrs ...html.Attribute) *html.Node {
	return &html.Node{Type: html.ElementNode, DataAtom: a, Data: a.String(), Attr: attrs}
}

func textNode(s string) *html.Node { return &html.Node{Type: html.TextNode, Data: s} }

func prevElement(n *html.Node) *html.Node {
	for p := n.PrevSibling; p != nil; p = p.PrevSibling {
		if p.Type == html.ElementNode {
			return p
		}
	}
	return nil
}

func nextElement(n *html.Node) *html.Node {
	for p := n.NextSibling; p != nil; p = p.NextSibling {
		if p.Type == html.ElementNode {
			return p
		}
	}
	return nil
}

// find returns the first descendant of n, in document order, that ok accepts, or nil.
func find(n *html.Node, ok func(*html.Node) bool) *html.Node {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type != html.ElementNode {
			continue
		}
		if ok(c) {
			return c
		}
		if d := find(c, ok); d != nil {
			return d
		}
	}
	return nil
}

func hasElement(n *html.Node, in func(atom.Atom) bool) bool {
	return find(n, func(d *html.Node) bool { return in(d.DataAtom) }) != nil
}

// within reports whether n has an ancestor below root, root included, that ok accepts.
func within(n, root *html.Node, ok func(atom.Atom) bool) bool {
	for p := n.Parent; p != nil; p = p.Parent {
		if ok(p.DataAtom) {
			return true
		}
		if p == root {
			break
		}
	}
	return false
}

func contains(ancestor, n *html.Node) bool {
	for ; n != nil; n = n.Parent {
		if n == ancestor {
			return true
		}
	}
	return false
}

// anyToken reports whether in accepts one of the space-separated tokens of s.
func anyToken(s string, in func(string) bool) bool {
	for t := range strings.FieldsSeq(s) {
		if in(t) {
			return true
		}
	}
	return false
}

// textLen counts the bytes of n's text that are not white space; stop, if not nil, leaves out subtrees.
func textLen(n *html.Node, stop func(*html.Node) bool) int {
	if n.Type == html.TextNode {
		return solidLen(n.Data)
	}
	sum := 0
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode && stop != nil && stop(c) {
			continue
		}
		sum += textLen(c, stop)
	}
	return sum
}

// textExceeds reports whether textLen(n, stop) > most, without reading on once it is.
func textExceeds(n *html.Node, most int, stop func(*html.Node) bool) bool {
	return spend(n, &most, stop)
}

func spend(n *html.Node, left *int, stop func(*html.Node) bool) bool {
	if n.Type == html.TextNode {
		*left -= solidLen(n.Data)
		return *left < 0
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode && stop != nil && stop(c) {
			continue
		}
		if spend(c, left, stop) {
			return true
		}
	}
	return *left < 0
}

// blankNode reports whether n shows nothing: no visible text, no image.
func blankNode(n *html.Node) bool {
	switch n.Type {
	case html.TextNode:
		return blank(n.Data)
	case html.ElementNode:
		if n.DataAtom == atom.Img {
			return false
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if !blankNode(c) {
			return false
		}
	}
	return true
}
