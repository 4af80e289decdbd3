package crawler

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// files is a site of fixed answers by path. A body may name the site as HOST; one of a number is a status.
type files map[string]string

func (f files) site(t testing.TB) *httptest.Server {
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, ok := f[r.URL.RequestURI()]
		var status int
		switch n, _ := fmt.Sscanf(body, "%d", &status); {
		case !ok:
			http.NotFound(w, r)
		case n == 1:
			w.WriteHeader(status)
		case strings.HasPrefix(body, "cut:"):
			w.Header().Set("Content-Length", "100000")
			_, _ = io.WriteString(w, strings.ReplaceAll(body[len("cut:"):], "HOST", "http://"+r.Host))
		default:
			_, _ = io.WriteString(w, strings.ReplaceAll(body, "HOST", "http://"+r.Host))
		}
	})
}

func urlset(locs ...string) string {
	return `<?xml version="1.0"?><urlset><url><loc>` + strings.Join(locs, "</loc></url><url><loc>") + `</loc></url></urlset>`
}

func index(locs ...string) string {
	return `<sitemapindex><sitemap><loc>` + strings.Join(locs, "</loc></sitemap><sitemap><loc>") +
		`</loc></sitemap></sitemapindex>`
}

func TestDiscover(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = io.WriteString(z, urlset("/gz"))
	_ = z.Close()
	chain := files{"/sitemap.xml": index("/s1.xml")}
	for i := range 5 {
		chain[fmt.Sprintf("/s%d.xml", i)] = index(fmt.Sprintf("/s%d.xml", i+1))
	}
	var many []string
	for i := range 2100 {
		many = append(many, fmt.Sprintf("/s%d.xml", i))
	}
	for _, tt := range []struct {
		name       string
		files      files
		sitemaps   Sitemaps
		want       []string // paths in the frontier besides the start
		problems   []string // parts of each
		incomplete []string // likewise
		down       bool
	}{
		{name: "nothing", files: files{}},
		{name: "auto", files: files{
			"/robots.txt":  "Sitemap: HOST/a.xml\nSitemap: /b.txt\nSitemap: HOST/sitemap.xml\n",
			"/a.xml":       index("HOST/pages.xml?page=1", "/packed.xml.gz", "HOST/a.xml"),
			"/b.txt":       "HOST/t?utm_source=x#y\nHOST/u\nhttps://other.example/\nHOST/private/x\n",
			"/sitemap.xml": urlset("HOST/t", "HOST/v"), "/pages.xml?page=1": urlset("HOST/w&amp;z", "mailto:x"),
			"/packed.xml.gz": packed.String(),
		}, want: []string{"/gz", "/t", "/u", "/v", "/w&z"}},
		{name: "none", sitemaps: Sitemaps{Mode: SitemapsNone},
			files: files{"/sitemap.xml": urlset("/a"), "/robots.txt": "Sitemap: /x"}},
		{name: "given", sitemaps: Sitemaps{URLs: []string{"HOST/my.xml", "HOST/gone.xml", "HOST/404.xml"}},
			files: files{"/my.xml": urlset("/a"), "/sitemap.xml": urlset("/b"), "/robots.txt": "Sitemap: /sitemap.xml",
				"/gone.xml": "410"}, want: []string{"/a"}, problems: []string{"gone.xml answers 410", "404.xml answers 404"}},
		{name: "guess is a page", files: files{"/sitemap.xml": "<!doctype html><title>Not found</title>"}},
		{name: "guess is forbidden", files: files{"/sitemap.xml": "403"}, problems: []string{"answers 403 Forbidden"}},
		{name: "named is a page",
			files:    files{"/robots.txt": "Sitemap: /s", "/s": "<!doctype html><title>Not found</title>"},
			problems: []string{"/s is of no use: neither"}},
		{name: "named is missing", files: files{"/robots.txt": "Sitemap: /s"}, problems: []string{"/s answers 404"}},
		{name: "named is no address", files: files{"/robots.txt": "Sitemap: ftp://x/y\nSitemap: ::"},
			problems: []string{`"ftp://x/y" is not read`, `"::" is not read`}},
		{name: "server error", files: files{"/sitemap.xml": "503"}, incomplete: []string{"503 Service Unavailable"}},
		{name: "too many requests", files: files{"/sitemap.xml": "429"}, incomplete: []string{"429 Too Many"}},
		{name: "nowhere", files: files{"/sitemap.xml": "302"}, problems: []string{"302 Found, which leads nowhere"}},
		{name: "cut", files: files{"/sitemap.xml": "cut:" + strings.TrimSuffix(urlset("/a", "/b"), "</url></urlset>")},
			want: []string{"/a", "/b"}, incomplete: []string{"broke off"}},
		{name: "ends early", files: files{"/sitemap.xml": strings.TrimSuffix(urlset("/a", "/b"), "</urlset>")},
			want: []string{"/a", "/b"}, incomplete: []string{"ends before its root element does"}},
		{name: "bad gzip", files: files{"/robots.txt": "Sitemap: /s.gz", "/s.gz": "\x1f\x8bxx"},
			problems: []string{"s.gz is of no use: neither"}},
		{name: "depth", files: chain, incomplete: []string{"s4.xml is not read: more than 3 indexes"}},
		{name: "number", files: files{"/sitemap.xml": index(many...), "/s5.xml": urlset("/a")}, want: []string{"/a"},
			incomplete: []string{"more than 2000 sitemaps"}},
		{name: "other host by index", files: files{"/sitemap.xml": index("https://other.example/s.xml")},
			problems: []string{"https://other.example/s.xml is not read: its host is not in scope.hosts"}},
		{name: "robots down", files: files{"/robots.txt": "500"}, down: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := tt.files.site(t)
			cfg := testConfig(srv.URL + "/")
			cfg.Scope.Exclude = []string{"/private/**"}
			if tt.sitemaps.Mode != "" || len(tt.sitemaps.URLs) > 0 {
				cfg.Sitemaps = tt.sitemaps
				cfg.Sitemaps.URLs = slices.Clone(tt.sitemaps.URLs)
				for i, u := range cfg.Sitemaps.URLs {
					cfg.Sitemaps.URLs[i] = strings.Replace(u, "HOST", srv.URL, 1)
				}
			}
			f := newFrontier()
			d, err := newTestCrawler(t, cfg, nil).Discover(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, u := range f.urls() {
				got = append(got, strings.TrimPrefix(u, srv.URL))
			}
			if got[0] != "/" {
				t.Errorf("the first is %s", got[0])
			}
			slices.Sort(got)
			if diff := cmp.Diff(append([]string{"/"}, tt.want...), got); diff != "" {
				t.Error(diff)
			}
			parts(t, "problems", d.Problems, tt.problems)
			// Where there are too many sitemaps, nearly all are missing, which are problems of their own.
			if tt.name != "number" && len(d.Problems) != len(tt.problems) {
				t.Errorf("problems %q, want %q", d.Problems, tt.problems)
			}
			parts(t, "incomplete", d.Incomplete, tt.incomplete)
			if (d.SiteDown != nil) != tt.down {
				t.Errorf("site down: %+v", d.SiteDown)
			}
		})
	}
}

// parts checks that each of want is part of one of got, and that nothing is incomplete that should be whole.
func parts(t *testing.T, what string, got, want []string) {
	t.Helper()
	for _, w := range want {
		if !slices.ContainsFunc(got, func(g string) bool { return strings.Contains(g, w) }) {
			t.Errorf("%s %q lack %q", what, got, w)
		}
	}
	if len(want) == 0 && len(got) > 0 && what == "incomplete" {
		t.Errorf("%s %q", what, got)
	}
}

// A sitemap on another host counts if robots.txt names it, and only with its URLs in scope.
func TestDiscoverForeignSitemap(t *testing.T) {
	c := newTestCrawler(t, testConfig("https://help.example/"), inProcess{http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			body, ok := map[string]string{
				"help.example/robots.txt": "Sitemap: https://cdn.example/index.xml\n",
				"cdn.example/index.xml":   index("https://cdn.example/pages.xml", "https://elsewhere.example/pages.xml"),
				"cdn.example/pages.xml":   urlset("https://help.example/a", "https://cdn.example/b", "/c"),
			}[r.URL.Host+r.URL.Path]
			if !ok {
				http.NotFound(w, r)
				return
			}
			_, _ = io.WriteString(w, body)
		})})
	f := newFrontier()
	d, err := c.Discover(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"https://help.example/", "https://help.example/a"}, f.urls()); diff != "" {
		t.Error(diff)
	}
	if len(d.Problems) != 1 || !strings.Contains(d.Problems[0], "elsewhere.example") {
		t.Errorf("%+v", d)
	}
}

// robots.txt holds for sitemaps and for each redirect of one, and what nobody named does not lead to other hosts.
func TestDiscoverSitemapRequests(t *testing.T) {
	const site = "https://help.example"
	for _, tt := range []struct {
		name       string
		answers    map[string]string // by host and path; a URL is a redirect; a missing one is 404
		asked      []string          // besides robots.txt of the site
		found      []string
		problems   []string
		incomplete []string
	}{
		{name: "forbidden", answers: map[string]string{"/robots.txt": "User-agent: *\nDisallow: /*.xml\nSitemap: /a.xml\n"},
			problems: []string{"a.xml is not read: https://help.example/robots.txt forbids it, line 2", "sitemap.xml is not read"}},
		{name: "redirect to what is forbidden", answers: map[string]string{"/robots.txt": "User-agent: *\nDisallow: /private/\n",
			"/sitemap.xml": site + "/private/map.xml", "/private/map.xml": urlset("/a")}, asked: []string{"/sitemap.xml"},
			problems: []string{"line 2: Disallow: /private/"}},
		{name: "redirect to another host", answers: map[string]string{"/sitemap.xml": "https://evil.example/map.xml"},
			asked: []string{"/sitemap.xml"}, problems: []string{"redirects to https://evil.example/map.xml"}},
		{name: "named, redirect to another host", answers: map[string]string{"/robots.txt": "Sitemap: /map.xml",
			"/map.xml": "https://cdn.example/x/map.xml", "cdn.example/x/map.xml": urlset("https://help.example/a", "b")},
			asked: []string{"/map.xml", "cdn.example/robots.txt", "cdn.example/x/map.xml", "/sitemap.xml"}, found: []string{site + "/a"}},
		{name: "named, redirect to a host that is down", answers: map[string]string{"/robots.txt": "Sitemap: /map.xml",
			"/map.xml": "https://cdn.example/map.xml", "cdn.example/robots.txt": "503"},
			asked: []string{"/map.xml", "cdn.example/robots.txt", "/sitemap.xml"}, incomplete: []string{"map.xml is not read: robots.txt answers 503"}},
		{name: "redirects to another sitemap", answers: map[string]string{"/robots.txt": "Sitemap: /map.xml", "/sitemap.xml": site + "/map.xml",
			"/map.xml": urlset("/a")}, asked: []string{"/map.xml", "/sitemap.xml"}, found: []string{site + "/a"}},
		{name: "relative to the target", answers: map[string]string{"/sitemap.xml": site + "/maps/1/map.xml", "/maps/1/map.xml": urlset("../a")},
			asked: []string{"/sitemap.xml", "/maps/1/map.xml"}, found: []string{site + "/maps/a"}},
		{name: "loop", answers: map[string]string{"/sitemap.xml": site + "/b.xml", "/b.xml": site + "/sitemap.xml"},
			asked: []string{"/sitemap.xml", "/b.xml"}, problems: []string{"leads nowhere"}},
		{name: "itself", answers: map[string]string{"/sitemap.xml": site + "/sitemap.xml"}, asked: []string{"/sitemap.xml"},
			problems: []string{"leads nowhere"}},
		{name: "chain", answers: map[string]string{"/sitemap.xml": site + "/1", "/1": site + "/2", "/2": site + "/3", "/3": site + "/4",
			"/4": site + "/5", "/5": site + "/6", "/6": urlset("/a")}, asked: []string{"/sitemap.xml", "/1", "/2", "/3", "/4", "/5"},
			problems: []string{"leads nowhere"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var asked []string
			c := newTestCrawler(t, testConfig(site+"/"), inProcess{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				at := strings.TrimPrefix(r.URL.Host, "help.example") + r.URL.Path
				if at != "/robots.txt" {
					asked = append(asked, at)
				}
				switch body, ok := tt.answers[at]; {
				case !ok:
					http.NotFound(w, r)
				case body == "503":
					w.WriteHeader(503)
				case strings.HasPrefix(body, "https://"):
					http.Redirect(w, r, body, http.StatusFound)
				default:
					_, _ = io.WriteString(w, body)
				}
			})})
			f := newFrontier()
			d, err := c.Discover(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.asked, asked); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(append([]string{site + "/"}, tt.found...), f.urls()); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
			parts(t, "problems", d.Problems, tt.problems)
			parts(t, "incomplete", d.Incomplete, tt.incomplete)
			if len(d.Problems) != len(tt.problems) {
				t.Errorf("problems %q", d.Problems)
			}
		})
	}
}

// One of two start hosts that is down leaves the run incomplete, and the other goes on.
func TestDiscoverOneHostDown(t *testing.T) {
	c := newTestCrawler(t, testConfig("https://a.example/", "https://b.example/"), inProcess{http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.URL.Host == "a.example":
				w.WriteHeader(503)
			case r.URL.Path == "/sitemap.xml":
				_, _ = io.WriteString(w, urlset("https://b.example/x"))
			}
		})})
	f := newFrontier()
	d, err := c.Discover(t.Context(), f)
	if err != nil || d.SiteDown != nil || !slices.Contains(f.urls(), "https://b.example/x") {
		t.Errorf("%+v, %v, %q", d, err, f.urls())
	}
	if diff := cmp.Diff([]string{"https://a.example/robots.txt answers 503 Service Unavailable: nothing there may be crawled"},
		c.RobotsFailures()); diff != "" {
		t.Error(diff)
	}
}

// Links go to the frontier in batches, and its error and the end of the context stop the reading.
func TestDiscoverBatches(t *testing.T) {
	var locs []string
	for i := range 1201 {
		locs = append(locs, fmt.Sprintf("/p%d", i))
	}
	srv := files{"/sitemap.xml": urlset(locs...)}.site(t)
	c := newTestCrawler(t, testConfig(srv.URL+"/"), nil)
	f := &countingFrontier{}
	d, err := c.Discover(t.Context(), f)
	if err != nil {
		t.Fatalf("%+v, %v", d, err)
	}
	if diff := cmp.Diff([]int{1, 500, 500, 201}, f.batches); diff != "" {
		t.Error(diff)
	}
	full := errors.New("disk full")
	if _, err := c.Discover(t.Context(), &countingFrontier{failAt: 2, err: full}); !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Nanosecond, full)
	defer cancel()
	<-ctx.Done()
	if _, err := c.Discover(ctx, f); !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
}

type countingFrontier struct {
	batches []int
	failAt  int
	err     error
}

func (f *countingFrontier) Next(context.Context) (Item, bool, error) { return Item{}, false, nil }

func (f *countingFrontier) Add(_ context.Context, links []Link) error {
	f.batches = append(f.batches, len(links))
	if len(f.batches) == f.failAt {
		return f.err
	}
	return nil
}
