package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/pageferry/pageferry/ingest"
	"github.com/pageferry/pageferry/ingest/sandbox"
)

// soon deletes as soon as two complete runs agree.
const soon = "delete: {after: 0s}\n"

// manyPages puts n articles on the site, which the home page links to, and returns their paths.
func manyPages(f *fixture, n int, more ...string) []string {
	var paths []string
	for i := range n {
		paths = append(paths, fmt.Sprintf("/p%d", i))
		f.site.set(paths[i], article(fmt.Sprintf("Page %d", i), fmt.Sprintf("The text of page %d, which is about nothing but %d.", i, i)))
	}
	f.site.set("/", article("Home", welcome, append(paths, more...)...))
	return paths
}

func (f *fixture) has(path string) bool {
	_, ok := f.inFin()[path]
	return ok
}

// stored returns the page of the API at a path.
func (f *fixture) stored(path string) sandbox.Page {
	f.t.Helper()
	for p, err := range f.store.Pages(f.t.Context(), 0) {
		if err != nil {
			f.t.Fatal(err)
		}
		if p.URL == f.site.URL+path {
			return p
		}
	}
	f.t.Fatalf("%s is not in Fin", path)
	return sandbox.Page{}
}

// flip sets the switches of a page as an operator would.
func (f *fixture) flip(path string, on bool) {
	f.t.Helper()
	p := f.stored(path)
	body := fmt.Sprintf(`{"source_id": %d, "external_id": %q, "title": %q, "html": "<p>x</p>", "url": %q, "locale": "en",
		"ai_agent_availability": %v, "ai_copilot_availability": %v}`, p.SourceID, p.ExternalID, p.Title, p.URL, on, on)
	req, err := http.NewRequest(http.MethodPost, f.api.URL+"/ai/external_pages", strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	req.Header = http.Header{"Authorization": {"Bearer dG9rOnRlc3Q"}, "Content-Type": {"application/json"}, "Accept": {"application/json"}, "Intercom-Version": {"2.14"}}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		f.t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		f.t.Fatal(res.Status)
	}
}

// A page goes when two complete runs have seen that the site does not have it, or does not want it there.
func TestDeletion(t *testing.T) {
	hidden := article("Hidden", "Not for the index.")
	hidden.header = http.Header{"X-Robots-Tag": {"noindex"}}
	for name, gone := range map[string]answer{"gone": {status: 404}, "410": {status: 410}, "noindex": hidden} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, soon)
			manyPages(f, 5)
			f.sync()
			f.site.set("/p3", gone)
			res := f.sync()
			if res.Deleted != 0 || !f.has("/p3") || len(res.Gone) != 1 {
				t.Errorf("first run: %d deleted, gone %v", res.Deleted, res.Gone)
			}
			res = f.sync()
			if res.Exit != 0 || res.Deleted != 1 || f.has("/p3") || len(f.inFin()) != 5 || res.InTarget != 5 || len(res.Gone) != 0 {
				t.Errorf("second run: exit %d, %d deleted, %d in Fin, gone %v: %v", res.Exit, res.Deleted, len(f.inFin()), res.Gone, res.Messages)
			}
			f.site.set("/p3", article("Back", "It is here again."))
			if res = f.sync(); res.Pages["created"] != 1 || !f.stored("/p3").AIAgentAvailability {
				t.Errorf("back again: %v", res.Pages)
			}
		})
	}
}

// What does not speak for deletion never deletes, however many runs see it.
func TestNoDeletionWithoutEvidence(t *testing.T) {
	for name, c := range map[string]struct {
		extra string
		a     answer
	}{
		"before the time is over": {"", answer{status: 404}},
		"kept by the config":      {"delete: {action: keep, after: 0s}\n", answer{status: 404}},
		"server error":            {soon, answer{status: 500}},
		"forbidden":               {soon, answer{status: 403}},
		"login":                   {soon, answer{body: loginForm}},
		"challenge":               {soon, answer{body: challengePage}},
		"maintenance":             {soon, answer{body: maintenancePage}},
		"soft 404":                {soon, answer{body: `<title>Page not found</title><main><h1>Page not found</h1><p>Sorry.</p></main>`}},
		"temporary redirect":      {soon, answer{status: 302, location: "/p1"}},
		"empty":                   {soon, answer{body: `<html lang="en"><title>E</title><body><main></main></body></html>`}},
		"robots":                  {soon, answer{}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, c.extra)
			manyPages(f, 11)
			f.sync()
			if name == "robots" {
				f.site.set("/robots.txt", answer{header: http.Header{"Content-Type": {"text/plain"}}, body: "User-agent: *\nDisallow: /p3\n"})
			} else {
				f.site.set("/p3", c.a)
			}
			for range 4 {
				if res := f.sync(); res.Deleted != 0 || !f.has("/p3") {
					t.Fatalf("%d deleted; outcomes %v", res.Deleted, res.Pages)
				}
			}
		})
	}
}

// An incomplete run deletes nothing, and does not count.
func TestIncompleteRunsDeleteNothing(t *testing.T) {
	f := newFixture(t, soon)
	manyPages(f, 12)
	f.sync()
	f.site.set("/p3", answer{status: 404})
	f.site.set("/sitemap.xml", answer{header: http.Header{"Content-Type": {"application/xml"}}, body: "<urlset><url><loc>" + f.site.URL + "/p1</loc></url>"}) // cut off
	for range 3 {
		if res := f.sync(); res.Deleted != 0 || !f.has("/p3") || res.Complete {
			t.Fatalf("%d deleted, complete %v", res.Deleted, res.Complete)
		}
	}
	for range 3 {
		if res := f.sync("--limit", "100"); res.Deleted != 0 || !f.has("/p3") {
			t.Fatalf("%d deleted with --limit", res.Deleted)
		}
	}
	f.site.remove("/sitemap.xml")
	if res := f.sync(); res.Deleted != 0 { // the first complete one
		t.Errorf("%d deleted", res.Deleted)
	}
	if res := f.sync(); res.Deleted != 1 {
		t.Errorf("%d deleted by the second complete run", res.Deleted)
	}
}

// More than delete.max are held, all of them, until a person lets exactly these through.
func TestTooManyDeletionsAreHeld(t *testing.T) {
	f := newFixture(t, soon)
	paths := manyPages(f, 30)
	f.sync()
	for _, p := range paths[:8] {
		f.site.remove(p)
	}
	f.sync()
	res := f.sync()
	if res.Exit != 4 || res.Reason != ingest.ReasonHeld || res.Deleted != 0 || len(res.Held) != 8 || len(f.inFin()) != 31 {
		t.Fatalf("exit %d %s, %d deleted, %d held, %d in Fin: %v", res.Exit, res.Reason, res.Deleted, len(res.Held), len(f.inFin()), res.Messages)
	}
	if h := res.Held[0]; h.Action != "delete" || h.URL != f.site.URL+"/p0" || !strings.Contains(h.Why, "delete.max allows 5") {
		t.Errorf("held %+v", h)
	}
	f.site.set("/p0", article("Page 0", "It is back.")) // no longer what was held
	accept := fmt.Sprint(res.Run)
	res = f.sync("--accept", accept)
	if res.Exit != 0 || res.Deleted != 7 || len(f.inFin()) != 24 || !f.has("/p0") {
		t.Errorf("accepted: exit %d, %d deleted, %d in Fin: %v", res.Exit, res.Deleted, len(f.inFin()), res.Messages)
	}
	for _, p := range paths[10:16] { // the same option left in a crontab lets nothing else through
		f.site.remove(p)
	}
	f.sync("--accept", accept)
	if res = f.sync("--accept", accept); res.Deleted != 0 || len(res.Held) != 6 {
		t.Errorf("left in a crontab: %d deleted, %d held", res.Deleted, len(res.Held))
	}
}

// A page that moves is in Fin under its new address before the old one goes, and keeps the switches of an operator.
func TestMoveKeepsSwitches(t *testing.T) {
	f := newFixture(t, soon)
	manyPages(f, 6)
	f.sync()
	f.flip("/p2", false)
	f.site.set("/p2", answer{status: 301, location: "/new"})
	f.site.set("/new", article("Page 2", "The text of page 2, which has moved."))
	res := f.sync()
	if !f.has("/p2") || res.Deleted != 0 {
		t.Errorf("the old address went before the second run")
	}
	if p := f.stored("/new"); p.AIAgentAvailability || p.AICopilotAvailability {
		t.Errorf("the new address is switched on: %+v", p)
	}
	res = f.sync()
	if res.Deleted != 1 || res.Moved != 1 || f.has("/p2") || f.stored("/new").AIAgentAvailability {
		t.Errorf("%d deleted, %d moved: %v", res.Deleted, res.Moved, res.Messages)
	}
}

// With hide, a page is switched off first, and comes back as an operator had left it.
func TestHide(t *testing.T) {
	f := newFixture(t, "delete: {action: hide, after: 0s}\n")
	manyPages(f, 6)
	f.sync()
	page := article("Page 2", "The text of page 2, which is about nothing but 2.")
	f.site.remove("/p2")
	f.sync()
	if !f.stored("/p2").AIAgentAvailability {
		t.Error("switched off in the first run")
	}
	f.sync()
	if p := f.stored("/p2"); p.AIAgentAvailability || p.AICopilotAvailability {
		t.Errorf("not switched off: %+v", p)
	}
	f.site.set("/p2", page)
	f.sync()
	if p := f.stored("/p2"); !p.AIAgentAvailability || !p.AICopilotAvailability {
		t.Errorf("back on the site, but not switched on: %+v", p)
	}
	f.site.remove("/p2")
	for range 3 {
		f.sync()
	}
	if f.has("/p2") {
		t.Error("it is still there, though two runs after it was switched off have passed")
	}
}

// Only pages of our own source are ever touched, even if the ledger believes otherwise.
func TestForeignPagesSurvive(t *testing.T) {
	f := newFixture(t, soon)
	manyPages(f, 6)
	other, err := f.store.AddSource(t.Context(), f.site.URL+"/other", "api")
	if err != nil {
		t.Fatal(err)
	}
	post := func(source int64, external string) {
		body := fmt.Sprintf(`{"source_id": %d, "external_id": %q, "title": "T", "html": "<p>x</p>", "url": %q, "locale": "en"}`, source, external, f.site.URL+"/foreign/"+external)
		req, err := http.NewRequest(http.MethodPost, f.api.URL+"/ai/external_pages", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header = http.Header{"Authorization": {"Bearer dG9rOnRlc3Q"}, "Content-Type": {"application/json"}, "Accept": {"application/json"}, "Intercom-Version": {"2.14"}}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != 200 {
			t.Fatal(res.Status)
		}
	}
	f.sync()
	post(other.ID, "mine")
	post(f.stored("/p1").SourceID, "by-hand") // in our source, but not made by this config
	f.site.remove("/p2")
	f.sync()
	f.sync()
	var left []string
	for p, err := range f.store.Pages(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		left = append(left, p.ExternalID)
	}
	if !slices.Contains(left, "mine") || !slices.Contains(left, "by-hand") || len(left) != 8 {
		t.Errorf("%d pages left: %q", len(left), left)
	}
}

// A deletion that was applied, but not acknowledged, and whose page comes back: Fin sees the page again.
func TestPageReturnsAfterUnacknowledgedDeletion(t *testing.T) {
	f := newFixture(t, soon)
	manyPages(f, 12)
	f.sync()
	f.site.remove("/p2")
	f.sync()
	f.api.SetFaults(sandbox.Fault{Method: http.MethodDelete, DropAfterApply: true, Count: 1},
		sandbox.Fault{Method: http.MethodDelete, Status: http.StatusUnauthorized})
	res := f.sync()
	f.api.SetFaults()
	if f.has("/p2") || res.Reason != ingest.ReasonTokenRefused {
		t.Fatalf("it was not deleted: %v", res.Messages)
	}
	f.site.set("/p2", article("Page 2", "The text of page 2, which is about nothing but 2."))
	res = f.sync()
	if !f.has("/p2") || !f.stored("/p2").AIAgentAvailability {
		t.Errorf("exit %d, pages %v: it is not back, or Fin does not see it", res.Exit, res.Pages)
	}
}

// The slips of a deploy, one each, on a site that worked the night before: Fin keeps everything, the run is not green,
// and it names the key or the cause.
func TestMorningAfterDeploy(t *testing.T) {
	german := func(a answer) answer {
		a.body = strings.Replace(a.body, `lang="en"`, `lang="de"`, 1)
		return a
	}
	for name, c := range map[string]struct {
		slip   func(f *fixture, path string, a answer)
		exit   int
		reason string
		say    string
	}{
		"staging robots.txt": {func(f *fixture, _ string, _ answer) {
			f.site.set("/robots.txt", answer{header: http.Header{"Content-Type": {"text/plain"}}, body: "User-agent: *\nDisallow: /\n"})
		}, 1, ingest.ReasonBlocked, "fetch.robots"},
		"noindex on every page": {func(f *fixture, path string, a answer) {
			a.header = http.Header{"X-Robots-Tag": {"noindex"}}
			f.site.set(path, a)
		}, 4, ingest.ReasonImplausible, "scope.noindex"},
		"another language": {func(f *fixture, path string, a answer) { f.site.set(path, german(a)) }, 4, ingest.ReasonImplausible, "locale"},
		"canonicals to the staging host": {func(f *fixture, path string, a answer) {
			f.site.set(path, canonical(a, "https://staging.acme.example"+path))
		}, 4, ingest.ReasonImplausible, "scope.canonical"},
		"canonicals to the home page": {func(f *fixture, path string, a answer) {
			f.site.set(path, canonical(a, "/"))
		}, 0, "", ""},
		"everything is 404": {func(f *fixture, path string, _ answer) { f.site.remove(path) }, 4, ingest.ReasonImplausible, "start"},
		"everything leads home": {func(f *fixture, path string, a answer) {
			if path != "/" {
				f.site.set(path, answer{status: 301, location: "/"})
			}
		}, 1, ingest.ReasonBlocked, "lead"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, soon)
			pages := map[string]answer{}
			for i, p := range append(longSite(f, 12), "/") {
				pages[p] = longPage(i)
			}
			f.sync()
			f.site.mu.Lock()
			pages["/"] = f.site.pages["/"]
			f.site.mu.Unlock()
			for path, a := range pages {
				c.slip(f, path, a)
			}
			for range 3 {
				res := f.sync()
				if len(f.inFin()) != 13 || res.Deleted != 0 {
					t.Fatalf("%d pages in Fin, %d deleted: %v", len(f.inFin()), res.Deleted, res.Pages)
				}
				if m := strings.Join(res.Messages, "\n"); res.Exit != c.exit || res.Reason != c.reason || !strings.Contains(m, c.say) {
					t.Errorf("exit %d %q, want %d %q; pages %v, it says: %s", res.Exit, res.Reason, c.exit, c.reason, res.Pages, m)
				}
			}
		})
	}
}

// When most of a site is gone, a person can say that it is meant; and links to what left Fin long ago do no harm.
func TestMostOfASiteIsGone(t *testing.T) {
	f := newFixture(t, soon)
	paths := manyPages(f, 14)
	f.sync()
	for _, p := range paths[:9] {
		f.site.remove(p)
	}
	if res := f.sync(); res.Exit != 4 || res.Deleted != 0 {
		t.Errorf("first run: exit %d, %d deleted", res.Exit, res.Deleted)
	}
	res := f.sync()
	if res.Exit != 4 || len(res.Held) != 9 || res.Deleted != 0 {
		t.Fatalf("second run: exit %d, held %v: %v", res.Exit, res.Held, res.Messages)
	}
	_, out, _ := f.run("status", f.config)
	if !strings.Contains(out, fmt.Sprintf("--accept %d", res.Run)) || !strings.Contains(out, f.site.URL+paths[8]) {
		t.Errorf("status does not say what is held:\n%s", out)
	}
	if res = f.sync("--accept", "99"); len(res.Notes) == 0 || res.Deleted != 0 {
		t.Errorf("a run that does not exist: notes %q, %d deleted", res.Notes, res.Deleted)
	}
	if res = f.sync("--accept", fmt.Sprint(res.Run)); res.Exit != 0 || res.Deleted != 9 || len(res.Removed) != 9 || len(f.inFin()) != 6 {
		t.Errorf("accepted: exit %d, removed %v, %d in Fin: %v", res.Exit, res.Removed, len(f.inFin()), res.Messages)
	}
	if res = f.sync(); res.Exit != 0 { // the home page still links to the nine
		t.Errorf("exit %d: %v", res.Exit, res.Messages)
	}
}
