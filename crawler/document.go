package crawler

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"unicode"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// parse parses text, the HTML of the page at u, into page.Doc, and reads everything about the page that is in its
// markup or header. A page that refreshes to another URL at once becomes a redirect.
func (c *Crawler) parse(page *Page, u *url.URL, header http.Header, text []byte) error {
	root, err := html.ParseWithOptions(bytes.NewReader(text), html.ParseOptionEnableScripting(false))
	if err != nil {
		return err
	}
	s := surveys.Get().(*survey)
	defer s.free()
	s.token, s.now = c.token, page.At
	s.readHeader(header)
	s.refresh = refreshTarget(header.Get("Refresh"))
	s.walk(root)

	pageURL := page.Item.URL
	page.Base = pageURL
	if s.hasBase {
		if base, ok := c.canon.Resolve(pageURL, s.base); ok {
			page.Base = base
		}
	}
	resolver := c.canon.Base(page.Base)
	s.wall.page = answer{c: c, url: u, header: header, root: root, source: text}
	seen := &s.wall.page
	if s.refresh != "" {
		if target, ok := c.resolveOne(resolver, pageURL, s.refresh); ok && target != pageURL {
			if page.stands(challengePage(seen)) {
				return nil
			}
			page.Redirect = target
			return nil
		}
	}
	page.Doc = goquery.NewDocumentFromNode(root)
	page.Doc.Url = u
	page.Lang = language(s.lang, s.contentLanguage, header)
	if len(header["Link"]) > 0 {
		s.linkHeader(header, c.canon.Base(pageURL))
	}
	page.Canonical = c.canonicalOf(s, resolver, pageURL)
	page.direct(&s.directives)
	seen.canonical, seen.noIndex = page.Canonical, page.NoIndex != ""
	if page.stands(s.wall.standsInFor(seen)) {
		return nil
	}
	if !page.NoFollow {
		page.Links = c.takeOffSessions(pageURL, s.resolve(resolver))
	}
	return nil
}

// direct records what a page, or a 304 about it, tells robots.
func (p *Page) direct(d *directives) {
	p.NoIndex, p.NoFollow, p.Until, p.Directives = d.noIndex, d.noFollow, d.until, d.found
}

// canonicalOf returns where the rel=canonical of a page leads. Several that differ contradict each other, so that none of
// them counts: the page stands for itself, and its directives say why.
func (c *Crawler) canonicalOf(s *survey, r Resolver, pageURL string) string {
	if s.canonical == "" {
		return ""
	}
	canonical := c.canonicalTarget(r, pageURL, s.canonical)
	for _, href := range s.canonicals {
		if other := c.canonicalTarget(r, pageURL, href); other != canonical {
			s.note("rel=canonical", fmt.Sprintf("%q and %q: they differ, so that none counts", canonical, other))
			return ""
		}
	}
	return canonical
}

// canonicalTarget resolves a rel=canonical. One that is no http(s) URL is kept as it stands: it leads out of any scope,
// and whoever asks why a page was not merged must see it.
func (c *Crawler) canonicalTarget(r Resolver, pageURL, href string) string {
	if target, ok := c.resolveOne(r, pageURL, href); ok {
		return target
	}
	return href[:min(len(href), maxURLLength)]
}

// survey is what one walk over a page's tree finds.
type survey struct {
	directives
	wall wall

	lang, contentLanguage, base, refresh string

	hasBase    bool
	canonical  string   // as written; empty: none
	canonicals []string // others that are written differently

	hrefs []string            // in order of appearance, as written
	seen  map[string]struct{} // URLs
}

// surveys keeps the maps and slices of surveys: a site's pages have about as many links each.
var surveys = sync.Pool{New: func() any { return &survey{seen: make(map[string]struct{}, 128)} }}

func (s *survey) free() {
	clear(s.seen)
	clear(s.hrefs)
	*s = survey{hrefs: s.hrefs[:0], seen: s.seen}
	surveys.Put(s)
}

// walk visits every element below root in document order. The contents of <template> are not part of the page.
func (s *survey) walk(root *html.Node) {
	for n := root; n != nil; {
		switch n.Type {
		case html.ElementNode:
			s.element(n)
			s.wall.element(n)
		case html.TextNode:
			s.wall.textNode(n)
		}
		if n.FirstChild != nil && n.DataAtom != atom.Template {
			n = n.FirstChild
			continue
		}
		for n != root && n.NextSibling == nil {
			n = n.Parent
		}
		if n == root {
			return
		}
		n = n.NextSibling
	}
}

func (s *survey) element(n *html.Node) {
	switch n.DataAtom {
	case atom.A, atom.Area:
		if href, ok := attribute(n, "href"); ok && !nofollow(n) {
			s.add(href)
		}
	case atom.Link:
		s.link(n)
	case atom.Meta:
		s.meta(n)
	case atom.Base:
		if href, ok := attribute(n, "href"); ok && !s.hasBase && n.Namespace == "" {
			s.base, s.hasBase = href, true
		}
	case atom.Html, atom.Body:
		if s.lang == "" {
			if s.lang, _ = attribute(n, "lang"); s.lang == "" {
				s.lang, _ = attribute(n, "xml:lang")
			}
		}
	}
}

// add notes an href, unless it stays on the page.
func (s *survey) add(href string) {
	if href = strings.TrimSpace(href); href != "" && href[0] != '#' {
		s.hrefs = append(s.hrefs, href)
	}
}

func (s *survey) link(n *html.Node) {
	rel, _ := attribute(n, "rel")
	href, ok := attribute(n, "href")
	if !ok || n.Namespace != "" {
		return
	}
	switch {
	case hasToken(rel, "canonical"):
		// Outside of <head> it would be content, which others may have written. For a language or a device it is not
		// the page's: search engines pass over these too.
		if n.Parent != nil && n.Parent.DataAtom == atom.Head && !has(n, "hreflang", "lang", "media", "type") {
			s.addCanonical(href)
		}
	case hasToken(rel, "next"), hasToken(rel, "prev"), hasToken(rel, "alternate") && has(n, "hreflang"):
		if !hasToken(rel, "nofollow") {
			s.add(href)
		}
	}
}

func (s *survey) addCanonical(href string) {
	switch href = strings.TrimSpace(href); {
	case href == "": // a template that was not filled in; as an address it would be that of <base>
	case s.canonical == "":
		s.canonical = href
	case href != s.canonical && len(s.canonicals) < maxDirectives:
		s.canonicals = append(s.canonicals, href)
	}
}

// linkHeader reads the Link headers (RFC 8288, RFC 6596), whose targets are relative to the page's own URL.
func (s *survey) linkHeader(h http.Header, r Resolver) {
	eachLink(h, func(target, params string) {
		rel := linkParam(params, "rel")
		canonical := hasToken(rel, "canonical")
		if !canonical && !hasToken(rel, "next") && !hasToken(rel, "prev") &&
			(!hasToken(rel, "alternate") || linkParam(params, "hreflang") == "") || target == "" {
			return
		}
		if resolved, ok := r.Resolve(target); ok {
			target = resolved
		} else if !canonical {
			return
		}
		if canonical {
			s.addCanonical(target)
		} else if !hasToken(rel, "nofollow") {
			s.add(target)
		}
	})
}

func (s *survey) meta(n *html.Node) {
	content, ok := attribute(n, "content")
	if !ok {
		return
	}
	if name, ok := attribute(n, "name"); ok {
		s.readMeta(name, content)
	}
	equiv, ok := attribute(n, "http-equiv")
	if !ok {
		return
	}
	switch equiv = strings.TrimSpace(equiv); {
	case strings.EqualFold(equiv, "refresh"):
		// In <noscript> a refresh speaks to browsers without scripts, not about the page.
		if s.refresh == "" && (n.Parent == nil || n.Parent.DataAtom != atom.Noscript) {
			s.refresh = refreshTarget(content)
		}
	case strings.EqualFold(equiv, "content-language"):
		if s.contentLanguage == "" {
			s.contentLanguage = content
		}
	}
}

// resolve returns the distinct URLs of the hrefs in order.
func (s *survey) resolve(r Resolver) []string {
	links := make([]string, 0, len(s.hrefs))
	for _, href := range s.hrefs {
		target, ok := r.Resolve(href)
		if !ok {
			continue
		}
		if _, dup := s.seen[target]; !dup {
			s.seen[target] = struct{}{}
			links = append(links, target)
		}
	}
	return links
}

// nofollow reports whether a link says that it shall not be followed. Search engines do not follow links marked as
// user-generated or sponsored either: an owner marks those that they do not vouch for. The pages behind them are found
// where other links or a sitemap name them.
func nofollow(n *html.Node) bool {
	rel, ok := attribute(n, "rel")
	if !ok {
		return false
	}
	for word := range strings.FieldsFuncSeq(rel, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }) {
		if strings.EqualFold(word, "nofollow") || strings.EqualFold(word, "ugc") || strings.EqualFold(word, "sponsored") {
			return true
		}
	}
	return false
}

// has reports whether an element has one of the attributes.
func has(n *html.Node, keys ...string) bool {
	for _, key := range keys {
		if _, ok := attribute(n, key); ok {
			return true
		}
	}
	return false
}

func attribute(n *html.Node, key string) (string, bool) {
	for i := range n.Attr {
		if n.Attr[i].Key == key && n.Attr[i].Namespace == "" {
			return n.Attr[i].Val, true
		}
	}
	return "", false
}
