package crawler

import (
	"bytes"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxRefresh is the delay in seconds up to which <meta http-equiv=refresh> is a redirect; above it, people are meant
// to read the page first.
const maxRefresh = 1

// parse parses text, the HTML of the page at u, into page.Doc, and reads everything about the page that is in its
// markup or header. A page that refreshes to another URL at once becomes a redirect.
func (c *Crawler) parse(page *Page, u *url.URL, header http.Header, text []byte) error {
	root, err := html.ParseWithOptions(bytes.NewReader(text), html.ParseOptionEnableScripting(false))
	if err != nil {
		return err
	}
	s := surveys.Get().(*survey)
	defer s.free()
	s.token = c.token
	s.readHeader(header, c.token)
	s.walk(root)

	pageURL := page.Item.URL
	page.Base = pageURL
	if s.hasBase {
		if base, ok := c.canon.Resolve(pageURL, s.base); ok {
			page.Base = base
		}
	}
	resolver := c.canon.Base(page.Base)
	if s.refresh != "" {
		if target, ok := resolver.Resolve(s.refresh); ok && target != pageURL {
			page.Redirect = target
			return nil
		}
	}
	page.Doc = goquery.NewDocumentFromNode(root)
	page.Doc.Url = u
	page.Lang = language(s.lang, header)
	page.NoIndex, page.NoFollow = s.noIndex, s.noFollow
	if s.canonical != "" {
		page.Canonical = canonicalTarget(resolver, s.canonical)
	} else if target := linkCanonical(header); target != "" {
		page.Canonical = canonicalTarget(c.canon.Base(pageURL), target)
	}
	if !page.NoFollow {
		page.Links = s.resolve(resolver)
	}
	return nil
}

// canonicalTarget resolves a rel=canonical. One that is no http(s) URL is kept as it stands: it leads out of any scope,
// and whoever asks why a page was not merged must see it.
func canonicalTarget(r Resolver, href string) string {
	if target, ok := r.Resolve(href); ok {
		return target
	}
	return href[:min(len(href), maxURLLength)]
}

// survey is what one walk over a page's tree finds.
type survey struct {
	directives
	token string

	lang, base, canonical, refresh string

	hasBase bool

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
		if n.Type == html.ElementNode {
			s.element(n)
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
		if href, ok := attribute(n, "href"); ok && !s.hasBase {
			s.base, s.hasBase = href, true
		}
	case atom.Html:
		if s.lang, _ = attribute(n, "lang"); s.lang == "" {
			s.lang, _ = attribute(n, "xml:lang")
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
	switch {
	case !ok:
	case hasToken(rel, "canonical"):
		// Outside of <head> it would be content, which others may have written.
		if s.canonical == "" && n.Parent != nil && n.Parent.DataAtom == atom.Head {
			s.canonical = strings.TrimSpace(href)
		}
	case hasToken(rel, "next") || hasToken(rel, "prev"):
		if !hasToken(rel, "nofollow") {
			s.add(href)
		}
	}
}

func (s *survey) meta(n *html.Node) {
	content, ok := attribute(n, "content")
	if !ok {
		return
	}
	if name, ok := attribute(n, "name"); ok {
		s.readMeta(name, content, s.token)
	}
	// In <noscript> a refresh speaks to browsers without scripts, not about the page.
	if equiv, ok := attribute(n, "http-equiv"); ok && strings.EqualFold(strings.TrimSpace(equiv), "refresh") &&
		s.refresh == "" && (n.Parent == nil || n.Parent.DataAtom != atom.Noscript) {
		s.refresh = refreshTarget(content)
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

// nofollow reports whether a link says that it shall not be followed.
func nofollow(n *html.Node) bool {
	rel, ok := attribute(n, "rel")
	return ok && hasToken(rel, "nofollow")
}

func attribute(n *html.Node, key string) (string, bool) {
	for i := range n.Attr {
		if n.Attr[i].Key == key && n.Attr[i].Namespace == "" {
			return n.Attr[i].Val, true
		}
	}
	return "", false
}

// refreshTarget returns the URL of a refresh such as `0; url='/new'`, if its delay is at most maxRefresh.
func refreshTarget(content string) string {
	end := strings.IndexAny(content, ";,")
	if end < 0 {
		return ""
	}
	delay, err := strconv.ParseFloat(strings.TrimSpace(content[:end]), 64)
	if err != nil || delay < 0 || delay > maxRefresh {
		return ""
	}
	target := strings.TrimSpace(content[end+1:])
	if len(target) >= 3 && strings.EqualFold(target[:3], "url") {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(target[3:]), "="); ok {
			target = strings.TrimSpace(rest)
		}
	}
	if target != "" && (target[0] == '"' || target[0] == '\'') {
		target, _, _ = strings.Cut(target[1:], target[:1])
	}
	return target
}

// language returns the language of a page in lower case: that of <html>, else that of the Content-Language header if
// it names a single one; several are the audience, not the page.
func language(lang string, header http.Header) string {
	if lang = strings.TrimSpace(lang); lang == "" {
		if lang = strings.TrimSpace(header.Get("Content-Language")); strings.Contains(lang, ",") {
			return ""
		}
	}
	return strings.ToLower(lang)
}
