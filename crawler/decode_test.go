package crawler

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"
)

func TestDecode(t *testing.T) {
	encode := func(e encoding.Encoding, s string) string {
		out, err := e.NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	const meta1251 = `<meta charset="windows-1251">`
	const russian = "<p>Привет, мир</p>"
	latin := encode(charmap.Windows1252, "<p>Grüße “x”</p>")
	utf16 := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	utf16bare := unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	for _, tt := range []struct{ name, body, contentType, want string }{
		{"utf-8", russian, "text/html; charset=utf-8", russian},
		{"utf-8, nothing declared", russian, "text/html", russian},
		{"utf-8, header lies", russian, "text/html; charset=iso-8859-1", russian},
		{"utf-8, meta lies", meta1251 + russian, "text/html", meta1251 + russian},
		{"utf-8 with mark", "\uFEFF" + russian, "", russian},
		{"mark wins", "\uFEFF" + russian, "text/html; charset=windows-1251", russian},
		{"windows-1251 by header", encode(charmap.Windows1251, russian), "text/html; charset=windows-1251", russian},
		{"windows-1251 by meta", encode(charmap.Windows1251, meta1251+russian), "text/html", meta1251 + russian},
		{"windows-1251 by late meta", encode(charmap.Windows1251, strings.Repeat(" ", 3000)+meta1251+russian), "",
			strings.Repeat(" ", 3000) + meta1251 + russian},
		{"windows-1251 by header, header unknown to all", encode(charmap.Windows1251, meta1251+russian),
			"text/html; charset=x-none", meta1251 + russian},
		{"windows-1252, nothing declared", latin, "text/html", "<p>Grüße “x”</p>"},
		{"iso-8859-1 means windows-1252", latin, "text/html; charset=ISO-8859-1", "<p>Grüße “x”</p>"},
		{"utf-8 with a stray byte", "<p>Grüße\xFF", "text/html; charset=utf-8", "<p>Grüße\uFFFD"},
		{"shift_jis by header", encode(japanese.ShiftJIS, "<p>日本語"), "text/html; charset=Shift_JIS", "<p>日本語"},
		{"iso-2022-jp is ASCII to the eye", encode(japanese.ISO2022JP, "<p>日本語"), "text/html; charset=iso-2022-jp",
			"<p>日本語"},
		{"utf-16 with mark", encode(utf16, russian), "text/html", russian},
		{"utf-16 by header", encode(utf16bare, "<p>abc"), "text/html; charset=utf-16be", "<p>abc"},
		{"no decoder", "<p>abc\xFF", "text/html; charset=iso-2022-kr", "<p>abc\uFFFD"},
		{"empty", "", "", ""},
	} {
		if got := string(decode([]byte(tt.body), tt.contentType)); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("<meta charset=windows-1251>\xcf"), "text/html; charset=koi8-r")
	f.Add([]byte("\xff\xfea\x00"), "")
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		out := decode(body, contentType)
		if !utf8.Valid(out) {
			t.Errorf("%q as %q: not UTF-8: %q", body, contentType, out)
		}
	})
}
