package sanitize

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// isSpace is HTML's ASCII white space.
func isSpace(b byte) bool { return b == ' ' || b == '\n' || b == '\t' || b == '\f' || b == '\r' }

const (
	white = 1 << iota // ASCII white space
	wide              // white space that is no space
	odd               // what printable has to look at: control characters, and what is not ASCII
)

// byteKinds lets long texts be read without a branch for each byte.
var byteKinds = func() (t [256]uint8) {
	for c := range t {
		if c < 0x20 && c != '\n' && c != '\t' || c >= 0x7f {
			t[c] |= odd
		}
		if isSpace(byte(c)) {
			t[c] |= white
		}
		if isSpace(byte(c)) && c != ' ' {
			t[c] |= wide
		}
	}
	return t
}()

// solidLen counts the bytes of s that are not white space.
func solidLen(s string) int {
	n := len(s)
	for i := 0; i < len(s); i++ {
		n -= int(byteKinds[s[i]] & white)
	}
	return n
}

// squeeze replaces each run of white space in s by one space.
func squeeze(s string) string {
	var b strings.Builder
	done := 0 // what b holds of s
	for i, last := 0, uint8(0); i < len(s); i++ {
		kind := byteKinds[s[i]]
		if kind&(wide|last&white) == 0 {
			last = kind
			continue
		}
		if done == 0 {
			b.Grow(len(s))
		}
		b.WriteString(s[done : i-int(last&white)])
		b.WriteByte(' ')
		for i+1 < len(s) && isSpace(s[i+1]) {
			i++
		}
		done, last = i+1, 0
	}
	if done == 0 {
		return s
	}
	b.WriteString(s[done:])
	return b.String()
}

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
	kinds := uint8(0)
	for i := 0; i < len(s); i++ {
		kinds |= byteKinds[s[i]]
	}
	if kinds&odd == 0 || !hasControls(s) && utf8.ValidString(s) {
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

// hasControls reports whether s may hold control characters other than tab and newline.
func hasControls(s string) bool {
	for i := 0; i < len(s); i++ {
		// 0xC2 leads the UTF-8 form of the C1 controls.
		if c := s[i]; c < 0x20 && c != '\n' && c != '\t' || c == 0x7f || c == 0xc2 {
			return true
		}
	}
	return false
}
