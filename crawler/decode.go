package crawler

import (
	"bytes"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
)

// metaWindow is how much of a page is searched for <meta charset> when the first 1,024 bytes, where the HTML standard
// wants it, do not have it.
const (
	metaWindow = 16 << 10
	metaTries  = 32 // elements looked at there; each costs a scan of 1,024 bytes
)

// decode returns body in UTF-8: by its byte order mark; as it is, if it is valid; by the charset of the Content-Type
// header; by <meta>; else as windows-1252. No page is lost to a charset: what cannot be decoded becomes U+FFFD.
func decode(body []byte, contentType string) []byte {
	if rest, ok := bytes.CutPrefix(body, []byte("\xEF\xBB\xBF")); ok {
		return bytes.ToValidUTF8(rest, []byte("\uFFFD"))
	}
	if utf8.Valid(body) && !looksValidOnly(body, contentType) {
		return body
	}
	e, name := determine(body, contentType)
	if e == nil || name == "replacement" || name == "utf-8" {
		return bytes.ToValidUTF8(body, []byte("\uFFFD"))
	}
	text, err := e.NewDecoder().Bytes(body)
	if err != nil {
		return bytes.ToValidUTF8(body, []byte("\uFFFD"))
	}
	return bytes.TrimPrefix(text, []byte("\uFEFF"))
}

// looksValidOnly reports whether the header declares one of the encodings whose text can be valid UTF-8 without being
// UTF-8, and body has the bytes that only such text has.
func looksValidOnly(body []byte, contentType string) bool {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	label := strings.ToLower(params["charset"])
	return label == "iso-2022-jp" && bytes.IndexByte(body, 0x1B) >= 0 ||
		strings.HasPrefix(label, "utf-16") && bytes.IndexByte(body, 0) >= 0
}

// determine is charset.DetermineEncoding with a wider window for <meta>.
func determine(body []byte, contentType string) (encoding.Encoding, string) {
	e, name, certain := charset.DetermineEncoding(body, contentType)
	if certain || name != "windows-1252" {
		return e, name
	}
	window := body[:min(len(body), metaWindow)]
	for range metaTries {
		i := bytes.Index(window, []byte("<meta"))
		if i < 0 {
			break
		}
		if e, name, _ := charset.DetermineEncoding(window[i:], ""); name != "windows-1252" {
			return e, name
		}
		window = window[i+1:]
	}
	return e, name
}
