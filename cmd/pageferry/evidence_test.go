package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/pageferry/pageferry/ingest/sandbox"
)

// must fails the test where a rule of deletion is broken; what says what was seen.
func must(t *testing.T, what string, broken bool) {
	t.Helper()
	if broken {
		t.Error(what)
	}
}

// A redirect that was a move once, and is none any more, does not go on to speak for deletion.
func TestEvidenceTemporaryAfterPermanent(t *testing.T) {
	for name, second := range map[string]answer{"302 to live": {status: 302, location: "/p1"}, "301 to dead": {status: 301, location: "/dead"}, "301 out of scope": {status: 301, location: "https://login.example.com/"},
		"302 login out of scope": {status: 302, location: "https://login.example.com/"}} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, soon)
			manyPages(f, 12)
			f.sync()
			f.site.set("/p3", answer{status: 301, location: "/p1"})
			f.sync()
			f.site.set("/p3", second)
			res := f.sync()
			must(t, fmt.Sprintf("deleted %d stale %v exit %d", res.Deleted, res.Stale, res.Exit), !f.has("/p3"))
		})
	}
}

// Pages that lead where too many lead have not moved, although the first of them seemed to.
func TestEvidenceGathersLater(t *testing.T) {
	f := newFixture(t, soon)
	manyPages(f, 100)
	f.sync()
	for i := 0; i < 3; i++ {
		f.site.set(fmt.Sprintf("/p%d", i), answer{status: 301, location: "/p50"})
	}
	f.sync()
	for i := 0; i < 9; i++ {
		f.site.set(fmt.Sprintf("/p%d", i), answer{status: 301, location: "/p50"})
	}
	res := f.sync()
	must(t, fmt.Sprintf("deleted %d stale %d exit %d", res.Deleted, len(res.Stale), res.Exit), res.Deleted > 0)
}

// Of many pages that lead to one, the cap counts all but one.
func TestEvidenceMovesNoCap(t *testing.T) {
	f := newFixture(t, soon)
	var links []string
	for s := range 12 {
		sec := fmt.Sprintf("/s%d", s)
		links = append(links, sec)
		f.site.set(sec, longPage(1000+s))
		for a := range 5 {
			p := fmt.Sprintf("/s%d/a%d", s, a)
			links = append(links, p)
			f.site.set(p, longPage(s*10+a))
		}
	}
	f.site.set("/", article("Home", welcome, links...))
	f.sync()
	before := len(f.inFin())
	for s := range 12 {
		for a := range 5 {
			f.site.set(fmt.Sprintf("/s%d/a%d", s, a), answer{status: 301, location: fmt.Sprintf("/s%d", s)})
		}
	}
	f.sync()
	res := f.sync()
	must(t, fmt.Sprintf("in Fin %d -> %d, deleted %d, exit %d, %v", before, len(f.inFin()), res.Deleted, res.Exit, res.Messages), res.Deleted > before/2)
}

// That a page is off by our own doing is no choice of an operator.
func TestEvidenceHiddenThenMoved(t *testing.T) {
	f := newFixture(t, "delete: {action: hide, after: 0s}\n")
	manyPages(f, 12)
	f.sync()
	f.site.remove("/p2")
	f.sync()
	f.sync()
	t.Log("hidden:", !f.stored("/p2").AIAgentAvailability)
	f.site.set("/p2", answer{status: 301, location: "/new"})
	f.site.set("/new", article("Page 2", "The text of page 2, which has moved."))
	res := f.sync()
	f.sync()
	f.sync()
	must(t, fmt.Sprintf("the new page is off; pages %v", res.Pages), !f.stored("/new").AIAgentAvailability)
}

// What was accepted once does not let a later deletion of the same page through.
func TestEvidenceOldAccept(t *testing.T) {
	f := newFixture(t, "delete: {after: 0s}\n")
	paths := manyPages(f, 30)
	f.sync()
	for _, p := range paths[:8] {
		f.site.remove(p)
	}
	f.sync()
	res := f.sync()
	accept := fmt.Sprint(res.Run)
	for i, p := range paths[:8] {
		f.site.set(p, article(fmt.Sprintf("Page %d", i), fmt.Sprintf("The text of page %d, which is about nothing but %d.", i, i)))
	}
	f.sync("--accept", accept)
	f.writeConfig(f.site.URL+"/", "") // 24 h
	f.sync("--accept", accept)
	for _, p := range paths[:8] {
		f.site.remove(p)
	}
	res = f.sync("--accept", accept)
	must(t, fmt.Sprintf("with delete.after 24h, on the first 404 after being live: deleted %d exit %d", res.Deleted, res.Exit), res.Deleted > 0)
}

// A run that held something is not resumed by a process that knows nothing of it.
func TestEvidenceSuspicionLostOnResume(t *testing.T) {
	f := newFixture(t, soon)
	paths := longSite(f, 20)
	f.sync()
	f.site.remove(paths[19])
	f.site.set(paths[0], answer{status: 500})
	f.sync()
	for i, p := range paths[:12] {
		a := longPage(i)
		a.body = strings.Replace(a.body, "Sentence 3 of", "The third sentence of", 1)
		f.site.set(p, a)
	}
	f.api.SetFaults(sandbox.Fault{Method: http.MethodPost, Status: http.StatusUnauthorized})
	res := f.sync()
	t.Logf("first process: %d %s %v held %d deleted %d", res.Exit, res.Reason, res.Pages, len(res.Held), res.Deleted)
	f.api.SetFaults()
	res = f.sync()
	must(t, fmt.Sprintf("resumed %v: exit %d deleted %d held %d %v", res.Resumed, res.Exit, res.Deleted, len(res.Held), res.Messages), res.Deleted > 0)
}

// A night on which the site was down does not switch the guards off.
func TestEvidenceGuardOffAfterFailure(t *testing.T) {
	for name, bad := range map[string]answer{"500": {status: 500}, "maintenance": {body: maintenancePage}, "login": {body: loginForm}} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, "")
			paths := longSite(f, 20)
			f.sync()
			for _, p := range paths {
				f.site.set(p, bad)
			}
			res := f.sync()
			t.Logf("mishap: exit %d %s %v", res.Exit, res.Reason, res.Pages)
			for i, p := range paths {
				a := longPage(i)
				a.body = strings.Replace(a.body, "</article>", "<p>Our summer sale has begun: thirty percent off everything.</p></article>", 1)
				f.site.set(p, a)
			}
			res = f.sync()
			must(t, fmt.Sprintf("exit %d, pages %v", res.Exit, res.Pages), res.Pages["updated"] >= 20)
		})
	}
}

// An update of a page that was deleted in Intercom makes it anew, and Fin sees it.
func TestEvidenceUpdateOfDeleted(t *testing.T) {
	f := newFixture(t, soon)
	manyPages(f, 12)
	f.sync()
	p := f.stored("/p2")
	req, _ := http.NewRequest(http.MethodDelete, fmt.Sprintf("%s/ai/external_pages/%v", f.api.URL, p.ID), nil)
	req.Header = http.Header{"Authorization": {"Bearer dG9rOnRlc3Q"}, "Accept": {"application/json"}, "Intercom-Version": {"2.14"}}
	r, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Log("deleted by hand:", r.Status, !f.has("/p2"))
	f.site.set("/p2", article("Page 2", "The text of page 2, which is about nothing but 2, and is new here."))
	f.sync()
	f.sync()
	must(t, "page 2 is there, switched off", f.has("/p2") && !f.stored("/p2").AIAgentAvailability)
}

// Accepting twice does not delete what the first time has only hidden.
func TestEvidenceAcceptTwiceHide(t *testing.T) {
	f := newFixture(t, "delete: {action: hide, after: 0s}\n")
	paths := manyPages(f, 30)
	f.sync()
	for _, p := range paths[:8] {
		f.site.remove(p)
	}
	f.sync()
	res := f.sync()
	accept := fmt.Sprint(res.Run)
	t.Logf("held %d", len(res.Held))
	f.writeConfig(f.site.URL+"/", "delete: {action: hide, after: 24h}\n")
	a := f.sync("--accept", accept)
	b := f.sync("--accept", accept)
	must(t, fmt.Sprintf("after 24h: first %d deleted, second %d deleted", a.Deleted, b.Deleted), b.Deleted > 0)
}

// A page that answers 200 in between is on the site, whatever it says.
func TestEvidenceEvidenceSurvives200(t *testing.T) {
	german := article("Seite", "Auf Deutsch.")
	german.body = strings.Replace(german.body, `lang="en"`, `lang="de"`, 1)
	for name, mid := range map[string]answer{"empty": {body: `<html lang="en"><title>E</title><body><main></main></body></html>`}, "other language": german} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, soon)
			manyPages(f, 12)
			f.sync()
			f.site.remove("/p3")
			f.sync()
			f.site.set("/p3", mid)
			for range 3 {
				f.sync()
			}
			f.site.remove("/p3")
			res := f.sync()
			must(t, fmt.Sprintf("first 404 after three 200s: deleted %d", res.Deleted), res.Deleted == 1)
		})
	}
}

// A page has moved only to one that is live in this run.
func TestEvidenceMovedToSoft404(t *testing.T) {
	for name, b := range map[string]answer{"soft404": {body: `<title>Page not found</title><main><h1>Page not found</h1><p>Sorry.</p></main>`}, "login": {body: loginForm}, "500": {status: 500}} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, soon)
			manyPages(f, 30)
			f.sync()
			f.site.set("/p1", b)
			f.site.set("/p3", answer{status: 301, location: "/p1"})
			f.site.set("/p4", answer{status: 301, location: "/p1"})
			f.sync()
			res := f.sync()
			must(t, fmt.Sprintf("deleted %d moved %d pages %v", res.Deleted, res.Moved, res.Pages), res.Deleted > 0)
		})
	}
}

// A hidden page that is back is shown, also where its update is held.
func TestEvidenceBackButHeld(t *testing.T) {
	f := newFixture(t, "delete: {action: hide, after: 0s}\n")
	paths := longSite(f, 20)
	f.sync()
	f.site.remove(paths[2])
	f.sync()
	f.sync()
	f.site.set(paths[2], article("Page 2", "Short now."))
	res := f.sync()
	res = f.sync()
	must(t, fmt.Sprintf("exit %d pages %v", res.Exit, res.Pages), !f.stored(paths[2]).AIAgentAvailability)
}

// A hidden page that is back is shown by an incomplete run too.
func TestEvidenceBackButIncomplete(t *testing.T) {
	f := newFixture(t, "delete: {action: hide, after: 0s}\n")
	paths := longSite(f, 20)
	f.sync()
	f.site.remove(paths[2])
	f.sync()
	f.sync()
	f.site.set(paths[2], longPage(2))
	f.site.set("/sitemap.xml", answer{header: http.Header{"Content-Type": {"application/xml"}}, body: "<urlset><url><loc>" + f.site.URL + "/p1</loc></url>"})
	res := f.sync()
	res = f.sync()
	must(t, fmt.Sprintf("exit %d pages %v stale %v", res.Exit, res.Pages, res.Stale), !f.stored(paths[2]).AIAgentAvailability)
}
