package crawler

import (
	"fmt"
	"strings"
	"time"
)

// normalizeRobots spells a path, or the pattern of a rule, so that octets can be compared (RFC 9309 section 2.2.2). In a
// URL, and in a pattern within, * and $ are ordinary characters, which a rule names by their escapes (section 2.2.3).
func normalizeRobots(s string, pattern bool) string {
	s = string(appendNormalized(nil, s))
	if !pattern {
		s = strings.ReplaceAll(s, "*", "%2A")
	}
	return strings.ReplaceAll(s, "$", "%24")
}

// group returns the rules for a crawler; nil: there are none. A version after the token does not count.
func (r *robotsRules) group(productToken string) *robotsGroup {
	productToken, _, _ = strings.Cut(productToken, "/")
	if g := r.groups[strings.ToLower(productToken)]; g != nil {
		return g
	}
	return r.groups["*"]
}

// allowed reports whether the crawler of that product token may fetch a URL. line is the line that decides, such as
// "line 3: Disallow: /private/"; empty if no rule matches, which allows.
func (r *robotsRules) allowed(productToken, url string) (ok bool, line string) {
	rule := r.match(productToken, url)
	if rule == nil {
		return true, ""
	}
	return rule.allow, rule.String()
}

// match returns the rule that decides on a URL; nil: none matches. The longest pattern decides, and Allow between equals.
func (r *robotsRules) match(productToken, url string) *robotsRule {
	g := r.group(productToken)
	path := robotsPath(url)
	if g == nil || path == "/robots.txt" { // RFC 9309 section 2.2.2: implicitly allowed
		return nil
	}
	path = normalizeRobots(path, false)
	var best *robotsRule
	for i := range g.rules {
		rule := &g.rules[i]
		if best != nil && (rule.length < best.length || rule.length == best.length && (!rule.allow || best.allow)) {
			continue
		}
		if rule.matches(path) {
			best = rule
		}
	}
	return best
}

// String returns the line of the file, such as "line 3: Allow: /x".
func (r *robotsRule) String() string { return fmt.Sprintf("line %d: %s", r.number, r.line) }

// robotsPath returns path and query of a URL, which need not have a scheme or a host.
func robotsPath(url string) string {
	url, _, _ = strings.Cut(url, "#")
	start := 0
	if i := strings.Index(url, "//"); i == 0 || i > 0 && url[i-1] == ':' && !strings.ContainsAny(url[:i], "/?") {
		start = i + len("//")
	} else if strings.HasPrefix(url, "/") {
		return url
	}
	i := strings.IndexAny(url[start:], "/?")
	switch {
	case i < 0:
		return "/"
	case url[start+i] == '?':
		return "/" + url[start+i:]
	}
	return url[start+i:]
}

// matches reports whether the pattern matches the beginning of a path or, if anchored, all of it.
func (r *robotsRule) matches(path string) bool {
	literal, rest, wild := strings.Cut(r.pattern, "*")
	if !strings.HasPrefix(path, literal) {
		return false
	}
	path = path[len(literal):]
	for wild {
		literal, rest, wild = strings.Cut(rest, "*")
		if !wild && r.anchored {
			return strings.HasSuffix(path, literal)
		}
		i := strings.Index(path, literal)
		if i < 0 {
			return false
		}
		path = path[i+len(literal):]
	}
	return !r.anchored || path == ""
}

// crawlDelay returns how long the crawler of that product token shall wait between requests, if the file says so.
func (r *robotsRules) crawlDelay(productToken string) (time.Duration, bool) {
	g := r.group(productToken)
	if g == nil || g.delay == 0 {
		return 0, false
	}
	return g.delay, true
}
