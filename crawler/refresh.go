package crawler

import (
	"strconv"
	"strings"
)

// maxRefresh is the delay in seconds up to which a refresh is a redirect; above it, people are meant to read the page
// first.
const maxRefresh = 1

// refreshTarget returns the URL of a refresh such as `0; url='/new'`, if its delay is at most maxRefresh. It is read as
// browsers do (HTML standard, "shared declarative refresh steps").
func refreshTarget(content string) string {
	content = strings.TrimSpace(content)
	end := strings.IndexFunc(content, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	if end <= 0 {
		return ""
	}
	whole, _, _ := strings.Cut(content[:end], ".")
	if delay, err := strconv.Atoi("0" + whole); err != nil || delay > maxRefresh {
		return ""
	}
	rest := content[end:]
	target := strings.TrimSpace(rest)
	if target != "" && (target[0] == ';' || target[0] == ',') {
		target = strings.TrimSpace(target[1:])
	} else if target == rest {
		return "" // the number goes on with a letter
	}
	if len(target) >= 3 && strings.EqualFold(target[:3], "url") {
		if after, ok := strings.CutPrefix(strings.TrimSpace(target[3:]), "="); ok {
			target = strings.TrimSpace(after)
		}
	}
	if target != "" && (target[0] == '"' || target[0] == '\'') {
		target, _, _ = strings.Cut(target[1:], target[:1])
	}
	return target
}
