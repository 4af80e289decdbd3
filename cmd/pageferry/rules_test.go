package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pageferry/pageferry/ingest"
	"github.com/pageferry/pageferry/ingest/sandbox"
)

// canonical adds a rel=canonical to a page.
func canonical(a answer, to string) answer {
	a.body = strings.Replace(a.body, "<head>", `<head><link rel="canonical" href="`+to+`">`, 1)
	return a
}

// A page that is only followed for a while is delivered when it no longer is, and not with what was there before.
func TestFollowOnlyAndBack(t *testing.T) {
	f := newFixture(t, "scope: {follow_only: [/b]}\n")
	smallSite(f)
	f.want(f.sync(), 0, counts{"created": 3, "follow_only": 1})
	f.want(f.sync(), 0, counts{"not_modified": 3, "follow_only": 1})
	f.writeConfig(f.site.URL+"/", "")
	f.want(f.sync(), 0, counts{"not_modified": 3, "created": 1})

	f.writeConfig(f.site.URL+"/", "scope: {follow_only: [/b]}\n")
	f.site.set("/b", article("Beta", "Beta was edited meanwhile.", "/a"))
	if res := f.sync(); len(res.Stale) != 1 {
		t.Errorf("stale %v, want /b, which is in Fin and was not confirmed", res.Stale)
	}
	f.writeConfig(f.site.URL+"/", "")
	f.want(f.sync(), 0, counts{"not_modified": 3, "updated": 1})
	if got := f.inFin()["/b"]; !strings.Contains(got, "edited meanwhile") {
		t.Errorf("in Fin: %q", got)
	}
}

// A canonical whose target fails once is followed again when the target is back: the copy is not delivered beside it
// for ever, although it answers 304.
func TestCanonicalSurvivesAFailingTarget(t *testing.T) {
	f := newFixture(t, "")
	f.site.set("/", article("Home", "Welcome.", "/new", "/print"))
	f.site.set("/new", article("New", "The original."))
	f.site.set("/print", canonical(article("Print", "The copy."), "/new"))
	f.want(f.sync(), 0, counts{"created": 2, "canonicalized": 1})
	f.site.set("/new", answer{status: 500})
	res := f.sync()
	if res.Pages["canonicalized"] != 1 || res.Pages["created"] != 0 {
		t.Errorf("outcomes %v: the original is in Fin, so the copy must not be delivered", res.Pages)
	}

	g := newFixture(t, "")
	g.site.set("/", article("Home", "Welcome.", "/new", "/print"))
	g.site.set("/new", answer{status: 500})
	g.site.set("/print", canonical(article("Print", "The copy."), "/new"))
	g.want(g.sync(), 3, counts{"created": 2, "failed": 1}) // the copy stands for itself
	g.site.set("/new", article("New", "The original."))
	res = g.sync()
	g.want(res, 0, counts{"not_modified": 1, "created": 1, "canonicalized": 1})
	if len(res.Gone) != 1 || res.Gone[0].URL != g.site.URL+"/print" {
		t.Errorf("gone %v, want the copy", res.Gone)
	}
}

// A login page behind every URL is not a move, and not a green run.
func TestEverythingRedirectsToLogin(t *testing.T) {
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			f := newFixture(t, "")
			smallSite(f)
			f.sync()
			for _, path := range []string{"/", "/a", "/b", "/c"} {
				f.site.set(path, answer{status: status, location: "/login"})
			}
			f.site.set("/login", article("Log in", "Your name and password, please."))
			res := f.sync()
			if res.Exit != 1 || res.Reason != ingest.ReasonLoginExpired || len(res.Stale) != 4 || len(res.Gone) != 0 || res.Complete {
				t.Errorf("exit %d, reason %s, complete %v, %d stale, %d gone: %v", res.Exit, res.Reason, res.Complete, len(res.Stale), len(res.Gone), res.Messages)
			}
			for _, path := range []string{"/", "/a", "/b", "/c"} {
				if _, ok := f.inFin()[path]; !ok {
					t.Errorf("%s is no longer in Fin", path)
				}
			}
		})
	}
}

// One page that moved is evidence for its deletion, once its target is in Fin.
func TestMovedPage(t *testing.T) {
	f := newFixture(t, "")
	smallSite(f)
	f.sync()
	f.site.set("/c", answer{status: 301, location: "/c2"})
	f.site.set("/c2", article("Gamma", "How to end with gamma, elsewhere."))
	res := f.sync()
	f.want(res, 0, counts{"not_modified": 3, "redirected": 1, "created": 1})
	if len(res.Gone) != 1 || res.Gone[0].URL != f.site.URL+"/c" || len(res.Stale) != 0 {
		t.Errorf("gone %v, stale %v; want /c gone", res.Gone, res.Stale)
	}
}

// A broken section of a site that is up does not keep the rest of it out.
func TestManyFailingPagesOfAHealthySite(t *testing.T) {
	f := newFixture(t, "")
	var bad, good []string
	for i := range 15 {
		bad, good = append(bad, fmt.Sprintf("/bad/%d", i)), append(good, fmt.Sprintf("/good/%d", i))
		f.site.set(bad[i], answer{status: 500})
		f.site.set(good[i], article(fmt.Sprintf("Good %d", i), fmt.Sprintf("Text %d.", i)))
	}
	f.site.set("/", article("Home", welcome, append(bad, good...)...))
	f.want(f.sync(), 3, counts{"created": 16, "failed": 15})
	f.want(f.sync(), 3, counts{"not_modified": 16, "failed": 15})
}

// A run that is killed after a page was staged to stand alone goes on, though the page is in the frontier twice.
func TestResumeOfAPageThatStandsAlone(t *testing.T) {
	f := newFixture(t, "")
	f.site.set("/", article("Home", "Welcome.", "/ghost"))
	f.site.set("/ghost", canonical(article("Ghost", "Its canonical is dead."), "/dead"))
	f.api.SetFaults(sandbox.Fault{Method: http.MethodPost, PathPrefix: "/ai/external_pages", Nth: 2, DropAfterApply: true})
	applied := f.when(func(r sandbox.Record) bool { return r.ExternalID == ingest.ExternalID(f.site.URL+"/ghost") })
	if !f.startChild("sync", f.config).kill(time.Minute, applied) {
		t.Fatal("the process ended before it could be killed")
	}
	f.api.SetFaults()
	res := f.sync()
	f.want(res, 0, counts{"created": 2, "gone": 1})
	if !res.Resumed {
		t.Error("the run was not resumed")
	}
}

// A create that was not acknowledged, of a page that is gone by the next run, may be in Fin: it is not forgotten.
func TestUnacknowledgedCreateOfAPageThatIsGone(t *testing.T) {
	f := newFixture(t, "")
	smallSite(f)
	f.api.SetFaults(sandbox.Fault{Method: http.MethodPost, PathPrefix: "/ai/external_pages", DropAfterApply: true})
	applied := f.when(func(r sandbox.Record) bool { return r.Method == http.MethodPost && r.ExternalID != "" })
	if !f.startChild("sync", f.config).kill(time.Minute, applied) {
		t.Fatal("the process ended before it could be killed")
	}
	f.api.SetFaults()
	for path := range f.inFin() {
		f.site.remove(path)
	}
	if res := f.sync(); len(res.Gone) == 0 {
		t.Errorf("gone %v: what may be in Fin is in no list", res.Gone)
	}
}

func TestEvidenceNeedsTheRunsOwnAnswer(t *testing.T) {
	f := newFixture(t, "")
	smallSite(f)
	f.sync()
	f.site.remove("/c")
	f.sync()
	f.site.set("/c", answer{status: 500})
	res := f.sync()
	if len(res.Gone) != 0 || len(res.Stale) != 1 {
		t.Errorf("gone %v, stale %v; want /c only stale", res.Gone, res.Stale)
	}
}

// A page that is found on a shorter way is judged by it.
func TestDepthIsThatOfTheShortestWay(t *testing.T) {
	f := newFixture(t, "scope: {max_depth: 2}\n")
	f.site.set("/", article("Home", "Welcome.", "/1"))
	f.site.set("/1", article("One", "One.", "/2"))
	f.site.set("/2", article("Two", "Two.", "/3"))
	f.site.set("/3", article("Three", "Three."))
	f.want(f.sync(), 0, counts{"created": 3, "too_deep": 1})
	f.site.set("/", article("Home", "Welcome.", "/1", "/2"))
	f.want(f.sync(), 0, counts{"updated": 1, "not_modified": 2, "created": 1})
}
