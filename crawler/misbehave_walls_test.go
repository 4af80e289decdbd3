package crawler

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// html answers every page with one text.
func htmlAnswer(status int, text string, header ...string) func(http.ResponseWriter, *http.Request) {
	return page(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	})
}

// guide answers /kb/1 to /kb/9 with articles, / with links to them and to what is dead, and everything else by missing.
func guide(missing http.HandlerFunc) func(http.ResponseWriter, *http.Request) {
	return page(func(w http.ResponseWriter, r *http.Request) {
		var n int
		switch _, err := fmt.Sscanf(r.URL.Path, "/kb/article-%d", &n); {
		case r.URL.Path == "/":
			writePage(w, inSite("Help", `<h1>Help</h1><a href="/kb/article-1">1</a><a href="/kb/article-2">2</a><a href="/kb/dead">3</a>`))
		case err == nil && n < 10:
			writePage(w, inSite(fmt.Sprint("Part ", n), fmt.Sprintf("<h1>Part %d</h1>%s<p>End of part %d.</p>", n, article(40), n)))
		case r.URL.Path == "/sitemap.xml", r.URL.Path == "/c", r.URL.Path == "/login": // that inSite links to
			http.NotFound(w, r)
		default:
			missing(w, r)
		}
	})
}

func TestMisbehaveWalls(t *testing.T) {
	retry := func(cfg *Config) { cfg.Fetch.Retries = 3 }
	home := func(w http.ResponseWriter, _ *http.Request) {
		writePage(w, inSite("Acme Help", `<h1>How can we help?</h1><p>Browse our topics, ask the community or write to us. We answer within a day.</p>`))
	}
	var drawn atomic.Int64
	suggest := func(w http.ResponseWriter, _ *http.Request) {
		var links strings.Builder
		for range 3 {
			fmt.Fprintf(&links, `<a href="/kb/article-%d">%s</a>`, drawn.Add(1)%9+1, strings.Repeat(worded(fmt.Sprint(drawn.Load()))+" ", 5))
		}
		writePage(w, inSite("We lost that one", `<h1>We lost that one</h1><p>The link may be old, or somebody took the text down. One of these may help you instead:</p>`+links.String()))
	}
	read := map[string]string{"/": "doc", "/kb/article-1": "doc", "/kb/article-2": "doc"}
	with := func(at, want string) map[string]string {
		m := map[string]string{at: want}
		for k, v := range read {
			m[k] = v
		}
		return m
	}
	misbehave(t, []misbehaviour{
		{name: "login form with 200", serve: htmlAnswer(200, passwordForm), want: map[string]string{"/page": InsteadLogin}, detail: "password field", requests: 2},
		{name: "login form with 403", serve: htmlAnswer(403, passwordForm), change: retry, want: map[string]string{"/page": InsteadLogin}, requests: 2},
		{name: "401", serve: htmlAnswer(401, "no", "WWW-Authenticate", `Basic realm="Staff"`), change: retry,
			want: map[string]string{"/page": InsteadLogin}, detail: "Basic", requests: 2},
		{name: "permanent redirect to a login", serve: page(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/login?next="+r.URL.Path, http.StatusMovedPermanently)
		}), want: map[string]string{"/page": InsteadLogin}, requests: 2},
		{name: "redirect to an identity host", serve: page(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://acme.okta.com/oauth2/v1/authorize?client_id=a&state=b", http.StatusFound)
		}), want: map[string]string{"/page": InsteadLogin}, detail: "okta.com", requests: 2},
		{name: "refresh to a login", serve: htmlAnswer(200, `<meta http-equiv=refresh content="0;url=/signin?returnUrl=%2Fpage">`),
			want: map[string]string{"/page": InsteadLogin}, requests: 2},
		{name: "a site behind a login ends", crawl: true, serve: page(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/login" {
				writePage(w, passwordForm)
				return
			}
			http.Redirect(w, r, "/login?return_to="+r.URL.Path, http.StatusFound)
		}), want: map[string]string{"/": InsteadLogin, "/login": ""}, requests: 4},
		{name: "SAML", serve: htmlAnswer(200, `<body onload="document.forms[0].submit()"><form action="https://idp.example/sso" method="post"><input type="hidden" name="SAMLRequest" value="x"></form>`),
			want: map[string]string{"/page": InsteadLogin}, requests: 2},
		{name: "Cloudflare's challenge with 403", serve: htmlAnswer(403, cloudflareChallenge, "Cf-Mitigated", "challenge"), change: retry,
			want: map[string]string{"/page": InsteadChallenge}, requests: 2},
		{name: "Cloudflare's challenge with 503 and without header", serve: htmlAnswer(503, cloudflareChallenge), change: retry,
			want: map[string]string{"/page": InsteadChallenge}, requests: 2},
		{name: "a challenge with 429 and Retry-After", serve: htmlAnswer(429, turnstileOnly, "Retry-After", "60"), change: retry,
			want: map[string]string{"/page": InsteadChallenge}, requests: 2},
		{name: "a challenge with 200", serve: htmlAnswer(200, anubis), want: map[string]string{"/page": InsteadChallenge}, detail: "Anubis", requests: 2},
		{name: "a challenge with 202 and no body", serve: htmlAnswer(202, "", "X-Amzn-Waf-Action", "challenge"),
			want: map[string]string{"/page": InsteadChallenge}, detail: "X-Amzn-Waf-Action", requests: 2},
		{name: "a challenge with 405", serve: htmlAnswer(405, "", "X-Amzn-Waf-Action", "captcha"), want: map[string]string{"/page": InsteadChallenge}, requests: 2},
		{name: "a challenge with 404", serve: htmlAnswer(404, "", "Cf-Mitigated", "challenge"), want: map[string]string{"/page": InsteadChallenge}, requests: 2},
		{name: "an endless block", serve: page(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(403)
			_, _ = io.WriteString(w, akamaiDenied)
			for range 1 << 10 {
				if _, err := io.WriteString(w, strings.Repeat(" ", 1<<10)); err != nil {
					return
				}
			}
		}), want: map[string]string{"/page": InsteadChallenge}, requests: 2},
		{name: "a site that challenges everything is left alone", crawl: true, change: func(cfg *Config) { cfg.Fetch.Concurrency = 1 },
			serve: page(walledAfterOne(func(w http.ResponseWriter) {
				w.Header().Set("Cf-Mitigated", "challenge")
				w.WriteHeader(http.StatusForbidden)
			})), want: map[string]string{"/": "doc", "/0": InsteadChallenge, "crawl": "host down"}, requests: 20},
		{name: "maintenance with 200", serve: htmlAnswer(200, `<title>Down for maintenance</title><h1>We'll be right back</h1>`), change: retry,
			want: map[string]string{"/page": FailMaintenance}, requests: 2},
		{name: "maintenance with 503", serve: htmlAnswer(503, `<title>Down for maintenance</title><h1>We'll be right back</h1>`),
			want: map[string]string{"/page": FailHTTP5xx}, requests: 2},
		{name: "maintenance of all of it ends the crawl", crawl: true, change: func(cfg *Config) { cfg.Fetch.Concurrency = 1 },
			serve: page(walledAfterOne(func(w http.ResponseWriter) {
				writePage(w, `<title>Down for maintenance</title><h1>We'll be right back</h1>`)
			})), want: map[string]string{"/": "doc", "/0": FailMaintenance, "crawl": "host down"}, requests: 20},
		{name: "an empty shell", serve: htmlAnswer(200, `<body><div id="root"></div><noscript>You need to enable JavaScript to run this app.</noscript><script src="/main.js"></script>`),
			want: map[string]string{"/page": InsteadNeedsJS}, detail: "browser", requests: 2},
		{name: "404 with 200, by its words", serve: htmlAnswer(200, inSite("Page not found", "<h1>Page not found</h1>")),
			want: map[string]string{"/page": InsteadSoft404}, requests: 2},
		{name: "redirect to the error page", serve: page(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/404", http.StatusFound) }),
			want: map[string]string{"/page": InsteadSoft404}, requests: 2},
		{name: "results of a search", serve: htmlAnswer(200, inSite("Search results", `<h1>Search results for “team”</h1><form><input name="q" value="team"></form>`)),
			fetch: []string{"/search?q=team"}, want: map[string]string{"/search?q=team": InsteadListing}, requests: 2},
		{name: "a view for printing", serve: htmlAnswer(200, `<body onload="print()"><h1>Teams</h1>`+article(50)),
			fetch: []string{"/page?print=1"}, want: map[string]string{"/page?print=1": InsteadTrap}, detail: "print view", requests: 2},

		{name: "probe: an honest site", crawl: true, probes: true, serve: guide(http.NotFound), want: with("/kb/dead", "Not Found"), requests: 9},
		{name: "probe: the home page for everything", crawl: true, probes: true, serve: guide(home), want: with("/kb/dead", InsteadSoft404), requests: 10},
		{name: "probe: suggestions drawn by lot", crawl: true, probes: true, serve: guide(suggest), want: with("/kb/dead", InsteadSoft404), requests: 12},
		{name: "probe: a directory where every page exists", crawl: true, probes: true, serve: page(func(w http.ResponseWriter, r *http.Request) {
			n := drawn.Add(1)
			switch {
			case r.URL.Path == "/":
				writePage(w, inSite("Help", `<h1>Help</h1><a href="/r/abc">Surprise me</a>`))
			case strings.HasPrefix(r.URL.Path, "/r/"):
				name := worded(fmt.Sprint(n))
				writePage(w, inSite("Surprise", fmt.Sprintf(`<h1>Surprise</h1><p>Here is something that you may not have known about us.</p><a href="/r/%s-x">more</a><a href="/r/%[1]s-y">more</a>`, name)))
			default:
				http.NotFound(w, r)
			}
		}), want: map[string]string{"/": "doc", "/r/abc": "doc"}, requests: 4*maxAlike + 20},
		{name: "probe: redirects to the home page", crawl: true, probes: true, serve: guide(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/", http.StatusMovedPermanently)
		}), want: with("/kb/dead", InsteadSoft404), requests: 10},
		{name: "probe: redirects to a search", crawl: true, probes: true, serve: guide(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/find" {
				home(w, r)
				return
			}
			http.Redirect(w, r, "/find", http.StatusFound)
		}), want: with("/kb/dead", InsteadSoft404), requests: 10},
		{name: "probe: refreshes to the home page", crawl: true, probes: true, serve: guide(func(w http.ResponseWriter, _ *http.Request) {
			writePage(w, `<meta http-equiv="refresh" content="0; url=/">`)
		}), want: with("/kb/dead", InsteadSoft404), requests: 10},
		{name: "probe: it fails", crawl: true, probes: true, change: retry, serve: guide(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/kb/dead") {
				home(w, r)
				return
			}
			w.WriteHeader(http.StatusBadGateway)
		}), want: with("/kb/dead", "doc"), requests: 9},
		{name: "probe: it never ends", crawl: true, probes: true, serve: guide(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/kb/dead") {
				http.NotFound(w, r)
				return
			}
			time.Sleep(time.Hour)
		}), want: with("/kb/dead", "Not Found"), requests: 9, within: probeTimeout},
		{name: "probe: robots.txt forbids it", crawl: true, probes: true, serve: func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/robots.txt" {
				_, _ = io.WriteString(w, "User-agent: *\nDisallow: /kb/\nAllow: /kb/article-\nAllow: /kb/dead\n")
				return
			}
			guide(home)(w, r)
		}, want: with("/kb/dead", "doc"), requests: 8},
		{name: "probe: none for a known body", probes: true, serve: guide(home), fetch: []string{"/kb/article-1", "/kb/article-1"},
			want: map[string]string{"/kb/article-1#1": "doc", "/kb/article-1#2": "not modified"}, requests: 4},
		{name: "probe: many directories", crawl: true, probes: true, bytes: 1 << 20, serve: page(func(w http.ResponseWriter, r *http.Request) {
			var a, b string
			switch n, _ := fmt.Sscanf(strings.ReplaceAll(r.URL.Path, "/", " "), " topic-%s part-%s", &a, &b); {
			case r.URL.Path == "/":
				var links strings.Builder
				for i := range 60 {
					fmt.Fprintf(&links, `<a href="/topic-%c%c/part-1">Part</a>`, 'a'+i/26, 'a'+i%26)
				}
				writePage(w, inSite("Help", "<h1>Help</h1>"+links.String()))
			case n == 2 && b == "1":
				writePage(w, inSite("Part "+a, "<h1>Part "+a+"</h1>"+article(40)+"<p>End of "+a+".</p>"))
			default:
				http.NotFound(w, r)
			}
		}), want: map[string]string{"/topic-aa/part-1": "doc", "/topic-ch/part-1": "doc"}, requests: 5 + 60 + maxTemplates},
	})
}

// walledAfterOne is a site that answers once and then, whatever it is asked for, by wall.
func walledAfterOne(wall func(http.ResponseWriter)) http.HandlerFunc {
	asked := 0
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/sitemap.xml" {
			http.NotFound(w, r)
			return
		}
		if asked++; asked > 1 {
			wall(w)
			return
		}
		var links strings.Builder
		for i := range 100 {
			fmt.Fprintf(&links, `<a href="/%d">Part</a>`, i)
		}
		writePage(w, inSite("Help", "<h1>Help</h1>"+links.String()))
	}
}
