package crawler

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// misbehaviour is one thing that a server does wrong, and what it may cost.
type misbehaviour struct {
	name   string
	serve  func(w http.ResponseWriter, r *http.Request) // any host; may hijack the connection to write raw bytes
	change func(*Config)                                // of testConfig(start); may be nil
	start  string                                       // default "http://help.example/"
	// fetch holds the paths or URLs to fetch one after the other; default "/page". A URL that comes again is asked
	// with the validators of its last page.
	fetch []string
	// crawl: instead, Discover and Crawl from start with the frontier in memory; all links and redirects in scope that
	// are no trap are followed.
	crawl bool
	// probes: URLs that cannot exist are asked for, to know soft 404s.
	probes bool
	// dial, if not nil, decides over each connection to host:port before it is made.
	dial func(addr string) error

	// want maps paths at start, or URLs, to what class says of the page; "" if it shall not be asked for. "/page#2" is
	// the second page of that URL in fetch. Of a crawl, "crawl" is what ended it (default "", or "host down") and
	// "discovery" what Discover says ("", "incomplete", "site down"; not looked at by default).
	want     map[string]string
	check    func(*testing.T, map[string]*Page) // by URL; what want cannot say; may be nil
	detail   string                             // some Failure.Detail, NotHTML, Disallowed or Evidence contains it
	requests int                                // at most so many requests reach the server in all, robots.txt included
	bytes    int64                              // at most so many bytes come off the wire, and of pages after decoding; 0: 64 KiB
	within   time.Duration                      // at most so much time by the bubble's clock; 0: none may pass
}

const defaultBytes = 64 << 10

// misbehave runs each case in a bubble with a clock and a network of its own. An area that is worth a table has ten.
func misbehave(t *testing.T, cases []misbehaviour) {
	t.Helper()
	if len(cases) < 10 {
		t.Errorf("%d cases, want at least 10", len(cases))
	}
	seen := make(map[string]bool)
	for _, m := range cases {
		if seen[m.name] {
			t.Errorf("two cases are called %q", m.name)
		}
		seen[m.name] = true
		t.Run(m.name, func(t *testing.T) { synctest.Test(t, m.run) })
	}
}

func (m misbehaviour) run(t *testing.T) {
	if m.start == "" {
		m.start = "http://help.example/"
	}
	if m.bytes == 0 {
		m.bytes = defaultBytes
	}
	cfg := testConfig(m.start)
	if m.change != nil {
		m.change(&cfg)
	}
	net := newMemNetwork(t, m.serve) // before the crawler, so that it is closed after it
	net.dialled = m.dial
	c := newTestCrawler(t, cfg, nil)
	c.soft.off = !m.probes
	net.replace(c.transport.(*http.Transport))

	began := time.Now()
	var got map[string]*Page
	if m.crawl {
		got = m.crawlAll(t, c)
	} else {
		got = m.fetchAll(t, c)
	}
	took := time.Since(began)

	m.compare(t, got)
	if m.check != nil && !t.Failed() {
		m.check(t, got)
	}
	asked := net.requests()
	if len(asked) > m.requests {
		t.Errorf("%d requests, want at most %d: %s", len(asked), m.requests, strings.Join(asked[:min(len(asked), 50)], " "))
	}
	if n := max(net.bytes.Load(), c.Stats().Bytes); n > m.bytes {
		t.Errorf("%d bytes off the wire, %d of pages after decoding, want at most %d", net.bytes.Load(), c.Stats().Bytes, m.bytes)
	}
	if took > m.within {
		t.Errorf("took %s, want at most %s", took, m.within)
	}
}

// absolute returns the URL of a path at start.
func (m misbehaviour) absolute(pathOrURL string) string {
	if strings.Contains(pathOrURL, "://") {
		return pathOrURL
	}
	return origin(m.start) + pathOrURL
}

func (m misbehaviour) fetchAll(t *testing.T, c *Crawler) map[string]*Page {
	if m.fetch == nil {
		m.fetch = []string{"/page"}
	}
	got := make(map[string]*Page)
	last := make(map[string]Validators)
	times := make(map[string]int)
	for _, at := range m.fetch {
		at = m.absolute(at)
		p := fetchItem(t, c, Item{Link: Link{URL: at}, Validators: last[at]})
		last[at] = p.Validators
		times[at]++
		got[fmt.Sprintf("%s#%d", at, times[at])] = p
		got[at] = p
	}
	return got
}

func (m misbehaviour) crawlAll(t *testing.T, c *Crawler) map[string]*Page {
	f := newFrontier()
	d, err := c.Discover(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	if want, ok := m.want["discovery"]; ok && discoveryClass(d) != want {
		t.Errorf("discovery is %q, want %q: %+v", discoveryClass(d), want, d)
	}
	got := make(map[string]*Page)
	var mu sync.Mutex
	err = c.Crawl(t.Context(), f, func(ctx context.Context, p *Page) error {
		defer f.done()
		mu.Lock()
		got[p.Item.URL] = p
		mu.Unlock()
		var next []Link
		for _, l := range p.Links {
			next = append(next, Link{URL: l, Via: ViaLink, From: p.Item.URL, Depth: p.Item.Depth + 1})
		}
		if p.Redirect != "" {
			next = append(next, Link{URL: p.Redirect, Via: ViaRedirect, From: p.Item.URL, Depth: p.Item.Depth, Hops: p.Item.Hops + 1})
		}
		return f.Add(ctx, slices.DeleteFunc(next, func(l Link) bool {
			return !c.Scope().Decide(l.URL).In || f.has(l.URL) || c.Trap(l) != ""
		}))
	})
	ended := ""
	var down *HostDownError
	switch {
	case errors.As(err, &down):
		ended = "host down"
	case err != nil:
		ended = err.Error()
	}
	if ended != m.want["crawl"] {
		t.Errorf("the crawl ended by %q, want %q: %v", ended, m.want["crawl"], err)
	}
	return got
}

func discoveryClass(d Discovery) string {
	switch {
	case d.SiteDown != nil:
		return "site down"
	case len(d.Incomplete) > 0:
		return "incomplete"
	}
	return ""
}

func (m misbehaviour) compare(t *testing.T, got map[string]*Page) {
	for at, want := range m.want {
		if at == "crawl" || at == "discovery" {
			continue
		}
		is, p := "", got[m.absolute(at)]
		if p != nil {
			is = class(p)
		}
		if is != want {
			t.Errorf("%s is %q, want %q: %s", at, is, want, why(p))
		}
	}
	if m.detail == "" {
		return
	}
	var all []string
	for _, p := range got {
		if strings.Contains(why(p), m.detail) {
			return
		}
		all = append(all, why(p))
	}
	t.Errorf("nothing says %q, only %q", m.detail, all)
}

// why returns what a page says about itself in words.
func why(p *Page) string {
	switch {
	case p == nil:
		return ""
	case p.Failure != nil:
		return p.Failure.Detail
	case p.Instead != nil:
		return p.Instead.Evidence
	}
	return p.NotHTML + p.Disallowed
}

// The harness itself: what it counts and when, over one network each.
func TestMisbehaveHarness(t *testing.T) {
	synctest.Test(t, misbehaviour{
		serve: func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/robots.txt" {
				_, _ = io.WriteString(w, "User-agent: *\nDisallow: /no\nCrawl-delay: 1\n")
				return
			}
			writePage(w, `<a href="/a">a</a><a href="/b">b</a><a href="/no">n</a><a href="http://elsewhere.example/">e</a>`)
		},
		crawl: true,
		want: map[string]string{"/": "doc", "/a": "doc", "/b": "doc", "/no": "disallowed", "http://elsewhere.example/": "",
			"discovery": ""},
		requests: 5, // robots.txt, sitemap.xml, 3 pages
		within:   3 * time.Second,
	}.run)
	synctest.Test(t, misbehaviour{
		serve: page(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", `"1"`)
			if r.Header.Get("If-None-Match") != "" {
				w.WriteHeader(http.StatusNotModified)
				return
			}
			time.Sleep(time.Second)
			writePage(w, r.Host)
		}),
		start:    "https://help.example/",
		change:   func(cfg *Config) { cfg.Scope.Hosts = []string{"help.example", "docs.example"} },
		fetch:    []string{"/page", "/page", "https://docs.example/x"},
		want:     map[string]string{"/page#1": "doc", "/page#2": "not modified", "https://docs.example/x": "doc"},
		requests: 5,
		within:   2 * time.Second,
	}.run)
	synctest.Test(t, misbehaviour{
		serve:  page(func(http.ResponseWriter, *http.Request) { time.Sleep(time.Hour) }),
		change: func(cfg *Config) { cfg.Fetch.Retries = 1 },
		want:   map[string]string{"/page": FailTimeout}, detail: "after 2 tries", requests: 3,
		within: 2*10*time.Second + firstBackoff,
	}.run)
	synctest.Test(t, misbehaviour{
		serve: rawAnswer("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n<p>cut"),
		want:  map[string]string{"/page": FailTruncated}, requests: 2,
	}.run)
}
