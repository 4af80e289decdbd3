package crawler

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Stop ends every wait before a request at once and lets the requests that were sent finish.
func TestCrawlStop(t *testing.T) {
	slowly := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(10 * time.Second)
			w.WriteHeader(status)
		}
	}
	answer := func(status int, retryAfter string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			if retryAfter != "" {
				w.Header().Set("Retry-After", retryAfter)
			}
			w.WriteHeader(status)
		}
	}
	const at = 5 * time.Second
	for _, tt := range []struct {
		name    string
		change  func(*Config)
		robots  http.HandlerFunc // nil: not asked for
		page    http.HandlerFunc
		urls    int
		end     time.Duration
		visited int
	}{
		{name: "pace", change: func(c *Config) { c.Fetch.Rate = 0.25 }, page: answer(404, ""), urls: 9, end: at, visited: 2},
		{name: "requests in flight", change: func(c *Config) {
			c.Start = append(c.Start, "https://other.example/") // twice the workers
		}, page: slowly(404), urls: 9, end: 10 * time.Second, visited: 4},
		{name: "requests in flight that fail", change: func(c *Config) { c.Fetch.Retries = 3 }, page: slowly(500), urls: 9,
			end: 10 * time.Second},
		{name: "the last try", page: slowly(500), urls: 9, end: 10 * time.Second, visited: 4},
		{name: "pause of the host", change: func(c *Config) { c.Fetch.Concurrency = 1 }, page: answer(429, "60"), urls: 9,
			end: at, visited: 1},
		{name: "pause before another try", change: func(c *Config) { c.Fetch.Retries = 3 }, page: answer(503, "60"),
			urls: 9, end: at},
		{name: "backoff", change: func(c *Config) { c.Fetch.Retries = 10 }, page: answer(500, ""), urls: 1, end: at},
		{name: "robots.txt again", change: func(c *Config) { c.Fetch.Retries = 10 }, robots: answer(503, ""),
			page: answer(404, ""), urls: 9, end: at},
		{name: "robots.txt in flight", robots: slowly(404), page: answer(404, ""), urls: 9, end: 10 * time.Second},
		{name: "crawl delay", robots: func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "User-agent: *\nCrawl-delay: 60\n")
		}, page: answer(404, ""), urls: 9, end: at, visited: 1},
		{name: "probe", change: func(c *Config) { c.Fetch.Concurrency = 1 }, page: func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/x/9" {
				w.Header().Set("Retry-After", "60")
			}
			w.WriteHeader(500)
		}, urls: 30, end: at, visited: 10},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := testConfig("https://help.example/")
				cfg.Fetch.Timeout = time.Minute
				if tt.robots == nil {
					cfg.Fetch.Robots = Ignore
				}
				if tt.change != nil {
					tt.change(&cfg)
				}
				c := newTestCrawler(t, cfg, inProcess{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/robots.txt" {
						tt.robots(w, r)
						return
					}
					tt.page(w, r)
				})})
				f := newFrontier(numbered("https://help.example/x/", tt.urls)...)
				for range 3 {
					time.AfterFunc(at, c.Stop)
				}
				began := time.Now()
				pages, err := crawlAll(t.Context(), c, f)
				if took := time.Since(began); err != nil || took != tt.end || len(pages) != tt.visited {
					t.Errorf("%d pages in %s, %v; want %d in %s", len(pages), took, err, tt.visited, tt.end)
				}
				if left := f.out + len(f.urls()); left != tt.urls-tt.visited {
					t.Errorf("%d items are left in the frontier, want %d", left, tt.urls-tt.visited)
				}
				if got := c.RobotsFailures(); len(got) != 0 {
					t.Errorf("robots.txt that was not asked to the end counts as failed: %q", got)
				}
				if err := c.Crawl(t.Context(), brokenFrontier{errors.New("asked")}, nil); err != nil {
					t.Errorf("Crawl after Stop: %v", err)
				}
				if p, err := c.Fetch(t.Context(), Item{Link: Link{URL: "https://help.example/y"}}); !errors.Is(err, ErrStopped) {
					t.Errorf("Fetch after Stop: %+v, %v", p, err)
				}
			})
		})
	}
}

// An error of the visitor, and the end of the context, count more than Stop.
func TestCrawlStopErrors(t *testing.T) {
	boom := errors.New("disk full")
	canceled, cancel := context.WithCancelCause(t.Context())
	for name, visit := range map[string]func() error{
		"visitor":        func() error { return boom },
		"the same error": func() error { return fmt.Errorf("%w: %w", ErrStopped, boom) },
		"context":        func() error { cancel(boom); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			c := newTestCrawler(t, testConfig("https://help.example/"), inProcess{http.NotFoundHandler()})
			ctx := t.Context()
			if name == "context" {
				ctx = canceled
			}
			err := c.Crawl(ctx, newFrontier("https://help.example/1"), func(context.Context, *Page) error {
				c.Stop()
				return visit()
			})
			if !errors.Is(err, boom) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestDiscoverStop(t *testing.T) {
	for name, broken := range map[string]string{"robots.txt": "/robots.txt", "sitemap": "/sitemap.xml"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := testConfig("https://help.example/")
				cfg.Fetch.Retries = 10
				c := newTestCrawler(t, cfg, inProcess{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == broken {
						w.WriteHeader(500)
					}
				})})
				time.AfterFunc(5*time.Second, c.Stop)
				began := time.Now()
				if _, err := c.Discover(t.Context(), newFrontier()); !errors.Is(err, ErrStopped) || time.Since(began) != 5*time.Second {
					t.Errorf("%v after %s", err, time.Since(began))
				}
				f := newFrontier()
				if _, err := c.Discover(t.Context(), f); !errors.Is(err, ErrStopped) || len(f.urls()) != 0 {
					t.Errorf("after Stop: %v, %q", err, f.urls())
				}
			})
		})
	}
}

func TestRobotsFailures(t *testing.T) {
	hosts := []string{"well.example", "missing.example", "down.example", "busy.example", "dead.example"}
	for _, robots := range []Obedience{Obey, Ignore} {
		t.Run(string(robots), func(t *testing.T) {
			cfg := testConfig("https://well.example/")
			cfg.Scope.Hosts = hosts
			cfg.Fetch.Robots = robots
			c := newTestCrawler(t, cfg, failingTransport(func(r *http.Request) (*http.Response, error) {
				if r.URL.Host == "dead.example" {
					return nil, errors.New("connection refused")
				}
				status := map[string]int{"missing.example": 404, "down.example": 503, "busy.example": 429}[r.URL.Host]
				return inProcess{http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					if status != 0 && r.URL.Path == "/robots.txt" {
						w.WriteHeader(status)
					}
				})}.RoundTrip(r)
			}))
			var urls []string
			for _, h := range hosts {
				urls = append(urls, numbered("https://"+h+"/", 3)...)
			}
			if _, err := crawlAll(t.Context(), c, newFrontier(urls...)); err != nil {
				t.Fatal(err)
			}
			want := []string{
				"https://busy.example/robots.txt answers 429 Too Many Requests: nothing there may be crawled",
				"https://dead.example/robots.txt cannot be read: connection refused: nothing there may be crawled",
				"https://down.example/robots.txt answers 503 Service Unavailable: nothing there may be crawled",
			}
			if robots == Ignore {
				want = nil
			}
			if diff := cmp.Diff(want, c.RobotsFailures()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
