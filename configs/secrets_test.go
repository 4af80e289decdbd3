package configs

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestExpand(t *testing.T) {
	getenv := env("USER_NAME", "reader", "PW", "p$w${X}#: \"x\"", "EMPTY", "", "lines", "a\nb")
	for _, test := range []struct{ value, want, problem string }{
		{"plain", "plain", ""},
		{"${USER_NAME}:${PW}", "reader:p$w${X}#: \"x\"", ""}, // what a variable holds is not expanded again
		{"a${EMPTY}b", "ab", ""},
		{"$$5 and $$${USER_NAME} and $${PW}", "$5 and $reader and ${PW}", ""},
		{"5$, $1, $", "5$, $1, $", ""},
		{"${NOBODY}", "", "the environment variable NOBODY is not set"},
		{"${}", "", "write ${NAME}"},
		{"${PW", "", "write ${NAME}"},
		{"${PW:-x}", "", "write ${NAME}"},
		{"${1A}", "", "write ${NAME}"},
		{"$PW", "", "$ followed by a letter"},
		{"${lines}", "", "the environment variable lines holds a line break"},
	} {
		cfg, err := Parse("test.yaml", fmt.Appendf(nil, "%sfetch: {headers: {X-Key: '%s'}}\n", minimal, test.value), getenv)
		switch {
		case test.problem == "" && err != nil:
			t.Errorf("%s: %v", test.value, err)
		case test.problem == "":
			if got := cfg.Crawler.Fetch.Headers["X-Key"]; got != test.want {
				t.Errorf("%s: got %q, want %q", test.value, got, test.want)
			}
		case err == nil || !strings.Contains(err.Error(), "test.yaml:3:19: fetch.headers.X-Key: "+test.problem):
			t.Errorf("%s: got %v, want %s", test.value, err, test.problem)
		}
	}
}

const secretConfig = `# a comment
start: [https://help.acme.com/]
fetch:
  rate: 2
  basic_auth: reader:s3cr3t-${PASSWORD}
  headers:
    X-Preview: s3cr3t
    "X-Other": "s3cr3t
      s3cr3t"
    X-Block: >-
      s3cr3t
      s3cr3t
  # in between
  proxy: http://user:s3cr3t@127.0.0.1:3128
scope: {exclude: ["/a/**"]}
extract: {remove: [".x"]}
target:
  kind: sandbox
  token_file: s3cr3t
`

// TestErrorsHideSecrets damages a config in many ways and looks for its secrets in what is said about it.
func TestErrorsHideSecrets(t *testing.T) {
	getenv := env("PASSWORD", "s3cr3t-value")
	if _, err := Parse("test.yaml", []byte(secretConfig), getenv); err != nil {
		t.Fatal(err)
	}
	flow := "start: [x]\nfetch: {rate: fast, basic_auth: \"s3cr3t\", headers: {A: s3cr3t, B: [s3cr3t],\n C: s3cr3t\n  }, proxy: s3cr3t}\n" +
		"target: {kind: sandbox, token: s3cr3t}\n"
	pieces := []string{"{", "}", "[", "]", "\"", "'", ": ", "\t", "\n", "&", "*", "!", "|", ">", "%", "@", "- ", "#", "?", "${", "$", "---\n", "x:", " "}
	random := rand.New(rand.NewPCG(1, 2))
	for _, text := range []string{secretConfig, flow} {
		keep := regexp.MustCompile(`basic_auth|headers|proxy|token|s3cr3t`).FindAllStringIndex(text, -1)
		for range 1500 {
			i := random.IntN(len(text))
			j := min(i+max(0, random.IntN(18)-9), len(text))
			if slices.ContainsFunc(keep, func(k []int) bool { return i < k[1] && j >= k[0] }) {
				continue // would make another secret, or a key that nobody recognises
			}
			damaged := text[:i] + pieces[random.IntN(len(pieces))] + text[j:]
			if _, err := Parse("test.yaml", []byte(damaged), getenv); err != nil && strings.Contains(err.Error(), "s3cr3t") {
				t.Fatalf("shows a secret:\n%v\nof\n%s", err, damaged)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(minimal)
	f.Add(secretConfig)
	f.Add(string(Demo()))
	f.Add("a: &x [*x]\n? b\n: !c d\n--- |\n x\n")
	f.Add("start: \"\\u0000\"\n'': {[]: {}}\n<<: {}\n")
	f.Fuzz(func(t *testing.T, text string) {
		cfg, err := Parse("fuzz.yaml", []byte(text), env("PASSWORD", "x"))
		if (cfg == nil) == (err == nil) {
			t.Fatalf("got config %v and error %v", cfg, err)
		}
		if err == nil {
			if cfg.SiteName() == "" || cfg.RunSignature() == "" {
				t.Errorf("no name, or no signature: %+v", cfg)
			}
			return
		}
		for _, p := range err.(*Error).Problems {
			if p.Line < 1 || p.Column < 1 || p.Message == "" {
				t.Errorf("incomplete: %+v", p)
			}
		}
		if !strings.HasPrefix(err.Error(), "fuzz.yaml:") {
			t.Errorf("does not name the file: %v", err)
		}
	})
}
