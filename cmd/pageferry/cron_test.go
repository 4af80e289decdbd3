package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestWebhook(t *testing.T) {
	var bodies []string
	var fail bool
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		bodies = append(bodies, string(b))
		if fail {
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	defer s.Close()
	f := newFixture(t, "notify: {webhook: \""+s.URL+"/${HOOK_KEY}\"}\n")
	f.env["HOOK_KEY"] = "hook-s3cr3t"
	manyPages(f, 12)
	f.site.set("/p3", answer{status: 500, body: "oops"})
	told := func(text string) {
		t.Helper()
		if text == "" && len(bodies) > 0 || text != "" && (len(bodies) != 1 || !strings.HasPrefix(bodies[0], `{"text":"pageferry: acme `+text)) {
			t.Errorf("told %q, want %q", bodies, text)
		}
		bodies = nil
	}
	f.sync("--limit", "1") // trials are nobody's business
	f.sync("--sandbox")
	told("")
	f.sync()
	told("is not up to date in Fin (exit 3, failed): 1 page failed")
	f.sync()
	told("")
	fail = true
	f.site.set("/p3", article("Gamma", "How to end with gamma."))
	code, out, errs := f.run("sync", f.config)
	if code != 0 || !strings.Contains(out, "note: notify.webhook was not told: it answered HTTP 403") || strings.Contains(out+errs, "hook-s3cr3t") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	told("is up to date in Fin again, with 13 pages")
	fail = false
	f.sync()
	told("is up to date in Fin again")
	// A run that does not come to open its ledger is told too.
	delete(f.env, "PAGEFERRY_TEST_TOKEN")
	f.sync()
	told("is not up to date in Fin (exit 2, config invalid)")
	f.sync()
	told("")
	if strings.Contains(readFile(t, filepath.Join(f.state, "acme.db")), "hook-s3cr3t") {
		t.Error("the webhook's key is in the ledger")
	}
}

func TestStatusMaxAge(t *testing.T) {
	f := newFixture(t, "")
	smallSite(f)
	if code, _, errs := f.run("status", f.config, "--max-age", "36h"); code != 3 || !strings.Contains(errs, "acme: no run has been complete yet") {
		t.Errorf("without a run: exit %d: %s", code, errs)
	}
	f.sync()
	if code, out, errs := f.run("-q", "status", f.config, "--max-age", "36h"); code != 0 || out+errs != "" {
		t.Errorf("after a run: exit %d: %s%s", code, out, errs)
	}
	ledgers := []string{filepath.Join(f.state, "acme.db")}
	err := tooOld(t.Context(), ledgers, 36*time.Hour, time.Now().Add(48*time.Hour))
	if err == nil || !strings.Contains(err.Error(), "48h0m0s ago and more than 36h0m0s") {
		t.Error(err)
	}
	// A trial in the sandbox, or a run that is not complete, is no complete run.
	complete, err := lastComplete(t.Context(), ledgers[0])
	if err != nil {
		t.Fatal(err)
	}
	f.sync("--sandbox")
	f.sync("--limit", "1")
	if again, err := lastComplete(t.Context(), ledgers[0]); err != nil || !again.Equal(complete) {
		t.Errorf("%v, %v; want %v", again, err, complete)
	}
	if code, _, errs := f.run("status", f.config, "--max-age", "-1h"); code != 2 {
		t.Errorf("exit %d: %s", code, errs)
	}
}
