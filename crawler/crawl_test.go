package crawler

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

// crawlAll crawls with a visitor that follows links and redirects, and returns the pages by path.
func crawlAll(ctx context.Context, c *Crawler, f *memFrontier) (map[string]*Page, error) {
	var mu sync.Mutex
	pages := make(map[string]*Page)
	err := c.Crawl(ctx, f, func(ctx context.Context, p *Page) error {
		defer f.done()
		mu.Lock()
		pages[p.Item.URL] = p
		mu.Unlock()
		var links []Link
		for _, l := range p.Links {
			if c.Scope().Decide(l).In {
				links = append(links, Link{URL: l, Via: ViaLink, From: p.Item.URL, Depth: p.Item.Depth + 1})
			}
		}
		if p.Redirect != "" {
			links = append(links, Link{URL: p.Redirect, Via: ViaRedirect, From: p.Item.URL, Hops: p.Item.Hops + 1})
		}
		return f.Add(ctx, links)
	})
	return pages, err
}

func TestCrawl(t *testing.T) {
	var hits atomic.Int32
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/robots.txt":
			http.NotFound(w, r)
			return
		case "/loop":
			w.Header().Set("Location", fmt.Sprintf("/loop?%d", len(r.URL.RawQuery)))
			http.Redirect(w, r, "/loop?"+r.URL.RawQuery+"x", http.StatusFound)
			return
		}
		hits.Add(1)
		var n int
		_, _ = fmt.Sscanf(r.URL.Path, "/%d", &n)
		writePage(w, fmt.Sprintf(`<a href="/%d#a">x</a><a href="/%d#b">x</a><a href="/%d?">y</a><a href="/">z</a>`,
			(n*2+1)%500, (n*2+1)%500, (n*2+2)%500))
	})
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	c := newTestCrawler(t, testConfig(srv.URL+"/"), nil)
	f := newFrontier(srv.URL+"/", srv.URL+"/loop")
	pages, err := crawlAll(t.Context(), c, f)
	if err != nil {
		t.Fatal(err)
	}
	docs, loops := 0, 0
	for _, p := range pages {
		switch class(p) {
		case "doc":
			docs++
		case FailRedirectLoop:
			loops++
		}
	}
	if docs != 501 || int(hits.Load()) != docs || loops != 1 {
		t.Errorf("%d pages of 501, %d requests for them, %d redirect loops", docs, hits.Load(), loops)
	}
	srv.CloseClientConnections()
}

// The number of goroutines does not depend on the length of the frontier.
func TestCrawlGoroutines(t *testing.T) {
	cfg := testConfig("https://help.example/")
	cfg.Fetch.Robots = Ignore
	cfg.Fetch.Concurrency = 8
	c := newTestCrawler(t, cfg, inProcess{http.HandlerFunc(
		func(w http.ResponseWriter, _ *http.Request) { writePage(w, "x") })})
	var urls []string
	for i := range 20_000 {
		urls = append(urls, fmt.Sprintf("https://help.example/%d", i))
	}
	f := newFrontier(urls...)
	before, most, visits := runtime.NumGoroutine(), atomic.Int64{}, atomic.Int64{}
	stop := errors.New("enough")
	err := c.Crawl(t.Context(), f, func(context.Context, *Page) error {
		most.Store(max(most.Load(), int64(runtime.NumGoroutine())))
		f.done()
		if visits.Add(1) == 500 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) {
		t.Errorf("error %v", err)
	}
	if extra := int(most.Load()) - before; extra > 20 {
		t.Errorf("%d goroutines more than before", extra)
	}
}

// After the end of the context nothing is waited for, neither the pace nor a slow answer, and its cause is returned.
func TestCrawlCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := testConfig("https://help.example/")
		cfg.Fetch.Rate = 0.2
		c := newTestCrawler(t, cfg, failingTransport(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path == "/slow" {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			return inProcess{http.NotFoundHandler()}.RoundTrip(r)
		}))
		urls := []string{"https://help.example/slow"}
		for i := range 30 {
			urls = append(urls, fmt.Sprintf("https://help.example/%d", i))
		}
		ctx, cancel := context.WithTimeoutCause(t.Context(), 12*time.Second, errors.New("out of time"))
		defer cancel()
		began := time.Now()
		_, err := crawlAll(ctx, c, newFrontier(urls...))
		if took := time.Since(began); err == nil || err.Error() != "out of time" || took != 12*time.Second {
			t.Errorf("%v after %s", err, took)
		}
	})
}

func TestCrawlErrors(t *testing.T) {
	boom := errors.New("disk full")
	for _, tt := range []struct {
		name  string
		visit func(context.Context, *Page) error
		want  func(error) bool
	}{
		{"visitor", func(context.Context, *Page) error { return boom }, func(err error) bool { return errors.Is(err, boom) }},
		{"panic", func(context.Context, *Page) error { panic("oops") }, func(err error) bool {
			return err != nil && err.Error() == "visit https://help.example/1: panic: oops"
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := testConfig("https://help.example/")
			c := newTestCrawler(t, cfg, inProcess{http.NotFoundHandler()})
			err := c.Crawl(t.Context(), newFrontier("https://help.example/1"), tt.visit)
			if !tt.want(err) {
				t.Errorf("error %v", err)
			}
		})
	}
	t.Run("frontier", func(t *testing.T) {
		c := newTestCrawler(t, testConfig("https://help.example/"), inProcess{http.NotFoundHandler()})
		if err := c.Crawl(t.Context(), brokenFrontier{boom}, nil); !errors.Is(err, boom) {
			t.Errorf("error %v", err)
		}
	})
}

type brokenFrontier struct{ err error }

func (f brokenFrontier) Next(context.Context) (Item, bool, error) { return Item{}, false, f.err }
func (f brokenFrontier) Add(context.Context, []Link) error        { return f.err }

// Pages that fail by themselves never stop a crawl.
func TestCrawlPageFailures(t *testing.T) {
	c := newTestCrawler(t, testConfig("https://help.example/"), inProcess{http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/robots.txt" {
				w.WriteHeader(403)
			}
		})})
	var urls []string
	for i := range 50 {
		urls = append(urls, fmt.Sprintf("https://help.example/%d", i))
	}
	pages, err := crawlAll(t.Context(), c, newFrontier(urls...))
	if err != nil || len(pages) != 50 {
		t.Errorf("%d pages, %v", len(pages), err)
	}
}

func TestWorkers(t *testing.T) {
	for want, start := range map[int][]string{
		4: {"https://a.example/x", "https://a.example/y"}, 8: {"https://a.example/", "https://b.example/"},
		64: slices.Collect(func(yield func(string) bool) {
			for i := range 40 {
				if !yield(fmt.Sprintf("https://h%d.example/", i)) {
					return
				}
			}
		}),
	} {
		c := newTestCrawler(t, testConfig(start...), inProcess{http.NotFoundHandler()})
		if got := c.workers(); got != want {
			t.Errorf("%v: %d workers, want %d", start, got, want)
		}
	}
}
