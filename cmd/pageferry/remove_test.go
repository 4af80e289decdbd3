package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pageferry/pageferry/ingest"
	"github.com/pageferry/pageferry/ingest/sandbox"
)

// remove runs remove and returns what it came to.
func (f *fixture) remove(args ...string) ingest.Removal {
	f.t.Helper()
	code, stdout, stderr := f.run(append([]string{"remove", f.config, "--json"}, args...)...)
	var res ingest.Removal
	if err := json.Unmarshal([]byte(stdout), &res); err != nil {
		f.t.Fatalf("removal: %v\nexit %d\n%s\n%s", err, code, stdout, stderr)
	}
	if res.Exit != code {
		f.t.Errorf("the result says exit %d, the program exits %d", res.Exit, code)
	}
	return res
}

// A page that is taken out stays out, run after run, whatever becomes of it on the site, until it is let in again.
func TestRemoveAndUndo(t *testing.T) {
	for _, bare := range []bool{false, true} {
		t.Run(fmt.Sprintf("bare=%v", bare), func(t *testing.T) {
			f := newFixture(t, soon)
			f.site.bare = bare
			manyPages(f, 12)
			f.site.set("/p3", article("Page 3", "The text of page 3, which leads on.", "/only-from-p3"))
			f.site.set("/only-from-p3", article("Only", "Nothing but page 3 leads here."))
			f.sync()
			res := f.remove("/p3", "/p4*", "--yes")
			if res.Exit != 0 || res.Matched != 2 || res.Removed != 2 || res.InTarget != 12 || f.has("/p3") || f.has("/p4") || len(res.KeptOut) != 2 {
				t.Errorf("%+v", res)
			}
			f.site.set("/p4", article("Page 4", "It is another by now."))
			f.site.set("/new", article("New", "Found behind the page that is out."))
			for i := range 3 {
				if i == 1 {
					f.site.set("/p3", article("Page 3", "The text of page 3, which leads on and on.", "/only-from-p3", "/new"))
				}
				run := f.sync()
				if run.Exit != 0 || run.Pages["excluded"] != 2 || run.Pages["failed"] != 0 || f.has("/p3") || f.has("/p4") || len(run.Stale)+len(run.Gone) != 0 {
					t.Fatalf("run %d: exit %d %s, %v, stale %v, gone %v: %v", i, run.Exit, run.Reason, run.Pages, run.Stale, run.Gone, run.Messages)
				}
			}
			if !f.has("/only-from-p3") || !f.has("/new") {
				t.Error("what only a page that is out leads to is out too")
			}
			if _, stdout, _ := f.run("explain", f.config, f.site.URL+"/p3"); !strings.Contains(stdout, "taken out with remove on "+time.Now().Format(time.DateOnly)) ||
				!strings.Contains(stdout, "--undo") {
				t.Error(stdout)
			}
			if res = f.remove("/p4*", "--undo"); res.Exit != 0 || len(res.KeptOut) != 1 || res.KeptOut[0].Pattern != "/p3" {
				t.Errorf("undo: %+v", res)
			}
			run := f.sync()
			if run.Pages["created"] != 1 || run.Pages["excluded"] != 1 || f.has("/p3") || !strings.Contains(f.inFin()["/p4"], "another by now") ||
				!f.stored("/p4").AIAgentAvailability {
				t.Errorf("after undo: %v", run.Pages)
			}
		})
	}
}

// All of a first sync is taken back, and comes again.
func TestRemoveAll(t *testing.T) {
	f := newFixture(t, "")
	manyPages(f, 120)
	other, err := f.store.AddSource(t.Context(), f.site.URL+"/other", "api")
	if err != nil {
		t.Fatal(err)
	}
	f.sync()
	f.post(other.ID, "of-another-source")
	f.post(f.stored("/p1").SourceID, "made-by-hand")
	res := f.remove("**", "--yes")
	if res.Exit != 0 || res.Removed != 121 || res.InTarget != 0 {
		t.Errorf("%+v", res)
	}
	var left []string
	for p, err := range f.store.Pages(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		left = append(left, p.ExternalID)
	}
	if slices.Sort(left); !slices.Equal(left, []string{"made-by-hand", "of-another-source"}) {
		t.Errorf("left: %q", left)
	}
	run := f.sync()
	if run.Exit != 4 || run.Reason != ingest.ReasonNoPages || run.Pages["excluded"] != 121 || !strings.Contains(strings.Join(run.Messages, "\n"), "pageferry remove") {
		t.Errorf("exit %d %s, %v: %v", run.Exit, run.Reason, run.Pages, run.Messages)
	}
	if res = f.remove("**", "--yes"); res.Exit != 0 || res.Matched != 0 {
		t.Errorf("again: %+v", res)
	}
	f.remove("**", "--undo")
	if run = f.sync(); run.Exit != 0 || run.Pages["created"] != 121 {
		t.Errorf("after undo: exit %d, %v", run.Exit, run.Pages)
	}
}

// post puts a page into the API that this config has not made.
func (f *fixture) post(source int64, external string) {
	f.t.Helper()
	body := fmt.Sprintf(`{"source_id": %d, "external_id": %q, "title": "T", "html": "<p>x</p>", "url": %q, "locale": "en"}`, source, external, f.site.URL+"/foreign/"+external)
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

// It asks first, with the number of pages and some of them, and does nothing unless the answer is yes.
func TestRemoveAsksFirst(t *testing.T) {
	f := newFixture(t, "")
	manyPages(f, 12)
	f.sync()
	for name, c := range map[string]struct {
		interactive bool
		answer      string
		args        []string
		exit, left  int
		say         string
	}{
		"no terminal":     {false, "y\n", []string{"/p*"}, 2, 13, "--yes"},
		"no":              {true, "n\n", []string{"/p*"}, 2, 13, "acme: takes 12 pages out of Fin, such as\n  " + f.site.URL + "/p0\n"},
		"only return":     {true, "\n", []string{"/p*"}, 2, 13, "nothing was changed"},
		"end of input":    {true, "", []string{"/p*"}, 2, 13, "nothing was changed"},
		"quiet":           {true, "y\n", []string{"/p*", "-q"}, 2, 13, "--yes"},
		"no pattern":      {true, "y\n", nil, 2, 13, "'**' for all"},
		"a bad pattern":   {true, "y\n", []string{"articles"}, 2, 13, "must begin with"},
		"nothing matches": {true, "y\n", []string{"/x*"}, 0, 13, ""},
		"unknown undo":    {true, "", []string{"/p7", "--undo"}, 2, 13, "nothing was taken out by the pattern"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs bytes.Buffer
			w := f.world(&out, &errs)
			w.interactive, w.stdin = c.interactive, strings.NewReader(c.answer)
			code := run(t.Context(), append([]string{"--state", f.state, "remove", f.config}, c.args...), w)
			if code != c.exit || len(f.inFin()) != c.left || !strings.Contains(errs.String(), c.say) {
				t.Errorf("exit %d, %d left; want %d, %d and %q in:\n%s%s", code, len(f.inFin()), c.exit, c.left, c.say, out.String(), errs.String())
			}
		})
	}
	var out, errs bytes.Buffer
	w := f.world(&out, &errs)
	w.interactive, w.stdin = true, strings.NewReader("yes\n")
	if code := run(t.Context(), []string{"--state", f.state, "remove", f.config, "/p*"}, w); code != 0 || len(f.inFin()) != 1 ||
		!strings.Contains(out.String(), "acme: 12 pages taken out, of 12 that match; 1 page left") {
		t.Errorf("exit %d, %d left:\n%s%s", code, len(f.inFin()), out.String(), errs.String())
	}
	if run := f.sync(); run.Pages["excluded"] != 12 || run.Exit != 0 {
		t.Errorf("exit %d, %v: %v", run.Exit, run.Pages, run.Messages)
	}
}

// oneAtATime makes the API's requests come one after the other: when a process is killed after one was answered, no other
// is on its way.
func (f *fixture) oneAtATime() {
	f.t.Helper()
	b, err := os.ReadFile(f.config)
	if err != nil {
		f.t.Fatal(err)
	}
	b = bytes.Replace(b, []byte("target: {"), []byte("target: {concurrency: 1, "), 1)
	if err := os.WriteFile(f.config, b, 0o600); err != nil {
		f.t.Fatal(err)
	}
}

// A removal that is killed at any request leaves nothing that a run would deliver, and a second call finishes it.
func TestRemoveKilled(t *testing.T) {
	for nth := 1; nth <= 13; nth += 3 {
		t.Run(fmt.Sprint(nth), func(t *testing.T) {
			f := newFixture(t, soon)
			f.oneAtATime()
			manyPages(f, 12)
			f.sync()
			n := 0
			applied := f.when(func(r sandbox.Record) bool {
				if r.Method == http.MethodDelete {
					n++
				}
				return n == nth
			})
			f.api.SetFaults(sandbox.Fault{Method: http.MethodDelete, Nth: nth, DropAfterApply: true})
			if !f.startChild("remove", f.config, "**", "--yes").kill(time.Minute, applied) {
				t.Fatal("the process ended before it could be killed")
			}
			f.api.SetFaults()
			had := len(f.inFin())
			if had != 13-nth {
				t.Fatalf("%d left by the first call", had)
			}
			if nth%2 == 0 { // a run comes between
				f.upserts()
				f.sync()
				if ids := f.upserts(); len(ids) != 0 || len(f.inFin()) > had {
					t.Errorf("%d upserts of pages that are kept out", len(ids))
				}
			}
			res := f.remove("**", "--yes")
			if res.Exit != 0 || len(f.inFin()) != 0 || res.InTarget != 0 || res.Removed != had || res.Removed+res.NotThere != res.Matched {
				t.Errorf("%d left of %d; %+v", len(f.inFin()), had, res)
			}
		})
	}
}

// A page whose creation was applied, but not acknowledged, is found and goes too.
func TestRemoveAfterAKilledFirstSync(t *testing.T) {
	f := newFixture(t, "")
	f.oneAtATime()
	manyPages(f, 12)
	f.api.SetFaults(sandbox.Fault{Method: http.MethodPost, PathPrefix: "/ai/external_pages", Nth: 4, DropAfterApply: true})
	posts := 0
	applied := f.when(func(r sandbox.Record) bool {
		if r.Method == http.MethodPost && r.ExternalID != "" {
			posts++
		}
		return posts == 4
	})
	if !f.startChild("sync", f.config).kill(time.Minute, applied) {
		t.Fatal("the process ended before it could be killed")
	}
	f.api.SetFaults()
	had := len(f.inFin())
	res := f.remove("**", "--yes")
	if had != 4 || len(f.inFin()) != 0 || res.Exit != 0 || res.Removed != had {
		t.Errorf("%d of %d left: %+v", len(f.inFin()), had, res)
	}
	if run := f.sync(); len(f.inFin()) != 0 || run.Resumed {
		t.Errorf("%d came back, resumed %v", len(f.inFin()), run.Resumed)
	}
}

// What the API says of a page: it is not there any more, it is another's by now, or it cannot be had.
func TestRemoveSaysWhatBecameOfEachPage(t *testing.T) {
	f := newFixture(t, "")
	manyPages(f, 12)
	f.sync()
	gone, broken := f.stored("/p1"), f.stored("/p2")
	req, err := http.NewRequest(http.MethodDelete, fmt.Sprintf("%s/ai/external_pages/%d", f.api.URL, gone.ID), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{"Authorization": {"Bearer dG9rOnRlc3Q"}, "Accept": {"application/json"}, "Intercom-Version": {"2.14"}}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	f.api.SetFaults(sandbox.Fault{PathPrefix: fmt.Sprintf("/ai/external_pages/%d", broken.ID), Status: http.StatusBadRequest})
	res := f.remove("/p*", "--yes")
	if res.Exit != 3 || res.Matched != 12 || res.Removed != 10 || res.NotThere != 1 || len(res.Failures) != 1 || res.Failures[0].URL != broken.URL {
		t.Errorf("%+v", res)
	}
	f.api.SetFaults(sandbox.Fault{Method: http.MethodGet, PathPrefix: "/ai/external_pages/", Status: http.StatusUnauthorized})
	if res = f.remove("/p*", "--yes"); res.Exit != 1 || res.Reason != ingest.ReasonTokenRefused || !f.has("/p2") {
		t.Errorf("%+v", res)
	}
	f.api.SetFaults()
	if run := f.sync(); run.Pages["excluded"] != 12 || len(run.Stale) != 0 || run.Exit != 0 {
		t.Errorf("exit %d, %v, stale %v", run.Exit, run.Pages, run.Stale)
	}
	if res = f.remove("/p*", "--yes"); res.Exit != 0 || res.Removed != 1 || f.has("/p2") {
		t.Errorf("%+v", res)
	}
}

// Copies of a page that is out do not take its place, and a plan says what is kept out.
func TestRemovedPageHasNoSubstitute(t *testing.T) {
	f := newFixture(t, "")
	manyPages(f, 12, "/print")
	f.site.set("/print", canonical(article("Page 3", "The text of page 3, which is about nothing but 3."), "/p3"))
	f.sync()
	f.remove("/p3", "--yes")
	f.wantActions(f.plan())
	if run := f.sync(); f.has("/print") || f.has("/p3") || run.Pages["canonicalized"] != 1 {
		t.Errorf("%v: %v", run.Pages, run.Messages)
	}
}

// Nothing of a site without a source is in Fin; a removal does not make one.
func TestRemoveBeforeTheFirstSync(t *testing.T) {
	f := newFixture(t, "")
	res := f.remove("**", "--yes")
	sources, err := f.store.Sources(t.Context())
	if err != nil || len(sources) != 0 || res.Exit != 2 {
		t.Errorf("%d sources, %v: %+v", len(sources), err, res)
	}
	held, err := lock(f.state, "acme")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Unlock() //nolint:errcheck // the test is over
	if code, _, _ := f.run("remove", f.config, "**", "--yes"); code != 5 {
		t.Errorf("exit %d while another run holds the lock", code)
	}
}
