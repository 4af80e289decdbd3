package crawler

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/net/idna"
)

// Pattern selects URLs. The zero value matches none.
//
// A pattern is matched on the canonical URL from the path on, such as "/hc/en-us/articles/1?page=2", or on the whole URL
// if the pattern begins with http:// or https://. It must match from beginning to end; ** stands for any characters and
// * for any but / and ?. A pattern without a ? is matched on the URL without its query too, so "/hc/*" matches
// "/hc/a?page=2". A pattern that begins with a single * may begin in any directory: "*.pdf" is "**/*.pdf". Percent-escapes
// and characters beyond ASCII are brought into canonical form, so a pattern may be written as a browser shows it.
//
// A regular expression (RE2) stands between slashes and matches anywhere, on the whole URL if it begins with http or
// ^http. Paths begin and end with slashes too, so "/…/" is taken for one only if it begins with "/^" or has, between the
// slashes, ".*" or one of ( [ | \ + $. To match such a path, end the pattern with **.
type Pattern struct {
	source  string
	regexp  *regexp.Regexp // nil: glob
	glob    string         // canonical text with wildcards; empty: matches nothing
	whole   bool           // matched on the whole URL
	noQuery bool           // matched without the query too
}

var errPatternStart = errors.New(`must begin with /, http://, https:// or *; to match in any directory begin with **/`)

// CompilePattern compiles a pattern. The error says what is wrong with it.
func CompilePattern(s string) (Pattern, error) {
	p := Pattern{source: s}
	whole := strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")
	switch {
	case s == "":
		return Pattern{}, errors.New("pattern is empty")
	case isRegexp(s):
		return compileRegexp(s)
	case !whole && s[0] != '/' && s[0] != '*':
		return Pattern{}, fmt.Errorf("pattern %q %w", s, errPatternStart)
	case strings.Contains(s, "#"):
		return Pattern{}, fmt.Errorf("pattern %q has a fragment; a page has one URL without it", s)
	case s[0] == '*' && !strings.HasPrefix(s, "**"):
		s = "**/" + s
	}
	text := s
	if whole {
		p.whole = true
		var err error
		if text, err = lowerHost(s); err != nil {
			return Pattern{}, fmt.Errorf("pattern %q: %w", s, err)
		}
	}
	p.noQuery = !strings.Contains(text, "?")
	p.glob = compileWildcards(canonicalPattern(text))
	return p, nil
}

// isRegexp tells a regular expression from a path that ends with a slash; see Pattern.
func isRegexp(s string) bool {
	if len(s) < len("/x/") || s[0] != '/' || s[len(s)-1] != '/' {
		return false
	}
	inner := s[1 : len(s)-1]
	return inner[0] == '^' || strings.ContainsAny(inner, `([|\+$`) || strings.Contains(inner, ".*")
}

func compileRegexp(s string) (Pattern, error) {
	inner := s[1 : len(s)-1]
	re, err := regexp.Compile(inner)
	if err != nil {
		return Pattern{}, fmt.Errorf("pattern %q is read as a regular expression: %w", s, err)
	}
	return Pattern{source: s, regexp: re, whole: strings.HasPrefix(strings.TrimPrefix(inner, "^"), "http")}, nil
}

// lowerHost brings the scheme and host of a pattern into canonical form.
func lowerHost(s string) (string, error) {
	scheme, rest, _ := strings.Cut(s, "://")
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	host := strings.ToLower(rest[:end])
	if strings.ContainsFunc(host, func(r rune) bool { return r > 0x7F }) {
		ascii, err := idna.Lookup.ToASCII(host)
		if err != nil {
			return "", fmt.Errorf("host %q: %w", host, err)
		}
		host = ascii
	}
	path := rest[end:]
	if !strings.HasPrefix(path, "/") && !strings.HasSuffix(host, "*") {
		path = "/" + path
	}
	return scheme + "://" + host + path, nil
}

// canonicalPattern spells the literal text of a pattern as a canonical URL does.
func canonicalPattern(s string) string {
	path, query, ok := strings.Cut(s, "?")
	if !ok {
		return string(appendNormalized(nil, path))
	}
	// The WHATWG parser encodes an apostrophe in the query alone.
	query = strings.ReplaceAll(query, "'", "%27")
	return string(appendNormalized(nil, path)) + "?" + string(appendNormalized(nil, query))
}

// Wildcards of a compiled pattern. A canonical URL has no control characters.
const (
	anyInSegment = '\x01' // *
	anyText      = '\x02' // **
)

func compileWildcards(s string) string {
	var b strings.Builder
	for s != "" {
		rest := strings.TrimLeft(s, "*")
		switch len(s) - len(rest) {
		case 0:
			b.WriteByte(s[0])
			s = s[1:]
			continue
		case 1:
			b.WriteByte(anyInSegment)
		default:
			b.WriteByte(anyText)
		}
		s = rest
	}
	return b.String()
}

// String returns the pattern as it was written.
func (p Pattern) String() string { return p.source }

// Match reports whether the pattern selects a canonical URL.
func (p Pattern) Match(url string) bool {
	text := url
	if !p.whole {
		_, text = splitOrigin(url)
	}
	if p.regexp != nil {
		return p.regexp.MatchString(text)
	}
	if p.glob == "" {
		return false
	}
	if p.noQuery {
		if i := strings.IndexByte(text, '?'); i >= 0 && matchGlob(p.glob, text[:i]) {
			return true
		}
	}
	return matchGlob(p.glob, text)
}

// matchGlob matches all of s. Only the last wildcard of each kind need be widened when something does not fit: what an
// earlier one could take instead, the later one can take too, for an earlier * can no more get across a / or a ? than a
// later one.
func matchGlob(glob, s string) bool {
	i, j := 0, 0                // how far glob and s match
	segment, segmentAt := -1, 0 // what of glob follows the last *, and how far of s it takes
	text, textAt := -1, 0       // the same for the last **
	for {
		switch {
		case i < len(glob) && glob[i] == anyText:
			i++
			text, textAt, segment = i, j, -1
			continue
		case i < len(glob) && glob[i] == anyInSegment:
			i++
			segment, segmentAt = i, j
			continue
		case i < len(glob) && j < len(s) && glob[i] == s[j]:
			i, j = i+1, j+1
			continue
		case i == len(glob) && (j == len(s) || text == i):
			return true
		}
		switch {
		case segment >= 0 && segmentAt < len(s) && s[segmentAt] != '/' && s[segmentAt] != '?':
			segmentAt++
			i, j = segment, segmentAt
		case text >= 0 && textAt < len(s):
			textAt++
			i, j, segment = text, textAt, -1
		default:
			return false
		}
	}
}
