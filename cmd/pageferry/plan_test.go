package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pageferry/pageferry/ingest"
	"github.com/pageferry/pageferry/ingest/sandbox"
)

// plannedJSON is a plan as its JSON has it.
type plannedJSON struct {
	ingest.Plan
	Items []ingest.PlanItem `json:"items"`
}

// plan makes a plan and returns it; it fails the test if anything was changed by that.
func (f *fixture) plan(args ...string) plannedJSON {
	f.t.Helper()
	f.mu.Lock()
	f.records = nil
	f.mu.Unlock()
	before := f.ledgerBytes()
	code, stdout, stderr := f.run(append([]string{"plan", f.config, "--json"}, args...)...)
	var p plannedJSON
	if err := json.Unmarshal([]byte(stdout), &p); err != nil {
		f.t.Fatalf("plan: %v\nexit %d\n%s\n%s", err, code, stdout, stderr)
	}
	if p.Exit != code {
		f.t.Errorf("the plan says exit %d, the program exits %d", p.Exit, code)
	}
	if !bytes.Equal(before, f.ledgerBytes()) {
		f.t.Error("the plan has changed the ledger")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.records {
		if r.Method != http.MethodGet {
			f.t.Errorf("the plan has sent %s %s", r.Method, r.Path)
		}
	}
	return p
}

// ledgerBytes returns what is in the ledger; nil: there is none.
func (f *fixture) ledgerBytes() []byte {
	f.t.Helper()
	b, err := os.ReadFile(filepath.Join(f.state, "acme.db"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		f.t.Fatal(err)
	}
	return b
}

// actions returns what a plan would do: "create /a".
func (f *fixture) actions(p plannedJSON) []string {
	var all []string
	for _, it := range p.Items {
		all = append(all, it.Action+" "+strings.TrimPrefix(it.URL, f.site.URL))
	}
	return all
}

func (f *fixture) wantActions(p plannedJSON, want ...string) {
	f.t.Helper()
	if got := f.actions(p); !slices.Equal(got, want) {
		f.t.Errorf("the plan has %q, want %q; exit %d %s %v", got, want, p.Exit, p.Reason, p.Messages)
	}
}

// A plan of a site that was never synced creates neither a source nor a ledger.
func TestPlanOfAFirstSync(t *testing.T) {
	f := newFixture(t, "")
	smallSite(f)
	if _, err := f.store.AddSource(t.Context(), f.site.URL, "automatic"); err != nil {
		t.Fatal(err)
	}
	p := f.plan()
	f.wantActions(p, "create /", "create /a", "create /b", "create /c")
	if p.Exit != 0 || !p.FirstSync || !p.NewSource || !p.Complete || p.Totals["create"] != 4 || p.LastCompleteAt != nil {
		t.Errorf("exit %d, first %v, new source %v, complete %v, totals %v", p.Exit, p.FirstSync, p.NewSource, p.Complete, p.Totals)
	}
	if len(p.OtherSources) != 1 || p.OtherSources[0].SyncBehavior != "automatic" {
		t.Errorf("other sources %v", p.OtherSources)
	}
	if sources, err := f.store.Sources(t.Context()); err != nil || len(sources) != 1 || f.ledgerBytes() != nil {
		t.Errorf("%d sources, %v; or a ledger", len(sources), err)
	}
	code, stdout, _ := f.run("plan", f.config)
	for _, want := range []string{"first sync: creates 4 pages, visible to customers: yes", "already syncs this host, by Intercom's own website sync",
		"create " + f.site.URL + "/a\n    new: link from " + f.site.URL + "/; ", "title: Alpha", "totals       4 to create; 0 as they are"} {
		if code != 0 || !strings.Contains(stdout, want) {
			t.Errorf("exit %d, want %q in:\n%s", code, want, stdout)
		}
	}
	f.want(f.sync(), 0, counts{"created": 4})
	p = f.plan()
	f.wantActions(p)
	if p.FirstSync || p.NewSource || p.AfterRun != 1 {
		t.Errorf("first %v, new source %v, after run %d", p.FirstSync, p.NewSource, p.AfterRun)
	}
	if _, stdout, _ = f.run("plan", f.config); !strings.Contains(stdout, "nothing to do; 4 as they are") {
		t.Error(stdout)
	}
}

// busySite brings a site that was synced into a state in which a run has one of everything to do.
func busySite(t *testing.T) *fixture {
	f := newFixture(t, soon)
	longSite(f, 20)
	f.sync()
	f.flip("/p4", false)
	f.site.remove("/p1")
	f.sync()
	home := article("Home", welcome, "/new", "/moved")
	for i := range 20 {
		home.body = strings.Replace(home.body, "</nav>", fmt.Sprintf(`<a href="/p%d">x</a></nav>`, i), 1)
	}
	f.site.set("/", home)
	f.site.set("/new", article("New", "A page that was not there before."))
	changed := longPage(2)
	changed.body = strings.Replace(changed.body, "<article>", "<article><p>One paragraph more, at the top.</p>", 1)
	f.site.set("/p2", changed)
	f.site.set("/p3", article("Page 3", "Short now."))
	f.site.set("/p4", answer{status: 301, location: "/moved"})
	f.site.set("/moved", article("Page 4", "Has moved here."))
	f.site.set("/p5", answer{status: 500})
	return f
}

// What a plan says is what a sync then does.
func TestPlanIsWhatSyncDoes(t *testing.T) {
	f := busySite(t)
	had := f.inFin()
	p := f.plan()
	f.wantActions(p, "create /moved", "create /new", "update /", "update /p2", "delete /p1", "hold /p3")
	_, stdout, _ := f.run("plan", f.config)
	for _, want := range []string{"    +One paragraph more, at the top.\n", "hold update " + f.site.URL + "/p3", "its text shrank",
		"takes over the switches of its old address (Fin: off, Copilot: off)", "exit 4, as a sync would"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("want %q in:\n%s", want, stdout)
		}
	}
	if len(f.inFin()) != len(had) {
		t.Error("the plan has changed what is in Fin")
	}
	f.upserts()
	res := f.sync()
	if res.Exit != p.Exit || res.Reason != p.Reason || fmt.Sprint(res.Pages) != fmt.Sprint(p.Pages) || res.Upserts != p.Upserts || res.Deleted != p.Deleted {
		t.Errorf("the sync ends with %d %s %v, %d upserts, %d deleted; the plan with %d %s %v, %d, %d", res.Exit, res.Reason, res.Pages, res.Upserts,
			res.Deleted, p.Exit, p.Reason, p.Pages, p.Upserts, p.Deleted)
	}
	now := f.inFin()
	for _, it := range p.Items {
		path := strings.TrimPrefix(it.URL, f.site.URL)
		switch it.Action {
		case ingest.PlanCreate, ingest.PlanUpdate:
			if len(now[path]) != it.After {
				t.Errorf("%s has %d bytes, the plan says %d", path, len(now[path]), it.After)
			}
		case ingest.PlanDelete:
			if f.has(path) {
				t.Errorf("%s is still there", path)
			}
		case ingest.PlanHold:
			if now[path] != had[path] {
				t.Errorf("%s was held, and is changed", path)
			}
		}
	}
}

// A page that is hidden, deleted, or comes back; and deletions that are held.
func TestPlanOfRemovals(t *testing.T) {
	f := newFixture(t, "delete: {action: hide, after: 0s}\n")
	manyPages(f, 12)
	f.sync()
	f.site.remove("/p3")
	p := f.plan()
	f.wantActions(p)
	if len(p.Gone) != 1 {
		t.Errorf("gone %v", p.Gone)
	}
	f.sync()
	f.wantActions(f.plan(), "hide /p3")
	f.sync()
	if f.stored("/p3").AIAgentAvailability {
		t.Fatal("it was not hidden")
	}
	f.wantActions(f.plan(), "delete /p3")
	f.site.set("/p3", article("Page 3", "The text of page 3, which is about nothing but 3."))
	f.wantActions(f.plan(), "show /p3")
	f.sync()
	if !f.stored("/p3").AIAgentAvailability {
		t.Error("it was not switched on again")
	}
	for _, n := range []string{"/p0", "/p1", "/p2", "/p3", "/p4", "/p5"} {
		f.site.remove(n)
	}
	f.sync()
	if p = f.plan(); p.Exit != 4 || p.Totals["hold"] != 6 || !strings.Contains(p.Messages[0], "a sync would hold the same") {
		t.Errorf("exit %d, totals %v, %v", p.Exit, p.Totals, p.Messages)
	}
}

// A plan goes on beside a run that holds the lock.
func TestPlanTakesNoLock(t *testing.T) {
	f := newFixture(t, "")
	smallSite(f)
	f.sync()
	held, err := lock(f.state, "acme")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Unlock() //nolint:errcheck // the test is over
	if p := f.plan(); p.Exit != 0 {
		t.Errorf("exit %d: %v", p.Exit, p.Messages)
	}
}

// A plan leaves no copy of the ledger behind.
func TestPlanRemovesItsCopy(t *testing.T) {
	f := newFixture(t, "")
	smallSite(f)
	f.sync()
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	f.plan()
	if left, err := os.ReadDir(tmp); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// A plan into the sandbox says so, and leaves Intercom and its own state as they are.
func TestPlanIntoSandbox(t *testing.T) {
	f := newFixture(t, "")
	smallSite(f)
	p := f.plan("--sandbox")
	if p.Destination.Kind != "sandbox" || p.Totals["create"] != 4 || f.ledgerBytes() != nil {
		t.Errorf("kind %s, totals %v", p.Destination.Kind, p.Totals)
	}
	if p := f.plan("--limit", "2"); p.Totals["create"] != 2 || p.Complete {
		t.Errorf("--limit 2: %v, complete %v", p.Totals, p.Complete)
	}
}

// What stops a sync stops a plan, with the same exit code.
func TestPlanStops(t *testing.T) {
	f := newFixture(t, "")
	smallSite(f)
	f.sync()
	f.api.SetFaults(sandbox.Fault{Status: http.StatusUnauthorized})
	if p := f.plan(); p.Exit != 1 || p.Reason != ingest.ReasonTokenRefused {
		t.Errorf("exit %d %s", p.Exit, p.Reason)
	}
	f.api.SetFaults()
	f.site.set("/robots.txt", answer{status: 500})
	if p := f.plan(); p.Exit != 1 || p.Reason != ingest.ReasonSiteDown {
		t.Errorf("exit %d %s", p.Exit, p.Reason)
	}
	if code, _, stderr := f.run("plan", filepath.Join(f.dir, "none.yaml")); code != 2 || !strings.Contains(stderr, "none.yaml") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}
