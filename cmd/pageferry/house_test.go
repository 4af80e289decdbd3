package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/pageferry/pageferry/"

// ours says which of our packages each package may import. A package that is not listed must be added on purpose.
var ours = map[string][]string{
	"crawler":            {},
	"sanitize":           {},
	"ingest/intercom":    {},
	"ingest/sandbox":     {},
	"ingest/ledger":      {"crawler"},
	"ingest":             {"crawler", "sanitize", "ingest/intercom", "ingest/ledger"},
	"ingest/browse":      {"ingest/ledger", "ingest/sandbox"},
	"configs":            {"crawler", "sanitize", "ingest", "ingest/intercom"},
	"cmd/pageferry":      {"crawler", "sanitize", "ingest", "ingest/intercom", "ingest/ledger", "ingest/sandbox", "ingest/browse", "configs", "cmd/pageferry/demo"},
	"cmd/pageferry/demo": {},
}

// theirs says which packages may name a library. The standard library and golang.org/x are everybody's, but for those
// listed here.
var theirs = map[string][]string{
	"github.com/gocolly/colly/v2":            {"crawler"},
	"github.com/PuerkitoBio/goquery":         {"crawler", "sanitize"},
	"github.com/andybalholm/cascadia":        {"sanitize"},
	"github.com/microcosm-cc/bluemonday":     {"sanitize"},
	"codeberg.org/readeck/go-readability/v2": {"sanitize"},
	"github.com/nlnwa/whatwg-url/url":        {"crawler", "sanitize"},
	"modernc.org/sqlite":                     {"ingest/ledger", "ingest/sandbox"},
	"modernc.org/sqlite/lib":                 {"ingest/ledger", "ingest/sandbox"},
	"github.com/pressly/goose/v3":            {"ingest/ledger", "ingest/sandbox"},
	"github.com/klauspost/compress/s2":       {"ingest/ledger"},
	"github.com/klauspost/compress/flate":    {"crawler"},
	"github.com/klauspost/compress/gzip":     {"crawler"},
	"github.com/klauspost/compress/zlib":     {"crawler"},
	"github.com/klauspost/compress/zstd":     {"crawler"},
	"github.com/andybalholm/brotli":          {"crawler"},
	"github.com/goccy/go-yaml":               {"configs"},
	"github.com/goccy/go-yaml/ast":           {"configs"},
	"github.com/goccy/go-yaml/lexer":         {"configs"},
	"github.com/goccy/go-yaml/parser":        {"configs"},
	"github.com/goccy/go-yaml/token":         {"configs"},
	"github.com/alecthomas/kong":             {"cmd/pageferry"},
	"github.com/gofrs/flock":                 {"cmd/pageferry"},
	"github.com/lmittmann/tint":              {"cmd/pageferry"},
	"golang.org/x/term":                      {"cmd/pageferry"},
	"golang.org/x/time/rate":                 {"crawler", "ingest/intercom"},
}

type listed struct {
	ImportPath string
	Standard   bool
	Imports    []string
}

func goList(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = "../.."
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); dec.More(); {
		var p listed
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

// Imports flow one way, as the table says.
func TestImports(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range goList(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		allowed, ok := ours[name]
		if !ok {
			t.Errorf("package %s is not in the table: say what it may import", name)
			continue
		}
		seen[name] = true
		for _, imp := range p.Imports {
			if dep, own := strings.CutPrefix(imp, module); own {
				if !slices.Contains(allowed, dep) {
					t.Errorf("%s imports %s", name, dep)
				}
				continue
			}
			first, _, _ := strings.Cut(imp, "/")
			if !strings.Contains(first, ".") { // the standard library
				continue
			}
			users, listed := theirs[imp]
			if !listed && strings.HasPrefix(imp, "golang.org/x/") {
				continue
			}
			if !slices.Contains(users, name) {
				t.Errorf("%s imports %s, which only %v may", name, imp, users)
			}
		}
	}
	for name := range ours {
		if !seen[name] {
			t.Errorf("package %s is in the table and does not exist", name)
		}
	}
}

// The owner fixed what the top level holds.
func TestTopLevel(t *testing.T) {
	entries, err := os.ReadDir("../..")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"cmd", "crawler", "sanitize", "ingest", "configs", "go.mod", "go.sum", "Makefile", "README.md"}
	var got []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			got = append(got, e.Name())
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("top level %v, want %v", got, want)
	}
}

// A libc other than the one that SQLite was translated for has crashed others.
func TestLibcIsSQLites(t *testing.T) {
	cmd := exec.Command("go", "list", "-m", "-json", "modernc.org/sqlite", "modernc.org/libc")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list -m: %v", err)
	}
	var mods []struct{ Path, Version, GoMod string }
	for dec := json.NewDecoder(strings.NewReader(string(out))); dec.More(); {
		var m struct{ Path, Version, GoMod string }
		if err := dec.Decode(&m); err != nil {
			t.Fatal(err)
		}
		mods = append(mods, m)
	}
	gomod, err := os.ReadFile(mods[0].GoMod)
	if err != nil {
		t.Fatal(err)
	}
	if want := "modernc.org/libc " + mods[1].Version + "\n"; !strings.Contains(string(gomod), want) {
		t.Errorf("%s %s does not ask for %q: pin the libc that it asks for", mods[0].Path, mods[0].Version, strings.TrimSpace(want))
	}
}
