package configs

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestExampleShowsTheDefaults(t *testing.T) {
	got, err := Load("example.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.path = "example.yaml"
	want.Crawler.Start = []string{"https://help.acme.com/"}
	want.Target.Kind = "sandbox"
	want.Crawler.Fetch.Headers = got.Crawler.Fetch.Headers // empty and absent are the same
	if len(got.Crawler.Fetch.Headers) != 0 {
		t.Error("headers are not empty")
	}
	if diff := cmp.Diff(&want, got, cmp.AllowUnexported(Config{})); diff != "" {
		t.Errorf("-default +example:\n%s", diff)
	}
}

func TestExampleHasEveryKey(t *testing.T) {
	d := &decoder{src: newSource([]byte(read(t, "example.yaml"))), places: map[string]place{}}
	root, ok := d.parse([]byte(d.src.text))
	if !ok {
		t.Fatal(d.failure("example.yaml"))
	}
	d.survey(root, "")
	for _, key := range allKeys() {
		if _, ok := d.places[key]; !ok && !strings.Contains(key, "[]") {
			t.Errorf("%s is missing", key)
		}
	}
	if len(allKeys()) < 50 {
		t.Errorf("only %d keys", len(allKeys()))
	}
	for _, key := range keysAt("extract.rules[0]") {
		if !regexp.MustCompile(`# .*\b` + key + `: `).MatchString(d.src.text) {
			t.Errorf("no comment shows the key %s of a rule", key)
		}
	}
	for _, file := range []string{d.src.text, string(Demo())} {
		if !strings.HasPrefix(file, "# yaml-language-server: $schema=schema.json\n") {
			t.Error("the line that names the schema is missing")
		}
	}
}

func TestDemo(t *testing.T) {
	cfg, err := Parse("demo.yaml", Demo(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.SiteName() != "demo" || cfg.Target.Kind != "sandbox" || !cfg.Crawler.Fetch.AllowPrivate {
		t.Errorf("got %+v", cfg)
	}
	Demo()[0] = 'X'
	if Demo()[0] == 'X' {
		t.Error("a caller can change the demo")
	}
}

func TestLaterKeysAreUnknown(t *testing.T) {
	for _, key := range later {
		if slices.Contains(allKeys(), key) {
			t.Errorf("%s exists, and is listed as not yet supported", key)
		}
	}
}

// These names are file names of people's state: no version may change one.
func TestSiteName(t *testing.T) {
	long := "https://help.acme.com/" + strings.Repeat("a", 100)
	for _, test := range []struct{ start, want string }{
		{"https://help.acme.com/hc/en-us", "help.acme.com_hc_en-us"},
		{"https://help.acme.com/hc/en-us/", "help.acme.com_hc_en-us"},
		{"https://help.acme.com/", "help.acme.com"},
		{"https://help.acme.com", "help.acme.com"},
		{"HTTPS://Help.Acme.COM:443/HC/", "help.acme.com_HC"},
		{"https://help.acme.com/hc?locale=en#top", "help.acme.com_hc"},
		{"https://help.acme.com/a/../b/", "help.acme.com_b"},
		{"http://127.0.0.1:8080/docs/", "127.0.0.1_8080_docs"},
		{"http://[::1]:8080/", "___1__8080"},
		{"https://bücher.example/hilfe/", "xn--bcher-kva.example_hilfe"},
		{"https://acme.com/caf%c3%a9/", "acme.com_caf_C3_A9"},
		{"https://acme.com/café/", "acme.com_caf_C3_A9"},
		{"https://acme.com/~docs/a b", "acme.com__docs_a_20b"},
		{"https://acme.com/docs/index.html", "acme.com_docs_index.html"},
		{"http://sandbox/", "_sandbox"},
		{long, "help.acme.com_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-edd6c3ad"},
	} {
		cfg := Default()
		cfg.Crawler.Start = []string{test.start, "https://other.example/"}
		got := cfg.SiteName()
		if got != test.want {
			t.Errorf("%s: got %s, want %s", test.start, got, test.want)
		}
		cfg.Ingest.Site = got
		cfg.Ingest.Validate(func(path, problem string) {
			t.Errorf("%s: the derived name is not valid: %s: %s", test.start, path, problem)
		})
	}
	cfg := Default()
	cfg.Ingest.Site = "acme"
	if got := cfg.SiteName(); got != "acme" {
		t.Errorf("got %s, want the key site", got)
	}
}
