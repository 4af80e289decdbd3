package main

import (
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pageferry/pageferry/ingest"
	"github.com/pageferry/pageferry/ingest/sandbox"
)

// Each of these ends with its exit code and reason, says what to do, and leaves what was delivered alone.
func TestBadInput(t *testing.T) {
	for _, c := range []struct {
		name   string
		spoil  func(f *fixture)
		exit   int
		reason string
		says   []string
	}{
		{"SiteUnreachable", func(f *fixture) { f.site.Close() }, 1, "site_down", []string{"connection", "stays as it is"}},
		{"RobotsAnswers503", func(f *fixture) { f.site.set("/robots.txt", answer{status: 503}) }, 1, "site_down", []string{"robots.txt", "503"}},
		{"SiteAnswers500", func(f *fixture) {
			for _, p := range []string{"/", "/a", "/b", "/c"} {
				f.site.set(p, answer{status: 500, body: "oops"})
			}
		}, 1, "site_down", []string{"4 of 4 pages in Fin could not be confirmed"}},
		{"StartPageIs404", func(f *fixture) { f.site.remove("/") }, 3, "incomplete", []string{"start URL", "gone", "correct `start`"}},
		{"WrongToken", func(f *fixture) {
			f.api.SetFaults(sandbox.Fault{Status: http.StatusUnauthorized, Body: `{"type":"error.list","errors":[{"code":"unauthorized","message":"Access Token Invalid"}]}`})
		}, 1, "token_refused", []string{"PAGEFERRY_TEST_TOKEN", "Access Token Invalid", "target.region"}},
		{"NoToken", func(f *fixture) { delete(f.env, "PAGEFERRY_TEST_TOKEN") }, 2, "config_invalid", []string{"PAGEFERRY_TEST_TOKEN", "cron does not read"}},
		{"UnknownKey", func(f *fixture) { f.writeConfig(f.site.URL+"/", "scope: {inclde: [/x]}\n") }, 2, "config_invalid", []string{"acme.yaml:4:", "inclde", "include"}},
		{"BadSelector", func(f *fixture) { f.writeConfig(f.site.URL+"/", "extract: {content: ['div[']}\n") }, 2, "config_invalid", []string{"acme.yaml:4:", "extract.content[0]"}},
		{"BadPattern", func(f *fixture) { f.writeConfig(f.site.URL+"/", "scope: {exclude: ['/(x/']}\n") }, 2, "config_invalid", []string{"acme.yaml:4:", "scope.exclude[0]"}},
		{"StateIsAFile", func(f *fixture) {
			f.state = filepath.Join(f.dir, "file")
			if err := os.WriteFile(f.state, nil, 0o600); err != nil {
				f.t.Fatal(err)
			}
		}, 1, "state_unusable", []string{"--state"}},
		{"OtherConfigOnTheLedger", func(f *fixture) {
			other := newTestSite(f.t)
			f.writeConfig(other.URL+"/", "")
		}, 2, "other_site", []string{"belongs to another config", "`site`", "--state"}},
		{"OtherConfigOnTheSource", func(f *fixture) {
			yaml, err := os.ReadFile(f.config)
			if err != nil {
				f.t.Fatal(err)
			}
			yaml = []byte(strings.Replace(string(yaml), "site: acme", "site: other", 1))
			if err := os.WriteFile(f.config, yaml, 0o600); err != nil {
				f.t.Fatal(err)
			}
		}, 2, "source_shared", []string{"fed by another config", "acme.db", "target.source_url"}},
		{"APIAnswersHTML", func(f *fixture) {
			f.api.SetFaults(sandbox.Fault{Method: http.MethodGet, Status: http.StatusForbidden, Body: "<html>blocked</html>", ContentType: "text/html"})
		}, 1, "api_down", []string{"nothing was crawled or sent"}},
		{"SourceIsGone", func(f *fixture) {
			sources, err := f.store.Sources(f.t.Context())
			if err != nil {
				f.t.Fatal(err)
			}
			f.call(http.MethodDelete, fmt.Sprintf("/ai/content_import_sources/%d", sources[0].ID))
		}, 1, "source_gone", []string{"target.source_id"}},
		{"SelectorMatchesNothing", func(f *fixture) { f.writeConfig(f.site.URL+"/", "extract: {content: [.nowhere]}\n") }, 4, "implausible",
			[]string{"4 of 4 pages are empty", "extract.content"}},
		{"RobotsForbidsAll", func(f *fixture) {
			f.site.set("/robots.txt", answer{body: "User-agent: *\nDisallow: /\n", header: http.Header{"Content-Type": {"text/plain"}}})
		}, 1, "blocked", []string{"could not be confirmed"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t, "")
			smallSite(f)
			f.want(f.sync(), 0, counts{"created": 4})
			before := f.inFin()
			if c.name == "SourceIsGone" {
				before = map[string]string{} // its pages went with it
			}
			c.spoil(f)
			code, stdout, stderr := f.run("sync", f.config)
			if code != c.exit {
				t.Errorf("exit %d, want %d\n%s%s", code, c.exit, stdout, stderr)
			}
			for _, s := range c.says {
				if !strings.Contains(stdout+stderr, s) {
					t.Errorf("it does not say %q:\n%s%s", s, stdout, stderr)
				}
			}
			if res := f.sync(); res.Reason != c.reason || res.Exit != c.exit {
				t.Errorf("exit %d, reason %q, want %d, %q", res.Exit, res.Reason, c.exit, c.reason)
			}
			if got := f.inFin(); len(got) != len(before) {
				t.Errorf("%d pages in Fin, there were %d", len(got), len(before))
			}
			if strings.Contains(stdout+stderr, "dG9rOnRlc3Q") {
				t.Error("the token is shown")
			}
		})
	}
}

// call sends a request to the API as an operator would.
func (f *fixture) call(method, path string) {
	f.t.Helper()
	req, err := http.NewRequest(method, f.api.URL+path, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	for k, v := range map[string]string{"Authorization": "Bearer x", "Accept": "application/json", "Intercom-Version": "2.14"} {
		req.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		f.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		f.t.Fatalf("%s %s: %s", method, path, resp.Status)
	}
}

// On a first run, when nothing is in Fin yet, nothing may look well that is not.
func TestBadInputOnTheFirstRun(t *testing.T) {
	for _, c := range []struct {
		name   string
		site   func(s *testSite)
		exit   int
		reason string
		says   string
	}{
		{"EmptySite", func(*testSite) {}, 4, "no_pages", "the start URL"},
		{"AllCanonicalsElsewhere", func(s *testSite) {
			for _, p := range []string{"/", "/a"} {
				a := article("Page "+p, "A text of its own.", "/a")
				a.body = strings.Replace(a.body, "<head>", `<head><link rel="canonical" href="https://docs.elsewhere.example`+p+`">`, 1)
				s.set(p, a)
			}
		}, 4, "implausible", "scope.canonical"},
		{"AllInAnotherLanguage", func(s *testSite) {
			a := article("Seite", "Ein Text.")
			a.body = strings.Replace(a.body, `lang="en"`, `lang="de"`, 1)
			s.set("/", a)
		}, 4, "no_pages", "locale: any"},
		{"RedirectsToAnotherHost", func(s *testSite) { s.set("/", answer{status: 301, location: "https://www.elsewhere.example/"}) }, 4, "no_pages", "scope.hosts"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t, "")
			c.site(f.site)
			code, stdout, stderr := f.run("sync", f.config)
			if code != c.exit || !strings.Contains(stdout, c.reason) || !strings.Contains(stdout, c.says) {
				t.Errorf("exit %d, want %d with %q and %q\n%s%s", code, c.exit, c.reason, c.says, stdout, stderr)
			}
			// The second run, whose pages answer 304, is no greener than the first.
			if code, stdout, _ = f.run("sync", f.config); code != c.exit {
				t.Errorf("second run: exit %d, want %d\n%s", code, c.exit, stdout)
			}
		})
	}
}

func TestBadPages(t *testing.T) {
	f := newFixture(t, "")
	f.site.set("/", article("Home", "Welcome.", "/cut", "/huge", "/cyrillic", "/nested", "/good"))
	f.site.set("/good", article("Good", "All is well."))
	f.site.set("/cut", answer{raw: func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Length", "100000")
		io.WriteString(w, article("Cut", "Only the beginning.").body)
	}})
	f.site.set("/huge", answer{raw: func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		block := strings.Repeat("<p>much text</p>", 1<<16)
		for range 50 {
			if _, err := io.WriteString(w, block); err != nil {
				return
			}
		}
	}})
	// "Привет, мир" in windows-1251, which only the page itself says.
	f.site.set("/cyrillic", answer{header: http.Header{"Content-Type": {"text/html"}}, body: "<html lang=\"en\"><head><meta charset=\"windows-1251\"><title>T</title></head><body><article><h1>T</h1><p>" +
		"\xcf\xf0\xe8\xe2\xe5\xf2, \xec\xe8\xf0</p></article></body></html>"})
	f.site.set("/nested", answer{body: "<html><body><article>" + strings.Repeat("<div>", 1000) + "deep"})
	res := f.sync()
	f.want(res, 3, counts{"created": 3, "failed": 2, "too_large": 1})
	classes := map[string]string{}
	for _, p := range res.Failures {
		classes[strings.TrimPrefix(p.URL, f.site.URL)] = p.Class
	}
	if classes["/cut"] != "truncated" || classes["/nested"] != "parse" {
		t.Errorf("failure classes %v", classes)
	}
	if got := f.inFin()["/cyrillic"]; !strings.Contains(got, "Привет, мир") {
		t.Errorf("cyrillic page in Fin: %q", got)
	}
}

// A page that the API refuses concerns that page alone; a page that it cannot take is tried again by the next run.
func TestRefusedPages(t *testing.T) {
	f := newFixture(t, "")
	smallSite(f)
	f.api.SetFaults(sandbox.Fault{Method: http.MethodPost, PathPrefix: "/ai/external_pages", Count: 1, Status: http.StatusUnprocessableEntity,
		Body: `{"type":"error.list","errors":[{"code":"parameter_invalid","message":"html is too long"}]}`})
	res := f.sync()
	f.want(res, 3, counts{"created": 3, "failed": 1})
	if len(res.Failures) != 1 || res.Failures[0].Class != "api_rejected" || !strings.Contains(res.Failures[0].Detail, "html is too long") {
		t.Errorf("failures: %+v", res.Failures)
	}
	f.want(f.sync(), 0, counts{"created": 1, "not_modified": 3})
}

// A token that is revoked in the middle stops the run at once, and the next one goes on where it was.
func TestTokenRevokedInTheMiddle(t *testing.T) {
	f := newFixture(t, "")
	f.site.set("/", article("Home", "Welcome."))
	for i := range 50 {
		f.site.set(fmt.Sprintf("/%d", i), article(fmt.Sprintf("Page %d", i), fmt.Sprintf("Text %d.", i), fmt.Sprintf("/%d", i+1)))
	}
	f.site.set("/", article("Home", "Welcome.", "/0"))
	f.api.SetFaults(sandbox.Fault{Method: http.MethodPost, PathPrefix: "/ai/external_pages", Nth: 20, Status: http.StatusUnauthorized,
		Body: `{"type":"error.list","errors":[{"code":"unauthorized","message":"Access Token Invalid"}]}`})
	res := f.sync()
	if res.Exit != 1 || res.Reason != "token_refused" {
		t.Errorf("exit %d, reason %q", res.Exit, res.Reason)
	}
	if n := len(f.upserts()); n > 19+8 {
		t.Errorf("%d requests: the run hammers on", n)
	}
	f.api.SetFaults()
	if res = f.sync(); res.Exit != 0 || !res.Resumed || res.InTarget != 51 {
		t.Errorf("exit %d, resumed %v, %d pages in Fin; want 51", res.Exit, res.Resumed, res.InTarget)
	}
}

func TestLedgerOfANewerVersion(t *testing.T) {
	f := newFixture(t, "")
	smallSite(f)
	f.sync()
	db, err := sql.Open("sqlite", filepath.Join(f.state, "acme.db")) // the driver is the ledger's
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"sync", f.config}, {"status", f.config}} {
		if code, _, stderr := f.run(args...); code != 1 || !strings.Contains(stderr, "newer version") {
			t.Errorf("%v: exit %d: %s", args, code, stderr)
		}
	}
	if res := f.sync(); res.Reason != ingest.ReasonStateUnusable {
		t.Errorf("reason %q", res.Reason)
	}
}

func TestLock(t *testing.T) {
	f := newFixture(t, "")
	smallSite(f)
	held, err := lock(f.state, "acme")
	if err != nil {
		t.Fatal(err)
	}
	code, _, stderr := f.run("sync", f.config)
	if code != 5 || !strings.Contains(stderr, fmt.Sprintf("process %d", os.Getpid())) {
		t.Errorf("exit %d: %s", code, stderr)
	}
	if code, stdout, stderr := f.run("-q", "sync", f.config); code != 5 || stdout+stderr != "" {
		t.Errorf("with -q: exit %d, %q, %q", code, stdout, stderr)
	}
	if err := held.Unlock(); err != nil {
		t.Fatal(err)
	}
	if code, stdout, stderr := f.run("-q", "sync", f.config); code != 0 || stdout+stderr != "" {
		t.Errorf("with -q: exit %d, %q, %q", code, stdout, stderr)
	}
}
