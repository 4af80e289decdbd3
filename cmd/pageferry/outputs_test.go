package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pageferry/pageferry/ingest"
)

// secondConfig writes a config of another site, of one page, into the same directory.
func (f *fixture) secondConfig() string {
	f.t.Helper()
	other := newTestSite(f.t)
	other.set("/", article("Other", "The help center of another product."))
	path := filepath.Join(f.dir, "other.yaml")
	yaml := strings.Replace(f.base(other.URL+"/"), "site: acme", "site: other", 1) + fastFetch
	if err := os.WriteFile(path, []byte(yaml), 0o600); err != nil {
		f.t.Fatal(err)
	}
	return path
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// metric returns the value of a series.
func metric(t *testing.T, text, series string) string {
	t.Helper()
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(series) + ` (\S+)$`).FindStringSubmatch(text)
	if m == nil {
		t.Errorf("no %s in\n%s", series, text)
		return ""
	}
	return m[1]
}

func TestMetricsAndReportFiles(t *testing.T) {
	f := newFixture(t, "")
	manyPages(f, 12)
	other := f.secondConfig()
	out := t.TempDir()
	args := []string{"-q", "sync", f.config, other, "--metrics", filepath.Join(out, "pageferry_%s.prom"), "--report", filepath.Join(out, "%s.html")}
	if code, stdout, stderr := f.run(args...); code != 0 || stdout+stderr != "" {
		t.Fatalf("exit %d: %s%s", code, stdout, stderr)
	}
	text := readFile(t, filepath.Join(out, "pageferry_acme.prom"))
	for series, want := range map[string]string{
		`pageferry_exit_code{site="acme"}`: "0", `pageferry_pages{site="acme",outcome="created"}`: "13", `pageferry_pages{site="acme",outcome="failed"}`: "0",
		`pageferry_pages_in_target{site="acme"}`: "13", `pageferry_held{site="acme"}`: "0", `pageferry_upserts{site="acme"}`: "13",
		`pageferry_stale_pages{site="acme"}`: "0", `pageferry_resumed{site="acme"}`: "0", `pageferry_deleted{site="acme"}`: "0",
	} {
		if got := metric(t, text, series); got != want {
			t.Errorf("%s is %s, want %s", series, got, want)
		}
	}
	line := regexp.MustCompile(`^(# (HELP|TYPE) pageferry_[a-z_]+ .+|pageferry_[a-z_]+\{[^}]*\} [0-9.]+)\n$`)
	for l := range strings.Lines(text) {
		if !line.MatchString(l) {
			t.Errorf("not in the format: %q", l)
		}
	}
	success := metric(t, text, `pageferry_last_success_timestamp_seconds{site="acme"}`)
	if success == "0" || metric(t, text, `pageferry_last_complete_timestamp_seconds{site="acme"}`) != success {
		t.Errorf("last success %s", success)
	}
	if text := readFile(t, filepath.Join(out, "pageferry_other.prom")); metric(t, text, `pageferry_pages_in_target{site="other"}`) != "1" {
		t.Error(text)
	}
	// A run that fails leaves the time of the last success, and counts what is stale.
	f.site.set("/p0", answer{status: 500, body: "oops"})
	if code, _, stderr := f.run("sync", f.config, "--metrics", filepath.Join(out, "pageferry_%s.prom"), "--report", filepath.Join(out, "%s.json")); code != 3 {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	text = readFile(t, filepath.Join(out, "pageferry_acme.prom"))
	if got := metric(t, text, `pageferry_last_success_timestamp_seconds{site="acme"}`); got != success {
		t.Errorf("last success %s, want %s", got, success)
	}
	if metric(t, text, `pageferry_stale_pages{site="acme"}`) != "1" || metric(t, text, `pageferry_failures{site="acme"}`) != "1" {
		t.Error(text)
	}
	var res ingest.Result
	if err := json.Unmarshal([]byte(readFile(t, filepath.Join(out, "acme.json"))), &res); err != nil || res.Exit != 3 || len(res.Failures) != 1 {
		t.Errorf("report: %v %+v", err, res)
	}
	info, err := os.Stat(filepath.Join(out, "acme.json"))
	if err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("%v %v", info, err)
	}
	if entries, err := os.ReadDir(out); err != nil || len(entries) != 5 {
		t.Errorf("files left: %v %v", entries, err)
	}
}

func TestOutputFlagsThatAreWrong(t *testing.T) {
	f := newFixture(t, "")
	smallSite(f)
	other := f.secondConfig()
	for _, args := range [][]string{
		{f.config, other, "--metrics", filepath.Join(f.dir, "x.prom")},
		{f.config, other, "--report", filepath.Join(f.dir, "x.html")},
		{f.config, "--report", filepath.Join(f.dir, "nowhere", "x.html")},
	} {
		code, out, errs := f.run(append([]string{"sync"}, args...)...)
		if code != ingest.ExitUsage || !strings.Contains(errs, args[len(args)-2]) {
			t.Errorf("%v: exit %d: %s%s", args, code, out, errs)
		}
	}
	if len(f.site.requests()) > 0 {
		t.Error("something was fetched")
	}
	// What turns out wrong at the end is not silent.
	code, out, _ := f.run("-q", "sync", f.config, "--report", filepath.Join(f.dir, "%s", "x.html"))
	if code != ingest.ExitStopped || !strings.Contains(out, "x.html") || !strings.Contains(out, "output_failed") {
		t.Errorf("exit %d: %s", code, out)
	}
}

// A run that finds the lock held says nothing with -q, and leaves the files of the other alone.
func TestQuietWhenLocked(t *testing.T) {
	f := newFixture(t, "")
	smallSite(f)
	held, err := lock(f.state, "acme")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Unlock() //nolint:errcheck // the directory goes with the test
	file := filepath.Join(f.dir, "m.prom")
	code, out, errs := f.run("-q", "sync", f.config, "--metrics", file)
	if _, err := os.Stat(file); code != ingest.ExitLocked || out+errs != "" || err == nil {
		t.Errorf("exit %d: %q %q, %v", code, out, errs, err)
	}
}

func TestReportPage(t *testing.T) {
	f := newFixture(t, soon)
	paths := manyPages(f, 30)
	f.site.set(paths[1], article("Page 1", welcome))
	file := filepath.Join(f.dir, "report.html")
	f.want(f.sync("--report", file), 0, counts{"created": 31})
	first := readFile(t, file)
	for _, want := range []string{"<title>acme: Fin has what the site has</title>", "<b>Page 3</b>", `<a href="` + f.site.URL + `/p3"`, "Created", "<style>"} {
		if !strings.Contains(first, want) {
			t.Errorf("no %s in the page", want)
		}
	}
	f.site.remove(paths[0])
	f.sync()
	f.site.set(paths[1], article("Page 1 <script>alert(1)</script>", "Short."))
	f.site.set(paths[2], answer{status: 500, body: "oops"})
	res := f.sync("--report", file)
	if res.Exit != 4 || len(res.Held) != 1 {
		t.Fatalf("exit %d %v", res.Exit, res.Messages)
	}
	text := readFile(t, file)
	for _, want := range []string{"A person must look at this", fmt.Sprintf("pageferry sync %s --accept %d", f.config, res.Run), "its text shrank",
		"Failed", "http_5xx", "<svg", "How long each run took", "taken out"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in the page", want)
		}
	}
	for _, never := range []string{"<script", "http://www.w3.org", "ZgotmplZ", "dG9rOnRlc3Q", "@import"} {
		if strings.Contains(text, never) {
			t.Errorf("%s in the page", never)
		}
	}
}

func TestShellQuote(t *testing.T) {
	for s, want := range map[string]string{"/etc/pageferry/acme.yaml": "/etc/pageferry/acme.yaml", "a b.yaml": "'a b.yaml'", "it's": `'it'\''s'`, "": "''", "$(x)": "'$(x)'"} {
		if got := shellQuote(s); got != want {
			t.Errorf("%s: %s", s, got)
		}
	}
}

// A run that could not begin is known to the figures, which keep the times of those before, and shown by the page.
func TestFilesOfARunThatDidNotBegin(t *testing.T) {
	f := newFixture(t, "")
	smallSite(f)
	prom, page := filepath.Join(f.dir, "m.prom"), filepath.Join(f.dir, "r.html")
	f.sync("--metrics", prom)
	success := metric(t, readFile(t, prom), `pageferry_last_success_timestamp_seconds{site="acme"}`)
	delete(f.env, "PAGEFERRY_TEST_TOKEN")
	res := f.sync("--metrics", prom, "--report", page)
	text := readFile(t, prom)
	if res.Exit != 2 || metric(t, text, `pageferry_exit_code{site="acme"}`) != "2" || strings.Contains(text, "in_target") ||
		metric(t, text, `pageferry_last_success_timestamp_seconds{site="acme"}`) != success {
		t.Errorf("exit %d\n%s", res.Exit, text)
	}
	if text := readFile(t, page); !strings.Contains(text, "The run could not go on") || !strings.Contains(text, "PAGEFERRY_TEST_TOKEN") {
		t.Error(text)
	}
}
