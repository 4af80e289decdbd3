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
	bare   bool         // no landmark says that this is content
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
			return place{roots: withOpening(c.node), source: c.source, auto: true}, nil
		}
	}
	all := ownProse(marks.body)
	if len(marks.titled) == 1 && isNearlyAll(marks.titled[0], all) {
		return place{roots: marks.titled, source: "<" + marks.titled[0].Data + "> with a title page", auto: true}, nil
	}
	pruneWithheld(doc)
	if n := readable(doc, pageURL); n != nil && isNearlyAll(n, all) {
		return place{roots: []*html.Node{n}, source: "readability", auto: true, bare: true}, nil
	}
	return place{roots: []*html.Node{marks.body}, source: "<body>", auto: true, bare: true, page: true}, nil
}

// isNearlyAll reports whether n is enough of a page with that much prose to be taken for all of its content. What a page
// has beside it without calling it navigation is rather kept than lost: the rest may be a byline, but no section.
func isNearlyAll(n *html.Node, all int) bool {
	return ownProse(n)*100 >= all*93
}

// withOpening adds to the content of an AsciiDoc page the header before it if that holds the first section, as it does
// on manual pages: their name and purpose.
func withOpening(n *html.Node) []*html.Node {
	header := prevElement(n)
	if attr(n, "id") != "content" || header == nil || attr(header, "id") != "header" {
		return []*html.Node{n}
	}
	for c := header.FirstChild; c != nil; c = c.NextSibling {
		if c.DataAtom == atom.Div && attr(c, "class") == "sectionbody" {
			return []*html.Node{header, n}
		}
	}
	return []*html.Node{n}
}

// fits reports whether a landmark can be the content: it has enough text by itself, or a fair share of the page's text,
// with links or without. A stub may stand beside a great navigation, and an index may be nothing but links.
func fits(n, body *html.Node) bool {
	if textExceeds(n, enoughProse-1, isNoProse) {
		return true
	}
	if blankNode(n) {
		return false
	}
	return prose(n)*5 >= prose(body) || textLen(n, isChrome)*5 >= textLen(body, isChrome)
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
