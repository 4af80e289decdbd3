package crawler

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// Nothing in the environment changes what is requested.
func TestFetchEnvironment(t *testing.T) {
	for name, value := range map[string]string{
		"COLLY_USER_AGENT": "evil", "COLLY_MAX_BODY_SIZE": "3", "COLLY_MAX_REQUESTS": "1", "COLLY_ALLOWED_DOMAINS": "x.example",
		"COLLY_IGNORE_ROBOTSTXT": "no", "COLLY_FOLLOW_REDIRECTS": "yes", "COLLY_PARSE_HTTP_ERROR_RESPONSE": "no",
		"COLLY_DETECT_CHARSET": "yes", "COLLY_CACHE_DIR": t.TempDir(), "COLLY_DISALLOWED_DOMAINS": "127.0.0.1",
		"COLLY_MAX_DEPTH": "1", "COLLY_TRACE_HTTP": "y", "HTTP_PROXY": "http://127.0.0.1:1", "http_proxy": "http://127.0.0.1:1",
	} {
		t.Setenv(name, value)
	}
	var agent atomic.Value
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		agent.Store(r.UserAgent())
		if r.URL.Path == "/404" {
			http.NotFound(w, r)
			return
		}
		writePage(w, "hello")
	})
	cfg := testConfig(srv.URL + "/")
	cfg.Fetch.Contact = "https://example.com/bot"
	c := newTestCrawler(t, cfg, nil)
	for range 3 {
		if p := fetch(t, c, srv.URL+"/"); class(p) != "doc" || p.Doc.Find("body").Text() != "hello" {
			t.Errorf("%s %+v", class(p), p.Failure)
		}
	}
	if p := fetch(t, c, srv.URL+"/404"); class(p) != "Not Found" {
		t.Errorf("404: %s", class(p))
	}
	if got := agent.Load(); got != "pageferry/1.2 (+https://example.com/bot)" {
		t.Errorf("user agent %q", got)
	}
}

// Headers and credentials are for hosts in scope; a sitemap or robots.txt elsewhere does not see them. No cookie is
// kept.
func TestFetchCredentials(t *testing.T) {
	var other, own []http.Header
	record := func(to *[]http.Header) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			*to = append(*to, r.Header.Clone())
			http.SetCookie(w, &http.Cookie{Name: "session", Value: "1"})
			writePage(w, "hello")
		}
	}
	foreign := serve(t, record(&other))
	home := record(&own)
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			http.Redirect(w, r, foreign.URL+"/robots.txt", http.StatusFound)
			return
		}
		home(w, r)
	})
	cfg := testConfig(srv.URL + "/")
	cfg.Sitemaps = Sitemaps{URLs: []string{foreign.URL + "/none"}} // makes it dialable
	cfg.Fetch.BasicAuth = "me:secret"
	cfg.Fetch.Headers = map[string]string{"X-Key": "secret"}
	c := newTestCrawler(t, cfg, nil)
	fetch(t, c, srv.URL+"/")
	fetch(t, c, srv.URL+"/b")
	if len(own) != 2 || len(other) != 1 {
		t.Fatalf("%d requests at home, %d elsewhere", len(own), len(other))
	}
	for _, h := range own {
		if h.Get("X-Key") != "secret" || h.Get("Authorization") != "Basic bWU6c2VjcmV0" || h.Get("Cookie") != "" {
			t.Errorf("at home: %v", h)
		}
	}
	if h := other[0]; h.Get("X-Key") != "" || h.Get("Authorization") != "" || h.Get("User-Agent") != "pageferry/1.2" {
		t.Errorf("elsewhere: %v", h)
	}
}

func TestHeaderOverHTTP(t *testing.T) {
	cfg := testConfig("https://help.example/")
	cfg.Fetch.BasicAuth = "me:secret"
	c := newTestCrawler(t, cfg, inProcess{http.NotFoundHandler()})
	for url, want := range map[string]bool{
		"https://help.example/": true, "http://help.example/robots.txt": false, "https://help.example:8443/": false,
		"https://other.example/": false,
	} {
		req := httptest.NewRequest(http.MethodGet, url, nil)
		if got := c.header(req.URL, "*/*").Get("Authorization") != ""; got != want {
			t.Errorf("%s: credentials sent: %v", url, got)
		}
	}
}
