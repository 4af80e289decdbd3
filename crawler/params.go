package crawler

import (
	"fmt"
	"strings"
)

// Parameters that campaigns and mailings add to links. They say where a reader comes from, never what the page is.
var trackingParams = []string{"utm_*", "gclid", "fbclid", "msclkid", "mc_*"}

// paramSet is a set of names of query parameters. Names are compared as decoded, and case counts.
type paramSet struct {
	names    map[string]bool
	prefixes []string
}

// newParamSet compiles names, in which a trailing * stands for any ending.
func newParamSet(names []string) (paramSet, error) {
	set := paramSet{names: make(map[string]bool)}
	for _, name := range names {
		if problem := paramProblem(name); problem != "" {
			return paramSet{}, fmt.Errorf("query parameter %q: %s", name, problem)
		}
		if prefix, ok := strings.CutSuffix(name, "*"); ok {
			set.prefixes = append(set.prefixes, decodeParam(prefix))
		} else {
			set.names[decodeParam(name)] = true
		}
	}
	return set, nil
}

// paramProblem says what is wrong with the name of a parameter to drop; empty: nothing.
func paramProblem(name string) string {
	switch {
	case name == "":
		return "is empty"
	case strings.ContainsAny(name, "?&=#"):
		return "must be the name of a query parameter alone, without ?, &, = or a value"
	case strings.Contains(name[:len(name)-1], "*"):
		return "may have a * only at its end"
	}
	return ""
}

func (s paramSet) has(name string) bool {
	if strings.ContainsAny(name, "%+") {
		name = decodeParam(name)
	}
	if s.names[name] {
		return true
	}
	for _, prefix := range s.prefixes {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// decodeParam reads a name as application/x-www-form-urlencoded does; a % that begins no escape stands for itself.
func decodeParam(s string) string {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		octet, ok := escape(s[i:])
		switch {
		case ok:
			out = append(out, octet)
			i += 2
		case s[i] == '+':
			out = append(out, ' ')
		default:
			out = append(out, s[i])
		}
	}
	return string(out)
}

// any reports whether a query, without its ?, has a parameter of the set.
func (s paramSet) any(query string) bool {
	for more := true; more; {
		var param string
		param, query, more = strings.Cut(query, "&")
		name, _, _ := strings.Cut(param, "=")
		if s.has(name) {
			return true
		}
	}
	return false
}

// drop returns a query, without its ?, without the parameters of the set. The others keep their order and spelling.
func (s paramSet) drop(query string) string {
	if query == "" || !s.any(query) {
		return query
	}
	var kept []string
	for param := range strings.SplitSeq(query, "&") {
		if name, _, _ := strings.Cut(param, "="); !s.has(name) {
			kept = append(kept, param)
		}
	}
	return strings.Join(kept, "&")
}
