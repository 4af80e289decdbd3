package crawler

import (
	"bytes"
	"regexp"
	"strings"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
)

// guessWindow is how many bytes beyond ASCII, with what is between them, a guess is made from.
const guessWindow = 8 << 10

// minLetters is how many bytes beyond ASCII statistics of letters need.
const minLetters = 24

// usualCharset is the encoding of undeclared pages in a language, as the HTML standard suggests (section 13.2.3.2). For all
// others that is windows-1252.
var usualCharset = map[string]string{
	"ar": "windows-1256", "az": "windows-1254", "ba": "windows-1251", "be": "windows-1251", "bg": "windows-1251",
	"cs": "windows-1250", "el": "iso-8859-7", "et": "windows-1257", "fa": "windows-1256", "he": "windows-1255",
	"hr": "windows-1250", "hu": "iso-8859-2", "ja": "shift_jis", "kk": "windows-1251", "ko": "euc-kr", "ku": "windows-1254",
	"ky": "windows-1251", "lt": "windows-1257", "lv": "windows-1257", "mk": "windows-1251", "pl": "iso-8859-2",
	"ru": "windows-1251", "sah": "windows-1251", "sk": "windows-1250", "sl": "iso-8859-2", "sr": "windows-1251",
	"tg": "windows-1251", "th": "windows-874", "tr": "windows-1254", "tt": "windows-1251", "uk": "windows-1251",
	"vi": "windows-1258", "zh": "gbk", "zh-hk": "big5", "zh-hant": "big5", "zh-mo": "big5", "zh-tw": "big5",
}

// guessCharset returns the encoding that body, which is not UTF-8 and does not declare what else, is most likely in: Russian
// and Japanese by their letters, others by the language that the page says it is in, else windows-1252.
func guessCharset(body []byte) encoding.Encoding {
	sample := highBytes(body)
	if e := byLetters(sample); e != nil {
		return e
	}
	lang := declaredLanguage(body)
	label, ok := usualCharset[lang]
	if primary, _, _ := strings.Cut(lang, "-"); !ok {
		label = usualCharset[primary]
	}
	if e, _ := charset.Lookup(label); e != nil && decodes(e, sample) {
		return e
	}
	return charmap.Windows1252
}

var languageDeclared = regexp.MustCompile(`(?i)<html[^>]*?\slang\s*=\s*["']?([a-z-]+)`)

// declaredLanguage returns the lang of <html>, lower case; empty if there is none.
func declaredLanguage(body []byte) string {
	if m := languageDeclared.FindSubmatch(body[:min(len(body), metaWindow)]); m != nil {
		return strings.ToLower(string(m[1]))
	}
	return ""
}

// highBytes returns the part of body that begins with its first byte beyond ASCII, up to guessWindow.
func highBytes(body []byte) []byte {
	start := bytes.IndexFunc(body, func(r rune) bool { return r >= 0x80 })
	if start < 0 {
		return nil
	}
	return body[start:min(len(body), start+guessWindow)]
}

// byLetters recognises Russian and its like, and Japanese; nil: neither.
func byLetters(sample []byte) encoding.Encoding {
	var count [256]int
	high := 0
	for _, c := range sample {
		if c >= 0x80 {
			count[c]++
			high++
		}
	}
	if high < minLetters {
		return nil
	}
	// The six most frequent letters of Russian, оеаинт, make up 45 % of its text. The same bytes make up 21 % of Greek
	// and 28 % of Hebrew in their encodings, and Latin letters with accents are mostly é.
	frequent := func(letters string) bool {
		sum, most := 0, 0
		for i := range len(letters) {
			sum += count[letters[i]]
			most = max(most, count[letters[i]])
		}
		return sum*100 >= high*36 && most*100 <= high*25
	}
	switch {
	case frequent("\xEE\xE5\xE0\xE8\xED\xF2"):
		return charmap.Windows1251
	case frequent("\xCF\xC5\xC1\xC9\xCE\xD4"):
		return charmap.KOI8R
	}
	for _, e := range []encoding.Encoding{japanese.EUCJP, japanese.ShiftJIS} {
		if kana(e, sample) {
			return e
		}
	}
	return nil
}

// kana reports whether sample is Japanese in e: a fifth of what is beyond ASCII are Hiragana, which no Japanese text is
// without, and nothing is wrong.
func kana(e encoding.Encoding, sample []byte) bool {
	if !decodes(e, sample) {
		return false
	}
	text, err := e.NewDecoder().Bytes(sample)
	if err != nil {
		return false
	}
	hiragana, all := 0, 0
	for _, r := range string(text) {
		if r >= 0x80 {
			all++
		}
		if r >= 0x3041 && r <= 0x3096 {
			hiragana++
		}
	}
	return hiragana*5 >= all
}

// decodes reports whether sample is well-formed in e, but for its end, where it may be cut.
func decodes(e encoding.Encoding, sample []byte) bool {
	text, err := e.NewDecoder().Bytes(sample)
	return err == nil && bytes.Count(text, []byte("\uFFFD")) <= 1
}
