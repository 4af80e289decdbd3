package demo

import (
	"slices"
	"strings"
)

// Expectation says what a crawl that obeys robots.txt, noindex and canonical links must make of a page.
type Expectation string

// The expectations.
const (
	Deliver    Expectation = "deliver"   // an article: to be delivered
	Listing    Expectation = "listing"   // the home page or a category: an index of other pages
	Redirect   Expectation = "redirect"  // answers 301; Target is where it leads
	NoIndex    Expectation = "noindex"   // says so in a meta element or in X-Robots-Tag
	Disallowed Expectation = "robots"    // robots.txt forbids to fetch it
	Duplicate  Expectation = "canonical" // rel=canonical names Target
	NotHTML    Expectation = "not_html"  // a file that is linked as pages are
)

// Page is one URL of the site that a crawl comes upon.
type Page struct {
	Path        string
	Title       string // text of the page's h1; empty for redirects and files
	Expect      Expectation
	Target      string // path, of redirects and duplicates
	SitemapOnly bool   // no page links to it
}

// URL is the absolute URL of the page.
func (p Page) URL() string { return absolute(p.Path) }

// linkedFiles are the files that a page links to with an a element.
var linkedFiles = []string{
	"/downloads/keyboard-shortcuts.pdf",
	"/downloads/price-list.txt",
	"/images/week-view.svg",
}

// Pages returns every URL that a crawl from StartURL comes upon, once links are stripped of fragments and tracking
// parameters, sorted by path. Style sheets, images in articles, and the target of the feedback form are not among them.
// It panics as Handler does.
func Pages() []Page {
	s, err := load()
	if err != nil {
		panic(err)
	}
	var pages []Page
	for _, p := range s.all {
		if p.Path == feedbackPath {
			continue
		}
		pages = append(pages, Page{Path: p.Path, Title: p.Title, Expect: expectationOf(p), SitemapOnly: p.Unlisted})
		if p.Printable {
			pages = append(pages, Page{Path: printPath(p), Title: p.Title, Expect: Duplicate, Target: p.Path})
		}
	}
	for from, to := range redirects {
		pages = append(pages, Page{Path: from, Expect: Redirect, Target: to})
	}
	for _, path := range linkedFiles {
		pages = append(pages, Page{Path: path, Expect: NotHTML})
	}
	slices.SortFunc(pages, func(a, b Page) int { return strings.Compare(a.Path, b.Path) })
	return pages
}

func expectationOf(p *source) Expectation {
	switch {
	case p.Path == internalPath || p.Path == searchPath:
		return Disallowed
	case !p.deliverable():
		return NoIndex
	case p.Path == homePath || strings.HasPrefix(p.Path, "/categories/"):
		return Listing
	}
	return Deliver
}
