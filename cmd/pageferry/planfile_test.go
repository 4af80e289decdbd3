package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pageferry/pageferry/ingest"
	"github.com/pageferry/pageferry/ingest/sandbox"
)

// keep makes a plan and keeps it.
func (f *fixture) keep(args ...string) string {
	f.t.Helper()
	file := filepath.Join(f.t.TempDir(), "plan.json")
	if code, stdout, stderr := f.run(append([]string{"plan", f.config, "-o", file}, args...)...); code != 0 && code != 3 && code != 4 {
		f.t.Fatalf("exit %d\n%s\n%s", code, stdout, stderr)
	}
	return file
}

// heldPaths returns what a result held: "update /a".
func (f *fixture) heldPaths(res ingest.Result) []string {
	var all []string
	for _, h := range res.Held {
		all = append(all, h.Action+" "+strings.TrimPrefix(h.URL, f.site.URL))
	}
	slices.Sort(all)
	return all
}

// A plan that is kept and carried out leaves Fin as a sync without one would have.
func TestPlanCarriedOut(t *testing.T) {
	f := busySite(t)
	p := f.plan()
	file := f.keep()
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v: others may read the plan", info.Mode(), err)
	}
	res := f.sync("--plan", file)
	if res.Exit != p.Exit || fmt.Sprint(res.Pages) != fmt.Sprint(p.Pages) || res.Deleted != 1 || !slices.Equal(f.heldPaths(res), []string{"update /p3"}) {
		t.Errorf("exit %d, %v, %d deleted, held %q; the plan: exit %d, %v", res.Exit, res.Pages, res.Deleted, f.heldPaths(res), p.Exit, p.Pages)
	}
	if f.has("/p1") || !f.has("/new") || f.stored("/moved").AIAgentAvailability || !strings.Contains(f.inFin()["/p2"], "One paragraph more") {
		t.Error("Fin is not as the plan said")
	}
	f.upserts()
	// By now the old address of the page that moved may go, which the plan does not have.
	if res = f.sync("--plan", file); len(f.upserts()) != 0 || !slices.Equal(f.heldPaths(res), []string{"delete /p4", "update /p3"}) {
		t.Errorf("a second time: held %q", f.heldPaths(res))
	}
}

// What has changed since the plan was made, and what it does not have, is held and listed; a sync without it goes on.
func TestPlanHoldsWhatHasChangedSince(t *testing.T) {
	f := busySite(t)
	file := f.keep()
	before := f.inFin()
	f.site.set("/new", article("New", "It has been edited after the plan was made."))
	f.site.set("/p1", longPage(1)) // is back
	f.site.remove("/moved")
	other := longPage(7)
	other.body = strings.Replace(other.body, "<article>", "<article><p>Nobody has planned this.</p>", 1)
	f.site.set("/p7", other)
	res := f.sync("--plan", file)
	want := []string{"create /moved", "create /new", "delete /p1", "update /p3", "update /p7"}
	if res.Exit != 4 || res.Reason != ingest.ReasonHeld || !slices.Equal(f.heldPaths(res), want) {
		t.Errorf("exit %d %s, held %q, want %q: %+v", res.Exit, res.Reason, f.heldPaths(res), want, res.Held)
	}
	now := f.inFin()
	if f.has("/new") || f.has("/moved") || now["/p7"] != before["/p7"] || !strings.Contains(now["/p2"], "One paragraph more") {
		t.Errorf("Fin has what was not planned, or lacks what was: new %v, moved %v", f.has("/new"), f.has("/moved"))
	}
	for _, h := range res.Held {
		if h.Why == "" {
			t.Errorf("no reason: %+v", h)
		}
	}
	f.sync()
	if !strings.Contains(f.inFin()["/new"], "edited after") || !strings.Contains(f.inFin()["/p7"], "Nobody has planned") {
		t.Error("what the plan held is not delivered by the next sync")
	}
}

// A plan for the first sync of a site delivers what it saw and no more, also after it was killed on the way.
func TestFirstSyncByPlan(t *testing.T) {
	f := newFixture(t, "fetch: {allow_private: true, rate: 0, retries: 0, concurrency: 1}\n")
	paths := manyPages(f, 30)
	file := f.keep("--limit", "10")
	f.site.set(paths[3], article("Page 3", "Another text."))
	posts := 0
	enough := f.when(func(r sandbox.Record) bool {
		if r.Method == http.MethodPost && r.ExternalID != "" {
			posts++
		}
		return posts == 3
	})
	f.api.SetFaults(sandbox.Fault{Method: http.MethodPost, PathPrefix: "/ai/external_pages", Nth: 3, DropAfterApply: true})
	if !f.startChild("sync", f.config, "--plan", file).kill(time.Minute, enough) {
		t.Fatal("the process ended before it could be killed")
	}
	f.api.SetFaults()
	res := f.sync("--plan", file)
	if len(f.inFin()) != 9 || res.Exit != 4 || !slices.Equal(f.heldPaths(res), []string{"create /p3"}) {
		t.Errorf("%d in Fin, exit %d, held %q", len(f.inFin()), res.Exit, f.heldPaths(res))
	}
}

// A plan of another site, config or destination is refused before anything is done, with what differs.
func TestPlanOfAnother(t *testing.T) {
	f := newFixture(t, "")
	smallSite(f)
	file, into := f.keep(), f.keep("--sandbox")
	refused := func(name, want string, args ...string) {
		t.Helper()
		f.upserts()
		code, _, stderr := f.run(append([]string{"sync", f.config}, args...)...)
		if code != 2 || !strings.Contains(stderr, want) || len(f.upserts()) != 0 || len(f.inFin()) != 0 {
			t.Errorf("%s: exit %d, %d in Fin, want %q in: %s", name, code, len(f.inFin()), want, stderr)
		}
	}
	refused("sandbox", "the plan delivers to target sandbox, this run to intercom", "--plan", into)
	refused("intercom", "the plan delivers to target intercom, this run to sandbox", "--plan", file, "--sandbox")
	refused("limit", "leave out --limit", "--plan", file, "--limit", "3")
	refused("no file", "no such file", "--plan", file+".none")
	broken := file + ".cut"
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"cut": b[:len(b)-10], "other JSON": []byte(`{"a": 1}`), "no JSON": []byte("plan"), "empty": nil} {
		if err := os.WriteFile(broken, content, 0o600); err != nil {
			t.Fatal(err)
		}
		refused(name, "not a plan", "--plan", broken)
	}
	if err := os.WriteFile(broken, bytes.Replace(b, []byte(`"plan_version":1`), []byte(`"plan_version":2`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	refused("newer", "newer version", "--plan", broken)
	f.writeConfig(f.site.URL+"/", "scope: {exclude: [/b]}\n")
	refused("config", "the config of site acme has changed since the plan was made", "--plan", file)
	if sources, err := f.store.Sources(t.Context()); err != nil || len(sources) != 0 {
		t.Errorf("%d sources were created, %v", len(sources), err)
	}
}
