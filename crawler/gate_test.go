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

	"github.com/google/go-cmp/cmp"
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

// A run that is longer than a day asks again. While the file is unreachable then, what it said goes on to apply; what
// could not be had at first can be had later.
func TestRobotsAge(t *testing.T) {
	const rules = "User-agent: *\nDisallow: /private\n"
	for _, tt := range []struct {
		name     string
		days     []string // what is answered on each; empty: 503
		want     []string // what /private is on each
		asked    int
		failures int
		notes    int
	}{
		{"same", []string{rules, rules}, []string{"disallowed", "disallowed"}, 2, 0, 0},
		{"changed", []string{rules, "User-agent: *\nAllow: /\n"}, []string{"disallowed", "doc"}, 2, 0, 0},
		{"unreachable later", []string{rules, "", "# none"}, []string{"disallowed", "disallowed", "doc"}, 3, 0, 1},
		{"unreachable at first", []string{"", "", rules}, []string{"disallowed", "disallowed", "disallowed"}, 3, 1, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				began := time.Now()
				c := newTestCrawler(t, testConfig("https://help.example/"), inProcess{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path != "/robots.txt" {
						writePage(w, "hello")
						return
					}
					asked++
					body := tt.days[int(time.Since(began)/maxRobotsAge)]
					if body == "" {
						w.WriteHeader(http.StatusServiceUnavailable)
					}
					_, _ = io.WriteString(w, body)
				})})
				for day, want := range tt.want {
					for range 3 {
						if p := fetch(t, c, "https://help.example/private"); class(p) != want {
							t.Errorf("day %d: %s %s, want %s", day, class(p), p.Disallowed, want)
						}
						time.Sleep(maxRobotsAge / 3)
					}
				}
				if asked != tt.asked || len(c.RobotsFailures()) != tt.failures || len(c.RobotsNotes()) != tt.notes {
					t.Errorf("asked %d times, failures %q, notes %q", asked, c.RobotsFailures(), c.RobotsNotes())
				}
			})
		})
	}
}

func TestRobotsDecision(t *testing.T) {
	const body = "User-agent: *\nDisallow: /\n\nUser-agent: pageferry\nAllow: /open\nDisallow: /o\nCrawl-delay: 120\n"
	for _, tt := range []struct {
		name   string
		change func(*Config)
		status int
		body   string
		url    string
		want   RobotsDecision
	}{
		{name: "allowed by a line", status: 200, body: body, url: "https://help.example/open?utm_source=x#y",
			want: RobotsDecision{Allowed: true, Answer: "200 OK", Line: "line 5: Allow: /open", CrawlDelay: 2 * time.Minute, Pace: maxPace}},
		{name: "forbidden", status: 200, body: body, url: "https://help.example/other",
			want: RobotsDecision{Answer: "200 OK", Line: "line 6: Disallow: /o", CrawlDelay: 2 * time.Minute, Pace: maxPace}},
		{name: "no line", status: 200, body: "User-agent: *\nDisallow: /x\nCrawl-delay: 2\n", url: "https://help.example/y",
			want: RobotsDecision{Allowed: true, Answer: "200 OK", CrawlDelay: 2 * time.Second, Pace: 2 * time.Second}},
		{name: "missing", status: 404, url: "https://help.example/y", want: RobotsDecision{Allowed: true, Answer: "404 Not Found"}},
		{name: "broken", status: 500, url: "https://help.example/y", want: RobotsDecision{Answer: "500 Internal Server Error",
			Failure: &Failure{Class: FailHTTP5xx, Detail: "500 Internal Server Error"}}},
		{name: "ignored", change: func(cfg *Config) { cfg.Fetch.Robots = Ignore }, url: "https://help.example/y",
			want: RobotsDecision{Allowed: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := testConfig("https://help.example/")
			if tt.change != nil {
				tt.change(&cfg)
			}
			asked := 0
			c := newTestCrawler(t, cfg, inProcess{http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				asked++
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			})})
			if cfg.Fetch.Robots != Ignore {
				tt.want.File = "https://help.example/robots.txt"
			}
			for range 2 {
				got, err := c.Robots(t.Context(), tt.url)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
			if asked > 1 {
				t.Errorf("asked %d times", asked)
			}
		})
	}
	c := newTestCrawler(t, testConfig("https://help.example/"), inProcess{http.NotFoundHandler()})
	if _, err := c.Robots(t.Context(), "ftp://help.example/"); err == nil {
		t.Error("no error for ftp:")
	}
	c.Stop()
	if _, err := c.Robots(t.Context(), "https://help.example/"); !errors.Is(err, ErrStopped) {
		t.Errorf("after Stop: %v", err)
	}
}

func TestRobotsNotes(t *testing.T) {
	for _, tt := range []struct {
		name, body, want string
	}{
		{"as it stands", "User-agent: *\nCrawl-delay: 30\n", ""},
		{"long delay", "User-agent: *\nCrawl-delay: 120\n", "https://help.example/robots.txt asks for a Crawl-delay of 120s; pageferry waits 30s"},
		{"of others", "User-agent: other\nCrawl-delay: 120\n", ""},
		{"too long", "User-agent: *\nDisallow: /no\n" + strings.Repeat("Disallow: /abcdefg\n", maxRobotsBody/19),
			"https://help.example/robots.txt has more than 500KiB; what follows is not read (RFC 9309 2.5)"},
		{"UTF-16", "\xff\xfeU\x00s\x00", "https://help.example/robots.txt is in UTF-16, so no rule in it counts: it must be in UTF-8 (RFC 9309 2.3)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newTestCrawler(t, testConfig("https://help.example/"), inProcess{http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, tt.body)
			})})
			if _, err := c.Robots(t.Context(), "https://help.example/"); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(c.RobotsNotes(), "\n"); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// A rule that the limit cuts in two does not count: "Disallow: /" may have been the beginning of a longer one.
func TestRobotsCutRule(t *testing.T) {
	head := "User-agent: *\n"
	body := head + strings.Repeat("#", maxRobotsBody-len(head)-len("\nDisallow: /")) + "\nDisallow: /private\nDisallow: /late\n"
	c := newTestCrawler(t, testConfig("https://help.example/"), inProcess{http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, body)
	})})
	if d, err := c.Robots(t.Context(), "https://help.example/open"); err != nil || !d.Allowed {
		t.Errorf("%+v, %v", d, err)
	}
}
