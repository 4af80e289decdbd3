package crawler

import (
	"html"
	"strings"

	xhtml "golang.org/x/net/html"
)

// splitName splits the name of an element after its prefix.
func splitName(s string) (prefix, name string) {
	i := strings.IndexByte(s, ':') + 1
	return s[:i], s[i:]
}

func attr(t xhtml.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// joinBase returns the base of an entry in a feed. One that is relative to another relative one is not worth a parser.
func joinBase(feed, entry string) string {
	if entry == "" {
		return feed
	}
	return entry
}

// trimLoc removes white space around a URL, also what Unicode and byte order marks add to it.
func trimLoc(s string) string {
	return strings.Trim(s, " \t\r\n\v\f\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009"+
		"\u200a\u200b\u2028\u2029\u202f\u205f\u3000\ufeff")
}

// xmlText returns the characters that a text or CDATA section stands for. Only what ends in a semicolon is a reference:
// in "?a=1&copy=2", where somebody forgot to escape the ampersand, HTML would find one.
func xmlText(raw string) string {
	if section, ok := strings.CutPrefix(raw, "<![CDATA["); ok {
		return strings.TrimSuffix(section, "]]>")
	}
	if !strings.Contains(raw, "&") {
		return raw
	}
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(raw, "&")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		raw = rest
		name, after, ok := strings.Cut(rest, ";")
		if ok && len(name) <= maxEntityName && !strings.ContainsAny(name, "& \t\r\n") {
			if text := html.UnescapeString("&" + name + ";"); !strings.HasSuffix(text, ";") || name == "semi" {
				b.WriteString(text)
				raw = after
				continue
			}
		}
		b.WriteByte('&')
	}
}

// maxEntityName is the length of the longest name of a character in HTML.
const maxEntityName = len("CounterClockwiseContourIntegral")
