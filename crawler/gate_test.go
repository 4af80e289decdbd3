package crawler

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// How an answer for robots.txt is read: "allow" all, "disallow" all, or by its "rules", which forbid /private.
func TestRobotsAnswers(t *testing.T) {
	const rules = "User-agent: *\nDisallow: /private\n"
	elsewhere := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, rules) })
	hops := 0
	redirect := func(n int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if hops++; hops <= n {
				http.Redirect(w, r, fmt.Sprintf("/robots.txt?%d", hops), http.StatusFound)
				return
			}
			_, _ = io.WriteString(w, rules)
		}
	}
	status := func(n int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(n)
			_, _ = io.WriteString(w, "User-agent: *\nAllow: /\n")
		}
	}
	body := func(s string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, s) }
	}
	for _, tt := range []struct {
		name, want string
		handler    http.HandlerFunc
	}{
		{"rules", "rules", body(rules)},
		{"empty", "allow", body("")},
		{"page instead", "allow", body("<!doctype html><html><body>Not found</body></html>")},
		{"odd crawl delay", "rules", body("User-agent: *\nCrawl-delay: 0.001s\nDisallow: /private\n")},
		{"rule without group", "rules", body("Disallow: /open\n" + rules)},
		{"500 KiB and more", "rules", body(rules + strings.Repeat("# x\n", 200_000))},
		{"204", "allow", status(204)},
		{"401", "allow", status(401)},
		{"404", "allow", status(404)},
		{"429", "disallow", status(429)},
		{"500", "disallow", status(500)},
		{"503", "disallow", status(503)},
		{"520", "disallow", status(520)},
		{"5 redirects", "rules", redirect(5)},
		{"6 redirects", "allow", redirect(6)},
		{"redirect without Location", "allow", status(302)},
		{"redirect to another host", "rules", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusMovedPermanently)
		}},
		{"redirect to an address inside", "disallow", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, strings.Replace(elsewhere.URL, "127.0.0.1", "127.0.0.2", 1), http.StatusMovedPermanently)
		}},
		{"reset", "disallow", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
		{"hangs", "disallow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		{"cut", "disallow", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "500")
			_, _ = io.WriteString(w, rules)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			hops = 0
			srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/robots.txt" {
					tt.handler(w, r)
					return
				}
				writePage(w, "hello")
			})
			cfg := testConfig(srv.URL + "/")
			cfg.Sitemaps = Sitemaps{URLs: []string{elsewhere.URL}} // makes it dialable
			cfg.Fetch.Timeout = 200 * time.Millisecond
			c := newTestCrawler(t, cfg, nil)
			got := map[[2]bool]string{{true, true}: "allow", {true, false}: "rules", {false, false}: "disallow"}[[2]bool{
				class(fetch(t, c, srv.URL+"/open")) == "doc", class(fetch(t, c, srv.URL+"/private")) == "doc"}]
			if got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
			why := fetch(t, c, srv.URL+"/open").Disallowed
			if got == "disallow" && !strings.Contains(why, "nothing may be crawled") {
				t.Errorf("disallowed because %q", why)
			}
		})
	}
}

func TestRobotsIgnored(t *testing.T) {
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			t.Error("robots.txt was asked for")
		}
		writePage(w, "hello")
	})
	cfg := testConfig(srv.URL + "/")
	cfg.Fetch.Robots = Ignore
	if p := fetch(t, newTestCrawler(t, cfg, nil), srv.URL+"/private"); class(p) != "doc" {
		t.Errorf("%s", class(p))
	}
}

// A redirect target is a page of its own, for which robots.txt is asked again.
func TestRobotsForRedirectTarget(t *testing.T) {
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/robots.txt":
			_, _ = io.WriteString(w, "User-agent: *\nDisallow: /private\n")
		case "/go":
			http.Redirect(w, r, "/private", http.StatusFound)
		default:
			t.Errorf("request for %s", r.URL)
		}
	})
	c := newTestCrawler(t, testConfig(srv.URL+"/"), nil)
	p := fetch(t, c, srv.URL+"/go")
	if class(p) != "redirect "+srv.URL+"/private" {
		t.Fatalf("%s", class(p))
	}
	if p = fetch(t, c, p.Redirect); class(p) != "disallowed" || p.Fetches != 0 {
		t.Errorf("target: %s", class(p))
	}
}

// All workers wait for one robots.txt; its Crawl-delay slows them down.
func TestRobotsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		cfg := testConfig("https://help.example/")
		cfg.Fetch.Concurrency = 8
		c := newTestCrawler(t, cfg, inProcess{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/robots.txt" {
				asked.Add(1)
				time.Sleep(time.Second)
				_, _ = io.WriteString(w, "User-agent: *\nCrawl-delay: 10\n")
				return
			}
			writePage(w, "hello")
		})})
		began := time.Now()
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() { fetch(t, c, fmt.Sprintf("https://help.example/%d", i)) })
		}
		wg.Wait()
		if asked.Load() != 1 {
			t.Errorf("robots.txt was asked for %d times", asked.Load())
		}
		if took := time.Since(began); took < 70*time.Second || took > 82*time.Second {
			t.Errorf("8 pages with a delay of 10s took %s", took)
		}
	})
}

// The end of a context ends the wait for robots.txt, and does not count as an answer.
func TestRobotsCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		c := newTestCrawler(t, testConfig("https://help.example/"), failingTransport(
			func(r *http.Request) (*http.Response, error) {
				if r.URL.Path == "/robots.txt" {
					if asked++; asked == 1 {
						<-r.Context().Done()
						return nil, r.Context().Err()
					}
				}
				return inProcess{http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { writePage(w, "x") })}.RoundTrip(r)
			}))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				if _, err := c.Fetch(ctx, Item{Link: Link{URL: "https://help.example/"}}); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("error %v", err)
				}
			})
		}
		wg.Wait()
		if took := time.Since(began); took != time.Second {
			t.Errorf("took %s", took)
		}
		if p := fetch(t, c, "https://help.example/"); class(p) != "doc" {
			t.Errorf("afterwards: %s %s", class(p), p.Disallowed)
		}
	})
}
