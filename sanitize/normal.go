package sanitize

import (
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

// errUnexpected stops the policy where it changes something.
var errUnexpected = errors.New("not what was expected")

// normal renders a clean, tidy tree and passes it through the policy. A tree that is not known to be stable is parsed,
// cleaned, tidied and rendered once more, until that changes nothing: then the HTML is safe, balanced, and left alone by
// another pass. It returns the HTML and the tree that it parses to.
//
// The tree is within the policy before, so the policy changes nothing: it is the gate that does not rely on our care.
func (x *Extractor) normal(content *html.Node, urls *resolver) (string, *html.Node, error) {
	tree, in := content, renderChildren(content)
	for range maxRounds {
		if stable(tree, urls) && x.passes(in) {
			return in, tree, nil
		}
		var gate strings.Builder
		gate.Grow(len(in))
		if err := x.policy.SanitizeReaderToWriter(strings.NewReader(in), &gate); err != nil {
			return "", nil, fmt.Errorf("sanitize: %w", err)
		}
		var err error
		if tree, err = parseFragment(gate.String()); err != nil {
			return "", nil, err
		}
		clean(tree, urls)
		tidy(tree, false)
		out := renderChildren(tree)
		if in == gate.String() && in == out {
			return out, tree, nil
		}
		in = out
	}
	return "", nil, errUnstable
}

// passes reports whether the policy returns s as it is.
func (x *Extractor) passes(s string) bool {
	m := matcher{rest: s}
	err := x.policy.SanitizeReaderToWriter(strings.NewReader(s), &m)
	return err == nil && m.rest == ""
}

// matcher accepts only what is written as expected.
type matcher struct{ rest string }

func (m *matcher) WriteString(s string) (int, error) {
	rest, ok := strings.CutPrefix(m.rest, s)
	if !ok {
		return 0, errUnexpected
	}
	m.rest = rest
	return len(s), nil
}

// Write is what an io.Writer needs; the policy writes strings.
func (m *matcher) Write(b []byte) (int, error) { return m.WriteString(string(b)) }

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
