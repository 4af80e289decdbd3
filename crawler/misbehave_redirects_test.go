package crawler

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// redirects answers by a table of paths: a Location and a status before it ("301 /b"), or a page.
func redirects(table map[string]string) func(http.ResponseWriter, *http.Request) {
	return page(func(w http.ResponseWriter, r *http.Request) {
		to, ok := table[r.URL.RequestURI()]
		switch {
		case r.URL.Path == "/sitemap.xml":
			w.WriteHeader(http.StatusNotFound)
		case !ok:
			writePage(w, "x")
		default:
			var code int
			_, _ = fmt.Sscanf(to, "%d", &code)
			w.Header()["Location"] = []string{strings.TrimPrefix(to, fmt.Sprint(code, " "))}
			w.WriteHeader(code)
		}
	})
}

// refreshes answers with a page whose meta refresh, and with a header whose Refresh, leads on.
func refreshes(table map[string]string) func(http.ResponseWriter, *http.Request) {
	return page(func(w http.ResponseWriter, r *http.Request) {
		content, ok := table[r.URL.Path]
		switch {
		case r.URL.Path == "/sitemap.xml":
			w.WriteHeader(http.StatusNotFound)
		case !ok:
			writePage(w, "x")
		case strings.HasPrefix(content, "header "):
			w.Header().Set("Refresh", strings.TrimPrefix(content, "header "))
			writePage(w, "moved")
		default:
			writePage(w, `<head><meta http-equiv="refresh" content="`+content+`"></head>moved`)
		}
	})
}

func TestMisbehaveRedirects(t *testing.T) {
	const host = "http://help.example"
	to := func(location string) func(http.ResponseWriter, *http.Request) {
		return redirects(map[string]string{"/page": "302 " + location})
	}
	one := func(target string) map[string]string { return map[string]string{"/page": "redirect " + target} }
	nowhere := map[string]string{"/page": FailHTTP4xx}
	misbehave(t, []misbehaviour{
		{name: "to itself", serve: to("/page"), requests: 2, want: map[string]string{"/page": FailRedirectLoop}},
		{name: "to itself, absolute", serve: to("HTTP://HELP.example:80/page"), requests: 2, want: map[string]string{"/page": FailRedirectLoop}},
		{name: "to itself with a fragment", serve: to("#top"), requests: 2, want: map[string]string{"/page": FailRedirectLoop}},
		{name: "to itself with a campaign", serve: to("/page?utm_source=x"), requests: 2, want: map[string]string{"/page": FailRedirectLoop}},
		{name: "relative", serve: to("other?a=b#c"), requests: 2, want: one(host + "/other?a=b")},
		{name: "without a scheme", serve: to("//help.example/other"), requests: 2, want: one(host + "/other")},
		{name: "only a query", serve: to("?a"), requests: 2, want: one(host + "/page?a")},
		{name: "with spaces", serve: to("  /a b  "), requests: 2, want: one(host + "/a%20b")},
		{name: "UTF-8", serve: to("/größe"), requests: 2, want: one(host + "/gr%C3%B6%C3%9Fe")},
		{name: "bytes of Latin-1", serve: to("/gr\xF6\xDFe"), requests: 2, want: one(host + "/gr%F6%DFe")},
		{name: "backslashes", serve: to(`\\help.example\other`), requests: 2, want: one(host + "/other")},
		{name: "userinfo", serve: to("http://user:secret@help.example/other"), requests: 2, want: one(host + "/other")},
		{name: "to https", serve: to("https://help.example/page"), requests: 2, want: one("https://help.example/page")},
		{name: "to a foreign host", serve: to("http://evil.example/"), requests: 2, want: one("http://evil.example/")},
		{name: "no Location", serve: to(""), requests: 2, want: nowhere},
		{name: "to mailto", serve: to("mailto:a@b.example"), requests: 2, want: nowhere},
		{name: "to javascript", serve: to("javascript:alert(1)"), requests: 2, want: nowhere},
		{name: "to a file", serve: to("file:///etc/passwd"), requests: 2, want: nowhere},
		{name: "to data", serve: to("data:text/html,x"), requests: 2, want: nowhere},
		{name: "to no URL", serve: to("http://[::1/%zz"), requests: 2, want: nowhere},
		{name: "to a port that is none", serve: to("http://help.example:99999/"), requests: 2, want: nowhere},
		{name: "a Location of 100 KB", serve: to("/" + strings.Repeat("a", 100<<10)), requests: 2, want: nowhere, bytes: 128 << 10},
		{name: "a Location of 1 MB", serve: to("/" + strings.Repeat("a", 1<<20)), requests: 2, bytes: 2 * maxResponseHeader,
			want: map[string]string{"/page": FailConnection}},
		{name: "two Locations", requests: 2, want: nowhere,
			serve: rawAnswer("HTTP/1.1 302 Found\r\nLocation: /a\r\nLocation: http://evil.example/\r\nContent-Length: 0\r\n\r\n")},
		{name: "two equal Locations", requests: 2, want: one(host + "/a"),
			serve: rawAnswer("HTTP/1.1 302 Found\r\nLocation: /a\r\nLocation: /a\r\nContent-Length: 0\r\n\r\n")},
		{name: "a body without end", requests: 2, want: one(host + "/other"), bytes: 64 << 10, within: 0,
			serve: page(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "/other")
				w.WriteHeader(http.StatusFound)
				for {
					if _, err := w.Write(make([]byte, 1<<10)); err != nil {
						return
					}
				}
			})},
		{name: "a body in drops", requests: 2, want: one(host + "/other"), within: 10 * time.Second,
			serve: drip("HTTP/1.1 301 Moved\r\nLocation: /other\r\n\r\n", "x")},
	})

	misbehave(t, []misbehaviour{
		{name: "a loop of two", crawl: true, serve: redirects(map[string]string{"/": "302 /a", "/a": "301 /"}), requests: 4,
			want: map[string]string{"/": "redirect " + host + "/a", "/a": "redirect " + host + "/"}},
		{name: "a loop that gets longer", crawl: true, requests: 2 + 1 + maxHops,
			serve: page(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/sitemap.xml" {
					w.WriteHeader(http.StatusNotFound)
					return
				}
				w.Header().Set("Location", "?n="+r.URL.RawQuery+"1")
				w.WriteHeader(http.StatusTemporaryRedirect)
			}),
			detail: "more than 10 redirects"},
		{name: "a long chain that ends", crawl: true, requests: 12, serve: redirects(map[string]string{"/": "301 /1", "/1": "302 /2",
			"/2": "303 /3", "/3": "307 /4", "/4": "308 /5", "/5": "301 /6", "/6": "301 /7", "/7": "301 /8"}),
			want: map[string]string{"/": "redirect " + host + "/1", "/4": "redirect " + host + "/5", "/8": "doc"}},
		{name: "a target that robots.txt forbids", crawl: true, requests: 3, serve: func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/robots.txt" {
				_, _ = fmt.Fprint(w, "User-agent: *\nDisallow: /private\n")
				return
			}
			redirects(map[string]string{"/": "302 /private"})(w, r)
		}, want: map[string]string{"/": "redirect " + host + "/private", "/private": "disallowed"}},
		{name: "a target out of scope", crawl: true, start: host + "/docs/", requests: 3,
			serve: redirects(map[string]string{"/docs/": "302 http://evil.example/"}), want: map[string]string{
				"/docs/": "redirect http://evil.example/", "http://evil.example/": ""}},
		{name: "meta refresh to itself", serve: refreshes(map[string]string{"/page": "0; url=/page"}), requests: 2,
			want: map[string]string{"/page": "doc"}},
		{name: "meta refresh in a loop", crawl: true, requests: 4,
			serve: refreshes(map[string]string{"/": "0; url=/a", "/a": "0;URL='/'"}),
			want:  map[string]string{"/": "redirect " + host + "/a", "/a": "redirect " + host + "/"}},
		{name: "meta refresh after a minute", serve: refreshes(map[string]string{"/page": "60; url=/a"}), requests: 2,
			want: map[string]string{"/page": "doc"}},
		{name: "a Refresh header", serve: refreshes(map[string]string{"/page": "header 0; url=/a"}), requests: 2, want: one(host + "/a")},
		{name: "a Refresh header in a loop", crawl: true, requests: 4,
			serve: refreshes(map[string]string{"/": "header 0;url=/a", "/a": "header 0, /"}),
			want:  map[string]string{"/": "redirect " + host + "/a", "/a": "redirect " + host + "/"}},
		{name: "robots.txt in a loop", requests: 1 + maxRobotsRedirects + 1, want: map[string]string{"/page": "doc"},
			serve: func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/page" {
					writePage(w, "x")
					return
				}
				http.Redirect(w, r, r.URL.Path, http.StatusFound)
			}},
		{name: "a cookie for its own way", requests: 3, fetch: []string{"/page", "/b"},
			serve: page(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Cookie") != "" {
					w.WriteHeader(http.StatusTeapot)
					return
				}
				http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1", Path: "/"})
				w.Header().Set("Location", r.URL.Path)
				w.WriteHeader(http.StatusFound)
			}),
			want: map[string]string{"/page": FailRedirectLoop, "/b": FailRedirectLoop}},
	})
}
