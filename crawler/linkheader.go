package crawler

import (
	"net/http"
	"strings"
)

// eachLink calls visit for each link of the Link headers (RFC 8288), with its target as written and its parameters.
func eachLink(h http.Header, visit func(target, params string)) {
	for _, value := range h["Link"] {
		for {
			_, rest, ok := strings.Cut(value, "<")
			if !ok {
				break
			}
			target, params, ok := strings.Cut(rest, ">")
			if !ok {
				break
			}
			value = ""
			if end := endOfLink(params); end >= 0 {
				params, value = params[:end], params[end+1:]
			}
			visit(strings.TrimSpace(target), params)
		}
	}
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

// linkParam returns the value of the first parameter of that name in the parameters of a link; empty: none.
func linkParam(params, name string) string {
	for param := range strings.SplitSeq(params, ";") {
		key, value, _ := strings.Cut(param, "=")
		if strings.EqualFold(strings.TrimSpace(key), name) {
			return strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	return ""
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
