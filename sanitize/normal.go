package sanitize

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxRounds bounds the search for a stable form. One round is the rule; mis-nested markup takes up to three.
const maxRounds = 10

// errUnstable is not known to happen: no input was found that does not come to rest.
var errUnstable = errors.New("the markup has no stable form")

// normal renders a clean, tidy tree and passes it through the policy. A tree that is not known to be stable is parsed,
// cleaned, tidied and rendered once more, until that changes nothing: then the HTML is safe, balanced, and left alone by
// another pass. It returns the HTML and the tree that it parses to.
//
// The tree is within the policy before, so the policy changes nothing: it is the gate that does not rely on our care.
func (x *Extractor) normal(content *html.Node, urls *resolver) (string, *html.Node, error) {
	tree, in := content, renderChildren(content)
	for range maxRounds {
		passed, err := x.gate(in)
		if err != nil {
			return "", nil, err
		}
		if passed == in && stable(tree, urls) {
			return passed, tree, nil
		}
		if tree, err = parseFragment(passed); err != nil {
			return "", nil, err
		}
		clean(tree, urls)
		tidy(tree, false)
		out := renderChildren(tree)
		if passed == in && out == in {
			return passed, tree, nil
		}
		in = out
	}
	return "", nil, errUnstable
}

// gate returns what the policy lets pass of s.
func (x *Extractor) gate(s string) (string, error) {
	var b strings.Builder
	b.Grow(len(s))
	if err := x.policy.SanitizeReaderToWriter(strings.NewReader(s), &b); err != nil {
		return "", fmt.Errorf("sanitize: %w", err)
	}
	return b.String(), nil
}

// parseFragment parses HTML as the content of a body, with scripting off, below a node of its own.
func parseFragment(s string) (*html.Node, error) {
	context := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragmentWithOptions(strings.NewReader(s), context, html.ParseOptionEnableScripting(false))
	if err != nil {
		return nil, fmt.Errorf("parse the content: %w", err)
	}
	root := element(atom.Div)
	for _, n := range nodes {
		root.AppendChild(n)
	}
	return root, nil
}

// renderChildren renders what is below n.
func renderChildren(n *html.Node) string {
	var b strings.Builder
	b.Grow(8 << 10)
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		// A builder never fails to write, and the tree holds none of the nodes that cannot be rendered.
		_ = html.Render(&b, c)
	}
	return b.String()
}
