package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pageferry/pageferry/cmd/pageferry/demo"
	"github.com/pageferry/pageferry/ingest"
	"github.com/pageferry/pageferry/ingest/ledger"
)

// outcomeOf is what the demo's config makes of each kind of sample page.
var outcomeOf = map[demo.Expectation]string{demo.Deliver: ingest.Created, demo.Listing: ingest.Listing, demo.Redirect: ingest.Redirected,
	demo.NoIndex: ingest.NoIndex, demo.Disallowed: ingest.Robots, demo.Duplicate: ingest.Canonicalized, demo.NotHTML: ingest.NotHTML}

// Every page of the sample help center ends as it should, and a second run, on another port, finds nothing to send.
func TestDemo(t *testing.T) {
	state := t.TempDir()
	demoRun := func() string {
		t.Helper()
		var out, errs bytes.Buffer
		w := &world{stdout: &out, stderr: &errs, width: func() int { return 80 }, getenv: func(string) (string, bool) { return "", false }}
		if code := run(context.Background(), []string{"--state", state, "demo"}, w); code != 0 {
			t.Fatalf("exit %d\n%s%s", code, out.String(), errs.String())
		}
		if !strings.Contains(errs.String(), "nothing is sent to Intercom") {
			t.Errorf("it does not say where it delivers: %s", errs.String())
		}
		return out.String()
	}
	demoRun()
	l, err := ledger.OpenReadOnly(t.Context(), filepath.Join(state, "demo.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	destinations, err := l.Destinations(t.Context(), "sandbox")
	if err != nil || len(destinations) != 1 {
		t.Fatal(destinations, err)
	}
	delivered := 0
	for _, p := range demo.Pages() {
		got, found, err := l.Page(t.Context(), destinations[0].ID, p.URL())
		if err != nil {
			t.Fatal(err)
		}
		if want := outcomeOf[p.Expect]; !found || got.Outcome != want {
			t.Errorf("%s: outcome %q, want %q", p.Path, got.Outcome, want)
		}
		if p.Expect == demo.Deliver {
			delivered++
			if got.Title != p.Title {
				t.Errorf("%s: title %q, want %q", p.Path, got.Title, p.Title)
			}
		}
	}
	counted, err := l.Counts(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, n := range counted {
		total += n
	}
	if total != len(demo.Pages()) || counted[ingest.Created] != delivered {
		t.Errorf("outcomes %v, want %d URLs, %d of them created", counted, len(demo.Pages()), delivered)
	}
	if out := demoRun(); !strings.Contains(out, "Nothing had changed") || !strings.Contains(out, "0 upserts") {
		t.Errorf("second run:\n%s", out)
	}
}

// A token and the secrets of headers appear nowhere: not in what is printed, and not in the state.
func TestSecretsAppearNowhere(t *testing.T) {
	f := newFixture(t, "fetch: {allow_private: true, rate: 0, retries: 0, basic_auth: 'u:${SECRET_A}', headers: {X-Key: '${SECRET_B}'}}\n")
	f.env["SECRET_A"], f.env["SECRET_B"] = "swordfish-a", "swordfish-b"
	smallSite(f)
	f.site.set("/b", answer{status: 500})
	var all strings.Builder
	for _, args := range [][]string{{"--log-level", "debug", "sync", f.config}, {"--log-format", "json", "sync", f.config, "--json"},
		{"validate", f.config}, {"status", f.config}, {"explain", f.config, f.site.URL + "/a"}} {
		_, stdout, stderr := f.run(args...)
		all.WriteString(stdout + stderr)
	}
	err := filepath.WalkDir(f.state, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		all.Write(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"dG9rOnRlc3Q", "swordfish-a", "swordfish-b"} {
		if strings.Contains(all.String(), secret) {
			t.Errorf("%s appears", secret)
		}
	}
}
