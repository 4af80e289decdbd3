package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pageferry/pageferry/ingest"
	"github.com/pageferry/pageferry/ingest/sandbox"
)

// verifying makes every run of a fixture compare with the listing; every is target.verify.
func verifying(t *testing.T, every, extra string) *fixture {
	t.Helper()
	f := newFixture(t, extra)
	text, err := os.ReadFile(f.config)
	if err != nil {
		t.Fatal(err)
	}
	text = []byte(strings.Replace(string(text), "token_env: PAGEFERRY_TEST_TOKEN}", "token_env: PAGEFERRY_TEST_TOKEN, verify: "+every+"}", 1))
	if err := os.WriteFile(f.config, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return f
}

// ask sends a request to the API as somebody else would.
func (f *fixture) ask(method, path string, body any) {
	f.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		f.t.Fatal(err)
	}
	req, err := http.NewRequest(method, f.api.URL+path, strings.NewReader(string(b)))
	if err != nil {
		f.t.Fatal(err)
	}
	req.Header = http.Header{"Authorization": {"Bearer x"}, "Content-Type": {"application/json"}, "Accept": {"application/json"}, "Intercom-Version": {"2.14"}}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		f.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		text, _ := io.ReadAll(res.Body)
		f.t.Fatalf("%s %s: %s %s", method, path, res.Status, text)
	}
}

// deleteInUI deletes a page as an operator would.
func (f *fixture) deleteInUI(path string) {
	f.ask(http.MethodDelete, fmt.Sprintf("/ai/external_pages/%d", f.stored(path).ID), nil)
}

// edit writes a page as somebody else would: one of ours, or a new one.
func (f *fixture) edit(source int64, external, title, html, url string) {
	f.ask(http.MethodPost, "/ai/external_pages", map[string]any{"source_id": source, "external_id": external, "title": title, "html": html,
		"url": url, "locale": "en"})
}

// check runs a check and returns its result.
func (f *fixture) check(args ...string) ingest.CheckResult {
	f.t.Helper()
	code, stdout, stderr := f.run(append([]string{"check", f.config, "--json"}, args...)...)
	var res ingest.CheckResult
	if err := json.Unmarshal([]byte(stdout), &res); err != nil {
		f.t.Fatalf("result: %v\nexit %d\n%s\n%s", err, code, stdout, stderr)
	}
	if res.Exit != code {
		f.t.Errorf("the result says exit %d, the program exits %d", res.Exit, code)
	}
	return res
}

// urls returns the paths of differences, sorted.
func (f *fixture) paths(list []ingest.Difference) []string {
	paths := []string{}
	for _, d := range list {
		paths = append(paths, strings.TrimPrefix(d.URL, f.site.URL))
	}
	slices.Sort(paths)
	return paths
}

func (f *fixture) same(what string, list []ingest.Difference, want ...string) {
	f.t.Helper()
	if got := f.paths(list); !slices.Equal(got, want) {
		f.t.Errorf("%s %v, want %v", what, got, want)
	}
}

// A page that was deleted in Intercom is sent again, with its switches as on create; what was edited or hidden stays.
func TestVerify(t *testing.T) {
	f := verifying(t, "1ms", soon)
	manyPages(f, 12)
	f.sync()
	f.upserts()
	source := f.stored("/p1").SourceID
	f.deleteInUI("/p3")
	f.edit(source, ingest.ExternalID(f.site.URL+"/p4"), "Page 4", "<p>Edited by hand.</p>", f.site.URL+"/p4")
	f.flip("/p5", false)
	p5 := f.stored("/p5")
	f.edit(source, p5.ExternalID, "Page 5", f.sent("/p5"), p5.URL)
	f.upserts()

	res := f.sync()
	if got := f.upserts(); !slices.Equal(got, []string{ingest.ExternalID(f.site.URL + "/p3")}) {
		t.Errorf("%d upserts, want only p3: %v", len(got), res.Pages)
	}
	f.want(res, 0, map[string]int{"created": 1, "not_modified": 12})
	if p := f.stored("/p3"); !p.AIAgentAvailability || !p.AICopilotAvailability {
		t.Error("p3 is sent again switched off")
	}
	if f.stored("/p4").HTML != "<p>Edited by hand.</p>" || f.stored("/p5").AIAgentAvailability {
		t.Error("what a person did in Intercom is overwritten")
	}
	notes := strings.Join(res.Notes, "\n")
	for _, want := range []string{"1 page of the ledger not in Intercom any more: " + f.site.URL + "/p3", "1 page edited in Intercom: " + f.site.URL + "/p4",
		"1 page switched off in Intercom: " + f.site.URL + "/p5"} {
		if !strings.Contains(notes, want) {
			t.Errorf("the notes lack %q:\n%s", want, notes)
		}
	}
	if res.Listing == nil || res.Listing.Pages != 12 || res.Listing.Known != 13 {
		t.Errorf("listing %+v", res.Listing)
	}
	f.want(f.sync(), 0, map[string]int{"not_modified": 13})
	if got := f.upserts(); len(got) != 0 {
		t.Errorf("%d upserts in a run where nothing changed", len(got))
	}
}

// sent returns the HTML that the site's page becomes: what a page of the same text has in Fin.
func (f *fixture) sent(path string) string {
	f.t.Helper()
	n := strings.TrimPrefix(path, "/p")
	return strings.ReplaceAll(f.stored("/p1").HTML, "1", n)
}

// What is missing is sent again although no page leads to it any more.
func TestVerifySendsWhatNothingLeadsTo(t *testing.T) {
	f := verifying(t, "1ms", "")
	paths := manyPages(f, 8)
	f.sync()
	f.site.set("/", article("Home", welcome, paths[:7]...))
	f.sync()
	f.deleteInUI("/p7")
	if res := f.sync(); res.Pages["created"] != 1 || !f.has("/p7") {
		t.Errorf("p7 is in Fin: %v; %v", f.has("/p7"), res.Pages)
	}
}

// The listing is read when it is due, and not in every run.
func TestVerifyIsDue(t *testing.T) {
	lists := func(f *fixture) int {
		f.mu.Lock()
		defer f.mu.Unlock()
		n := 0
		for _, r := range f.records {
			if r.Method == http.MethodGet && r.Path == "/ai/external_pages" {
				n++
			}
		}
		f.records = nil
		return n
	}
	for every, want := range map[string]int{"7d": 0, "0": 0, "1ms": 1} {
		f := verifying(t, every, "")
		manyPages(f, 3)
		f.sync()
		if n := lists(f); n != 0 {
			t.Errorf("verify: %s: the listing of a source that was just created is read %d times", every, n)
		}
		f.sync()
		if n := lists(f); n != want {
			t.Errorf("verify: %s: the listing is read %d times by the second run, want %d", every, n, want)
		}
		if res := f.sync("--limit", "2"); lists(f) != 0 {
			t.Errorf("a trial reads the listing: %v", res.Notes)
		}
	}
}

// When very many pages are missing, nothing is believed until a person says so.
func TestVerifyDoesNotBelieveTooMuch(t *testing.T) {
	f := verifying(t, "1ms", soon)
	paths := manyPages(f, 20)
	f.sync()
	f.site.set("/p19", answer{status: 404}) // what is not believed deletes nothing either
	f.sync()
	for _, path := range paths[:6] {
		f.deleteInUI(path)
	}
	f.upserts()
	for range 2 {
		res := f.sync()
		if res.Exit != 4 || res.Reason != "implausible" || len(f.upserts()) != 0 || res.Deleted != 0 || !f.has("/p19") {
			t.Errorf("exit %d %s, %v; %d deleted", res.Exit, res.Reason, res.Pages, res.Deleted)
		}
		if m := strings.Join(res.Messages, "\n"); !strings.Contains(m, "6 of 21 pages in Fin are not in the API's listing") || !strings.Contains(m, "--repair") {
			t.Errorf("messages %v", res.Messages)
		}
	}
	if res := f.check("--repair"); res.Exit != 0 || res.Repaired == nil || res.Repaired.Resend != 6 {
		t.Errorf("repair: exit %d, %+v %v", res.Exit, res.Repaired, res.Messages)
	}
	if res := f.sync(); res.Exit != 0 || res.Pages["created"] != 6 || len(f.upserts()) != 6 {
		t.Errorf("after the repair: exit %d, %v %v", res.Exit, res.Pages, res.Messages)
	}
}

// A listing that cannot be trusted leaves everything as it is, and the run is incomplete.
func TestVerifyWithAFaultyListing(t *testing.T) {
	html := "<html><body>proxy</body></html>"
	for name, fault := range map[string]sandbox.Fault{
		"empty, though it has entries": {Body: `{"type":"list","data":[],"total_count":13,"pages":{"page":1,"total_pages":1}}`},
		"an empty list":                {Body: `{"type":"list","data":[],"total_count":0,"pages":{"page":1,"total_pages":0}}`},
		"of pages that are not ours":   {Body: `{"type":"list","data":[{"id":"900","source_id":77,"external_id":"x"}],"total_count":1,"pages":{"page":1,"total_pages":1}}`},
		"breaks off":                   {Body: `{"type":"list","data":[{"id":"900","source_id":77,"external_id":"x"}],"pages":{"page":1,"total_pages":1,"next":null},"total_count":400}`},
		"loop":                         {Body: `{"type":"list","data":[{"id":"900","source_id":77}],"pages":{"page":1,"total_pages":9,"next":"/ai/external_pages?page=1&per_page=50"}}`},
		"next on another host":         {Body: `{"type":"list","data":[{"id":"900","source_id":77}],"pages":{"page":1,"total_pages":9,"next":"http://127.0.0.1:1/ai/external_pages?page=2"}}`},
		"refused":                      {Status: http.StatusNotFound, Body: html, ContentType: "text/html"},
		"bad request":                  {Status: http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			f := verifying(t, "1ms", soon)
			manyPages(f, 3)
			f.sync()
			f.site.set("/p2", answer{status: 404})
			f.sync()
			fault.Method, fault.PathPrefix = http.MethodGet, "/ai/external_pages"
			fault.Match = func(r *http.Request) bool { return r.URL.Path == "/ai/external_pages" }
			if fault.Status == 0 {
				fault.Status = http.StatusOK
			}
			f.api.SetFaults(fault)
			f.upserts()
			res := f.sync()
			if res.Exit != 3 || res.Complete || res.Deleted != 0 || len(f.upserts()) != 0 || len(f.inFin()) != 4 {
				t.Errorf("exit %d %s, complete %v, %d deleted, %d in Fin: %v", res.Exit, res.Reason, res.Complete, res.Deleted, len(f.inFin()), res.Messages)
			}
			if m := strings.Join(res.Incomplete, "\n"); !strings.Contains(m, "could not be verified") {
				t.Errorf("incomplete because of %v", res.Incomplete)
			}
			if c := f.check("--repair"); c.Exit != 3 || c.Repaired != nil {
				t.Errorf("check: exit %d %+v: %v", c.Exit, c.Repaired, c.Messages)
			}
			f.api.SetFaults()
			if res := f.sync(); res.Exit != 0 || res.Deleted != 1 || len(f.upserts()) != 0 {
				t.Errorf("afterwards: exit %d, %d deleted: %v", res.Exit, res.Deleted, res.Messages)
			}
		})
	}
}

// A refused token ends the run.
func TestVerifyWithARefusedToken(t *testing.T) {
	f := verifying(t, "1ms", "")
	manyPages(f, 3)
	f.sync()
	f.api.SetFaults(sandbox.Fault{Method: http.MethodGet, PathPrefix: "/ai/external_pages", Status: http.StatusUnauthorized})
	if res := f.sync(); res.Exit != 1 || res.Reason != "token_refused" {
		t.Errorf("exit %d %s", res.Exit, res.Reason)
	}
	if res := f.check(); res.Exit != 1 || res.Reason != "token_refused" {
		t.Errorf("check: exit %d %s", res.Exit, res.Reason)
	}
}

// Every kind of difference is listed once, and nothing is changed.
func TestCheck(t *testing.T) {
	f := newFixture(t, "")
	manyPages(f, 12)
	f.sync()
	if res := f.check(); res.Exit != 0 || res.Pages != 13 || res.Known != 13 {
		t.Errorf("exit %d, %d pages, %d known: %v", res.Exit, res.Pages, res.Known, res.Messages)
	}
	before := f.ledgerFile()
	ours := f.stored("/p1").SourceID
	f.deleteInUI("/p1")
	f.edit(ours, ingest.ExternalID(f.site.URL+"/p2"), "Another title", f.stored("/p2").HTML, f.site.URL+"/p2")
	f.flip("/p3", false)
	f.edit(ours, ingest.ExternalID(f.site.URL+"/new"), "New", "<p>New.</p>", f.site.URL+"/new")
	f.edit(ours, "handmade", "Handmade", "<p>By hand.</p>", f.site.URL+"/handmade")
	f.edit(ours, ingest.ExternalID("https://elsewhere.example/"), "Elsewhere", "<p>x</p>", "https://elsewhere.example/")
	f.ask(http.MethodPost, "/ai/content_import_sources", map[string]any{"sync_behavior": "api", "url": "https://other.example/"})
	f.edit(ours+1, "f1", "Foreign", "<p>x</p>", f.site.URL+"/p4")
	f.edit(ours+1, "f2", "Foreign", "<p>x</p>", "https://other.example/p4")

	res := f.check()
	if res.Exit != 4 || res.Reason != "differs" {
		t.Errorf("exit %d %s", res.Exit, res.Reason)
	}
	f.same("missing", res.Missing, "/p1")
	f.same("extra", res.Extra, "/handmade", "/new", "https://elsewhere.example/")
	f.same("edited", res.Edited, "/p2", "/p3") // flip replaces the text as well
	f.same("hidden", res.Hidden, "/p3")
	f.same("foreign", res.Foreign, "/p4")
	f.same("duplicates", res.Duplicates)
	if f.ledgerFile() != before {
		t.Error("a check has changed the ledger")
	}
	code, stdout, _ := f.run("check", f.config)
	for _, want := range []string{"missing: in the ledger, not in Fin: 1", "extra: in the source, not in the ledger: 3", "hidden in Intercom: 1",
		"its external_id is not the hash of its URL", "--repair", "exit 4"} {
		if code != 4 || !strings.Contains(stdout, want) {
			t.Errorf("exit %d, the text lacks %q:\n%s", code, want, stdout)
		}
	}
	if res := f.check("--repair"); res.Exit != 4 || res.Repaired == nil || res.Repaired.Adopted != 1 || res.Repaired.Resend != 1 {
		t.Errorf("repair: exit %d, %+v", res.Exit, res.Repaired)
	}
	res = f.check()
	f.same("not in Fin", res.NotInFin, "/p1")
	f.same("extra after the repair", res.Extra, "/handmade", "https://elsewhere.example/")
	f.upserts()
	f.sync()
	if got := f.upserts(); !slices.Equal(got, []string{ingest.ExternalID(f.site.URL + "/p1")}) {
		t.Errorf("%d upserts after the repair, want that of p1", len(got))
	}
	if f.stored("/p2").Title != "Another title" || f.stored("/p3").AIAgentAvailability {
		t.Error("what a person did in Intercom is overwritten")
	}
}

func (f *fixture) ledgerFile() string {
	f.t.Helper()
	b, err := os.ReadFile(filepath.Join(f.state, "acme.db"))
	if err != nil {
		f.t.Fatal(err)
	}
	return string(b)
}

// A ledger that was restored from a backup learns what has been delivered since.
func TestRepairOfAnOldLedger(t *testing.T) {
	f := newFixture(t, "")
	paths := manyPages(f, 12)
	f.sync()
	old := f.ledgerFile()
	f.site.set("/p1", article("Page 1", "The text of page 1 has changed since, and has been delivered."))
	f.site.set("/p12", article("Page 12", "A page that is new since."))
	f.site.set("/", article("Home", welcome, append(paths, "/p12")...))
	f.sync()
	f.flip("/p12", false)
	f.flip("/p3", false)
	p3, p12 := f.stored("/p3"), f.stored("/p12")
	f.edit(p3.SourceID, p3.ExternalID, "Page 3", f.sent("/p3x"), p3.URL)
	f.site.set("/p2", article("Page 2", "The text of page 2 changes only now, and is to be delivered by the next sync."))
	if err := os.WriteFile(filepath.Join(f.state, "acme.db"), []byte(old), 0o600); err != nil {
		t.Fatal(err)
	}
	res := f.check()
	f.same("extra", res.Extra, "/p12")
	if res = f.check("--repair"); res.Repaired == nil || res.Repaired.Adopted != 1 {
		t.Fatalf("%+v %v", res.Repaired, res.Messages)
	}
	f.upserts()
	out := f.sync()
	want := []string{p12.ExternalID, ingest.ExternalID(f.site.URL + "/p2")} // flip has written over the text of p12
	got := f.upserts()
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%d upserts, want p2 and p12: %v %v", len(got), out.Pages, out.Messages)
	}
	if f.stored("/p12").AIAgentAvailability || f.stored("/p3").AIAgentAvailability {
		t.Error("a switch is lost")
	}
	if out = f.sync(); len(f.upserts()) != 0 || out.Exit != 0 {
		t.Errorf("exit %d: the ledger is not in line: %v", out.Exit, out.Pages)
	}
}

// A lost ledger is rebuilt, and nothing is sent again.
func TestRepairOfALostLedger(t *testing.T) {
	f := newFixture(t, "")
	manyPages(f, 60)
	f.sync()
	f.ask(http.MethodPost, "/ai/external_pages", map[string]any{"source_id": f.stored("/p1").SourceID, "external_id": f.stored("/p1").ExternalID, "locale": "en",
		"title": f.stored("/p1").Title, "html": f.stored("/p1").HTML, "url": f.stored("/p1").URL, "ai_agent_availability": false})
	if err := os.RemoveAll(f.state); err != nil {
		t.Fatal(err)
	}
	if res := f.check(); res.Exit != 4 || len(res.Extra) != 61 {
		t.Errorf("exit %d, %d extra", res.Exit, len(res.Extra))
	}
	if _, err := os.Stat(f.state); err == nil {
		t.Error("a check has made the state directory")
	}
	if res := f.check("--repair"); res.Exit != 0 || res.Repaired.Adopted != 61 {
		t.Errorf("exit %d, %+v", res.Exit, res.Repaired)
	}
	f.upserts()
	res := f.sync()
	f.want(res, 0, map[string]int{"unchanged": 61})
	if got := f.upserts(); len(got) != 0 || f.stored("/p1").AIAgentAvailability {
		t.Errorf("%d upserts", len(got))
	}
}

// A create that was applied and not acknowledged is found in the listing.
func TestRepairFindsWhatWasNotAcknowledged(t *testing.T) {
	f := verifying(t, "1ms", "")
	paths := manyPages(f, 6)
	f.sync()
	f.site.set("/p6", article("Page 6", "The text of page 6."))
	f.site.set("/", article("Home", welcome, append(paths, "/p6")...))
	f.api.SetFaults(sandbox.Fault{Method: http.MethodPost, Count: 1, Apply: true, Status: http.StatusBadRequest,
		Body: `{"type":"error.list","errors":[{"code":"data_invalid","message":"no"}]}`})
	if res := f.sync(); res.Exit != 3 || res.Failures[0].Class != "api_rejected" {
		t.Fatalf("exit %d %v", res.Exit, res.Failures)
	}
	f.api.SetFaults()
	res := f.check()
	f.same("extra", res.Extra, "/p6")
	f.upserts()
	out := f.sync()
	if got := f.upserts(); len(got) > 1 || out.Exit != 0 { // home is sent again, p6 is there
		t.Errorf("exit %d, %d upserts: %v", out.Exit, len(got), out.Pages)
	}
}

func TestCheckOfASourceThatIsNotThere(t *testing.T) {
	f := newFixture(t, "")
	if res := f.check(); res.Exit != 1 || res.Reason != "source_gone" {
		t.Errorf("exit %d %s: %v", res.Exit, res.Reason, res.Messages)
	}
	if n, err := f.store.CountPages(t.Context(), 0); err != nil || n != 0 {
		t.Errorf("%d pages, %v", n, err)
	}
	for range f.store.Pages(t.Context(), 0) {
		t.Error("a check has written to the API")
	}
}

func TestCheckWaitsForNobody(t *testing.T) {
	f := newFixture(t, "")
	manyPages(f, 2)
	f.sync()
	held, err := lock(f.state, "acme")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Unlock()
	if res := f.check(); res.Exit != 5 || res.Reason != "locked" {
		t.Errorf("exit %d %s", res.Exit, res.Reason)
	}
}
