package ingest

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/pageferry/pageferry/crawler"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// The vectors pin what identifies a page for ever: a change that moves one creates every page of every user again.
func TestExternalIDVectors(t *testing.T) {
	const file = "testdata/external_ids.txt"
	canon, err := crawler.NewCanonicalizer([]string{"https://help.acme.com/"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	n := 0
	for line := range strings.Lines(string(b)) {
		raw, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if raw == "" || raw[0] == '#' {
			out.WriteString(line)
			continue
		}
		n++
		c, err := canon.Canonical(raw)
		if err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		fmt.Fprintf(&out, "%s\t%s\t%s\n", raw, c, ExternalID(c))
	}
	if *update {
		if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if n < 20 || out.String() != string(b) {
		t.Errorf("the ids are others than %s says:\n%s", file, out.String())
	}
}

// What the README and the help promise: printf %s URL | sha256sum.
func TestExternalIDIsTheHashOfTheURL(t *testing.T) {
	const want = "2c40f0382760204b4b944cbac42374afe52412ee2e6a9fd5ae43996f1278a647" // printf %s https://help.acme.com/ | sha256sum
	if got := ExternalID("https://help.acme.com/"); got != want {
		t.Errorf("id %q, want %q", got, want)
	}
}
