package sanitize

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// A site can withhold parts of a page from what others show of it. Two marks are obeyed: the attribute data-nosnippet, on
// any element and whatever its value (developers.google.com/search/docs/crawling-indexing/robots-meta-tag), and the
// comments <!--googleoff: index--> to <!--googleon: index-->, or snippet or all, of Google's search appliance, which
// intranet sites still carry. Within the content, hidden knows the attribute; the rest is here.

const noSnippet = "data-nosnippet"

// withheldBy returns n or the nearest ancestor of n that has data-nosnippet, or nil.
func withheldBy(n *html.Node) *html.Node {
	for ; n != nil; n = n.Parent {
		if n.Type == html.ElementNode && hasAttr(n, noSnippet) {
			return n
		}
	}
	return nil
}

// dropWithheld leaves out of found what stands within an element with data-nosnippet, and removes from the rest what
// comments switch off. The error is an *EmptyError if nothing is left.
func dropWithheld(found *place) error {
	kept := found.roots[:0]
	var by *html.Node
	for _, root := range found.roots {
		if n := withheldBy(root); n != nil {
			by = n
			continue
		}
		dropSwitchedOff(root)
		kept = append(kept, root)
	}
	if found.roots = kept; len(kept) == 0 {
		return &EmptyError{Why: found.source + " is withheld: " + describe(by) + " has " + noSnippet}
	}
	return nil
}

// dropSwitchedOff removes what is below root between a comment that switches indexing or snippets off and the one that
// switches the same on again. A part that is never closed, or not within root, stays: nobody can tell where it ends.
func dropSwitchedOff(root *html.Node) {
	var s switches
	for n := root.FirstChild; n != nil; n = following(n, root) {
		switch n.Type {
		case html.CommentNode:
			s.comment(n.Data)
		case html.TextNode:
			s.leaf(n)
		case html.ElementNode:
			if n.FirstChild == nil {
				s.leaf(n)
			}
		}
	}
	for _, n := range s.dropped {
		for p := n.Parent; n.Parent != nil && n != root; n, p = p, p.Parent {
			remove(n)
			if p.FirstChild != nil || isCell(p.DataAtom) {
				break
			}
		}
	}
}

// pruneWithheld removes from a whole document what dropWithheld and hidden would leave out of its content, for those who
// do not keep the marks.
func pruneWithheld(doc *html.Node) {
	var marked []*html.Node
	find(doc, func(n *html.Node) bool {
		if n.DataAtom != atom.Body && hasAttr(n, noSnippet) {
			marked = append(marked, n)
		}
		return false
	})
	for _, n := range marked {
		remove(n)
	}
	dropSwitchedOff(doc)
}

// following returns the node after n in document order, below root.
func following(n, root *html.Node) *html.Node {
	if n.FirstChild != nil {
		return n.FirstChild
	}
	for n != root && n.NextSibling == nil {
		n = n.Parent
	}
	if n == root {
		return nil
	}
	return n.NextSibling
}

// switches holds what is switched off at a place of the document. The indexes are "all", "index" and "snippet".
type switches struct {
	off     [3]bool
	since   [3]int // length of pending when it was switched off
	pending []*html.Node
	dropped []*html.Node
}

// comment takes the text of a comment: "googleoff: index".
func (s *switches) comment(text string) {
	text = strings.TrimLeft(text, " \t\n\r")
	if len(text) < len("googleon:") || !strings.EqualFold(text[:len("google")], "google") {
		return
	}
	command, what, _ := strings.Cut(strings.ToLower(text[len("google"):]), ":")
	i := 0
	switch strings.TrimSpace(what) {
	case "all":
	case "index":
		i = 1
	case "snippet":
		i = 2
	default: // "anchor" is about the text of links as a description of their targets
		return
	}
	switch strings.TrimSpace(command) {
	case "off":
		if !s.off[i] {
			s.off[i], s.since[i] = true, len(s.pending)
		}
	case "on":
		if s.off[i] {
			s.off[i] = false
			s.dropped = append(s.dropped, s.pending[s.since[i]:]...)
		}
	}
}

// leaf notes a text or an empty element.
func (s *switches) leaf(n *html.Node) {
	if s.off[0] || s.off[1] || s.off[2] {
		s.pending = append(s.pending, n)
	}
}

func hasAttr(n *html.Node, key string) bool {
	for i := range n.Attr {
		if n.Attr[i].Key == key {
			return true
		}
	}
	return false
}

func isCell(a atom.Atom) bool { return a == atom.Td || a == atom.Th }
