package crawler

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// status answers every page with a status and a body of HTML; header holds names and values in turn.
func status(code int, header ...string) func(http.ResponseWriter, *http.Request) {
	return page(func(w http.ResponseWriter, _ *http.Request) { writeStatus(w, code, header...) })
}

func writeStatus(w http.ResponseWriter, code int, header ...string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	for i := 0; i < len(header); i += 2 {
		w.Header().Set(header[i], header[i+1])
	}
	w.WriteHeader(code)
	_, _ = io.WriteString(w, "<!doctype html><title>T</title><p>A body.") // 204 and 304 have none
}

// firstly answers the first n requests for pages by first, and the others with a page.
func firstly(n int32, first http.HandlerFunc) func(http.ResponseWriter, *http.Request) {
	var asked atomic.Int32
	return page(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) <= n {
			first(w, r)
			return
		}
		writePage(w, `<a href="/a">a</a><a href="/b">b</a><a href="/c">c</a>`)
	})
}

func retries(n int) func(*Config) { return func(cfg *Config) { cfg.Fetch.Retries = n } }

// backoffs is the longest that n tries again may wait.
func backoffs(n int) time.Duration { return firstBackoff<<n - firstBackoff }

func TestMisbehaveStatuses(t *testing.T) {
	var paused atomic.Int64 // Unix time until which nobody may ask
	misbehave(t, []misbehaviour{
		{name: "203 is a page", serve: status(203), want: map[string]string{"/page": "doc"}, requests: 2},
		{name: "226 is a page", serve: status(226), want: map[string]string{"/page": "doc"}, requests: 2},
		{name: "204 with a body", requests: 2, want: map[string]string{"/page": "not html"}, detail: "204 No Content",
			serve: rawAnswer("HTTP/1.1 204 No Content\r\nConnection: close\r\nContent-Type: text/html\r\nContent-Length: 20\r\n\r\n<title>T</title><p>x")},
		{name: "205 with a body", serve: status(205), want: map[string]string{"/page": "not html"}, requests: 2},
		{name: "206 unasked", serve: status(206, "Content-Range", "bytes 0-9/100"), change: retries(2),
			want: map[string]string{"/page": FailTruncated}, requests: 2},
		{name: "300 with a choice", serve: status(300, "Location", "/other"), requests: 2, want: map[string]string{"/page": FailHTTP4xx}},
		{name: "304 unasked", serve: status(304), change: retries(2), requests: 2, want: map[string]string{"/page": FailHTTP4xx}},
		{name: "305 use proxy", serve: status(305, "Location", "http://evil.example/"), requests: 2, want: map[string]string{"/page": FailHTTP4xx}},
		{name: "306", serve: status(306, "Location", "/other"), requests: 2, want: map[string]string{"/page": FailHTTP4xx}},
		{name: "101 unasked", requests: 2, want: map[string]string{"/page": FailHTTP4xx},
			serve: page(func(w http.ResponseWriter, _ *http.Request) {
				conn := hijack(w, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nbytes of x")
				_, _ = conn.Read(make([]byte, 1)) // until the client has had enough
				_ = conn.Close()
			})},
		{name: "early hints", requests: 2, want: map[string]string{"/page": "doc"},
			serve: rawAnswer("HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" +
				"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\n<p>ok")},
		{name: "early hints without end", requests: 2, want: map[string]string{"/page": FailConnection}, bytes: 2 * maxResponseHeader,
			serve: rawAnswer(strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n", 20_000))},
		{name: "no status code", serve: rawAnswer("HTTP/1.1 abc OK\r\n\r\n"), requests: 2, want: map[string]string{"/page": FailConnection}},
		{name: "no HTTP", serve: rawAnswer("<html>hello</html>\r\n\r\n"), requests: 2, want: map[string]string{"/page": FailConnection}},
		{name: "a code below 100", serve: rawAnswer("HTTP/1.1 042 What\r\nContent-Length: 0\r\n\r\n"), requests: 2,
			want: map[string]string{"/page": FailHTTP5xx}},
		{name: "a code of 999", serve: status(999), change: retries(1), requests: 3, want: map[string]string{"/page": FailHTTP5xx},
			within: backoffs(1)},
		{name: "a code of 600", serve: status(600), requests: 2, want: map[string]string{"/page": FailHTTP5xx}},
		{name: "418 and 451 are not asked again", requests: 3, change: retries(3), fetch: []string{"/418", "/451"},
			serve: page(func(w http.ResponseWriter, r *http.Request) {
				var code int
				_, _ = fmt.Sscanf(r.URL.Path, "/%d", &code)
				writeStatus(w, code)
			}),
			want: map[string]string{"/418": FailHTTP4xx, "/451": FailHTTP4xx}},
		{name: "425 too early", serve: firstly(1, status(425)), change: retries(1), requests: 3,
			want: map[string]string{"/page": "doc"}, within: backoffs(1)},
		{name: "408 twice", serve: firstly(2, status(408)), change: retries(2), requests: 4,
			want: map[string]string{"/page": "doc"}, within: backoffs(2)},
		{name: "500 for ever", serve: status(500), change: retries(3), requests: 5, want: map[string]string{"/page": FailHTTP5xx},
			detail: "after 4 tries", within: backoffs(3)},
		{name: "501 is not asked again", serve: status(501), change: retries(3), requests: 2, want: map[string]string{"/page": FailHTTP5xx}},
		{name: "codes of a proxy", serve: firstly(2, status(525)), change: retries(3), requests: 4,
			want: map[string]string{"/page": "doc"}, within: backoffs(2)},
		{name: "404 and 410 are answers", serve: status(410, "Retry-After", "600"), change: retries(3), requests: 3,
			fetch: []string{"/page", "/b"}, want: map[string]string{"/page": "Gone", "/b": "Gone"}},
	})

	misbehave(t, []misbehaviour{
		{name: "Retry-After in seconds", serve: firstly(1, status(503, "Retry-After", "120")), change: retries(1),
			want: map[string]string{"/page": "doc"}, requests: 3, within: 2 * time.Minute},
		{name: "Retry-After as a date", change: retries(1), want: map[string]string{"/page": "doc"}, requests: 3, within: 90 * time.Second,
			serve: firstly(1, func(w http.ResponseWriter, _ *http.Request) {
				writeStatus(w, 429, "Retry-After", time.Now().Add(90*time.Second).UTC().Format(http.TimeFormat))
			})},
		{name: "a date by a wrong clock", change: retries(1), want: map[string]string{"/page": "doc"}, requests: 3, within: time.Minute,
			serve: firstly(1, status(503, "Date", "Sun, 06 Nov 1994 08:49:37 GMT", "Retry-After", "Sunday, 06-Nov-94 08:50:37 GMT"))},
		{name: "a date in the past", serve: firstly(1, status(503, "Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT")), change: retries(1),
			want: map[string]string{"/page": "doc"}, requests: 3, within: backoffs(1)},
		{name: "a negative number", serve: firstly(1, status(503, "Retry-After", "-5")), change: retries(1),
			want: map[string]string{"/page": "doc"}, requests: 3, within: backoffs(1)},
		{name: "nonsense", serve: firstly(1, status(503, "Retry-After", "soon, I hope")), change: retries(1),
			want: map[string]string{"/page": "doc"}, requests: 3, within: backoffs(1)},
		{name: "an hour", serve: status(503, "Retry-After", "3600"), change: retries(3), fetch: []string{"/page", "/b", "/c"},
			want:   map[string]string{"/page": FailHTTP5xx, "/b": FailHTTP5xx, "/c": FailHTTP5xx},
			detail: "503 Service Unavailable, Retry-After: 1h", requests: 2},
		{name: "more than a number can hold", serve: status(429, "Retry-After", "99999999999999999999999"), change: retries(3),
			fetch: []string{"/page", "/b"}, want: map[string]string{"/page": FailHTTP4xx, "/b": FailHTTP4xx}, requests: 2},
		{name: "five minutes are waited for", serve: firstly(1, status(503, "Retry-After", "300")), change: retries(1),
			want: map[string]string{"/page": "doc"}, requests: 3, within: 5 * time.Minute},
		{name: "all workers wait", crawl: true, change: retries(1), requests: 12, within: time.Minute,
			serve: page(func(w http.ResponseWriter, r *http.Request) {
				now := time.Now().UnixNano()
				until := paused.Load()
				switch {
				case r.URL.Path == "/":
					writePage(w, `<a href="/a">a</a><a href="/b">b</a><a href="/c">c</a><a href="/d">d</a><a href="/e">e</a>`)
				case until == 0:
					paused.Store(now + int64(time.Minute))
					writeStatus(w, 429, "Retry-After", "60")
				case now < until && now > until-int64(time.Minute): // those at once with the first were on their way
					writeStatus(w, 400)
				default:
					writePage(w, "x")
				}
			}),
			want: map[string]string{"/a": "doc", "/b": "doc", "/c": "doc", "/d": "doc", "/e": "doc"}},
		{name: "too many requests a second, without Retry-After", crawl: true, change: retries(3), requests: 50, within: 20 * time.Second,
			serve: func() func(http.ResponseWriter, *http.Request) {
				var mu sync.Mutex
				var last []time.Time
				return page(func(w http.ResponseWriter, r *http.Request) {
					mu.Lock()
					now := time.Now()
					last = slices.DeleteFunc(append(last, now), func(at time.Time) bool { return now.Sub(at) >= time.Second })
					many := len(last) > 6
					mu.Unlock()
					switch {
					case many:
						writeStatus(w, 429)
					case r.URL.Path == "/":
						writePage(w, links(20))
					default:
						writePage(w, "about "+r.URL.Path)
					}
				})
			}(),
			want: map[string]string{"/": "doc", "/0": "doc", "/7": "doc", "/13": "doc", "/19": "doc", "crawl": ""}},
		{name: "a day, in a crawl", crawl: true, change: func(cfg *Config) {
			cfg.Fetch.Retries, cfg.Fetch.Concurrency = 3, 1
		}, requests: 4, // robots.txt, the sitemap, the start, one page
			serve: page(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/" {
					writePage(w, links(30))
					return
				}
				if r.URL.Path == "/sitemap.xml" {
					http.NotFound(w, r)
					return
				}
				writeStatus(w, 503, "Retry-After", "86400")
			}),
			want: map[string]string{"/": "doc", "/0": FailHTTP5xx, "crawl": "host down"}},
		{name: "every page fails", crawl: true, requests: 2 + 1 + hostDownRuns + 1,
			serve: page(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/" && r.Header.Get("If-None-Match") == "" && paused.CompareAndSwap(1, 2) {
					writePage(w, links(100))
					return
				}
				writeStatus(w, 500)
			}),
			change: func(cfg *Config) {
				cfg.Fetch.Concurrency = 1
				paused.Store(1)
			},
			want: map[string]string{"/": "doc", "crawl": "host down"}},
		{name: "robots.txt asks for an hour", change: retries(3), requests: 1, fetch: []string{"/page", "/b"},
			serve: func(w http.ResponseWriter, _ *http.Request) { writeStatus(w, 503, "Retry-After", "3600") },
			want:  map[string]string{"/page": "disallowed", "/b": "disallowed"}},
		{name: "robots.txt asks for an hour by 429", change: retries(3), requests: 1, fetch: []string{"/page"},
			serve: func(w http.ResponseWriter, _ *http.Request) { writeStatus(w, 429, "Retry-After", "3600") },
			want:  map[string]string{"/page": "disallowed"}},
		{name: "Retry-After of a page that is there", serve: status(200, "Retry-After", "3600"), fetch: []string{"/page", "/b"},
			want: map[string]string{"/page": "doc", "/b": "doc"}, requests: 3},
	})
}

// links returns n links to /0, /1, …
func links(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `<a href="/%d">%d</a> `, i, i)
	}
	return b.String()
}
