package configs

import (
	"slices"
	"strings"
)

// later lists the documented keys that this version does not know yet. Whoever adds one to a Config removes it here.
var later = []string{"extract.preset"}

// unknownKey says what is wrong with a key that the block at path does not have, and which keys may have been meant.
func unknownKey(path, name string) (problem string, meant []string) {
	block := withoutIndexes(path)
	switch {
	case slices.Contains(later, join(block, name)):
		return "is not supported by this version of pageferry; remove it", nil
	case (path == "target" || path == "") && slices.Contains([]string{"token", "accesstoken", "apitoken", "apikey"}, plain(name)):
		return "a token does not belong in a config; write target.token_env with the name of an environment variable " +
			"that holds it, or target.token_file with the path of a file", nil
	case strings.Contains(name, ".") && slices.Contains(allKeys(), name):
		parent, key := split(name)
		return "unknown key; write " + key + " in the block " + parent, []string{name}
	}
	if elsewhere := keysNamed(name); len(elsewhere) > 0 {
		return "unknown key here; did you mean " + strings.Join(elsewhere, " or ") + "?", elsewhere
	}
	here := keysAt(block)
	if near := nearest(name, here); near != "" {
		return `unknown key; did you mean "` + near + `"?`, []string{join(path, near)}
	}
	if elsewhere := keysNamed(nearest(name, outsideLists())); len(elsewhere) > 0 {
		return "unknown key; did you mean " + strings.Join(elsewhere, " or ") + "?", elsewhere
	}
	return "unknown key; the keys here are " + strings.Join(here, ", "), nil
}

// outsideLists returns the names of the keys of every block that is not in a list.
func outsideLists() []string {
	var names []string
	for _, key := range allKeys() {
		if _, name := split(key); !strings.Contains(key, "[]") {
			names = append(names, name)
		}
	}
	return names
}

// keysNamed returns the paths of the keys with this name outside of lists.
func keysNamed(name string) []string {
	var paths []string
	for _, key := range allKeys() {
		if _, n := split(key); n == name && !strings.Contains(key, "[]") {
			paths = append(paths, key)
		}
	}
	return paths
}

// nearest returns the candidate that name was probably meant to be, or "": one that differs only in case and
// separators, else the one with the fewest typing mistakes, at most one for each three letters, else one of which
// name is a longer or shorter form.
func nearest(name string, candidates []string) string {
	want := plain(name)
	best, least := "", len(want)/3+1
	for _, c := range candidates {
		if distance := typos(want, plain(c)); distance < least {
			best, least = c, distance
		}
	}
	if best != "" {
		return best
	}
	for _, c := range candidates {
		short, long := plain(c), want
		if len(short) > len(long) {
			short, long = long, short
		}
		if len(short) >= 4 && strings.Contains(long, short) {
			return c
		}
	}
	return ""
}

// plain removes what people write differently in the same key.
func plain(key string) string { return separators.Replace(strings.ToLower(key)) }

var separators = strings.NewReplacer("_", "", "-", "", ".", "", " ", "")

// typos counts the letters to insert, delete, replace or swap with their neighbour to make b of a: the optimal string
// alignment distance.
func typos(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > len(y)*2+3 { // a key far longer than any is no typing mistake, and the table is quadratic
		return len(x)
	}
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		for j := range rows[i] {
			if i == 0 || j == 0 {
				rows[i][j] = i + j
				continue
			}
			replace := rows[i-1][j-1]
			if x[i-1] != y[j-1] {
				replace++
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, replace)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(x)][len(y)]
}
