package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/pageferry/pageferry/ingest"
)

const loginForm = `<!doctype html><html lang="en"><head><title>Sign in | Acme</title><meta name="robots" content="noindex"></head><body>
<main><h1>Sign in</h1><form action="/session" method="post"><label>Email <input type="email" name="user[email]"></label>
<label>Password <input type="password" name="user[password]"></label><button>Sign in</button></form><a href="/password/reset">Forgot your password?</a></main></body></html>`

const challengePage = `<!doctype html><html lang="en-US"><head><title>Just a moment...</title><meta name="robots" content="noindex,nofollow"></head>
<body><div class="main-wrapper"><noscript>Enable JavaScript and cookies to continue</noscript></div>
<script src="/cdn-cgi/challenge-platform/h/g/orchestrate/chl_page/v1?ray=8f"></script></body></html>`

const emptyShell = `<!doctype html><html lang="en"><head><title>Acme Help</title><script defer src="/static/main.8f3a.js"></script></head>
<body><noscript>You need to enable JavaScript to run this app.</noscript><div id="root"></div></body></html>`

const maintenancePage = `<!doctype html><html lang="en"><head><title>Down for maintenance</title></head>
<body><h1>We'll be right back</h1><p>Acme is down for scheduled maintenance. Please try again in an hour.</p></body></html>`

// What stands in front of a whole site after a deploy never takes anything out of Fin, though it answers 200 and asks not
// to be indexed.
func TestWallsLeaveWhatIsInFin(t *testing.T) {
	for name, c := range map[string]struct {
		wall   answer
		reason string
		exit   int
	}{
		"login":              {answer{body: loginForm}, ingest.ReasonLoginExpired, 1},
		"unauthorized":       {answer{status: http.StatusUnauthorized, header: http.Header{"Www-Authenticate": {`Basic realm="x"`}}}, ingest.ReasonLoginExpired, 1},
		"redirect to login":  {answer{status: http.StatusMovedPermanently, location: "/login?return_to=%2Fa"}, ingest.ReasonLoginExpired, 1},
		"challenge":          {answer{body: challengePage}, ingest.ReasonBlocked, 1},
		"challenge with 403": {answer{status: http.StatusForbidden, header: http.Header{"Cf-Mitigated": {"challenge"}}, body: challengePage}, ingest.ReasonBlocked, 1},
		"maintenance":        {answer{body: maintenancePage}, ingest.ReasonSiteDown, 1},
		"shell":              {answer{body: emptyShell}, ingest.ReasonImplausible, 4},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, "")
			smallSite(f)
			f.sync()
			before := f.inFin()
			for path := range before {
				f.site.set(path, c.wall)
			}
			f.upserts()
			res := f.sync()
			if res.Exit != c.exit || res.Reason != c.reason || len(res.Stale) != len(before) || len(res.Gone) != 0 || res.Complete {
				t.Errorf("exit %d, reason %s, complete %v, %d stale, gone %v, pages %v: %v", res.Exit, res.Reason, res.Complete, len(res.Stale), res.Gone, res.Pages, res.Messages)
			}
			if ids := f.upserts(); len(ids) != 0 {
				t.Errorf("%d upserts", len(ids))
			}
			if after := f.inFin(); len(after) != len(before) {
				t.Errorf("%d pages in Fin, want the %d of before", len(after), len(before))
			}
		})
	}
}

// A page that its site no longer has, but answers with status 200, stays in Fin until a person says otherwise.
func TestSoft404IsStale(t *testing.T) {
	f := newFixture(t, "")
	smallSite(f)
	f.sync()
	f.site.set("/c", answer{body: `<!doctype html><html lang="en"><head><title>Page not found | Acme Help</title></head><body><main><h1>Page not found</h1><p>Sorry, that page does not exist.</p></main></body></html>`})
	res := f.sync()
	f.want(res, 4, counts{"not_modified": 3, "soft_404": 1})
	if _, ok := f.inFin()["/c"]; !ok || len(res.Stale) != 1 || len(res.Gone) != 0 {
		t.Errorf("stale %v, gone %v, in Fin %v", res.Stale, res.Gone, ok)
	}
}

// An index of other pages is read for its links, also where it answers 304.
func TestListing(t *testing.T) {
	f := newFixture(t, "")
	paths := []string{"/a", "/b", "/c", "/d", "/e"}
	index := &strings.Builder{}
	for _, p := range paths {
		f.site.set(p, article("Page "+p, "The text of "+p+"."))
		fmt.Fprintf(index, `<li><a href="%s">Page %s</a></li>`, p, p)
	}
	f.site.set("/", answer{body: `<!doctype html><html lang="en"><title>Home</title><body><main><h1>All pages</h1><ul>` + index.String() + `</ul></main></body></html>`})
	f.want(f.sync(), 0, counts{"created": 5, "listing": 1})
	f.want(f.sync(), 0, counts{"not_modified": 5, "listing": 1})
	f.site.set("/a", answer{body: `<!doctype html><html lang="en"><title>A</title><body><main><h1>Overview</h1><ul>` + index.String() + `</ul></main></body></html>`})
	for range 2 { // the second time it answers 304
		res := f.sync()
		f.want(res, 4, counts{"not_modified": 4, "listing": 2})
		if len(res.Stale) != 1 || len(f.inFin()) != 5 {
			t.Errorf("stale %v, %d in Fin; want /a stale, and 5", res.Stale, len(f.inFin()))
		}
	}
}

// A site that makes up addresses without end is read to its end, and the result says what was cut.
func TestTrapsAreCut(t *testing.T) {
	f := newFixture(t, "")
	f.site.set("/", article("Home", welcome, "/a/b/a/b/a/b", "/ok"))
	f.site.set("/ok", article("Fine", "A page."))
	res := f.sync()
	f.want(res, 0, counts{"created": 2, "trap": 1})
	if f.site.requests()["/a/b/a/b/a/b"] != 0 || len(res.Notes) == 0 {
		t.Errorf("notes %q, requests %v", res.Notes, f.site.requests())
	}
}
