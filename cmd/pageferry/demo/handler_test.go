package demo

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func request(h http.Handler, method, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestConditionalRequests(t *testing.T) {
	h := Handler()
	for _, path := range []string{"/", "/articles/webhooks", "/sitemap.xml", "/robots.txt", "/downloads/price-list.txt"} {
		first := request(h, "GET", path)
		etag, modified := first.Header().Get("ETag"), first.Header().Get("Last-Modified")
		if etag == "" || modified == "" {
			t.Fatalf("%s: ETag %q, Last-Modified %q", path, etag, modified)
		}
		for _, test := range []struct {
			name, value string
			want        int
		}{
			{"If-None-Match", etag, http.StatusNotModified},
			{"If-None-Match", `"other"`, http.StatusOK},
			{"If-Modified-Since", modified, http.StatusNotModified},
			{"If-Modified-Since", "Mon, 01 Jan 2024 00:00:00 GMT", http.StatusOK},
		} {
			w := request(h, "GET", path, test.name, test.value)
			if w.Code != test.want {
				t.Errorf("%s with %s %s: %d, want %d", path, test.name, test.value, w.Code, test.want)
			}
			if w.Code == http.StatusNotModified && w.Body.Len() > 0 {
				t.Errorf("%s: a 304 with a body", path)
			}
		}
	}
}

func TestDirectivesOnNotModified(t *testing.T) {
	h := Handler()
	etag := request(h, "GET", "/articles/legacy-desktop-app").Header().Get("ETag")
	w := request(h, "GET", "/articles/legacy-desktop-app", "If-None-Match", etag)
	if w.Code != http.StatusNotModified || w.Header().Get("X-Robots-Tag") != "noindex" {
		t.Errorf("%d, X-Robots-Tag %q", w.Code, w.Header().Get("X-Robots-Tag"))
	}
}

func TestAnswers(t *testing.T) {
	h := Handler()
	for _, test := range []struct {
		method, target string
		status         int
		body           string
	}{
		{"GET", "/articles/time-zones?utm_source=x", 200, "<h1>Time zones</h1>"},
		{"GET", "http://HELP.pageferry.example:80/articles/time-zones", 200, "<h1>Time zones</h1>"},
		{"HEAD", "/articles/time-zones", 200, ""},
		{"GET", "/articles/time-zones/", 404, "Page not found"},
		{"GET", "/articles/none", 404, "Page not found"},
		{"GET", "/articles/old-calendar-sync", 301, ""},
		{"GET", "/search?q=Time+ZONES", 200, "/articles/time-zones"},
		{"GET", "/search?q=%3Cb%3E", 200, "Results for “&lt;b&gt;”"},
		{"GET", "/search?q=pools", 200, "No article has all of these words"},
		{"POST", "/feedback", 200, "Thank you"},
		{"POST", "/articles/time-zones", 405, ""},
		{"GET", "http://other.example/", 403, Host},
		{"GET", "http://help.pageferry.example:8080/", 403, Host},
		{"GET", "https://help.pageferry.example/", 403, Host},
		{"CONNECT", "help.pageferry.example:443", 405, ""},
		{"OPTIONS", "*", 405, ""},
	} {
		w := request(h, test.method, test.target)
		if w.Code != test.status || !strings.Contains(w.Body.String(), test.body) {
			t.Errorf("%s %s: %d, want %d with %q; body %.200q", test.method, test.target, w.Code, test.status, test.body, w.Body)
		}
	}
}

func TestRobots(t *testing.T) {
	want := "User-agent: *\nDisallow: /internal/\nDisallow: /search\n\nSitemap: http://help.pageferry.example/sitemap.xml\n"
	if got := request(Handler(), "GET", "/robots.txt").Body.String(); got != want {
		t.Errorf("got %q", got)
	}
}

func TestParseSourceErrors(t *testing.T) {
	for _, text := range []string{
		"title: x",
		"title: x\nupdated: 2026-01-01\ncolour: red\n\n<p>x</p>",
		"title: x\nupdated: today\n\n<p>x</p>",
		"title: x\nupdated: 2026-01-01\nflags: hidden\n\n<p>x</p>",
		"updated: 2026-01-01\n\n<p>x</p>",
	} {
		if s, err := parseSource(text); err == nil {
			t.Errorf("%q gives %+v", text, s)
		}
	}
}
