package crawler

import "strings"

// sameTemplate reports whether two URLs differ at most in digits, in segments that look drawn by lot, and in the values
// of parameters.
func sameTemplate(a, b string) bool {
	pathA, queryA, _ := strings.Cut(a, "?")
	pathB, queryB, _ := strings.Cut(b, "?")
	for pathA != "" || pathB != "" {
		var x, y string
		var moreA, moreB bool
		x, pathA, moreA = strings.Cut(pathA, "/")
		y, pathB, moreB = strings.Cut(pathB, "/")
		if moreA != moreB || x != y && !sameButDigits(x, y) && !(isToken(x) && isToken(y)) {
			return false
		}
	}
	for queryA != "" || queryB != "" {
		var x, y string
		x, queryA, _ = strings.Cut(queryA, "&")
		y, queryB, _ = strings.Cut(queryB, "&")
		x, _, _ = strings.Cut(x, "=")
		y, _, _ = strings.Cut(y, "=")
		if x != y {
			return false
		}
	}
	return true
}

// isToken reports whether a segment looks drawn by lot.
func isToken(s string) bool { return len(s) >= 8 && hasTurns(s) }

// sameButDigits reports whether two strings are the same once each number is.
func sameButDigits(a, b string) bool {
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		digitA, digitB := isDigit(a[i]), isDigit(b[j])
		if digitA != digitB || !digitA && a[i] != b[j] {
			return false
		}
		i, j = i+1, j+1
		if digitA {
			i, j = skipDigits(a, i), skipDigits(b, j)
		}
	}
	return i == len(a) && j == len(b)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func skipDigits(s string, i int) int {
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	return i
}

// isDrawn reports whether a segment of the path, or the value of a parameter, looks drawn by lot.
func (a *trapAddress) isDrawn() bool {
	for _, segment := range a.segment[:min(a.segments, maxTrapSegments)] {
		if isToken(segment) {
			return true
		}
	}
	if a.query == "" {
		return false
	}
	for param := range strings.SplitSeq(a.query, "&") {
		if _, value, _ := strings.Cut(param, "="); isToken(value) {
			return true
		}
	}
	return false
}

// template returns what URLs have in common for sameTemplate: every number is 0, every segment drawn by lot *, and
// parameters have no values.
func (a *trapAddress) template() string {
	var b strings.Builder
	b.WriteString(a.host)
	for segment := range strings.SplitSeq(a.path, "/") {
		b.WriteByte('/')
		if isToken(segment) {
			b.WriteByte('*')
			continue
		}
		for i := range len(segment) {
			if !isDigit(segment[i]) {
				b.WriteByte(segment[i])
			} else if i == 0 || !isDigit(segment[i-1]) {
				b.WriteByte('0')
			}
		}
	}
	for param := range strings.SplitSeq(a.query, "&") {
		name, _, _ := strings.Cut(param, "=")
		b.WriteByte('?')
		b.WriteString(name)
	}
	return b.String()
}
