package ingest

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/pageferry/pageferry/crawler"
	"github.com/pageferry/pageferry/ingest/ledger"
	"github.com/pageferry/pageferry/sanitize"
)

func testJudge(t *testing.T, scope crawler.ScopeConfig, extract sanitize.Config) *judge {
	t.Helper()
	start := []string{"https://h.example/en/"}
	canon, err := crawler.NewCanonicalizer(start, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := crawler.NewScope(crawler.Config{Start: start, Scope: scope}, canon)
	if err != nil {
		t.Fatal(err)
	}
	x, err := sanitize.New(extract, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &judge{scope: s, canon: canon, extract: x, rules: scope, locale: "en", signature: "sig", trap: func(crawler.Link) string { return "" },
		log: slog.New(slog.DiscardHandler)}
}

func fetched(t *testing.T, change func(*crawler.Page)) *crawler.Page {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(`<html lang="en"><body><article><h1>T</h1><p>The text of the article.</p></article></body></html>`))
	if err != nil {
		t.Fatal(err)
	}
	p := &crawler.Page{Item: crawler.Item{Link: crawler.Link{URL: "https://h.example/en/a", Via: crawler.ViaLink, Depth: 2}},
		At: time.Unix(1, 0), Status: 200, Doc: doc, Base: "https://h.example/en/a", Lang: "en", Validators: crawler.Validators{ETag: "e"},
		Links: []string{"https://h.example/en/b", "https://h.example/de/b", "https://other.example/"}}
	if change != nil {
		change(p)
	}
	return p
}

// The table of design.md §2: what each outcome may do.
func TestJudge(t *testing.T) {
	const delivered = "r1"
	noDoc := func(p *crawler.Page) { p.Doc, p.Links = nil, nil }
	for _, c := range []struct {
		name     string
		page     func(*crawler.Page)
		scope    crawler.ScopeConfig
		extract  sanitize.Config
		known    ledger.State
		outcome  string // empty: staged
		class    string
		evidence bool // of a delivered page
		stale    bool // of a delivered page
		keeps    bool // its validators
		follows  bool // the link in scope
		edge     string
	}{
		{name: "New", follows: true},
		{name: "Robots", page: func(p *crawler.Page) { noDoc(p); p.Disallowed = "line 1: Disallow: /" }, outcome: Robots, stale: true},
		{name: "Failed", page: func(p *crawler.Page) { noDoc(p); p.Failure = &crawler.Failure{Class: crawler.FailTimeout} }, outcome: Failed, class: "timeout", stale: true},
		{name: "TooLarge", page: func(p *crawler.Page) { noDoc(p); p.Failure = &crawler.Failure{Class: crawler.FailTooLarge} }, outcome: TooLarge, stale: true},
		{name: "Gone", page: func(p *crawler.Page) { noDoc(p); p.Status = 410 }, outcome: Gone, evidence: true},
		{name: "NotHTML", page: func(p *crawler.Page) { noDoc(p); p.NotHTML = "application/pdf" }, outcome: NotHTML, stale: true},
		{name: "NoIndex", page: func(p *crawler.Page) { p.NoIndex = `meta robots "noindex"` }, outcome: NoIndex, evidence: true, follows: true},
		{name: "NoIndexIgnored", page: func(p *crawler.Page) { p.NoIndex = `meta robots "noindex"` }, scope: crawler.ScopeConfig{NoIndex: crawler.Ignore}, follows: true},
		{name: "Locale", page: func(p *crawler.Page) { p.Lang = "de" }, outcome: Locale, stale: true, follows: true},
		{name: "FollowOnly", scope: crawler.ScopeConfig{FollowOnly: []string{"/en/a"}}, outcome: FollowOnly, stale: true, keeps: true, follows: true},
		{name: "Empty", extract: sanitize.Config{Content: []string{".nowhere"}}, outcome: Empty, stale: true, follows: true},
		{name: "Redirect", page: func(p *crawler.Page) {
			noDoc(p)
			p.Status, p.Redirect, p.Permanent = 301, "https://h.example/en/b", true
		},
			outcome: Redirected, class: "permanent", follows: true, edge: "https://h.example/en/b"},
		{name: "RedirectOut", page: func(p *crawler.Page) { noDoc(p); p.Status, p.Redirect = 302, "https://other.example/" },
			outcome: Redirected, class: "temporary", edge: "https://other.example/"},
		{name: "Canonical", page: func(p *crawler.Page) { p.Canonical = "https://h.example/en/c" }, outcome: Canonicalized, follows: true, edge: "https://h.example/en/c"},
		{name: "CanonicalOut", page: func(p *crawler.Page) { p.Canonical = "https://other.example/c" }, follows: true},
		{name: "CanonicalIgnored", page: func(p *crawler.Page) { p.Canonical = "https://h.example/en/c" }, scope: crawler.ScopeConfig{Canonical: crawler.Ignore}, follows: true},
		{name: "CanonicalAlone", page: func(p *crawler.Page) { p.Canonical, p.Item.Alone = "https://h.example/en/c", true }, follows: true},
	} {
		for _, in := range []bool{false, true} {
			name := c.name
			known := c.known
			if in {
				name, known.RemoteID, known.Hash = c.name+"Delivered", delivered, "another"
			}
			t.Run(name, func(t *testing.T) {
				v := testJudge(t, c.scope, c.extract).page(fetched(t, c.page), known, nil)
				if v.Outcome != c.outcome || v.Class != c.class || v.Edge != c.edge {
					t.Errorf("outcome %q, class %q, edge %q; want %q, %q, %q", v.Outcome, v.Class, v.Edge, c.outcome, c.class, c.edge)
				}
				wantIntent := map[bool]string{false: ledger.IntentCreate, true: ledger.IntentUpdate}[in]
				if (v.Intent == wantIntent) != (c.outcome == "") {
					t.Errorf("intent %q", v.Intent)
				}
				if v.Evidence != (c.evidence && in) || v.Stale != (c.stale && in) || v.KeepValidators != c.keeps {
					t.Errorf("evidence %v, stale %v, keeps validators %v", v.Evidence, v.Stale, v.KeepValidators)
				}
				follows := slices.ContainsFunc(v.Follow, func(l crawler.Link) bool { return l.URL == "https://h.example/en/b" })
				if follows != c.follows {
					t.Errorf("follows %v", v.Follow)
				}
			})
		}
	}
}

func TestJudgeComparesWithWhatWasDelivered(t *testing.T) {
	j := testJudge(t, crawler.ScopeConfig{}, sanitize.Config{})
	first := j.page(fetched(t, nil), ledger.State{}, nil)
	same := ledger.State{RemoteID: "r", Hash: first.Hash}
	if v := j.page(fetched(t, nil), same, nil); v.Outcome != Unchanged || !v.KeepValidators || !v.Confirmed {
		t.Errorf("the same article: %+v", v.Visit)
	}
	same.Intent = ledger.IntentUpdate
	if v := j.page(fetched(t, nil), same, nil); v.Intent != ledger.IntentUpdate {
		t.Error("a page with an open intent is not sent, though nobody knows what the destination has")
	}
}

func TestJudgeReplaysLinksOf304(t *testing.T) {
	j := testJudge(t, crawler.ScopeConfig{}, sanitize.Config{})
	page := fetched(t, func(p *crawler.Page) { p.Doc, p.Links, p.NotModified, p.Status = nil, nil, true, 304 })
	stored := []string{"https://h.example/en/b", "https://h.example/de/b"}
	v := j.page(page, ledger.State{RemoteID: "r"}, stored)
	if v.Outcome != NotModified || len(v.Follow) != 1 || !slices.Equal(v.beside, stored[1:]) || v.Read {
		t.Errorf("%+v, beside %v", v.Visit, v.beside)
	}
	page.NoIndex = "X-Robots-Tag: noindex"
	if v := j.page(page, ledger.State{RemoteID: "r"}, stored); v.Outcome != NoIndex || v.KeepValidators || len(v.Follow) != 1 {
		t.Errorf("with a directive in the header: %+v", v.Visit)
	}
	page.NoIndex, page.NoFollow = "", true
	if v := j.page(page, ledger.State{RemoteID: "r"}, stored); v.Outcome != NotModified || len(v.Follow) != 0 {
		t.Errorf("with nofollow in the header: %+v", v.Visit)
	}
	page.NoFollow = false
	known := ledger.State{RemoteID: "r", Canonical: "https://h.example/en/c"}
	if v := j.page(page, known, stored); v.Outcome != Canonicalized || v.KeepValidators || len(v.Follow) != 2 {
		t.Errorf("with a canonical that is in scope now: %+v", v.Visit)
	}
	follow := testJudge(t, crawler.ScopeConfig{FollowOnly: []string{"/en/a"}}, sanitize.Config{})
	if v := follow.page(page, ledger.State{}, stored); v.Outcome != FollowOnly || v.Confirmed || v.Signature != follow.reading(page.Item.URL) {
		t.Errorf("of a page that is only followed: %+v", v.Visit)
	}
	if follow.reading(page.Item.URL) == j.reading(page.Item.URL) {
		t.Error("a page that is no longer follow_only would be asked for with the validators of its links")
	}
}

func TestJudgeSurvivesAPanic(t *testing.T) {
	j := testJudge(t, crawler.ScopeConfig{}, sanitize.Config{})
	if v := j.page(fetched(t, func(p *crawler.Page) { p.Doc = &goquery.Document{} }), ledger.State{}, nil); v.Outcome != Failed || v.Class != "parse" {
		t.Errorf("%+v", v.Visit)
	}
}

func TestSameLanguage(t *testing.T) {
	for _, c := range []struct {
		locale, lang string
		want         bool
	}{{"en", "", true}, {"en", "en-GB", true}, {"en", "en_us", true}, {"en-GB", "en", true}, {"en", "de", false}, {"en", "eng", false},
		{"any", "de", true}, {"en-GB", "en-US", false}, {"pt", "pt-br", true}} {
		if got := sameLanguage(c.locale, c.lang); got != c.want {
			t.Errorf("sameLanguage(%q, %q) = %v", c.locale, c.lang, got)
		}
	}
}

func TestQueueKeepsFewArticles(t *testing.T) {
	q := newQueue(2)
	for i := range int64(5) {
		q.put(ledger.Intent{Page: i, Action: ledger.IntentCreate, HTML: "x"})
	}
	q.close()
	if in, rows := q.take(t.Context(), t.Context()); len(in) != 2 || len(rows) != 0 || in[1].Page != 1 {
		t.Errorf("first %v and rows %v, want two articles", in, rows)
	}
	for _, want := range [][]int64{{2, 3}, {4}, {}} {
		if in, rows := q.take(t.Context(), t.Context()); len(in) != 0 || !slices.Equal(rows, want) {
			t.Errorf("then %v and rows %v, want %v", in, rows, want)
		}
	}
}

func TestTally(t *testing.T) {
	var y tally
	y.add([]string{"https://h/a/1", "https://h/a/2", "https://h/a/1", "https://h/x?y=/z/"})
	y.add(nil)
	want := []Beside{{"https://h/a/", 2}, {"https://h/", 1}}
	if got := y.list(); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestClassify(t *testing.T) {
	for _, c := range []struct {
		err    error
		exit   int
		reason string
	}{{errInterrupted, 130, "interrupted"}, {ledger.ErrDiskFull, 1, "disk_full"}, {ledger.ErrNewer, 1, "state_unusable"},
		{&ledger.OtherSiteError{}, 2, "other_site"}, {errors.New("x"), 1, "internal"}, {stop(ReasonSiteDown, errors.New("x")), 1, "site_down"}} {
		if got := classify(c.err); got.Exit != c.exit || got.Reason != c.reason {
			t.Errorf("%v: exit %d, %s; want %d, %s", c.err, got.Exit, got.Reason, c.exit, c.reason)
		}
	}
}
