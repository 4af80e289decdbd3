package sanitize

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// isSpace is HTML's ASCII white space.
func isSpace(b byte) bool { return b == ' ' || b == '\n' || b == '\t' || b == '\f' || b == '\r' }

// blank reports whether s shows nothing: white space, no-break and zero-width spaces.
func blank(s string) bool {
	for _, r := range s {
		if !unicode.IsSpace(r) && !isZeroWidth(r) {
			return false
		}
	}
	return true
}

// isZeroWidth holds the characters that show nothing by themselves. Joiners are not among them: they shape text.
func isZeroWidth(r rune) bool {
	return r == '\u200b' || r == '\ufeff' || r == '\u2060' || r == '\u00ad'
}

// printable removes what no text may hold: NUL and other control characters except tab and newline, and bytes that are
// not UTF-8. Carriage returns become newlines.
func printable(s string) string {
	clean := true
	for i := 0; i < len(s); i++ {
		// 0xC2 leads the UTF-8 form of the C1 controls; what else is not ASCII is checked by utf8.ValidString.
		if c := s[i]; c < 0x20 && c != '\n' && c != '\t' || c == 0x7f || c == 0xc2 {
			clean = false
			break
		}
	}
	if clean && utf8.ValidString(s) {
		return s
	}
	s = strings.ToValidUTF8(s, "\ufffd")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r':
			return '\n'
		case r == '\n' || r == '\t':
			return r
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, s)
}
