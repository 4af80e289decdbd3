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
	titled   []*html.Node // outermost parents of a DocBook title page
}

// classRank and idRank know the class names and ids of content elements, the most telling first; -1 is none of them.
func classRank(class string) int {
	switch class {
	case "article-body", "article__body":
		return 0
	case "article-content":
		return 1
	case "theme-doc-markdown", "markdown-body", "markdown-section":
		return 2
	case "entry-content", "post-content":
		return 3
	case "main-content":
		return 6
	case "content":
		return 7
	}
	return -1
}

func idRank(id string) int {
	switch id {
	case "main-content", "article", "mw-content-text":
		return 4
	case "content", "docs-content":
		return 5
	case "main":
		return 6
	}
	return -1
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
			m.name(idRank(a.Val), n)
		case "class":
			for t := range strings.FieldsSeq(a.Val) {
				m.name(classRank(t), n)
				if t == "titlepage" {
					m.division(n.Parent)
				}
			}
		}
	}
}

func (m *landmarks) name(rank int, n *html.Node) {
	if rank >= 0 && m.named[rank] == nil && n.DataAtom != atom.Body {
		m.named[rank] = n
	}
}

// division notes an element that opens with its own title page: so do the stylesheets of DocBook mark a book, chapter,
// section or reference page, and the callouts within.
func (m *landmarks) division(n *html.Node) {
	if n == nil || n.DataAtom == atom.Body {
		return
	}
	if last := len(m.titled) - 1; last < 0 || !contains(m.titled[last], n) {
		m.titled = append(m.titled, n)
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
	if only != nil && main != nil && only != main && !isHalf(only, main) {
		return nil
	}
	return only
}

// isHalf reports whether part holds at least half of whole's prose. It reads no more of part than it has to.
func isHalf(part, whole *html.Node) bool {
	counts := false // does part's prose count as whole's
	rest := textLen(whole, func(d *html.Node) bool {
		counts = counts || d == part && !isNoProse(d)
		return d == part || isNoProse(d)
	})
	if !counts {
		rest = (rest + 1) / 2
	}
	return textExceeds(part, rest-1, isNoProse)
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
