package crawler

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// memFrontier is a Frontier in memory. The visitor closes its items with done.
type memFrontier struct {
	mu    sync.Mutex
	seen  map[string]bool
	queue []Item
	out   int
	wake  chan struct{} // closed and replaced at every change
}

func newFrontier(urls ...string) *memFrontier {
	f := &memFrontier{seen: make(map[string]bool), wake: make(chan struct{})}
	for _, u := range urls {
		_ = f.Add(context.Background(), []Link{{URL: u, Via: ViaStart}})
	}
	return f
}

func (f *memFrontier) Next(ctx context.Context) (Item, bool, error) {
	for {
		f.mu.Lock()
		if len(f.queue) > 0 {
			item := f.queue[0]
			f.queue = f.queue[1:]
			f.out++
			f.mu.Unlock()
			return item, true, nil
		}
		if f.out == 0 {
			f.mu.Unlock()
			return Item{}, false, nil
		}
		wake := f.wake
		f.mu.Unlock()
		select {
		case <-wake:
		case <-ctx.Done():
			return Item{}, false, context.Cause(ctx)
		}
	}
}

func (f *memFrontier) Add(_ context.Context, links []Link) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, l := range links {
		if !f.seen[l.URL] {
			f.seen[l.URL] = true
			f.queue = append(f.queue, Item{Link: l})
		}
	}
	f.changed()
	return nil
}

func (f *memFrontier) has(url string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seen[url]
}

func (f *memFrontier) done() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.out--
	f.changed()
}

func (f *memFrontier) changed() {
	close(f.wake)
	f.wake = make(chan struct{})
}

func (f *memFrontier) urls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var urls []string
	for _, item := range f.queue {
		urls = append(urls, item.URL)
	}
	return urls
}

// inProcess answers requests by a handler, without sockets, so that a fake clock can run.
type inProcess struct {
	http.Handler
}

func (p inProcess) RoundTrip(req *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	p.ServeHTTP(w, req)
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	res := w.Result()
	res.Request = req
	return res, nil
}

// serve starts a site on loopback.
func serve(t testing.TB, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv
}

// testConfig is a config for tests: loopback allowed, no pace, no retries.
func testConfig(start ...string) Config {
	return Config{
		Start:    start,
		Sitemaps: Sitemaps{Mode: SitemapsAuto},
		Scope:    ScopeConfig{Canonical: Obey, NoIndex: Obey, MaxPages: 1000},
		Fetch: FetchConfig{Concurrency: 4, Timeout: 10 * time.Second, MaxBody: 1 << 20, Robots: Obey,
			AllowPrivate: true},
	}
}

// newTestCrawler returns a Crawler that is closed with the test and does not ask for URLs that cannot exist.
func newTestCrawler(t testing.TB, cfg Config, transport http.RoundTripper) *Crawler {
	t.Helper()
	c, err := New(cfg, Options{Version: "1.2", Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	c.soft.off = true // most tests count requests and answer every URL alike; those about soft 404s turn it on
	return c
}

// fetch fetches one URL without validators.
func fetch(t testing.TB, c *Crawler, url string) *Page {
	t.Helper()
	return fetchItem(t, c, Item{Link: Link{URL: url}})
}

func fetchItem(t testing.TB, c *Crawler, item Item) *Page {
	t.Helper()
	p, err := c.Fetch(t.Context(), item)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// class returns the failure class of a page, or what else it is.
func class(p *Page) string {
	switch {
	case p.Failure != nil:
		return p.Failure.Class
	case p.Instead != nil:
		return p.Instead.Class
	case p.Disallowed != "":
		return "disallowed"
	case p.NotModified:
		return "not modified"
	case p.Redirect != "":
		return "redirect " + p.Redirect
	case p.NotHTML != "":
		return "not html"
	case p.Doc != nil:
		return "doc"
	case p.Status != 0:
		return http.StatusText(p.Status)
	}
	return "nothing"
}

// page writes an HTML page with a body.
func writePage(w io.Writer, body string) {
	if rw, ok := w.(http.ResponseWriter); ok {
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	}
	_, _ = io.WriteString(w, "<!doctype html><title>T</title><body>"+body)
}
