package ingest

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"
)

func TestTextDiff(t *testing.T) {
	long := "The first sentence of a long paragraph stays as it is. The second one says ten. The third one stays too, whatever else is new."
	for _, test := range []struct{ name, before, after, want string }{
		{"the same", "a\nb\n", "a\nb\n", ""},
		{"a line", "a\nb\nc\nd\ne\nf\ng", "a\nb\nc\nX\ne\nf\ng", "@@ -2,5 +2,5 @@\n b\n c\n-d\n+X\n e\n f"},
		{"all", "a\n", "b\n", "@@ -1,1 +1,1 @@\n-a\n+b"},
		{"from nothing", "", "a\nb", "@@ -0,0 +1,2 @@\n+a\n+b"},
		{"to nothing", "a", "", "@@ -1,1 +0,0 @@\n-a"},
		{"two places", "1\n2\n3\n4\n5\n6\n7\n8\n9", "X\n2\n3\n4\n5\n6\n7\n8\nY",
			"@@ -1,3 +1,3 @@\n-1\n+X\n 2\n 3\n@@ -7,3 +7,3 @@\n 7\n 8\n-9\n+Y"},
		{"near to each other", "1\n2\n3\n4", "X\n2\n3\nY", "@@ -1,4 +1,4 @@\n-1\n+X\n 2\n 3\n-4\n+Y"},
		{"one sentence", long, strings.Replace(long, "says ten", "says twenty", 1), "@@ -1,3 +1,3 @@\n The first sentence of a long paragraph stays as it is.\n" +
			"-The second one says ten.\n+The second one says twenty.\n The third one stays too, whatever else is new."},
	} {
		if got := textDiff(test.before, test.after); got != test.want {
			t.Errorf("%s:\n%s\nwant:\n%s", test.name, got, test.want)
		}
	}
}

// A diff leads from the one text to the other.
func TestTextDiffApplies(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	for range 5000 {
		text := func() string {
			var b strings.Builder
			for range rnd.Intn(25) {
				fmt.Fprintf(&b, "%c\n", 'a'+rnd.Intn(9))
			}
			return b.String()
		}
		before, after := text(), text()
		if got := apply(t, diffLines(before), textDiff(before, after)); got != after {
			t.Fatalf("from %q to %q: the diff leads to %q:\n%s", before, after, got, textDiff(before, after))
		}
	}
}

// apply does what a diff says.
func apply(t *testing.T, before []string, diff string) string {
	var out strings.Builder
	at := 0
	for line := range strings.Lines(diff) {
		line = strings.TrimSuffix(line, "\n")
		var a, n, b, m int
		if _, err := fmt.Sscanf(line, "@@ -%d,%d +%d,%d @@", &a, &n, &b, &m); err == nil {
			for ; at < a-1 || n == 0 && at < a; at++ {
				fmt.Fprintln(&out, before[at])
			}
			continue
		}
		if line[0] != '+' {
			if before[at] != line[1:] {
				t.Fatalf("line %d is %q, the diff has %q", at+1, before[at], line[1:])
			}
			at++
		}
		if line[0] != '-' {
			fmt.Fprintln(&out, line[1:])
		}
	}
	for ; at < len(before); at++ {
		fmt.Fprintln(&out, before[at])
	}
	return out.String()
}

// What a person could not read is counted.
func TestTextDiffIsBounded(t *testing.T) {
	before, after := strings.Repeat("old\n", 100_000), strings.Repeat("new\n", 100_000)
	got := textDiff(before, after)
	if lines := strings.Split(got, "\n"); len(lines) != maxDiffLines+1 || lines[maxDiffLines] != "… and 199801 more lines of the diff" {
		t.Errorf("%d lines, the last is %q", len(lines), lines[len(lines)-1])
	}
}
