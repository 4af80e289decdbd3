package crawler

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const robotsRulesText = "User-agent: *\nDisallow: /private\n"

// robotsSite answers for robots.txt by answer, and everything else with a page.
func robotsSite(answer http.HandlerFunc) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/robots") {
			answer(w, r)
			return
		}
		writePage(w, "hello")
	}
}

func robotsBody(body string) func(http.ResponseWriter, *http.Request) {
	return robotsSite(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
}

func robotsStatus(code int, header ...string) func(http.ResponseWriter, *http.Request) {
	return robotsSite(func(w http.ResponseWriter, _ *http.Request) { writeStatus(w, code, header...) })
}

func robotsRaw(raw string) func(http.ResponseWriter, *http.Request) {
	return robotsSite(func(w http.ResponseWriter, _ *http.Request) { _ = hijack(w, raw).Close() })
}

// robotsHops redirects n times, then has the rules.
func robotsHops(n int) func(http.ResponseWriter, *http.Request) {
	return robotsSite(func(w http.ResponseWriter, r *http.Request) {
		var hop int
		_, _ = fmt.Sscanf(r.URL.Path, "/robots%d", &hop)
		if hop < n {
			http.Redirect(w, r, fmt.Sprintf("/robots%d", hop+1), http.StatusFound)
			return
		}
		_, _ = io.WriteString(w, robotsRulesText)
	})
}

// robotsWant is what becomes of the two pages that each case fetches: by the rules, if all is allowed, or if nothing is.
func robotsWant(private, open string) map[string]string {
	return map[string]string{"/private": private, "/open": open}
}

func robotsSome() map[string]string { return robotsWant("disallowed", "doc") }
func robotsAll() map[string]string  { return robotsWant("doc", "doc") }
func robotsNone() map[string]string { return robotsWant("disallowed", "disallowed") }

func TestMisbehaveRobots(t *testing.T) {
	padding := strings.Repeat("# comments, and nothing else...\n", 32) // 1 KiB
	var busy, asked atomic.Int32
	both := []string{"/private", "/open"}
	cases := []misbehaviour{
		// Statuses.
		{name: "500", serve: robotsStatus(500), want: robotsNone(), detail: "500 Internal Server Error", requests: 1},
		{name: "500 that allows all", want: robotsNone(), requests: 1, serve: robotsSite(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(500)
			_, _ = io.WriteString(w, "User-agent: *\nAllow: /\n")
		})},
		{name: "503 for ever", serve: robotsStatus(503), change: retries(2), want: robotsNone(), requests: 3, within: backoffs(2)},
		{name: "503 for a year", serve: robotsStatus(503, "Retry-After", "31536000"), change: retries(2), want: robotsNone(), requests: 1},
		{name: "520", serve: robotsStatus(520), want: robotsNone(), requests: 1},
		{name: "999", serve: robotsStatus(999), want: robotsNone(), requests: 1},
		{name: "429 at first", change: retries(1), want: robotsSome(), requests: 3, within: 7 * time.Second,
			serve: robotsSite(func(w http.ResponseWriter, _ *http.Request) {
				if busy.Add(1) == 1 {
					writeStatus(w, 429, "Retry-After", "7")
					return
				}
				_, _ = io.WriteString(w, robotsRulesText)
			})},
		{name: "429 for ever", serve: robotsStatus(429, "Retry-After", "7"), want: robotsNone(), requests: 1},
		{name: "429 for a day", serve: robotsStatus(429, "Retry-After", "86400"), change: retries(3), want: robotsNone(), requests: 1},
		{name: "401", serve: robotsStatus(401, "WWW-Authenticate", "Basic"), want: robotsAll(), requests: 3},
		{name: "403", serve: robotsStatus(403), want: robotsAll(), requests: 3},
		{name: "404 in 2 MiB", want: robotsAll(), requests: 3, serve: robotsSite(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(404)
			for range 2048 {
				_, _ = io.WriteString(w, padding)
			}
		})},
		{name: "408", serve: robotsStatus(408), want: robotsAll(), requests: 3},
		{name: "425", serve: robotsStatus(425), want: robotsAll(), requests: 3},
		{name: "451", serve: robotsStatus(451), want: robotsAll(), requests: 3},
		{name: "204", serve: robotsStatus(204), want: robotsAll(), requests: 3},
		{name: "304 unasked", serve: robotsStatus(304), want: robotsAll(), requests: 3},

		// Connections.
		{name: "closed before the answer", serve: robotsRaw(""), want: robotsNone(), requests: 1},
		{name: "no HTTP", serve: robotsRaw("SSH-2.0-OpenSSH_9.6\r\n"), want: robotsNone(), requests: 1},
		{name: "no answer", want: robotsNone(), requests: 2, change: retries(1), within: 2*10*time.Second + backoffs(1),
			serve: robotsSite(func(http.ResponseWriter, *http.Request) { time.Sleep(time.Hour) })},
		{name: "a drip", want: robotsNone(), requests: 1, within: 10 * time.Second,
			serve: robotsSite(func(w http.ResponseWriter, _ *http.Request) {
				for i := range 3600 {
					_, _ = fmt.Fprintf(w, "# line %d\n", i)
					w.(http.Flusher).Flush()
					time.Sleep(time.Second)
				}
			})},
		{name: "endless header", want: robotsNone(), requests: 1, bytes: maxResponseHeader + 64<<10,
			serve: robotsSite(func(w http.ResponseWriter, _ *http.Request) {
				conn := hijack(w, "HTTP/1.1 200 OK\r\n")
				for i := 0; ; i++ {
					if _, err := fmt.Fprintf(conn, "X-%d: %s\r\n", i, strings.Repeat("x", 1000)); err != nil {
						return
					}
				}
			})},
		{name: "cut short", want: robotsNone(), requests: 1,
			serve: robotsRaw("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 500\r\n\r\nUser-agent: *\nAllow: /\n")},
		{name: "chunk cut short", want: robotsNone(), requests: 1,
			serve: robotsRaw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100\r\nUser-agent: *\nAllow: /\n")},
		{name: "gzip cut short", want: robotsNone(), requests: 1, serve: robotsSite(func(w http.ResponseWriter, _ *http.Request) {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			_, _ = io.WriteString(z, robotsRulesText)
			_ = z.Close()
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(b.Bytes()[:b.Len()-12])
		})},

		// Redirects.
		{name: "5 redirects", serve: robotsHops(5), want: robotsSome(), requests: 7},
		{name: "6 redirects", serve: robotsHops(6), want: robotsAll(), requests: 8},
		{name: "a loop", want: robotsAll(), requests: 8, serve: robotsSite(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/robots.txt", http.StatusFound)
		})},
		{name: "redirect without Location", serve: robotsStatus(302), want: robotsAll(), requests: 3},
		{name: "redirect to no web address", serve: robotsStatus(301, "Location", "ftp://help.example/robots.txt"), want: robotsAll(), requests: 3},
		{name: "redirect to an error", want: robotsNone(), requests: 2, serve: robotsSite(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/robots.txt" {
				http.Redirect(w, r, "/robots1", http.StatusMovedPermanently)
				return
			}
			w.WriteHeader(502)
		})},
		// RFC 9309 section 2.3.1.2: the rules are those of the host that was asked.
		{name: "redirect to another host", requests: 4, fetch: []string{"/private", "/open", "/elsewhere"},
			want: map[string]string{"/private": "disallowed", "/open": "doc", "/elsewhere": "doc"},
			serve: robotsSite(func(w http.ResponseWriter, r *http.Request) {
				if r.Host == "help.example" {
					http.Redirect(w, r, "http://www.example/robots.txt", http.StatusMovedPermanently)
					return
				}
				_, _ = io.WriteString(w, robotsRulesText)
			})},

		// Bodies.
		{name: "a page", want: robotsAll(), requests: 3, serve: robotsSite(func(w http.ResponseWriter, _ *http.Request) {
			writePage(w, "<p>Disallow: /</p>\nDisallow: /\n<h1>Not found</h1>")
		})},
		{name: "rule before the limit", serve: robotsBody(robotsRulesText + strings.Repeat(padding, 600)), want: robotsSome(), requests: 3,
			bytes: maxRobotsBody + 32<<10},
		{name: "rule at the limit", serve: robotsBody(strings.Repeat(padding, 499) + robotsRulesText + strings.Repeat(padding, 100)),
			want: robotsSome(), requests: 3, bytes: maxRobotsBody + 32<<10},
		{name: "rule after the limit", serve: robotsBody(strings.Repeat(padding, 600) + robotsRulesText), want: robotsAll(), requests: 3,
			bytes: maxRobotsBody + 32<<10},
		{name: "endless body", want: robotsSome(), requests: 3, bytes: maxRobotsBody + 32<<10,
			serve: robotsSite(func(w http.ResponseWriter, _ *http.Request) {
				_, err := io.WriteString(w, robotsRulesText)
				for err == nil {
					_, err = io.WriteString(w, padding)
				}
			})},
		{name: "gzip bomb", want: robotsSome(), requests: 3, serve: robotsSite(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, err := io.WriteString(z, robotsRulesText)
			for i := 0; i < 64<<10 && err == nil; i++ {
				_, err = io.WriteString(z, padding)
			}
		})},
		{name: "one line of 400 KiB", serve: robotsBody("User-agent: *\nDisallow: /" + strings.Repeat("x", 400<<10) + "\nDisallow: /private\n"),
			want: robotsSome(), requests: 3, bytes: maxRobotsBody},
		{name: "UTF-16", serve: robotsBody("\xff\xfeU\x00s\x00e\x00r\x00-\x00a\x00g\x00e\x00n\x00t\x00:\x00 \x00*\x00\n\x00D\x00i\x00s\x00a\x00l\x00l\x00o\x00w\x00:\x00 \x00/\x00"),
			want: robotsAll(), requests: 3},
		{name: "byte order mark, CR, NUL", serve: robotsBody("\xEF\xBB\xBFUSER-AGENT : *\r\r\x00\rdisallow:/private#x\r"), want: robotsSome(), requests: 3},
		{name: "binary junk", serve: robotsBody(strings.Repeat("\x00\xff\xfe\x80:\n*/\r", 3000)), want: robotsAll(), requests: 3},
		{name: "junk between rules", serve: robotsBody("\x89PNG\r\n\x1a\n" + robotsRulesText[:14] + "\xff\xfe\nNoindex: /\n???\n" + robotsRulesText[14:]),
			want: robotsSome(), requests: 3},
		{name: "rules before any group", serve: robotsBody("Disallow: /open\n" + robotsRulesText), want: robotsSome(), requests: 3},
		{name: "a pattern to get lost in", serve: robotsBody("User-agent: *\nDisallow: /p" + strings.Repeat("*a", 5000) + "$\nDisallow: /*e$\n"),
			fetch: []string{"/p" + strings.Repeat("a", 4000) + "b", "/private"}, requests: 3, bytes: 128 << 10,
			want: map[string]string{"/p" + strings.Repeat("a", 4000) + "b": "doc", "/private": "disallowed"}},

		// Groups.
		{name: "a group for us alone", serve: robotsBody("User-agent: PageFerry/9.9\nDisallow: /private\n\nUser-agent: *\nDisallow: /\n"),
			want: robotsSome(), requests: 3},
		{name: "we among others", serve: robotsBody("User-agent: Googlebot\nUser-agent: pageferry\nUser-agent: x\nDisallow: /private\n"),
			want: robotsSome(), requests: 3},
		{name: "two groups for us", serve: robotsBody("User-agent: pageferry\nDisallow: /private\n\nUser-agent: pageferry\nDisallow: /open\n"),
			want: robotsNone(), requests: 1},
		{name: "names like ours", serve: robotsBody("User-agent: page\nUser-agent: pageferry-images\nUser-agent: mypageferry\nDisallow: /\n"),
			want: robotsAll(), requests: 3},

		// Delays.
		{name: "a delay of years", serve: robotsBody(robotsRulesText + "Crawl-delay: 99999999\n"), want: robotsSome(), requests: 3,
			fetch: []string{"/private", "/open", "/open2"}, within: maxPace},
		{name: "odd delays", serve: robotsBody(robotsRulesText + "Crawl-delay: -5\nCrawl-delay: NaN\nCrawl-delay: soon\nCrawl-delay: 0x\nCrawl-delay:\n"),
			want: robotsSome(), requests: 3, fetch: []string{"/private", "/open", "/open2"}},

		// A crawl.
		{name: "nothing is allowed", serve: robotsBody("User-agent: *\nDisallow: /\nSitemap: http://help.example/sitemap.xml\n"), crawl: true,
			want: map[string]string{"/": "disallowed", "discovery": ""}, requests: 1},
		{name: "another file each time", crawl: true, requests: 5, want: map[string]string{"/": "doc", "/1": "doc", "/2": "disallowed", "/3": "doc"},
			serve: func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case "/robots.txt":
					_, _ = fmt.Fprintf(w, "User-agent: *\nDisallow: /%d\n", asked.Add(1)+1)
				case "/sitemap.xml":
					http.NotFound(w, r)
				default:
					writePage(w, `<a href="/1">1</a><a href="/2">2</a><a href="/3">3</a>`)
				}
			}},
		{name: "a host that is down", serve: robotsStatus(500), crawl: true, want: map[string]string{"discovery": "site down"}, requests: 1},
		{name: "a sitemap on localhost", crawl: true, requests: 3, want: map[string]string{"/": "doc", "discovery": "", "crawl": ""},
			serve: robotsBody("Sitemap: http://localhost:3000/sitemap.xml\n"),
			dial: func(addr string) error {
				if addr == "localhost:3000" {
					return &blockedAddressError{Addr: netip.IPv6Loopback()}
				}
				return nil
			}},
		{name: "sitemaps without end", crawl: true, requests: maxSitemaps + 3, bytes: 4 << 20, want: map[string]string{"/": "doc", "discovery": "incomplete"},
			serve: func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.URL.Path == "/robots.txt":
					for i := range 3 * maxSitemaps {
						_, _ = fmt.Fprintf(w, "Sitemap: /s%d.xml\nSitemap: file:///etc/passwd\n", i)
					}
				case strings.HasSuffix(r.URL.Path, ".xml"):
					_, _ = io.WriteString(w, "<urlset/>")
				default:
					writePage(w, "hello")
				}
			}},
	}
	for i := range cases {
		if cases[i].fetch == nil && !cases[i].crawl {
			cases[i].fetch = both
		}
	}
	misbehave(t, cases)
}
