package sanitize

import (
	"fmt"
	neturl "net/url"
	"strings"

	readability "codeberg.org/readeck/go-readability/v2"
	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// place is where the content of a page was found.
type place struct {
	roots  []*html.Node // in document order, none within another
	source string       // for a person
	auto   bool         // guessed: furniture inside of the content has to be looked for
	page   bool         // the whole page, for want of anything better
}

// locate finds the content of a page: what the configured selectors say, else what the page's own landmarks say, else
// what its text looks like.
func locate(doc *html.Node, sel selectors, pageURL string) (place, error) {
	if len(sel.content) > 0 {
		return locateConfigured(doc, sel)
	}
	return locateAutomatically(doc, pageURL)
}

func locateConfigured(doc *html.Node, sel selectors) (place, error) {
	for i, s := range sel.content {
		if roots := outermost(cascadia.QueryAll(doc, s)); len(roots) > 0 {
			return place{roots: roots, source: fmt.Sprintf("%s[%d] %q", sel.contentPath, i, sel.contentText[i])}, nil
		}
	}
	quoted := make([]string, len(sel.contentText))
	for i, s := range sel.contentText {
		quoted[i] = fmt.Sprintf("%q", s)
	}
	return place{}, &EmptyError{Why: fmt.Sprintf("nothing matches %s: %s", sel.contentPath, strings.Join(quoted, ", "))}
}

// outermost leaves out the nodes that stand within another one.
func outermost(nodes []*html.Node) []*html.Node {
	var out []*html.Node
	for _, n := range nodes {
		if len(out) == 0 || !contains(out[len(out)-1], n) {
			out = append(out, n)
		}
	}
	return out
}

// enoughProse is the weight from which a landmark is content whatever else the page holds.
const enoughProse = 400

func locateAutomatically(doc *html.Node, pageURL string) (place, error) {
	marks := findLandmarks(doc)
	if marks.body == nil {
		return place{}, &EmptyError{Why: "the page has no body"}
	}
	for _, c := range marks.candidates() {
		if fits(c.node, marks.body) {
			return place{roots: []*html.Node{c.node}, source: c.source, auto: true}, nil
		}
	}
	if n := readable(doc, pageURL); n != nil && prose(n)*2 >= prose(marks.body) {
		return place{roots: []*html.Node{n}, source: "readability", auto: true}, nil
	}
	return place{roots: []*html.Node{marks.body}, source: "<body>", auto: true, page: true}, nil
}

// fits reports whether a landmark can be the content: it has enough text by itself, or a fair share of the page's text,
// with links or without. A stub may stand beside a great navigation, and an index may be nothing but links.
func fits(n, body *html.Node) bool {
	weight := prose(n)
	if weight >= enoughProse {
		return true
	}
	if blankNode(n) {
		return false
	}
	return weight*5 >= prose(body) || textLen(n, isChrome)*5 >= textLen(body, isChrome)
}

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

// readable asks go-readability, which works on a copy. It loses code languages and headings, so it is the last resort
// before the whole page.
func readable(doc *html.Node, pageURL string) *html.Node {
	u, err := neturl.Parse(pageURL)
	if err != nil {
		u = nil
	}
	parser := readability.NewParser()
	parser.DisableJSONLD = true
	article, err := parser.ParseDocument(doc, u)
	if err != nil {
		return nil
	}
	return article.Node
}
