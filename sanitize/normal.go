package sanitize

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxRounds bounds the search for a stable form. One round is the rule; mis-nested markup takes two or three.
const maxRounds = 10

// errUnstable is not known to happen: no input was found that does not come to rest.
var errUnstable = errors.New("the markup has no stable form")

// normal renders a clean, tidy tree, passes it through the policy, parses the result and renders it once more, until
// that changes nothing: then the HTML is safe, balanced, and left alone by another pass. It returns the HTML and the
// tree that it parses to.
//
// The tree is within the policy before, so the policy changes nothing: it is the gate that does not rely on our care.
func (x *Extractor) normal(content *html.Node, urls *resolver) (string, *html.Node, error) {
	in := renderChildren(content, 0)
	for range maxRounds {
		var gate bytes.Buffer
		gate.Grow(len(in))
		if err := x.policy.SanitizeReaderToWriter(bytes.NewReader(in), &gate); err != nil {
			return "", nil, fmt.Errorf("sanitize: %w", err)
		}
		tree, err := parseFragment(gate.String())
		if err != nil {
			return "", nil, err
		}
		clean(tree, urls)
		tidy(tree, false)
		out := renderChildren(tree, len(in))
		if bytes.Equal(in, gate.Bytes()) && bytes.Equal(in, out) {
			return string(out), tree, nil
		}
		in = out
	}
	return "", nil, errUnstable
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

// renderChildren renders what is below n; size is about how many bytes that takes.
func renderChildren(n *html.Node, size int) []byte {
	var b bytes.Buffer
	b.Grow(max(size, 4<<10))
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		// A buffer never fails to write, and the tree holds none of the nodes that cannot be rendered.
		_ = html.Render(&b, c)
	}
	return b.Bytes()
}
