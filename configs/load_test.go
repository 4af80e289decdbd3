package configs

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pageferry/pageferry/sanitize"
)

var update = flag.Bool("update", false, "write goldens and schema.json anew")

// golden compares got with a file, or writes the file under -update.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs; if the change is wanted, run the test with -update (-want +got):\n%s", file, diff)
	}
}

func env(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1], true
			}
		}
		return "", false
	}
}

func TestBadConfigs(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) < 15 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			cfg, err := Load(file, env("HOOK", "hunter2", "SITE", "hunter2", "HOST", "hunter2", "TOKEN", "hunter2"))
			var bad *Error
			if cfg != nil || !errors.As(err, &bad) || len(bad.Problems) == 0 || bad.File != file {
				t.Fatalf("got config %v, error %#v", cfg, err)
			}
			for _, secret := range []string{"hunter2", "dG9rO", "letmein", "proxypass"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error shows %s", secret)
				}
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".golden", err.Error()+"\n")
		})
	}
}

func mustParse(t *testing.T, text string, getenv func(string) (string, bool)) *Config {
	t.Helper()
	cfg, err := Parse("test.yaml", []byte(text), getenv)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

const minimal = "start: [https://help.acme.com/]\ntarget: {kind: sandbox}\n"

func TestParse(t *testing.T) {
	cfg := mustParse(t, `
site: 2024
start:
  - https://help.acme.com/hc/
  - "https://help.acme.com/faq/"
locale: no
sitemaps: [https://help.acme.com/a.xml, https://help.acme.com/b.xml]
scope: {exclude: ["/a/**", '/b/*'], include: }
fetch:
  rate: 0.5
  timeout: 1m30s
  max_body: 2MiB
  robots: ignore
  headers:
    X-Number: 0010
extract:
  rules:
    - match: /blog/**
      content: []
target:
  kind: intercom
  api_version: 2.20
  availability: {ai_copilot: false}
`, nil)
	want := Default()
	want.path = "test.yaml"
	want.Ingest.Site, want.Ingest.Locale = "2024", "no"
	want.Crawler.Start = []string{"https://help.acme.com/hc/", "https://help.acme.com/faq/"}
	want.Crawler.Sitemaps.Mode = ""
	want.Crawler.Sitemaps.URLs = []string{"https://help.acme.com/a.xml", "https://help.acme.com/b.xml"}
	want.Crawler.Scope.Exclude = []string{"/a/**", "/b/*"}
	want.Crawler.Fetch.Rate = 0.5
	want.Crawler.Fetch.Timeout = 90 * time.Second
	want.Crawler.Fetch.MaxBody = 2 << 20
	want.Crawler.Fetch.Robots = "ignore"
	want.Crawler.Fetch.Headers = map[string]string{"X-Number": "0010"}
	want.Extract.Rules = []sanitize.Rule{{Match: "/blog/**", Content: []string{}}}
	want.Target.Kind, want.Target.APIVersion = "intercom", "2.20"
	want.Target.Availability.AICopilot = false
	if diff := cmp.Diff(&want, cfg, cmp.AllowUnexported(Config{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestParseForms(t *testing.T) {
	want := mustParse(t, minimal, nil)
	for name, text := range map[string]string{
		"byte order mark":   "\ufeff" + minimal,
		"CRLF":              strings.ReplaceAll(minimal, "\n", "\r\n"),
		"document marks":    "---\n" + minimal + "...\n",
		"directive":         "%YAML 1.2\n---\n" + minimal,
		"empty second part": minimal + "---\n# nothing\n",
		"JSON":              `{"start": ["https://help.acme.com/"], "target": {"kind": "sandbox"}}`,
		"nulls":             minimal + "site:\nscope:\nfetch: {rate: null, headers: ~}\n",
		"empty lists":       minimal + "scope: {include: [], hosts: []}\n",
	} {
		got := mustParse(t, text, nil)
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(Config{})); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
}

func TestUnreadable(t *testing.T) {
	for name, text := range map[string]string{
		"UTF-16":       "\xff\xfes\x00t\x00",
		"Latin-1":      "site: caf\xe9\n",
		"too large":    strings.Repeat("#", maxSize+1),
		"deep flow":    "start: " + strings.Repeat("[", 20_000),
		"deep block":   "start: " + strings.Repeat("- ", 20_000),
		"deep in list": strings.Repeat("- ", 20_000),
	} {
		_, err := Parse("x.yaml", []byte(text), nil)
		if err == nil || !strings.HasPrefix(err.Error(), "x.yaml:1:") || strings.Count(err.Error(), "\n") > 2 {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestLoad(t *testing.T) {
	file := filepath.Join(t.TempDir(), "acme.yaml")
	if _, err := Load(file, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent file: got %v", err)
	}
	if err := os.WriteFile(file, []byte(minimal), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := Load(file, nil)
	if err != nil || cfg.Path() != file {
		t.Errorf("got %v, %v", cfg, err)
	}
	for _, path := range []string{"-", filepath.Dir(file)} {
		if _, err := Load(path, nil); err == nil {
			t.Errorf("%s: no error", path)
		}
	}
}

func TestLineNumbers(t *testing.T) {
	text := "\ufeff# first\r\n\r\nstart: [https://help.acme.com/]\r\nfetch:\r\n  # comment\r\n  rate: fast\r\ntarget: {kind: sandbox}\r\n"
	_, err := Parse("acme.yaml", []byte(text), nil)
	want := `acme.yaml:6:9: fetch.rate: must be a number, such as 5 or 0.5, not "fast"
    6 |   rate: fast
                ^`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}
