package crawler

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// tagged is a handler of pages with X-Robots-Tag headers and markup.
func tagged(markup string, tags ...string) func(http.ResponseWriter, *http.Request) {
	return pages(func(w http.ResponseWriter, _ *http.Request) string {
		w.Header()["X-Robots-Tag"] = tags
		return markup + linked("/next")
	})
}

// headed is a handler of pages with a head.
func headed(head string, header ...string) func(http.ResponseWriter, *http.Request) {
	return page(func(w http.ResponseWriter, _ *http.Request) {
		for _, line := range header {
			name, value, _ := strings.Cut(line, ": ")
			w.Header().Add(name, value)
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprintf(w, "<!doctype html><html><head><title>T</title>%s</head><body>%s", head, linked("/next"))
	})
}

// says checks what /page says of itself, and whether its link is followed.
func says(noIndex bool, follow bool, directives int) func(*testing.T, map[string]*Page) {
	return func(t *testing.T, got map[string]*Page) {
		t.Helper()
		p := got["http://help.example/page"]
		if (p.NoIndex != "") != noIndex || p.NoFollow == follow || !p.NotModified && len(p.Links) > 0 != follow || len(p.Directives) != directives {
			t.Errorf("noindex %q, nofollow %v, links %q, directives %q", p.NoIndex, p.NoFollow, p.Links, p.Directives)
		}
	}
}

// leads checks where the canonical of /page leads, and its links.
func leads(canonical string, links ...string) func(*testing.T, map[string]*Page) {
	return func(t *testing.T, got map[string]*Page) {
		t.Helper()
		p := got["http://help.example/page"]
		if p.Canonical != canonical || links != nil && !slices.Equal(p.Links, links) {
			t.Errorf("canonical %q, links %q, directives %q", p.Canonical, p.Links, p.Directives)
		}
	}
}

// speaks checks the language of /page.
func speaks(lang string) func(*testing.T, map[string]*Page) {
	return func(t *testing.T, got map[string]*Page) {
		t.Helper()
		if p := got["http://help.example/page"]; p.Lang != lang {
			t.Errorf("language %q, want %q", p.Lang, lang)
		}
	}
}

func TestMisbehaveDirectives(t *testing.T) {
	doc := map[string]string{"/page": "doc"}
	const at = "http://help.example"
	cases := []misbehaviour{
		{name: "one header says index, the other noindex", serve: tagged("", "index, follow", "noindex"), check: says(true, true, 1)},
		{name: "the page says index, the header noindex", serve: tagged("<meta name=robots content=all>", "noindex"), check: says(true, true, 1)},
		{name: "agents of all sorts in one header", serve: tagged("", "bingbot: noindex, GoogleBot : nofollow, slurp: none"), check: says(false, false, 1)},
		{name: "only others may not", serve: tagged("<meta name=bingbot content=none>", "bingbot: none", "AdsBot-Google: noindex, nofollow"), check: says(false, true, 0)},
		{name: "directives for us", serve: tagged("<meta name=PageFerry content=noindex>", "pageferry: nofollow"), check: says(true, false, 2)},
		{name: "no commas between directives", serve: tagged(`<meta name="robots" content="noindex nofollow">`), check: says(true, false, 1)},
		{name: "line breaks and capitals", serve: tagged("<META NAME=' ROBOTS ' CONTENT='\nNOINDEX\t,\r\n NoArchive '>"), check: says(true, true, 1)},
		{name: "ended yesterday", serve: tagged("", "unavailable_after: Friday, 31-Dec-99 00:00:00 GMT"), check: says(true, true, 1)},
		{name: "ends tomorrow", serve: tagged("<meta name=robots content='unavailable_after: 2000-01-02'>"), check: says(false, true, 0)},
		{name: "ends when nobody knows", serve: tagged("", "unavailable_after: when it is done, 99 Foo 2000"), check: says(false, true, 0)},
		{name: "words that only look like directives", serve: tagged("<meta name=description content=noindex><meta name=robots content='noindexed, nonofollow'>", "noindex-ish"),
			check: says(false, true, 0)},
		{name: "a directive in a template, a comment and a text", serve: tagged("<template><meta name=robots content=none></template><!-- <meta name=robots content=none> --><textarea><meta name=robots content=none></textarea>"),
			check: says(false, true, 0)},
		{name: "a thousand headers", serve: tagged("", slices.Repeat([]string{"noarchive, nosnippet"}, 1000)...), check: says(false, true, 0)},
		{name: "a page without end of directives", serve: tagged(strings.Repeat("<meta name=robots content=nofollow>", 1000)), check: says(false, false, maxDirectives)},
		{
			name: "a 304 that turns a page into noindex",
			serve: pages(func(w http.ResponseWriter, r *http.Request) string {
				w.Header().Set("ETag", `"1"`)
				if r.Header.Get("If-None-Match") == "" {
					return "x"
				}
				w.Header().Set("X-Robots-Tag", "googlebot: noindex")
				w.WriteHeader(http.StatusNotModified)
				return ""
			}),
			fetch: []string{"/page", "/page"}, requests: 3, want: map[string]string{"/page#1": "doc", "/page#2": "not modified"}, check: says(true, true, 1),
		},
		{
			name: "the same page ends meanwhile",
			serve: pages(func(w http.ResponseWriter, r *http.Request) string {
				if r.URL.Path == "/wait" {
					time.Sleep(9 * time.Second)
				}
				return "<meta name=robots content='unavailable_after: 2000-01-01T00:00:05Z'>" + linked("/next")
			}),
			fetch: []string{"/page", "/wait", "/page"}, requests: 4, within: 9 * time.Second,
			want: map[string]string{"/page#1": "doc", "/page#2": "doc"}, check: says(true, true, 1),
		},
		{name: "two canonicals that differ", serve: headed(`<link rel=canonical href="/a"><link rel=canonical href="/b">`), check: leads("")},
		{name: "a canonical in the header and another in the page", serve: headed(`<link rel=canonical href="/a">`, "Link: </b>; rel=canonical"), check: leads("")},
		{name: "the same canonical in many spellings", serve: headed(`<link rel=canonical href="/%61"><link rel="CANONICAL" href="http://HELP.example:80/a#x">`, `Link: </x>; rel="next", </a?utm_source=x>; rel="canonical"`),
			check: leads(at + "/a")},
		{name: "a canonical in the body", serve: headed(`<img src=x><link rel=canonical href="/a">`), check: leads("")},
		{name: "an empty canonical and a base", serve: headed(`<base href="/home/"><link rel=canonical href="">`), check: leads("", at+"/next")},
		{name: "a canonical with a session id", serve: headed(`<link rel=canonical href="/page;jsessionid=1A">`), check: leads(at + "/page")},
		{name: "a Link header that is broken", serve: headed("", `Link: <>; rel=canonical, </a; rel=canonical`, `Link: ;;;<<<>,"`), check: leads("")},
		{name: "two bases", serve: headed(`<base target=_top><base href="/x/"><base href="/y/">` + linked("z")), check: leads("", at+"/x/z", at+"/next")},
		{name: "a base on another host", serve: headed(`<base href="http://cdn.example/">`), check: leads("", "http://cdn.example/next")},
		{name: "a base that is a script", serve: headed(`<base href="javascript:void(0)//">`), check: leads("", at+"/next")},
		{name: "links that the owner does not vouch for", serve: headed(`<link rel="next nofollow" href="/p2"></head><a rel="ugc,external" href="/u">u</a><a rel="nofollow" href="/n">n</a><a rel="Sponsored" href="/s">s</a>`),
			check: leads("", at+"/next")},
		{name: "the page in other languages", serve: headed(`<link rel=alternate hreflang=de href="/de"><link rel=alternate type=application/atom+xml href="/feed">`,
			`Link: </fr>; rel=alternate; hreflang=fr`), check: leads("", at+"/de", at+"/next", at+"/fr")},
		{name: "a language that is a template", serve: headed(`<meta http-equiv=content-language content="de">`, "Content-Language: en"), check: speaks("de")},
		{name: "languages of an audience", serve: headed(`<meta http-equiv=content-language content="de, fr">`, "Content-Language: en, de"), check: speaks("")},
		{name: "a locale for a language", serve: headed("", "Content-Language: pt_BR.UTF-8"), check: speaks("pt_br")},
		{name: "a refresh in the header", serve: headed("", "Refresh: 0;URL='/new'"), want: map[string]string{"/page": "redirect " + at + "/new"}},
		{name: "a refresh to itself", serve: headed("<meta http-equiv=refresh content='0;url=/page#top'>")},
		{name: "a refresh after a while", serve: headed("<meta http-equiv=refresh content='5;url=/new'>")},
		{name: "a refresh to what is no page", serve: headed("<meta http-equiv=refresh content='0;url=javascript:go()'>")},
		{name: "two refreshes", serve: headed("<meta http-equiv=refresh content='30'><meta http-equiv=refresh content='0; url = \"/new\" x'>"),
			want: map[string]string{"/page": "redirect " + at + "/new"}},
		{name: "a refresh for browsers without scripts", serve: headed("<noscript><meta http-equiv=refresh content='0;url=/nojs'></noscript>")},
	}
	for i := range cases {
		if cases[i].want == nil {
			cases[i].want = doc
		}
		if cases[i].requests == 0 {
			cases[i].requests = 2
		}
	}
	misbehave(t, cases)
}
