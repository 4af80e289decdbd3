package crawler

import (
	"net/http"
	"strings"
)

// language returns the language of a page in lower case: that of <html> or <body>, else that of a
// <meta http-equiv=content-language>, else that of the Content-Language header. Empty: it is not known.
func language(markup, meta string, header http.Header) string {
	for _, said := range []string{markup, meta, header.Get("Content-Language")} {
		if lang := languageTag(said); lang != "" {
			return lang
		}
	}
	return ""
}

// languageTag returns a tag (RFC 5646) in lower case. Several are the audience of a page, not its language, and what
// cannot be a tag, such as a template that was not filled in, says nothing: no page is left out for it.
func languageTag(said string) string {
	said = strings.TrimSpace(said)
	if i := strings.IndexAny(said, ".@"); i >= 0 { // the encoding of a locale such as en_US.UTF-8
		said = said[:i]
	}
	primary := strings.IndexAny(said, "-_")
	if primary < 0 {
		primary = len(said)
	}
	if primary < 2 || primary > 3 {
		return ""
	}
	for i := range len(said) {
		switch c := said[i] | 0x20; {
		case 'a' <= c && c <= 'z':
		case i >= primary && ('0' <= said[i] && said[i] <= '9' || said[i] == '-' || said[i] == '_'):
		default:
			return ""
		}
	}
	said = strings.ToLower(said)
	switch said {
	case "und", "mul", "mis", "zxx": // undetermined, several, uncoded, none
		return ""
	}
	return said
}
