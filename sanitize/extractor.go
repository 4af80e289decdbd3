// Package sanitize turns a parsed page into an article: it finds the content, cleans it up and makes it safe. What
// comes out is well formed, holds absolute URLs only and nothing that runs, styles, tracks or submits, and is the same
// bytes every time: Extract depends on the page, its URL and the configuration, on nothing else.
package sanitize

import (
	"fmt"

	"github.com/PuerkitoBio/goquery"
	"github.com/andybalholm/cascadia"
	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Extractor extracts the articles of one site. It is safe for concurrent use on different documents.
type Extractor struct {
	policy    *bluemonday.Policy
	selectors selectors
	rules     []rule
	listings  bool // are articles
	signature string
}

// New compiles a configuration. compile compiles the pattern of a rule; it may be nil if there are no rules.
func New(cfg Config, compile func(pattern string) (func(url string) bool, error)) (*Extractor, error) {
	base, err := compileSelectors("extract", Rule{Content: cfg.Content, Title: cfg.Title, Remove: cfg.Remove})
	if err != nil {
		return nil, err
	}
	x := &Extractor{policy: newPolicy(), selectors: base, listings: cfg.Listings == DeliverListings}
	for i, r := range cfg.Rules {
		path := fmt.Sprintf("extract.rules[%d]", i)
		if compile == nil {
			return nil, fmt.Errorf("%s.match: no pattern compiler was given", path)
		}
		match, err := compile(r.Match)
		if err != nil {
			return nil, fmt.Errorf("%s.match: %w", path, err)
		}
		own, err := compileSelectors(path, r)
		if err != nil {
			return nil, err
		}
		x.rules = append(x.rules, rule{match: match, selectors: base.override(own, r)})
	}
	if x.signature, err = sign(cfg); err != nil {
		return nil, err
	}
	return x, nil
}

// Signature returns a lower-case hex hash of the configuration and PipelineVersion. Articles made under another
// signature may differ although their pages did not change.
func (x *Extractor) Signature() string { return x.signature }

// Extract returns the article of a page. pageURL is the page's own URL: it decides about rules, and fragment links are
// links to it. base is what other relative URLs refer to; empty means pageURL. Both are absolute http(s) URLs. doc is
// changed. The error is an *EmptyError if the page holds no article.
//
// The document should be parsed with scripting off: only then are the images of noscript elements found.
func (x *Extractor) Extract(doc *goquery.Document, pageURL, base string) (Article, error) {
	urls, err := newResolver(pageURL, base)
	if err != nil {
		return Article{}, fmt.Errorf("extract: %w", err)
	}
	if doc == nil || len(doc.Nodes) == 0 {
		return Article{}, &EmptyError{Why: "the document is empty"}
	}
	root := doc.Nodes[0]
	sel := x.selectorsFor(pageURL)
	found, err := locate(root, sel, pageURL)
	if err != nil {
		return Article{}, err
	}
	if err := dropWithheld(&found); err != nil {
		return Article{}, err
	}
	title := pageTitle(root, found, sel.title, pageURL)
	content := gather(found, sel.remove)
	clean(content, urls)
	dropLeadingTitle(content, title)
	tidy(content, false)
	out, tree, err := x.normal(content, urls)
	if err != nil {
		return Article{}, fmt.Errorf("extract: %w", err)
	}
	if blankNode(tree) {
		return Article{}, &EmptyError{Why: found.source + " has neither text nor an image"}
	}
	a := Article{Title: title, HTML: out, Text: plainText(tree, len(out)), Source: found.source}
	if !x.listings {
		a.Listing = listing(tree, root, found, urls)
	}
	return a, nil
}

// gather moves the found elements below a node of their own, without what remove matches and without furniture.
func gather(found place, remove []cascadia.SelectorGroup) *html.Node {
	unwanted := map[*html.Node]bool{}
	for _, root := range found.roots {
		for _, sel := range remove {
			for _, n := range cascadia.QueryAll(root, sel) {
				unwanted[n] = true
			}
			if sel.Match(root) {
				unwanted[root] = true
			}
		}
	}
	for n := range unwanted {
		if n.Parent != nil {
			n.Parent.RemoveChild(n)
		}
	}
	content := element(atom.Div)
	if found.auto {
		stripFurniture(found.roots, found.page)
	}
	for _, root := range found.roots {
		if unwanted[root] {
			continue
		}
		if root.Parent != nil {
			root.Parent.RemoveChild(root)
		}
		content.AppendChild(asContent(root))
	}
	return content
}

// asContent makes a found element fit to stand anywhere: what is only allowed inside of another element, or would be
// taken for furniture or hidden, becomes a div.
func asContent(root *html.Node) *html.Node {
	switch root.DataAtom {
	case atom.Table, atom.Pre, atom.Ul, atom.Ol, atom.Dl, atom.Blockquote, atom.P, atom.Figure, atom.Details, atom.Img,
		atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Code, atom.A, atom.Iframe, atom.Video:
		return root
	case atom.Tr, atom.Tbody, atom.Thead, atom.Tfoot:
		table := element(atom.Table)
		table.AppendChild(root)
		return table
	}
	rename(root, atom.Div)
	root.Attr = nil
	return root
}

// Sanitize makes a fragment of HTML safe and brings it into normal form, as Extract does with content: nothing is
// looked for or left out. Without a pageURL, links that are not absolute are unwrapped. The error is an *EmptyError if
// nothing is left of a fragment that is not blank.
func (x *Extractor) Sanitize(fragment, pageURL string) (string, error) {
	urls, err := newResolver(pageURL, "")
	if err != nil {
		return "", fmt.Errorf("sanitize: %w", err)
	}
	content, err := parseFragment(fragment)
	if err != nil {
		return "", fmt.Errorf("sanitize: %w", err)
	}
	clean(content, urls)
	tidy(content, false)
	out, _, err := x.normal(content, urls)
	if err != nil {
		return "", fmt.Errorf("sanitize: %w", err)
	}
	if out == "" && !blank(fragment) {
		return "", &EmptyError{Why: "nothing of the fragment may stay"}
	}
	return out, nil
}
