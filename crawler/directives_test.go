package crawler

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// directivesAt reads X-Robots-Tag headers as of a moment.
func directivesAt(now time.Time, values ...string) *directives {
	d := &directives{token: "pageferry", now: now}
	d.readHeader(http.Header{"X-Robots-Tag": values})
	return d
}

func TestRobotsTag(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		tags              []string
		noIndex, noFollow bool
		until             string
		found             int // places
	}{
		{tags: []string{"all"}},
		{tags: []string{"index, follow"}},
		{tags: []string{"noindex", "index"}, noIndex: true, found: 1},
		{tags: []string{"all, none"}, noIndex: true, noFollow: true, found: 1},
		{tags: []string{"NOINDEX , NoFollow"}, noIndex: true, noFollow: true, found: 1},
		{tags: []string{"noindex nofollow"}, noIndex: true, noFollow: true, found: 1},
		{tags: []string{"noindex;nofollow"}, noIndex: true, noFollow: true, found: 1},
		{tags: []string{"noarchive", "nofollow", "googlebot: noindex"}, noIndex: true, noFollow: true, found: 2},
		{tags: []string{"noindexed, no index, xnoindex, notnone"}},
		{tags: []string{"bingbot: noindex, nofollow"}},
		{tags: []string{"bingbot: noindex, googlebot: nofollow, otherbot: none"}, noFollow: true, found: 1},
		{tags: []string{"bingbot: noindex, *: nofollow"}, noFollow: true, found: 1},
		{tags: []string{"PageFerry : noindex"}, noIndex: true, found: 1},
		{tags: []string{"googlebot-news: noindex", "pageferryx: noindex", "other bot: noindex", ""}},
		{tags: []string{": noindex"}, noIndex: true, found: 1},
		{tags: []string{"bingbot:", "noindex"}, noIndex: true, found: 1},
		{tags: []string{"max-snippet:-1, max-image-preview: large, noindex"}, noIndex: true, found: 1},
		{tags: []string{"bingbot: max-snippet:-1, noindex"}},
		{tags: []string{"unavailable_after: 25 Jun 2020 15:00:00 PST"}, noIndex: true, found: 1},
		{tags: []string{"unavailable_after: 25 Jun 2030 15:00:00 PST"}, until: "2030-06-25T23:00:00Z"},
		{tags: []string{"unavailable_after: Thursday, 25-Jun-20 15:00:00 GMT, nofollow"}, noIndex: true, noFollow: true, found: 1},
		{tags: []string{"unavailable_after: Tue, 25 Jun 2030 15:00:00 GMT, noindex"}, noIndex: true, found: 1, until: "2030-06-25T15:00:00Z"},
		{tags: []string{"unavailable_after: 2030-06-25, unavailable_after: 2029-06-25"}, until: "2029-06-26T00:00:00Z"},
		{tags: []string{"googlebot: unavailable_after: 2020-06-25T15:00:00+02:00"}, noIndex: true, found: 1},
		{tags: []string{"bingbot: unavailable_after: 2020-06-25"}},
		{tags: []string{"unavailable_after: soon, nofollow"}, noFollow: true, found: 1},
		{tags: []string{"unavailable_after: Thu, 25 Jun 2020 25:61:00 XX, nofollow"}, noFollow: true, found: 1},
		{tags: []string{"unavailable_after"}},
		{tags: []string{"unavailable_after:"}},
	} {
		d := directivesAt(now, tt.tags...)
		until := ""
		if !d.until.IsZero() {
			until = d.until.UTC().Format(time.RFC3339)
		}
		if (d.noIndex != "") != tt.noIndex || d.noFollow != tt.noFollow || until != tt.until || len(d.found) != tt.found {
			t.Errorf("%q: noindex %q, nofollow %v, until %q, found %q", tt.tags, d.noIndex, d.noFollow, until, d.found)
		}
		if d.noIndex != "" && !slices.Contains(d.found, d.noIndex) {
			t.Errorf("%q: %q is not among %q", tt.tags, d.noIndex, d.found)
		}
	}
}

// However much a page says, what is kept of it is bounded.
func TestRobotsTagIsBounded(t *testing.T) {
	d := directivesAt(time.Now(), strings.Repeat("noindex,", 200_000))
	for range 100 {
		d.readMeta("robots", "none "+strings.Repeat("é", maxDirectiveQuote))
	}
	if len(d.found) > maxDirectives || len(strings.Join(d.found, "")) > maxDirectives*(maxDirectiveQuote+100) {
		t.Errorf("%d directives of %d bytes", len(d.found), len(strings.Join(d.found, "")))
	}
}

func TestParseExpiry(t *testing.T) {
	for in, want := range map[string]string{
		"25 Jun 2030 15:00:00 PST":              "2030-06-25T23:00:00Z",
		"25 Jun 30 15:00 EDT":                   "2030-06-25T19:00:00Z",
		"Tue, 25 Jun 2030 15:00:00 +0200":       "2030-06-25T13:00:00Z",
		"tuesday, 25-jun-30 15:00:00 gmt":       "2030-06-25T15:00:00Z",
		"25-Jun-2030 15:00:00 EST":              "2030-06-25T20:00:00Z",
		"25 June 2030 15:00:00 CEST":            "2030-06-25T13:00:00Z",
		"25 Jun 2030 15:00:00 NZST":             "2030-06-26T03:00:00Z", // the latest that it can be
		"25 Jun 2030 15:00:00":                  "2030-06-25T15:00:00Z",
		"25 Jun 2030":                           "2030-06-26T00:00:00Z",
		"June 25, 2030":                         "2030-06-26T00:00:00Z",
		"Tue Jun 25 15:00:00 2030":              "2030-06-25T15:00:00Z",
		"2030-06-25":                            "2030-06-26T00:00:00Z",
		"2030-06-25T15:00:00Z":                  "2030-06-25T15:00:00Z",
		"2030-06-25T15:00:00.5-03:00":           "2030-06-25T18:00:00.5Z",
		"2030-06-25t15:00z":                     "2030-06-25T15:00:00Z",
		"2030-06-25 15:00:00":                   "2030-06-25T15:00:00Z",
		"2030-06-25 15:00:00 +0200":             "2030-06-25T13:00:00Z",
		"20300625T150000Z":                      "2030-06-25T15:00:00Z",
		"  2030-06-25T15:00:00  ":               "2030-06-25T15:00:00Z",
		"":                                      "",
		"2030":                                  "",
		"tomorrow":                              "",
		"31 Feb 2030":                           "",
		"2030-13-01":                            "",
		"25 Jun 2030 15:00:00 GMT and so on":    "",
		"Tue, 25 Jun 2030 15:00:00 GMT noindex": "",
	} {
		got, ok := parseExpiry(in)
		if s := got.UTC().Format(time.RFC3339Nano); ok != (want != "") || ok && s != want {
			t.Errorf("%q: %s, %v; want %q", in, s, ok, want)
		}
	}
}

// A page that ends on a day is not asked for with validators: the same bytes mean another thing after it.
func TestUntil(t *testing.T) {
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			return
		}
		w.Header().Set("ETag", `"1"`)
		writePage(w, `<meta name=robots content="unavailable_after: 2199-01-01">`)
	})
	p := fetch(t, newTestCrawler(t, testConfig(srv.URL+"/"), nil), srv.URL+"/")
	if p.Doc == nil || p.NoIndex != "" || p.Until.Year() != 2199 || p.Validators != (Validators{}) {
		t.Errorf("%s, noindex %q, until %s, validators %+v", class(p), p.NoIndex, p.Until, p.Validators)
	}
}

func FuzzDirectives(f *testing.F) {
	for _, s := range []string{"googlebot: nofollow, otherbot: noindex", "unavailable_after: Tue, 25 Jun 2030 15:00:00 PST, none",
		"noindex;nofollow all", "*:none", "unavailable_after: 2020-01-01T00:00:00Z", "max-snippet:-1,noindex", "x y: noindex, \u00a0none"} {
		f.Add(s)
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, s string) {
		d := directivesAt(now, s)
		if len(d.found) > 1 || (d.noIndex != "" || d.noFollow) != (len(d.found) == 1) {
			t.Errorf("found %q", d.found)
		}
		for _, changed := range []string{swapCase(s), "\t " + strings.ReplaceAll(s, ",", " ,  ") + " ", strings.ReplaceAll(s, " ", " \t ")} {
			e := directivesAt(now, changed)
			if (d.noIndex != "") != (e.noIndex != "") || d.noFollow != e.noFollow || !d.until.Equal(e.until) {
				t.Errorf("%q: %q, %v, %s; %q: %q, %v, %s", s, d.noIndex, d.noFollow, d.until, changed, e.noIndex, e.noFollow, e.until)
			}
		}
		more := directivesAt(now, s, "index, follow, all")
		if (d.noIndex != "") != (more.noIndex != "") || d.noFollow != more.noFollow {
			t.Errorf("%q is undone by index", s)
		}
	})
}

// swapCase changes the case of the ASCII letters of s.
func swapCase(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'a' <= c|0x20 && c|0x20 <= 'z' {
			b[i] ^= 0x20
		}
	}
	return string(b)
}

// A page that redirects to itself with a session id is read there, once, under its own address.
func TestRedirectToASession(t *testing.T) {
	var asked []string
	c := newTestCrawler(t, testConfig("https://help.example/"), inProcess{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			_, _ = w.Write([]byte("User-agent: *\nDisallow: /no;\n"))
			return
		}
		asked = append(asked, r.URL.RequestURI())
		path, session, ok := strings.Cut(r.URL.Path, ";")
		switch {
		case path == "/never", !ok:
			http.Redirect(w, r, "https://help.example"+path+";jsessionid=1A"+url.PathEscape(session), http.StatusFound)
		default:
			writePage(w, `<a href="b;`+session+`">b</a><link rel=next href="?p=2">`)
		}
	})})
	p := fetch(t, c, "https://help.example/a")
	if class(p) != "doc" || p.Fetches != 2 || !slices.Equal(p.Links, []string{"https://help.example/b", "https://help.example/a?p=2"}) {
		t.Errorf("%s after %d fetches, links %q, asked %q", class(p), p.Fetches, p.Links, asked)
	}
	if p := fetch(t, c, "https://help.example/never"); class(p) != FailRedirectLoop || p.Fetches != 2 {
		t.Errorf("%s after %d fetches", class(p), p.Fetches)
	}
	if p := fetch(t, c, "https://help.example/no"); class(p) != "disallowed" || p.Fetches != 1 {
		t.Errorf("%s after %d fetches", class(p), p.Fetches)
	}
	if notes := c.TrapNotes(); len(notes) != 1 || !strings.Contains(notes[0], "session ids were taken off") {
		t.Errorf("notes %q", notes)
	}
}
