package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pageferry/pageferry/ingest"
	"github.com/pageferry/pageferry/ingest/sandbox"
)

type counts = map[string]int

// smallSite is a help center of a home page and three articles.
func smallSite(f *fixture) {
	f.site.set("/", article("Home", "Welcome to the help center.", "/a", "/b"))
	f.site.set("/a", article("Alpha", "How to begin with alpha.", "/b", "/c"))
	f.site.set("/b", article("Beta", "How to go on with beta.", "/a"))
	f.site.set("/c", article("Gamma", "How to end with gamma."))
}

func TestSecondRunSendsNothing(t *testing.T) {
	for _, bare := range []bool{false, true} {
		t.Run(fmt.Sprintf("bare=%v", bare), func(t *testing.T) {
			f := newFixture(t, "")
			smallSite(f)
			f.site.bare = bare
			f.want(f.sync(), 0, counts{"created": 4})
			if got := f.inFin(); len(got) != 4 || !strings.Contains(got["/a"], "How to begin with alpha.") || strings.Contains(got["/a"], "Acme") {
				t.Errorf("in Fin: %v", got)
			}
			f.upserts()
			f.site.requests()
			f.want(f.sync(), 0, counts{"not_modified": 4})
			if ids := f.upserts(); len(ids) != 0 {
				t.Errorf("%d upserts of an unchanged site", len(ids))
			}
			for path, n := range f.site.requests() {
				if n != 1 {
					t.Errorf("%s was requested %d times", path, n)
				}
			}
		})
	}
}

func TestOneEditIsOneUpsert(t *testing.T) {
	f := newFixture(t, "")
	smallSite(f)
	f.sync()
	f.upserts()
	f.site.set("/b", article("Beta", "Beta has changed.", "/a"))
	f.want(f.sync(), 0, counts{"updated": 1, "not_modified": 3})
	if ids := f.upserts(); len(ids) != 1 || ids[0] != ingest.ExternalID(f.site.URL+"/b") {
		t.Errorf("upserts %v, want the one of /b", ids)
	}
	if got := f.inFin()["/b"]; !strings.Contains(got, "Beta has changed.") {
		t.Errorf("in Fin: %q", got)
	}
	// A change outside the article is read and not sent.
	a := article("Beta", "Beta has changed.", "/a")
	a.body = strings.Replace(a.body, "<footer>Acme", "<footer>Acme, Inc.", 1)
	f.site.set("/b", a)
	f.want(f.sync(), 0, counts{"unchanged": 1, "not_modified": 3})
	f.want(f.sync(), 0, counts{"not_modified": 4})
}

// design.md §4, rule 2: a 304 hides nothing. /c is linked from /a alone; it failed, and was not delivered; /a answers 304.
func TestPageLinkedFromUnmodifiedPageThatFailedIsFound(t *testing.T) {
	f := newFixture(t, "")
	smallSite(f)
	f.site.set("/c", answer{status: 500, body: "oops"})
	res := f.sync()
	f.want(res, 3, counts{"created": 3, "failed": 1})
	if len(res.Failures) != 1 || res.Failures[0].Class != "http_5xx" || res.Failures[0].URL != f.site.URL+"/c" {
		t.Errorf("failures %v", res.Failures)
	}
	f.site.set("/c", article("Gamma", "How to end with gamma."))
	f.want(f.sync(), 0, counts{"not_modified": 3, "created": 1})
}

// The same where the ledger does not know the page at all: it was never found, because the run was cut off.
func TestLinksOfUnmodifiedPagesAreReplayed(t *testing.T) {
	f := newFixture(t, "")
	smallSite(f)
	f.want(f.sync("--limit", "2"), 3, counts{"created": 2}) // home and /a
	f.want(f.sync("--restart"), 0, counts{"not_modified": 2, "created": 2})
}

func TestUpdatesWaitForTheCrawlAndCreatesDoNot(t *testing.T) {
	f := newFixture(t, "")
	smallSite(f)
	f.sync()
	f.site.set("/a", article("Alpha", "New alpha.", "/b", "/c", "/slow"))
	f.site.set("/b", article("Beta", "Beta.", "/new"))
	f.site.set("/new", article("New", "A new page.", "/slow"))
	f.upserts()
	created := f.when(func(r sandbox.Record) bool { return r.ExternalID == ingest.ExternalID(f.site.URL+"/new") })
	f.site.set("/slow", answer{raw: func(w http.ResponseWriter, r *http.Request) {
		<-created // the crawl goes on only when the new page has arrived
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, article("Slow", "A slow page.").body)
	}})
	f.want(f.sync(), 0, counts{"created": 2, "updated": 2, "not_modified": 2})
	ids := f.upserts()
	if len(ids) != 4 || ids[0] != ingest.ExternalID(f.site.URL+"/new") || ids[1] != ingest.ExternalID(f.site.URL+"/slow") {
		t.Errorf("upserts in order: %v; want the creates first", ids)
	}
}

func TestRedirectsAndCanonicalsAreEdges(t *testing.T) {
	f := newFixture(t, "")
	f.site.set("/", article("Home", welcome, "/old", "/print", "/self", "/ghost", "/away", "/loop1", "/dup?utm_source=x", "/dup", "/canon1"))
	f.site.set("/old", answer{status: 301, location: "/new"})
	f.site.set("/new", article("New", "The new place."))
	f.site.set("/print", canonical(article("Print", "To print."), "/new"))
	f.site.set("/self", canonical(article("Self", "It is itself."), "/self#top"))
	f.site.set("/ghost", canonical(article("Ghost", "Its canonical is dead."), "/dead"))
	f.site.set("/away", canonical(article("Away", "Its canonical is elsewhere."), "https://elsewhere.example/x"))
	f.site.set("/loop1", answer{status: 302, location: "/loop2"})
	f.site.set("/loop2", answer{status: 302, location: "/loop1"})
	f.site.set("/dup", article("Dup", "Once."))
	f.site.set("/canon1", canonical(article("One", "Canonical of two."), "/canon2"))
	f.site.set("/canon2", canonical(article("Two", "Canonical of one."), "/canon1"))
	res := f.sync()
	// The two pages of a canonical circle stand for themselves, as does the ghost; the redirects of a circle fail.
	f.want(res, 3, counts{"created": 8, "redirected": 1, "canonicalized": 1, "gone": 1, "failed": 2})
	for _, p := range res.Failures {
		if p.Class != "redirect_loop" {
			t.Errorf("%s failed with %s, want redirect_loop", p.URL, p.Class)
		}
	}
	for _, path := range []string{"/", "/new", "/self", "/ghost", "/away", "/dup", "/canon1", "/canon2"} {
		if _, ok := f.inFin()[path]; !ok {
			t.Errorf("%s is not in Fin", path)
		}
	}
	for path, n := range f.site.requests() {
		want := 1
		if path == "/ghost" || path == "/canon1" || path == "/canon2" {
			want = 2 // fetched again at the end, to stand for itself
		}
		if n != want {
			t.Errorf("%s was requested %d times, want %d", path, n, want)
		}
	}
}

func TestAnEmptyLedgerAdoptsWhatIsThere(t *testing.T) {
	f := newFixture(t, "")
	smallSite(f)
	f.sync()
	f.upserts()
	if err := os.RemoveAll(f.state); err != nil {
		t.Fatal(err)
	}
	f.site.set("/b", article("Beta", "Beta has changed.", "/a"))
	f.want(f.sync(), 0, counts{"unchanged": 3, "updated": 1})
	if ids := f.upserts(); len(ids) != 1 {
		t.Errorf("%d upserts after the ledger was lost, want 1", len(ids))
	}
	if sources, err := f.store.Sources(t.Context()); err != nil || len(sources) != 1 {
		t.Errorf("sources %v, %v; want one", sources, err)
	}
}

func TestOperatorsSwitchesSurviveAnUpdate(t *testing.T) {
	f := newFixture(t, "")
	smallSite(f)
	f.sync()
	var id string
	var source int64
	for p, err := range f.store.Pages(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if !p.AIAgentAvailability || !p.AICopilotAvailability {
			t.Errorf("%s was created invisible", p.URL)
		}
		if strings.HasSuffix(p.URL, "/b") {
			id, source = fmt.Sprint(p.ID), p.SourceID
		}
	}
	req, err := http.NewRequest(http.MethodPut, f.api.URL+"/ai/external_pages/"+id, strings.NewReader(fmt.Sprintf(
		`{"title":"x","html":"x","url":"%s/b","locale":"en","source_id":%d,"fin_availability":false,"ai_agent_availability":false}`, f.site.URL, source)))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range map[string]string{"Authorization": "Bearer x", "Content-Type": "application/json", "Accept": "application/json", "Intercom-Version": "Preview"} {
		req.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Fatalf("PUT: %s", resp.Status)
	}
	f.site.set("/b", article("Beta", "Beta has changed.", "/a"))
	f.want(f.sync(), 0, counts{"updated": 1, "not_modified": 3})
	for p := range f.store.Pages(t.Context(), 0) {
		if strings.HasSuffix(p.URL, "/b") && (p.AIAgentAvailability || !strings.Contains(p.HTML, "changed")) {
			t.Errorf("after the update: %+v", p)
		}
	}
}

func TestOutcomes(t *testing.T) {
	f := newFixture(t, "scope: {follow_only: [/list], exclude: [/out/**], max_depth: 2}\nfetch: {allow_private: true, rate: 0, retries: 0, max_body: 20KiB}\n")
	f.site.set("/robots.txt", answer{header: http.Header{"Content-Type": {"text/plain"}}, body: "User-agent: *\nDisallow: /internal/\n"})
	f.site.set("/", article("Home", "Welcome.", "/list", "/internal/x", "/noindex", "/de", "/file.pdf", "/blob", "/empty", "/big", "/dead", "/out/x", "/one"))
	f.site.set("/list", article("List", "A list.", "/one"))
	f.site.set("/one", article("One", "One.", "/two"))
	f.site.set("/two", article("Two", "Two.", "/three"))
	f.site.set("/three", article("Three", "Three."))
	f.site.set("/internal/x", article("Internal", "Secret."))
	n := article("No", "Not for the index.")
	n.header = http.Header{"X-Robots-Tag": {"noindex"}}
	f.site.set("/noindex", n)
	d := article("Hilfe", "So geht das.")
	d.body = strings.Replace(d.body, `lang="en"`, `lang="de-DE"`, 1)
	f.site.set("/de", d)
	f.site.set("/blob", answer{header: http.Header{"Content-Type": {"application/octet-stream"}}, body: "\x00\x01"})
	f.site.set("/empty", answer{body: `<html lang="en"><head><title>E</title></head><body><main></main></body></html>`})
	f.site.set("/big", article("Big", strings.Repeat("large ", 10_000)))
	res := f.sync()
	f.want(res, 0, counts{"created": 2, "listing": 1, "follow_only": 1, "robots": 1, "noindex": 1, "locale": 1, "not_html": 2, "empty": 1,
		"too_large": 1, "gone": 1, "too_deep": 1})
	if n := f.site.requests()["/internal/x"] + f.site.requests()["/file.pdf"]; n != 0 {
		t.Errorf("%d requests for what is forbidden or no page", n)
	}
	code, out, _ := f.run("explain", f.config, f.site.URL+"/noindex")
	if code != 0 || !strings.Contains(out, "noindex") || !strings.Contains(out, ingest.ExternalID(f.site.URL+"/noindex")) {
		t.Errorf("explain: exit %d\n%s", code, out)
	}
	code, out, _ = f.run("status", f.config)
	if code != 0 || !strings.Contains(out, "2 pages in Fin") {
		t.Errorf("status: exit %d\n%s", code, out)
	}
}

func TestSandboxStoreThatWasDeletedIsAnotherDestination(t *testing.T) {
	f := newFixture(t, "")
	smallSite(f)
	f.want(f.sync("--sandbox"), 0, counts{"created": 4})
	f.want(f.sync("--sandbox"), 0, counts{"not_modified": 4})
	// The sandbox never makes a real run believe that anything was delivered.
	f.want(f.sync(), 0, counts{"created": 4})
	for _, name := range []string{"sandbox.db", "sandbox.db-wal", "sandbox.db-shm"} {
		if err := os.Remove(filepath.Join(f.state, name)); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	f.want(f.sync("--sandbox"), 0, counts{"created": 4})
	f.want(f.sync(), 0, counts{"not_modified": 4})
}

// Pages are fetched in the same order in every run: start, those of the sitemap, then by the links from them, breadth
// first.
func TestOrderOfTheCrawl(t *testing.T) {
	f := newFixture(t, "fetch: {allow_private: true, rate: 0, concurrency: 1}\n")
	f.site.set("/sitemap.xml", answer{header: http.Header{"Content-Type": {"application/xml"}}, body: `<urlset>` +
		`<url><loc>` + f.site.URL + `/m2</loc></url><url><loc>` + f.site.URL + `/m1</loc></url></urlset>`})
	f.site.set("/", article("Home", welcome, "/b", "/a"))
	f.site.set("/m1", article("M1", "In the sitemap."))
	f.site.set("/m2", article("M2", "In the sitemap, first.", "/c"))
	f.site.set("/a", article("A", "A page.", "/d"))
	f.site.set("/b", article("B", "A page.", "/e"))
	for _, path := range []string{"/c", "/d", "/e"} {
		f.site.set(path, article("Page "+path, "A page at "+path))
	}
	want := []string{"/", "/m2", "/m1", "/b", "/a", "/c", "/e", "/d"}
	for range 3 {
		f.sync()
		if got := f.site.asked(); !slices.Equal(got, want) {
			t.Errorf("asked for %q, want %q", got, want)
		}
	}
}
