package crawler

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// The public suites are data of others that the repository does not hold. TestConformance… run them from the directory
// that this variable names, absolute or from the root of the repository, and are skipped without it. Each prints one
// line that begins with the name of its suite's file.
const conformanceEnv = "PAGEFERRY_CONFORMANCE"

// conformanceFile returns the path of a file of the suites.
func conformanceFile(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv(conformanceEnv)
	if dir == "" {
		t.Skip(conformanceEnv + " is not set")
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join("..", dir)
	}
	return filepath.Join(dir, name)
}

// readSuite reads a suite into v.
func readSuite(t *testing.T, name string, v any) {
	t.Helper()
	data, err := os.ReadFile(conformanceFile(t, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// tally counts cases and those that came out as they should.
type tally struct{ passed, of int }

func (n *tally) add(ok bool) {
	n.of++
	if ok {
		n.passed++
	}
}
