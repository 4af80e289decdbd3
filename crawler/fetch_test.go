package crawler

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestFetchOutcomes(t *testing.T) {
	big := strings.Repeat("x", 1<<20)
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		html := func() { w.Header().Set("Content-Type", "text/html") }
		switch r.URL.Path {
		case "/robots.txt":
			http.NotFound(w, r)
		case "/ok":
			writePage(w, "hello")
		case "/203":
			html()
			w.WriteHeader(203)
			writePage(w, "hello")
		case "/206":
			html()
			w.WriteHeader(206)
			writePage(w, "hello")
		case "/204":
			w.WriteHeader(204)
		case "/301":
			w.Header().Set("Location", "/ok?utm_source=x#frag")
			w.WriteHeader(301)
		case "/302":
			w.Header().Set("Location", "https://other.example/a")
			w.WriteHeader(302)
		case "/self":
			w.Header().Set("Location", "/self?utm_medium=x")
			w.WriteHeader(302)
		case "/nowhere":
			w.WriteHeader(302)
		case "/mail":
			w.Header().Set("Location", "mailto:a@b.c")
			w.WriteHeader(302)
		case "/badurl":
			w.Header().Set("Location", "http://[::1/%zz")
			w.WriteHeader(302)
		case "/300", "/304", "/305", "/404", "/410", "/401", "/403", "/451", "/500", "/503", "/520":
			var status int
			_, _ = fmt.Sscanf(r.URL.Path, "/%d", &status)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "<p>a body that does not count")
		case "/exact":
			html()
			_, _ = io.WriteString(w, big)
		case "/large":
			html()
			_, _ = io.WriteString(w, big+"x")
		case "/large-chunked":
			html()
			w.(http.Flusher).Flush()
			_, _ = io.WriteString(w, big+"x")
		case "/bomb":
			html()
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = io.WriteString(z, strings.Repeat(big, 20))
			_ = z.Close()
		case "/gzip":
			html()
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			writePage(z, "packed")
			_ = z.Close()
		case "/brotli":
			html()
			w.Header().Set("Content-Encoding", "br")
			_, _ = io.WriteString(w, "\x1b\x00\x00")
		case "/short":
			html()
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, "<p>cut")
		case "/cut-chunked":
			html()
			_, _ = io.WriteString(w, "<p>cut")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		case "/cut-gzip":
			html()
			w.Header().Set("Content-Encoding", "gzip")
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			writePage(z, big)
			_ = z.Close()
			_, _ = w.Write(b.Bytes()[:b.Len()/2])
		case "/reset":
			panic(http.ErrAbortHandler)
		case "/doc":
			w.Header().Set("Content-Type", "application/pdf")
			_, _ = io.WriteString(w, big)
		case "/liar":
			html()
			_, _ = io.WriteString(w, "%PDF-1.7\n\x00\x01")
		case "/feed":
			html()
			_, _ = io.WriteString(w, `<?xml version="1.0"?><rss></rss>`)
		case "/xhtml":
			w.Header().Set("Content-Type", "application/xhtml+xml")
			_, _ = io.WriteString(w, `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><title>T</title></html>`)
		case "/untyped", "/untyped-fragment", "/untyped-text":
			w.Header()["Content-Type"] = nil
			_, _ = io.WriteString(w, map[string]string{"/untyped": "<!doctype html><title>T</title>",
				"/untyped-fragment": "<x-y>hello", "/untyped-text": "hello"}[r.URL.Path])
		case "/deep":
			html()
			_, _ = io.WriteString(w, strings.Repeat("<div>", 600))
		case "/refresh":
			html()
			_, _ = io.WriteString(w, `<meta http-equiv="Refresh" content="0; URL='ok'">`)
		}
	})
	c := newTestCrawler(t, testConfig(srv.URL+"/"), nil)
	for path, want := range map[string]string{
		"/ok": "doc", "/203": "doc", "/204": "not html", "/206": FailTruncated,
		"/301": "redirect " + srv.URL + "/ok", "/302": "redirect https://other.example/a",
		"/refresh": "redirect " + srv.URL + "/ok",
		"/self":    FailRedirectLoop, "/nowhere": FailHTTP4xx, "/mail": FailHTTP4xx, "/badurl": FailHTTP4xx,
		"/300": FailHTTP4xx, "/304": FailHTTP4xx, "/305": FailHTTP4xx,
		"/404": "Not Found", "/410": "Gone", "/401": InsteadLogin, "/403": FailHTTP4xx, "/451": FailHTTP4xx,
		"/500": FailHTTP5xx, "/503": FailHTTP5xx, "/520": FailHTTP5xx,
		"/exact": "doc", "/large": FailTooLarge, "/large-chunked": FailTooLarge, "/bomb": FailTooLarge,
		"/gzip": "doc", "/brotli": FailTruncated, "/short": FailTruncated, "/cut-chunked": FailTruncated,
		"/cut-gzip": FailTruncated, "/reset": FailConnection,
		"/doc": "not html", "/liar": "not html", "/feed": "not html", "/xhtml": "doc",
		"/untyped": "doc", "/untyped-fragment": "doc", "/untyped-text": "not html", "/deep": FailParse,
		"/image.PNG": "not html", "/sitemap.xml": "not html",
	} {
		p := fetch(t, c, srv.URL+path)
		if got := class(p); got != want {
			t.Errorf("%s: %s, want %s (failure %+v, not html %q)", path, got, want, p.Failure, p.NotHTML)
		}
		if p.Failure != nil && (strings.ContainsAny(p.Failure.Detail, "\n\r") || p.Failure.Detail == "") {
			t.Errorf("%s: detail %q is not one line", path, p.Failure.Detail)
		}
		if p.Permanent != (path == "/301") {
			t.Errorf("%s: permanent = %v", path, p.Permanent)
		}
	}
}

// A cut page is tried again; it is a page only if it comes whole.
func TestFetchTruncatedOnce(t *testing.T) {
	var n atomic.Int32
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			return
		}
		w.Header().Set("Content-Type", "text/html")
		if n.Add(1) == 1 {
			w.Header().Set("Content-Length", "1000")
		}
		_, _ = io.WriteString(w, "<p>whole")
	})
	cfg := testConfig(srv.URL + "/")
	cfg.Fetch.Retries = 1
	c := newTestCrawler(t, cfg, nil)
	p := fetch(t, c, srv.URL+"/")
	if class(p) != "doc" || p.Fetches != 2 || p.Bytes != 16 {
		t.Errorf("%s after %d fetches and %d bytes, want doc after 2 and 16", class(p), p.Fetches, p.Bytes)
	}
	if s := c.Stats(); s != (Stats{Fetches: 2, Bytes: 16, Retries: 1}) {
		t.Errorf("stats %+v", s)
	}
}

func TestFetchNeedsNoRequest(t *testing.T) {
	c := newTestCrawler(t, testConfig("https://help.example/"), inProcess{http.HandlerFunc(
		func(_ http.ResponseWriter, r *http.Request) { t.Errorf("request for %s", r.URL) })})
	for want, item := range map[string]Item{
		FailRedirectLoop:   {Link: Link{URL: "https://help.example/a", Hops: 11}},
		"not html":         {Link: Link{URL: "https://help.example/a.pdf?x=1"}},
		FailBlockedAddress: {Link: Link{URL: "https://other.example/"}},
	} {
		if p := fetchItem(t, c, item); class(p) != want || p.Fetches != 0 {
			t.Errorf("%+v: %s after %d fetches, want %s after none", item, class(p), p.Fetches, want)
		}
	}
}

func TestFetchTransportErrors(t *testing.T) {
	dead := serve(t, func(http.ResponseWriter, *http.Request) {})
	dead.Close()
	hang := make(chan struct{})
	slow := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-hang:
		case <-r.Context().Done():
		}
	})
	defer close(hang)
	stall := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<p>begins")
		w.(http.Flusher).Flush()
		select {
		case <-hang:
		case <-r.Context().Done():
		}
	})
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	untrusted.StartTLS()
	defer untrusted.Close()
	plain := serve(t, func(http.ResponseWriter, *http.Request) {})

	for _, tt := range []struct {
		name, url, want string
		timeout         time.Duration
	}{
		{"refused", dead.URL, FailConnection, time.Minute},
		{"hangs", slow.URL, FailTimeout, 100 * time.Millisecond},
		{"stalls in the body", stall.URL, FailTimeout, 100 * time.Millisecond},
		{"certificate", untrusted.URL, FailTLS, time.Minute},
		{"http on the https port", strings.Replace(plain.URL, "http:", "https:", 1), FailTLS, time.Minute},
	} {
		cfg := testConfig(tt.url + "/")
		cfg.Fetch.Robots = Ignore
		cfg.Fetch.Timeout = tt.timeout
		p := fetch(t, newTestCrawler(t, cfg, nil), tt.url+"/")
		if class(p) != tt.want || p.Doc != nil {
			t.Errorf("%s: %s (%+v), want %s", tt.name, class(p), p.Failure, tt.want)
		}
		if p.Failure != nil && strings.Contains(p.Failure.Detail, "Get \"") {
			t.Errorf("%s: detail %q", tt.name, p.Failure.Detail)
		}
	}
}

func TestClassifyDNS(t *testing.T) {
	for _, notFound := range []bool{true, false} {
		err := fmt.Errorf("dial: %w", &net.DNSError{Err: "no such host", Name: "x", IsNotFound: notFound})
		if f, again := classify(err, false); f.Class != FailDNS || again == notFound {
			t.Errorf("not found %v: %+v, again %v", notFound, f, again)
		}
	}
}

type failingTransport func(*http.Request) (*http.Response, error)

func (f failingTransport) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// A panic costs one page, not the process.
func TestFetchPanic(t *testing.T) {
	cfg := testConfig("https://help.example/")
	cfg.Fetch.Robots = Ignore
	cfg.Fetch.Concurrency = 1
	c := newTestCrawler(t, cfg, failingTransport(func(*http.Request) (*http.Response, error) { panic("boom\nboom") }))
	for range 3 { // the limiter's slot is free again
		p := fetch(t, c, "https://help.example/")
		if class(p) != FailParse || p.Failure.Detail != "panic: boom boom" {
			t.Errorf("%+v", p.Failure)
		}
	}
}

func TestBlockedAddress(t *testing.T) {
	srv := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("request came through") })
	cfg := testConfig(srv.URL + "/")
	cfg.Fetch.AllowPrivate = false
	cfg.Fetch.Robots = Ignore
	cfg.Fetch.Retries = 3
	c := newTestCrawler(t, cfg, nil)
	p := fetch(t, c, srv.URL+"/")
	if class(p) != FailBlockedAddress || p.Fetches != 1 || !strings.Contains(p.Failure.Detail, "fetch.allow_private") {
		t.Errorf("%+v after %d fetches", p.Failure, p.Fetches)
	}
	x := c.downloadOnce(t.Context(), httptest.NewRequest("GET", srv.URL+"/robots.txt", nil).URL, 100)
	var blocked *blockedAddressError
	if !errors.As(x.err, &blocked) || blocked.Addr.String() != "127.0.0.1" {
		t.Errorf("download: %v", x.err)
	}
}
