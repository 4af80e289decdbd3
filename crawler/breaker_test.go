package crawler

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// numbered returns n URLs below base: base0, base1, …
func numbered(base string, n int) []string {
	var urls []string
	for i := range n {
		urls = append(urls, fmt.Sprint(base, i))
	}
	return urls
}

// Ten pages in a row that fail by their host, and then the page that answered last, end the crawl; what is at hand is
// visited.
func TestCrawlHostDown(t *testing.T) {
	const site = "http://help.example"
	for name, fail := range map[string]func(http.ResponseWriter){
		FailHTTP5xx:    func(w http.ResponseWriter) { w.WriteHeader(502) },
		FailHTTP4xx:    func(w http.ResponseWriter) { w.WriteHeader(429) },
		FailConnection: func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var down atomic.Bool
				var probes atomic.Int32
				net := newMemNetwork(t, func(w http.ResponseWriter, r *http.Request) {
					switch {
					case down.Load():
						if r.URL.Path == "/up4" {
							probes.Add(1)
						}
						fail(w)
					case r.URL.Path == "/gone":
						down.Store(true)
						w.WriteHeader(404)
					default:
						writePage(w, "x")
					}
				})
				cfg := testConfig(site + "/")
				cfg.Fetch.Concurrency = 1
				c := newTestCrawler(t, cfg, nil)
				net.replace(c.transport.(*http.Transport))
				urls := append(numbered(site+"/up", 5), site+"/gone")
				f := newFrontier(append(urls, numbered(site+"/", 100)...)...)
				pages, err := crawlAll(t.Context(), c, f)
				var stopped *HostDownError
				if !errors.As(err, &stopped) || stopped.Last.Class != name || !strings.HasSuffix(site, stopped.Host) ||
					stopped.Probe != site+"/up4" {
					t.Fatalf("error %v", err)
				}
				if len(pages) != 16 || f.out != 0 || probes.Load() != 1 || c.Stats().Fetches != 17 {
					t.Errorf("%d pages visited, %d not closed, %d probes, %+v", len(pages), f.out, probes.Load(), c.Stats())
				}
			})
		})
	}
}

// A section that fails does not stop the crawl of a host that answers otherwise.
func TestCrawlBrokenSection(t *testing.T) {
	for _, tt := range []struct {
		name   string
		home   int // status of the start URL, which only a probe asks for
		robots string
		known  bool // another page answered before
		down   bool
		probes int32
	}{
		{name: "start answers", home: 200, probes: 10},
		{name: "start is missing", home: 404, probes: 10},
		{name: "another page answers", home: 500, known: true},
		{name: "start fails too", home: 503, down: true, probes: 1},
		{name: "start refuses", home: 429, down: true, probes: 1},
		{name: "start is forbidden", home: 200, robots: "User-agent: *\nDisallow: /start\n", down: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var probes, again atomic.Int32
			cfg := testConfig("https://help.example/start")
			cfg.Fetch.Concurrency = 1
			c := newTestCrawler(t, cfg, inProcess{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case "/robots.txt":
					_, _ = io.WriteString(w, tt.robots)
				case "/start":
					probes.Add(1)
					w.WriteHeader(tt.home)
				case "/known":
					again.Add(1)
					writePage(w, "x")
				default:
					w.WriteHeader(500)
				}
			})})
			var urls []string
			if tt.known {
				urls = []string{"https://help.example/known"}
			}
			urls = append(urls, numbered("https://help.example/broken/", 105)...)
			pages, err := crawlAll(t.Context(), c, newFrontier(urls...))
			var down *HostDownError
			if errors.As(err, &down) != tt.down || err != nil && !tt.down {
				t.Fatalf("error %v", err)
			}
			if !tt.down && len(pages) != len(urls) || tt.down && len(pages) != hostDownRuns {
				t.Errorf("%d pages visited", len(pages))
			}
			if probes.Load() != tt.probes || tt.known && again.Load() != 1+10 {
				t.Errorf("%d probes of the start URL, %d requests for the known page", probes.Load(), again.Load())
			}
			if want := int64(len(pages)) + int64(probes.Load()) + int64(max(again.Load()-1, 0)); c.Stats().Fetches != want {
				t.Errorf("%d fetches counted, want %d", c.Stats().Fetches, want)
			}
		})
	}
}

// A host without a start URL is probed at its root.
func TestCrawlProbeRoot(t *testing.T) {
	cfg := testConfig("https://help.example/start")
	cfg.Scope.Hosts = []string{"help.example", "docs.example:8443"}
	cfg.Fetch.Robots = Ignore
	var probes atomic.Int32
	c := newTestCrawler(t, cfg, inProcess{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.String() == "https://docs.example:8443/" {
			probes.Add(1)
			return
		}
		w.WriteHeader(500)
	})})
	pages, err := crawlAll(t.Context(), c, newFrontier(numbered("https://docs.example:8443/x/", 12)...))
	if err != nil || len(pages) != 12 || probes.Load() != 1 {
		t.Errorf("%d pages, %d probes, %v", len(pages), probes.Load(), err)
	}
}

// While a host is probed, the pages that fail meanwhile make no second probe necessary.
func TestCrawlProbesOneByOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var probes, now, most atomic.Int32
		cfg := testConfig("https://help.example/")
		cfg.Fetch.Robots = Ignore
		cfg.Fetch.Timeout = time.Minute
		c := newTestCrawler(t, cfg, inProcess{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/" {
				probes.Add(1)
				most.Store(max(most.Load(), now.Add(1)))
				time.Sleep(10 * time.Second)
				now.Add(-1)
				return
			}
			time.Sleep(time.Second)
			w.WriteHeader(500)
		})})
		pages, err := crawlAll(t.Context(), c, newFrontier(numbered("https://help.example/x/", 100)...))
		if err != nil || len(pages) != 100 {
			t.Errorf("%d pages, %v", len(pages), err)
		}
		if most.Load() != 1 || probes.Load() < 2 || probes.Load() > 3 { // each takes as long as 30 other pages
			t.Errorf("%d probes, %d at once", probes.Load(), most.Load())
		}
	})
}

// A page that answers while the probe is under way saves the host, whatever becomes of the probe.
func TestBreakerAnswerDuringProbe(t *testing.T) {
	page := func(status int) *Page {
		p := &Page{Item: Item{Link: Link{URL: "https://help.example/x"}}, Fetches: 1, Status: status}
		if status >= 500 {
			p.Failure = &Failure{Class: FailHTTP5xx, Detail: "x"}
		}
		return p
	}
	b := &breaker{hosts: make(map[string]*hostHealth)}
	fail := func(n int) (probes int) {
		for range n {
			if b.record(page(500)) {
				probes++
			}
		}
		return probes
	}
	if n := fail(25); n != 1 {
		t.Fatalf("%d probes", n)
	}
	b.record(page(200))
	if b.probed(page(500), page(500)) || b.tripped() != nil {
		t.Error("a host that answered is down")
	}
	if n := fail(9); n != 0 {
		t.Error("probed again too early")
	}
	if n := fail(1); n != 1 || !b.probed(page(500), page(500)) || b.tripped() == nil {
		t.Error("a host that does not answer is not down")
	}
	if n := fail(20); n != 0 {
		t.Error("probed after the end")
	}
}
