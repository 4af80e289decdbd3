package crawler

import (
	"net/http"
	"strings"
)

// directives are what a page tells robots about itself.
type directives struct {
	noIndex  string // the directive, quoted where it was found; empty: none
	noFollow bool
}

// obeyedAgent is the agent besides our own whose directives are obeyed: what an owner hides from it, the owner hides.
const obeyedAgent = "googlebot"

// valueDirectives have a colon of their own, which names no agent.
var valueDirectives = map[string]bool{
	"unavailable_after": true, "max-snippet": true, "max-image-preview": true, "max-video-preview": true,
}

// readHeader reads the X-Robots-Tag headers: for all agents, and for token or obeyedAgent ("googlebot: noindex").
func (d *directives) readHeader(h http.Header, token string) {
	for _, value := range h["X-Robots-Tag"] {
		agent := ""
		for part := range strings.SplitSeq(value, ",") {
			name, rest, ok := strings.Cut(part, ":")
			name = strings.TrimSpace(name)
			if ok && !valueDirectives[strings.ToLower(name)] && !strings.ContainsAny(name, " \t") {
				agent, part = name, rest
			}
			if agent == "" || agent == "*" || isAgent(agent, token) {
				d.add(part, "X-Robots-Tag", value)
			}
		}
	}
}

// readMeta reads a <meta name=… content=…> if its name is robots, token or obeyedAgent.
func (d *directives) readMeta(name, content, token string) {
	name = strings.TrimSpace(name)
	if !strings.EqualFold(name, "robots") && !isAgent(name, token) {
		return
	}
	for part := range strings.SplitSeq(content, ",") {
		d.add(part, "meta "+strings.ToLower(name), content)
	}
}

func isAgent(name, token string) bool {
	return strings.EqualFold(name, obeyedAgent) || token != "" && strings.EqualFold(name, token)
}

func (d *directives) add(directive, place, whole string) {
	noIndex, noFollow := false, false
	switch strings.ToLower(strings.TrimSpace(directive)) {
	case "none":
		noIndex, noFollow = true, true
	case "noindex":
		noIndex = true
	case "nofollow":
		noFollow = true
	}
	d.noFollow = d.noFollow || noFollow
	if noIndex && d.noIndex == "" {
		d.noIndex = place + ` "` + oneLine(whole) + `"`
	}
}

// linkCanonical returns the target of the first rel=canonical in Link headers (RFC 8288, RFC 6596); empty: none.
func linkCanonical(h http.Header) string {
	for _, value := range h["Link"] {
		for value != "" {
			_, rest, ok := strings.Cut(value, "<")
			if !ok {
				break
			}
			target, rest, ok := strings.Cut(rest, ">")
			if !ok {
				break
			}
			params := rest
			if end := endOfLink(rest); end >= 0 {
				params, rest = rest[:end], rest[end+1:]
			} else {
				rest = ""
			}
			if relOf(params, "canonical") {
				return strings.TrimSpace(target)
			}
			value = rest
		}
	}
	return ""
}

// endOfLink returns the index of the comma that ends the parameters of a link, outside of quotes; -1: none.
func endOfLink(params string) int {
	quoted := false
	for i := 0; i < len(params); i++ {
		switch params[i] {
		case '\\':
			if quoted {
				i++
			}
		case '"':
			quoted = !quoted
		case ',':
			if !quoted {
				return i
			}
		}
	}
	return -1
}

// relOf reports whether the parameters of a Link header have rel among their relations.
func relOf(params, rel string) bool {
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(param, "=")
		if strings.EqualFold(strings.TrimSpace(name), "rel") {
			return hasToken(strings.Trim(strings.TrimSpace(value), `"`), rel)
		}
	}
	return false
}

// hasToken reports whether token is among the space-separated words of list, in any case.
func hasToken(list, token string) bool {
	if len(list) == len(token) {
		return strings.EqualFold(list, token)
	}
	for word := range strings.FieldsSeq(list) {
		if strings.EqualFold(word, token) {
			return true
		}
	}
	return false
}
