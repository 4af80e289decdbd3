package crawler

import (
	"strings"
	"sync/atomic"
)

// Session ids in URLs make of every page as many as there are sessions. Cookies are off, so that a site that falls back
// on URLs puts a new one into each answer. They are taken off links, the entries of sitemaps, canonicals and the targets
// of redirects before these become addresses of pages. The canonical form of a URL keeps them: it identifies pages for
// ever, and what a start URL or a stored page is called is not to change with what is known of sessions.
//
// A site may insist, and redirect a page to itself with a session id. Then that address is asked once, within the same
// fetch, and what it answers is the page: as an address of its own it would be another page in every run.

// sessions takes session ids off URLs. It is safe for concurrent use.
type sessions struct {
	content [len(sessionNames)]atomic.Bool // names whose values turned out to say what the page is
	taken   atomic.Int64                   // links that lost one
}

// sessionNames may name a session or, on another site, what the page is. With one of them, the value must look drawn by
// lot, and is the same throughout a page.
var sessionNames = [...]string{"sid", "sessionid", "session_id", "session-id", "sessid", "sess_id", "session", "sess",
	"sessionkey", "session_key", "sessiontoken", "session_token", "s"}

// sessionSure stands for names that name nothing but a session.
const sessionSure = -1

// sessionName returns the index of a name in sessionNames, sessionSure, or false for what names no session.
func sessionName(name string) (int, bool) {
	if name == "" || len(name) > 40 {
		return 0, false
	}
	name = strings.ToLower(name)
	switch name {
	case "jsessionid", "phpsessid", "asp.net_sessionid", "cftoken", "oscsid", "xtcsid", "zenid", "mscssid":
		return sessionSure, true
	}
	if strings.HasPrefix(name, "aspsessionid") {
		return sessionSure, true
	}
	for i, known := range sessionNames {
		if name == known {
			return i, true
		}
	}
	return 0, false
}

// mayCarrySession reports whether a URL has a place for a session id at all; most have none.
func mayCarrySession(u string) bool {
	for i := range len(u) {
		switch u[i] {
		case '?', ';':
			return true
		case '(':
			if i > 0 && u[i-1] == '/' {
				return true
			}
		}
	}
	return false
}

// take decides whether the value of a name is a session id to take off.
type take func(name int, value string) bool

// withoutSessions returns a URL without the session ids in it that t takes. It may not be in canonical form.
func withoutSessions(u string, t take) string {
	start, path := splitOrigin(u)
	path, query, hasQuery := strings.Cut(path, "?")
	if strings.Contains(path, ";") {
		path = withoutMatrix(path, t)
	}
	if strings.Contains(path, "/(") {
		path = withoutTickets(path)
	}
	if hasQuery {
		query = withoutSessionParams(query, t)
	}
	if query != "" {
		query = "?" + query
	}
	return start + path + query
}

// withoutTickets returns a path without segments such as (S(lit3py55t21z5v55vlm25s55)), which ASP.NET puts there for
// browsers without cookies: S is a session, A and F say who is there, X whether cookies work.
func withoutTickets(path string) string {
	var kept strings.Builder
	for segment := range strings.SplitSeq(path[1:], "/") {
		if !isTicket(segment) {
			kept.WriteByte('/')
			kept.WriteString(segment)
		}
	}
	return kept.String()
}

func isTicket(segment string) bool {
	inner, ok := strings.CutPrefix(segment, "(")
	if !ok || !strings.HasSuffix(inner, "))") {
		return false
	}
	inner = strings.TrimSuffix(inner, ")")
	real := false
	for inner != "" {
		if len(inner) < 3 || inner[1] != '(' || !strings.Contains("SAFX", inner[:1]) {
			return false
		}
		value, rest, ok := strings.Cut(inner[2:], ")")
		if !ok || strings.ContainsAny(value, "(") {
			return false
		}
		real = real || len(value) >= 16 && inner[0] != 'X' || inner == "X(1)"
		inner = rest
	}
	return real
}

// withoutMatrix returns a path without the parameters of its segments (";jsessionid=…") that t takes.
func withoutMatrix(path string, t take) string {
	var kept strings.Builder
	for len(path) > 0 {
		i := strings.IndexByte(path, ';')
		if i < 0 {
			break
		}
		kept.WriteString(path[:i])
		param := path[i+1:]
		if end := strings.IndexAny(param, ";/"); end >= 0 {
			param = param[:end]
		}
		if name, value, _ := strings.Cut(param, "="); !takes(t, name, value) {
			kept.WriteString(path[i : i+1+len(param)])
		}
		path = path[i+1+len(param):]
	}
	kept.WriteString(path)
	return kept.String()
}

// withoutSessionParams returns a query without the parameters that t takes.
func withoutSessionParams(query string, t take) string {
	found := false
	for param := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(param, "=")
		found = found || takes(t, name, value)
	}
	if !found {
		return query
	}
	var kept []string
	coldFusion := false // CFID is only a session beside its CFTOKEN
	for param := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(param, "=")
		if !takes(t, name, value) {
			kept = append(kept, param)
		} else if strings.EqualFold(name, "cftoken") {
			coldFusion = true
		}
	}
	if coldFusion {
		rest := kept[:0]
		for _, param := range kept {
			if name, _, _ := strings.Cut(param, "="); !strings.EqualFold(name, "cfid") {
				rest = append(rest, param)
			}
		}
		kept = rest
	}
	return strings.Join(kept, "&")
}

func takes(t take, name, value string) bool {
	kind, ok := sessionName(name)
	if !ok {
		return false
	}
	if kind == sessionSure {
		return true
	}
	return isDrawn(kind, value) && t(kind, value)
}

// isDrawn reports whether a value looks as if it was drawn by lot, as the ids of sessions are: a UUID, or at least 16
// letters and digits that take turns more often than in anything that is written.
func isDrawn(name int, value string) bool {
	if sessionNames[name] == "s" { // of forums; elsewhere what is searched for
		return len(value) == 32 && isHex(value) && hasTurns(value)
	}
	if len(value) == 36 && value[8] == '-' && value[13] == '-' && value[18] == '-' && value[23] == '-' {
		return isHex(strings.ReplaceAll(value, "-", ""))
	}
	return len(value) >= 16 && len(value) <= 256 && hasTurns(value)
}

func isHex(s string) bool {
	for i := range len(s) {
		if _, ok := hexDigit(s[i]); !ok {
			return false
		}
	}
	return true
}

// hasTurns reports whether s is of letters and digits that change from the one to the other at least four times.
func hasTurns(s string) bool {
	turns := 0
	for i := range len(s) {
		digit := '0' <= s[i] && s[i] <= '9'
		if letter := s[i] | 0x20; !digit && (letter < 'a' || letter > 'z') {
			return false
		}
		if i > 0 && digit != ('0' <= s[i-1] && s[i-1] <= '9') {
			turns++
		}
	}
	return turns >= 4
}
