package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// benchSite is a help center of any number of pages of about 18 KB, each made from its number when it is asked for. It
// is deterministic and cheap to serve: a page is put together from segments that are made once.
type benchSite struct {
	parts    benchParts
	hits     []atomic.Int32 // requests by page
	matched  atomic.Int64   // requests for pages answered 304
	other    atomic.Int64   // requests for robots.txt and sitemaps
	missing  atomic.Int64   // requests answered 404
	buffers  sync.Pool
	sitemaps int
}

// siteCounts is what the site was asked for since the counts were read last.
type siteCounts struct {
	Distinct int // pages asked for at least once
	Requests int // for these pages
	Most     int // for one page
	Matched  int // answered 304
	Other    int // for robots.txt and sitemaps
	Missing  int // answered 404
}

const (
	benchSitemap   = 2500 // URLs in a sitemap
	benchHome      = "/hc/"
	benchArticles  = "/hc/articles/"
	benchFirstID   = 100_000 // of articles, so that all have as many digits
	siteCountsPath = "/-/counts"
)

func newBenchSite(pages int) *benchSite {
	return &benchSite{parts: newBenchParts(), hits: make([]atomic.Int32, pages), sitemaps: (pages + benchSitemap - 1) / benchSitemap,
		buffers: sync.Pool{New: func() any { b := make([]byte, 0, 32<<10); return &b }}}
}

func (s *benchSite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, origin := r.URL.Path, "http://"+r.Host
	switch {
	case path == siteCountsPath:
		json.NewEncoder(w).Encode(s.counts()) //nolint:errcheck // who asked notices
		return
	case r.URL.RawQuery != "":
	case path == "/robots.txt":
		s.other.Add(1)
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprintf(w, "User-agent: *\nDisallow: /hc/search\n\nSitemap: %s/sitemap.xml\n", origin)
		return
	case strings.HasPrefix(path, "/sitemap"):
		if s.sitemap(w, path, origin) {
			s.other.Add(1)
			return
		}
	default:
		if i, ok := s.page(path); ok {
			s.answer(w, r, i, origin)
			return
		}
	}
	s.missing.Add(1)
	http.NotFound(w, r)
}

func (s *benchSite) sitemap(w http.ResponseWriter, path, origin string) bool {
	w.Header().Set("Content-Type", "application/xml")
	if path == "/sitemap.xml" {
		b := []byte(`<?xml version="1.0" encoding="UTF-8"?><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">`)
		for i := range s.sitemaps {
			b = fmt.Appendf(b, "<sitemap><loc>%s/sitemap-%d.xml</loc></sitemap>", origin, i)
		}
		w.Write(append(b, "</sitemapindex>"...))
		return true
	}
	n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(path, "/sitemap-"), ".xml"))
	if err != nil || n < 0 || n >= s.sitemaps {
		return false
	}
	b := []byte(`<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">`)
	for i := n * benchSitemap; i < min((n+1)*benchSitemap, len(s.hits)); i++ {
		b = append(s.appendPath(append(append(b, "<url><loc>"...), origin...), i), "</loc><lastmod>2026-11-01</lastmod></url>"...)
	}
	w.Write(append(b, "</urlset>"...))
	return true
}

// page returns the number of the page at a path.
func (s *benchSite) page(path string) (int, bool) {
	if path == benchHome {
		return 0, true
	}
	id, ok := strings.CutPrefix(path, benchArticles)
	if !ok || len(id) < 6 {
		return 0, false
	}
	n, err := strconv.Atoi(id[:6])
	n -= benchFirstID
	if err != nil || n < 1 || n >= len(s.hits) || string(s.appendSlug(nil, n)) != id {
		return 0, false
	}
	return n, true
}

func (s *benchSite) answer(w http.ResponseWriter, r *http.Request, i int, origin string) {
	s.hits[i].Add(1)
	h := w.Header()
	etag := `"v1-` + strconv.Itoa(i) + `"`
	h["Etag"] = []string{etag}
	h["Content-Type"] = []string{"text/html; charset=utf-8"}
	if r.Header.Get("If-None-Match") == etag {
		s.matched.Add(1)
		w.WriteHeader(http.StatusNotModified)
		return
	}
	buf := s.buffers.Get().(*[]byte)
	defer s.buffers.Put(buf)
	*buf = s.appendPage((*buf)[:0], i, origin)
	h["Content-Length"] = []string{strconv.Itoa(len(*buf))}
	w.Write(*buf) //nolint:errcheck // the client has gone
}

// counts returns the counts and begins anew.
func (s *benchSite) counts() siteCounts {
	c := siteCounts{Matched: int(s.matched.Swap(0)), Other: int(s.other.Swap(0)), Missing: int(s.missing.Swap(0))}
	for i := range s.hits {
		n := int(s.hits[i].Swap(0))
		c.Requests += n
		c.Most = max(c.Most, n)
		c.Distinct += min(n, 1)
	}
	return c
}
