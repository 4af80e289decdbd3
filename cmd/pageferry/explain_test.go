package main

import (
	"net/http"
	"strings"
	"testing"
)

// explain says of every page what decides about it, and what would make it be delivered.
func TestExplain(t *testing.T) {
	f := newFixture(t, "scope: {exclude: [/out/**]}\n")
	smallSite(f)
	f.site.set("/robots.txt", answer{header: http.Header{"Content-Type": {"text/plain"}},
		body: "User-agent: *\nDisallow: /internal/\nAllow: /a\nCrawl-delay: 0.001\n"})
	f.sync()
	hidden := article("Hidden", "It does not want to be found.")
	hidden.header = http.Header{"X-Robots-Tag": {"noindex, nofollow"}}
	f.site.set("/hidden", hidden)
	f.site.set("/moved", answer{status: 301, location: "/between"})
	f.site.set("/between", answer{status: 302, location: "/a"})
	f.site.set("/lost", answer{status: 301, location: "/nowhere"})
	f.site.set("/one", answer{status: 301, location: "/two"})
	f.site.set("/two", answer{status: 301, location: "/one"})
	f.site.set("/copy", canonical(article("Copy", "A copy."), "/a"))
	f.site.set("/orphan", canonical(article("Orphan", "Its original is gone."), "/nowhere"))
	f.site.set("/away", canonical(article("Away", "Its original is elsewhere."), "https://elsewhere.example/x"))
	f.site.set("/secret", answer{body: loginForm})
	f.site.set("/b", article("Beta", "It is another text now."))
	for path, want := range map[string][]string{
		"/a": {"in scope: below " + f.site.URL + "/", "allows it, line 3: Allow: /a", "HTTP 200", "ETag", "in Fin", "Alpha",
			"asks whether it has changed since ETag", "created", "words, from <article>"},
		"/b":              {"deliver it again, because the article is another"},
		"/hidden":         {`X-Robots-Tag "noindex, nofollow"`, "noindex", "scope.noindex: ignore", "does not know it"},
		"/moved":          {"leads to " + f.site.URL + "/between", "leads to " + f.site.URL + "/a", "redirected"},
		"/lost":           {"HTTP 404", "redirected", "which is gone", "the site does not have it"},
		"/one":            {"redirect_loop", "goes in a circle"},
		"/copy":           {"canonical", "canonicalized", "to " + f.site.URL + "/a"},
		"/orphan":         {"would deliver it for the first time", "its canonical URL does not count, because that page is gone"},
		"/away":           {"would deliver it for the first time", "https://elsewhere.example/x is out of scope and does not count"},
		"/secret":         {"not the page", "login", "fetch.headers"},
		"/internal/x":     {"forbids it, line 2: Disallow: /internal/", "robots", "fetch.robots: ignore"},
		"/out/x":          {"out of scope: scope.exclude[0]", "it would not be crawled", "scope.exclude"},
		"/x/y/x/y/x/y":    {"links to it", "are not followed", "HTTP 404"},
		"/a?utm_source=x": {"URL           " + f.site.URL + "/a\n"},
	} {
		code, out, errs := f.run("explain", f.config, f.site.URL+path)
		for _, w := range want {
			if !strings.Contains(out, w) {
				t.Errorf("%s: %q is not said", path, w)
			}
		}
		if code != 0 || errs != "" || t.Failed() {
			t.Errorf("explain %s: exit %d\n%s%s", path, code, out, errs)
		}
		if t.Failed() {
			return
		}
	}
	if n := f.site.requests()["/internal/x"] + f.site.requests()["/out/x"]; n != 0 {
		t.Errorf("%d requests for what must not be fetched", n)
	}
}
