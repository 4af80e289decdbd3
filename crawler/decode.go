package crawler

import (
	"bytes"
	"mime"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// metaWindow is how much of a page is searched for a declaration. The HTML standard wants it in the first 1,024 bytes,
// where not all have it.
const metaWindow = 16 << 10

// decode returns body in UTF-8. What decides is, in this order, its byte order mark; that it is valid UTF-8 or nearly,
// because headers are wrong more often than bytes; the charset of the Content-Type header; that of <meta> or of the XML
// declaration; the content. A declaration of UTF-8 over bytes that are clearly something else does not count. No page is
// lost to a charset: single bytes of windows-1252 in UTF-8 are read as such, and what cannot be decoded becomes U+FFFD.
func decode(body []byte, contentType string) []byte {
	if e, rest := byMark(body); e != nil {
		return decodeAs(e, rest)
	}
	if utf8.Valid(body) && !onlyLooksValid(body, contentType) {
		return body
	}
	good, bad := utf8Share(body)
	if bad > 0 && mostlyUTF8(good, bad) {
		return decodeAs(unicode.UTF8, body)
	}
	for _, label := range []string{headerLabel(contentType), metaLabel(body)} {
		e, name := charset.Lookup(label)
		switch {
		case e == nil, name == "replacement", name == "x-user-defined": // the second is never decoded, the third says nothing
			continue
		case strings.HasPrefix(name, "utf-16"):
			if e = wide(body); e == nil {
				continue // ASCII that says in ASCII that it is UTF-16
			}
		case name == "utf-8" && bad > good:
			continue
		case name == "utf-8":
			e = unicode.UTF8
		}
		return decodeAs(e, body)
	}
	if e := wide(body); e != nil {
		return decodeAs(e, body)
	}
	if bad <= good { // also pure ASCII with an escape or NUL in it
		return decodeAs(unicode.UTF8, body)
	}
	return decodeAs(guessCharset(body), body)
}

// decodeAs decodes body by e, whatever is in it.
func decodeAs(e encoding.Encoding, body []byte) []byte {
	if e == unicode.UTF8 {
		return mend(body)
	}
	if text, err := e.NewDecoder().Bytes(body); err == nil {
		body = bytes.TrimPrefix(text, []byte("\uFEFF"))
	}
	return bytes.ToValidUTF8(body, []byte("\uFFFD"))
}

// mend returns body, which is UTF-8 but for some bytes, with those made UTF-8. One that stands alone is most often a quotation
// mark, a dash or a letter that was pasted in windows-1252; but one that begins a character and is not followed by a letter
// may be the rest of a text that was cut off. As all that is no character, those become U+FFFD.
func mend(body []byte) []byte {
	if utf8.Valid(body) {
		return body
	}
	text := make([]byte, 0, len(body)+len(body)/32)
	for i := 0; i < len(body); {
		end := i
		for end < len(body) && isBad(body[end:]) {
			end++
		}
		switch {
		case end == i:
			_, size := utf8.DecodeRune(body[i:])
			end = i + size
			text = append(text, body[i:end]...)
		case end == i+1 && windows1252(body[i]) >= 0xA0 && (body[i] < 0xC0 || end < len(body) && isLetter(body[end])):
			text = utf8.AppendRune(text, windows1252(body[i]))
		default:
			text = append(text, "\uFFFD"...)
		}
		i = end
	}
	return text
}

// isBad reports whether text begins with a byte that is not part of a character.
func isBad(text []byte) bool {
	r, size := utf8.DecodeRune(text)
	return r == utf8.RuneError && size == 1
}

// windows1252 returns the character of a byte; one of the five that are none is a control character.
func windows1252(c byte) rune { return charmap.Windows1252.DecodeByte(c) }

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// byMark returns the encoding that a byte order mark declares, and what follows it; nil if there is none.
func byMark(body []byte) (encoding.Encoding, []byte) {
	switch {
	case len(body) < 2 || body[0] != 0xEF && body[0] < 0xFE && body[0] != 0: // the usual case
		return nil, nil
	case bytes.HasPrefix(body, []byte("\xEF\xBB\xBF")):
		return unicode.UTF8, body[3:]
	case bytes.HasPrefix(body, []byte("\xFF\xFE\x00\x00")):
		return utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM), body[4:]
	case bytes.HasPrefix(body, []byte("\x00\x00\xFE\xFF")):
		return utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM), body[4:]
	case bytes.HasPrefix(body, []byte("\xFF\xFE")):
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), body[2:]
	case bytes.HasPrefix(body, []byte("\xFE\xFF")):
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), body[2:]
	}
	return nil, nil
}

// onlyLooksValid reports whether body, which is valid UTF-8, has bytes that are rather those of an encoding whose text is
// made of ASCII: the escapes of ISO-2022-JP, if it is declared, or the NULs of UTF-16.
func onlyLooksValid(body []byte, contentType string) bool {
	if bytes.IndexByte(body, 0x1B) >= 0 {
		for _, label := range []string{headerLabel(contentType), metaLabel(body)} {
			if _, name := charset.Lookup(label); name == "iso-2022-jp" {
				return true
			}
		}
	}
	return bytes.IndexByte(body, 0) >= 0 && wide(body) != nil
}

// wide returns the UTF-16 that body without a mark is in, as the NUL half of the ASCII characters at its beginning
// shows; nil if it is in none.
func wide(body []byte) encoding.Encoding {
	head := body[:min(len(body), 256)&^1]
	var zero [2]int
	for i, c := range head {
		if c == 0 {
			zero[i&1]++
		}
	}
	switch half := len(head) / 2; {
	case half < 4:
		return nil
	case zero[1] > half*3/4 && zero[0] == 0:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case zero[0] > half*3/4 && zero[1] == 0:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	}
	return nil
}

// utf8Share counts the characters of body beyond ASCII that are well-formed UTF-8, and the bytes that are not.
func utf8Share(body []byte) (good, bad int) {
	for i := 0; i < len(body); {
		if body[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRune(body[i:])
		if r == utf8.RuneError && size == 1 {
			bad++
		} else {
			good++
		}
		i += size
	}
	return good, bad
}

// mostlyUTF8 reports whether text is UTF-8 with a few bad bytes. In other encodings, so many sequences are not
// well-formed by chance.
func mostlyUTF8(good, bad int) bool { return good >= 8 && good > 8*bad }

// headerLabel returns the charset of a Content-Type; empty if it names none.
func headerLabel(contentType string) string {
	if _, params, err := mime.ParseMediaType(contentType); err == nil {
		return params["charset"]
	}
	// Something is wrong with it, but the charset may be readable.
	if m := charsetParameter.FindStringSubmatch(contentType); m != nil {
		return m[1]
	}
	return ""
}

var (
	charsetParameter = regexp.MustCompile(`(?i)charset\s*=\s*["']?([^\s"';,]+)`)
	// Comments are matched so that what is in them is not.
	charsetDeclared = regexp.MustCompile(`(?is)<!--.*?-->|<meta[\s/][^>]*?charset\s*=\s*["']?\s*([^\s"'/>;]+)|` +
		`<\?xml\s[^>]*?encoding\s*=\s*["']([^"']+)`)
)

// metaLabel returns the charset that a <meta> or the XML declaration names first; empty if there is none.
func metaLabel(body []byte) string {
	for _, m := range charsetDeclared.FindAllSubmatch(body[:min(len(body), metaWindow)], -1) {
		if label := string(m[1]) + string(m[2]); label != "" {
			return label
		}
	}
	return ""
}
