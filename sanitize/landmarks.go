package sanitize

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// landmarks are the elements by which a page says where its content is.
type landmarks struct {
	body     *html.Node
	bodies   []*html.Node // itemprop=articleBody
	articles []*html.Node // outermost ones
	mains    []*html.Node // main elements and roles
	named    [8]*html.Node
}

// namedLandmarks are class names and ids of content elements, the most telling first.
var namedLandmarks = map[string]int{
	".article-body": 0, ".article__body": 0, ".article-content": 1, ".theme-doc-markdown": 2, ".markdown-body": 2,
	".markdown-section": 2, ".entry-content": 3, ".post-content": 3, "#main-content": 4, "#article": 4, "#mw-content-text": 4,
	"#content": 5, "#docs-content": 5, "#main": 6, ".main-content": 6, ".content": 7,
}

func findLandmarks(doc *html.Node) landmarks {
	var m landmarks
	m.walk(doc, false)
	return m
}

func (m *landmarks) walk(n *html.Node, inArticle bool) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type != html.ElementNode || isNoText(c) || c.Namespace != "" {
			continue
		}
		switch {
		case c.DataAtom == atom.Body && m.body == nil:
			m.body = c
		case c.DataAtom == atom.Main:
			m.mains = append(m.mains, c)
		case c.DataAtom == atom.Article && !inArticle:
			m.articles = append(m.articles, c)
		}
		m.attributes(c)
		m.walk(c, inArticle || c.DataAtom == atom.Article)
	}
}

func (m *landmarks) attributes(n *html.Node) {
	for i := range n.Attr {
		switch a := &n.Attr[i]; a.Key {
		case "itemprop":
			if a.Val == "articleBody" {
				m.bodies = append(m.bodies, n)
			}
		case "role":
			if a.Val == "main" && n.DataAtom != atom.Main {
				m.mains = append(m.mains, n)
			}
		case "id":
			m.name("#"+a.Val, n)
		case "class":
			for t := range strings.FieldsSeq(a.Val) {
				m.name("."+t, n)
			}
		}
	}
}

func (m *landmarks) name(key string, n *html.Node) {
	if i, ok := namedLandmarks[key]; ok && m.named[i] == nil && n.DataAtom != atom.Body {
		m.named[i] = n
	}
}

type candidate struct {
	node   *html.Node
	source string
}

// candidates lists the landmarks in the order in which they are to be tried.
func (m *landmarks) candidates() []candidate {
	var out []candidate
	if len(m.bodies) == 1 {
		out = append(out, candidate{m.bodies[0], "[itemprop=articleBody]"})
	}
	var main *html.Node
	for _, n := range m.mains {
		if main == nil || !contains(main, n) && prose(n) > prose(main) {
			main = n
		}
	}
	if n := m.article(main); n != nil {
		out = append(out, candidate{n, "<article>"})
	}
	if main != nil {
		out = append(out, candidate{main, "<main>"})
	}
	for _, n := range m.named {
		if n != nil {
			out = append(out, candidate{n, describe(n)})
		}
	}
	return out
}

// article returns the only article of main, or of the page if that has no main, unless most of main stands outside of
// it: then it is a card or a teaser.
func (m *landmarks) article(main *html.Node) *html.Node {
	var only *html.Node
	for _, n := range m.articles {
		if main != nil && !contains(main, n) {
			continue
		}
		if only != nil {
			return nil
		}
		only = n
	}
	if only != nil && main != nil && prose(only)*2 < prose(main) {
		return nil
	}
	return only
}

// describe names an element by its tag, id and first class.
func describe(n *html.Node) string {
	s := n.Data
	if id := attr(n, "id"); id != "" {
		s += "#" + id
	}
	for t := range strings.FieldsSeq(attr(n, "class")) {
		s += "." + t
		break
	}
	return "<" + s + ">"
}
