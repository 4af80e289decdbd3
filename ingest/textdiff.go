package ingest

import (
	"fmt"
	"slices"
	"strings"
)

// Bounds of a diff, which a person reads.
const (
	diffContext  = 2   // lines around a change
	maxDiffLines = 200 // of one page; the rest is counted
	longLine     = 120 // bytes: longer lines are compared sentence by sentence
)

// textDiff returns what has changed between two texts, as a unified diff without file names; empty: nothing. Its cost
// grows with n log n of the number of lines: only lines that each text has once are matched at first (the patience diff),
// so the result need not be the shortest.
func textDiff(before, after string) string {
	a, b := diffLines(before), diffLines(after)
	var out []string
	same := matches(a, b)
	for _, h := range hunks(same, len(a), len(b)) {
		out = append(out, fmt.Sprintf("@@ -%s +%s @@", span(h[0].a, h[1].a), span(h[0].b, h[1].b)))
		first, _ := slices.BinarySearchFunc(same, h[0].a, func(p pair, a int) int { return p.a - a })
		out = append(out, hunkLines(a, b, same[first:], h[0], h[1])...)
	}
	if more := len(out) - maxDiffLines; more > 0 {
		out = append(out[:maxDiffLines], fmt.Sprintf("… and %s of the diff", count(more, "more line")))
	}
	return strings.Join(out, "\n")
}

// diffLines splits a text into lines, and long ones after their sentences.
func diffLines(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\n")
		if len(line) <= longLine {
			lines = append(lines, line)
			continue
		}
		begin := 0
		for i := range len(line) - 1 {
			if line[i+1] == ' ' && strings.IndexByte(".?!", line[i]) >= 0 {
				lines = append(lines, strings.TrimLeft(line[begin:i+1], " "))
				begin = i + 1
			}
		}
		lines = append(lines, strings.TrimLeft(line[begin:], " "))
	}
	return lines
}

// pair is a line of each text, by index.
type pair struct{ a, b int }

// matches returns the lines that the texts have in common, in order.
func matches(a, b []string) []pair {
	anchors := append(longestRun(uniquePairs(a, b)), pair{len(a), len(b)})
	var all []pair
	done := pair{}
	for _, at := range anchors {
		if at.a < done.a || at.b < done.b {
			continue // reached from an earlier one
		}
		from := at
		for from.a > done.a && from.b > done.b && a[from.a-1] == b[from.b-1] {
			from.a, from.b = from.a-1, from.b-1
		}
		for done.a < from.a && done.b < from.b && a[done.a] == b[done.b] {
			all = append(all, done)
			done.a, done.b = done.a+1, done.b+1
		}
		for from.a < at.a {
			all = append(all, from)
			from.a, from.b = from.a+1, from.b+1
		}
		done = at
	}
	return all
}

// uniquePairs returns the lines that both texts have exactly once, in the order of a.
func uniquePairs(a, b []string) []pair {
	type seen struct{ inA, inB, at int }
	lines := map[string]*seen{}
	for _, l := range a {
		if lines[l] == nil {
			lines[l] = &seen{}
		}
		lines[l].inA++
	}
	for i, l := range b {
		if s := lines[l]; s != nil {
			s.inB++
			s.at = i
		}
	}
	var pairs []pair
	for i, l := range a {
		if s := lines[l]; s.inA == 1 && s.inB == 1 {
			pairs = append(pairs, pair{i, s.at})
		}
	}
	return pairs
}

// longestRun returns the most pairs whose order is the same in both texts.
func longestRun(pairs []pair) []pair {
	var ends []int // by length of a run less one: the pair that ends it with the least b
	before := make([]int, len(pairs))
	for i, p := range pairs {
		n, _ := slices.BinarySearchFunc(ends, p.b, func(e, b int) int { return pairs[e].b - b })
		before[i] = -1
		if n > 0 {
			before[i] = ends[n-1]
		}
		if n == len(ends) {
			ends = append(ends, i)
		} else {
			ends[n] = i
		}
	}
	if len(ends) == 0 {
		return nil
	}
	run := make([]pair, len(ends))
	for i, n := ends[len(ends)-1], len(ends)-1; n >= 0; i, n = before[i], n-1 {
		run[n] = pairs[i]
	}
	return run
}

// hunks returns the beginnings and ends of the parts of the texts to show: what has changed, with some lines around.
func hunks(same []pair, lenA, lenB int) [][2]pair {
	var all [][2]pair
	at := pair{}
	for _, m := range append(same, pair{lenA, lenB}) {
		if m != at { // a gap: something has changed between
			from := pair{max(at.a-diffContext, 0), max(at.b-diffContext, 0)}
			lead := min(at.a-from.a, at.b-from.b) // the same number of lines before it in both
			from = pair{at.a - lead, at.b - lead}
			trail := min(diffContext, lenA-m.a, lenB-m.b)
			to := pair{m.a + trail, m.b + trail}
			if n := len(all); n > 0 && from.a <= all[n-1][1].a && from.b <= all[n-1][1].b {
				all[n-1][1] = to
			} else {
				all = append(all, [2]pair{from, to})
			}
		}
		at = pair{m.a + 1, m.b + 1}
	}
	return all
}

// hunkLines prints a part of the texts, of which same are the lines in common from its beginning on.
func hunkLines(a, b []string, same []pair, from, to pair) []string {
	var lines []string
	at := from
	for at != to {
		next := to
		if len(same) > 0 && same[0].a < to.a && same[0].b < to.b {
			next = same[0]
		}
		for ; at.a < next.a; at.a++ {
			lines = append(lines, "-"+a[at.a])
		}
		for ; at.b < next.b; at.b++ {
			lines = append(lines, "+"+b[at.b])
		}
		if at != to {
			lines, same = append(lines, " "+a[at.a]), same[1:]
			at = pair{at.a + 1, at.b + 1}
		}
	}
	return lines
}

// span prints lines as a unified diff does.
func span(from, to int) string {
	if from == to {
		return fmt.Sprintf("%d,0", from)
	}
	return fmt.Sprintf("%d,%d", from+1, to-from)
}
