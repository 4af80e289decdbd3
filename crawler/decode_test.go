package crawler

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
)

func TestDecode(t *testing.T) {
	as := func(e encoding.Encoding, s string) string {
		out, err := e.NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	const meta1251 = `<meta charset="windows-1251">`
	const russian = "<p>Привет, мир</p>"
	latin := as(charmap.Windows1252, "<p>Grüße “x”</p>")
	const long = "<p>Чтобы сменить пароль, откройте настройки и нажмите «Изменить». Если письмо не пришло, напишите нам."
	plainLong := strings.NewReplacer("«", "", "»", "").Replace(long)
	const kanji = "<p>パスワードを変更するには、設定を開いて「変更」をクリックしてください。メールが届かない場合はお問い合わせください。"
	const french = "<p>Réinitialisé, créé, enregistré, à côté, déjà, où, élève, été, près, réglé, préféré, câblé, reçu, dès"
	french1252 := as(charmap.Windows1252, french)
	utf16 := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	utf16bare := unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	for _, tt := range []struct{ name, body, contentType, want string }{
		{"utf-8", russian, "text/html; charset=utf-8", russian},
		{"utf-8, nothing declared", russian, "text/html", russian},
		{"utf-8, header lies", russian, "text/html; charset=iso-8859-1", russian},
		{"utf-8, meta lies", meta1251 + russian, "text/html", meta1251 + russian},
		{"utf-8 with mark", "\uFEFF" + russian, "", russian},
		{"mark wins", "\uFEFF" + russian, "text/html; charset=windows-1251", russian},
		{"windows-1251 by header", as(charmap.Windows1251, russian), "text/html; charset=windows-1251", russian},
		{"windows-1251 by meta", as(charmap.Windows1251, meta1251+russian), "text/html", meta1251 + russian},
		{"windows-1251 by late meta", as(charmap.Windows1251, strings.Repeat(" ", 3000)+meta1251+russian), "",
			strings.Repeat(" ", 3000) + meta1251 + russian},
		{"windows-1251 by header, header unknown to all", as(charmap.Windows1251, meta1251+russian),
			"text/html; charset=x-none", meta1251 + russian},
		{"windows-1252, nothing declared", latin, "text/html", "<p>Grüße “x”</p>"},
		{"iso-8859-1 means windows-1252", latin, "text/html; charset=ISO-8859-1", "<p>Grüße “x”</p>"},
		{"utf-8 with a stray byte", "<p>Grüße\xFF", "text/html; charset=utf-8", "<p>Grüße\uFFFD"},
		{"shift_jis by header", as(japanese.ShiftJIS, "<p>日本語"), "text/html; charset=Shift_JIS", "<p>日本語"},
		{"iso-2022-jp is ASCII to the eye", as(japanese.ISO2022JP, "<p>日本語"), "text/html; charset=iso-2022-jp",
			"<p>日本語"},
		{"utf-16 with mark", as(utf16, russian), "text/html", russian},
		{"utf-16 by header", as(utf16bare, "<p>abc"), "text/html; charset=utf-16be", "<p>abc"},
		{"no decoder", "<p>abc\xFF", "text/html; charset=iso-2022-kr", "<p>abcÿ"},
		{"empty", "", "", ""},
		{"utf-16 big-endian with mark", "\xFE\xFF\x00<\x00p\x00>\x04\x1F", "text/html; charset=utf-8", "<p>П"},
		{"utf-16 without a sign", as(utf16bare, "<!doctype html><p>Hello"), "text/html", "<!doctype html><p>Hello"},
		{"utf-16 is only said", latin, "text/html; charset=utf-16le", "<p>Grüße “x”</p>"},
		{"utf-16 is only said of ASCII", "<p>abc", "text/html; charset=utf-16", "<p>abc"},
		{"utf-32 with mark", "\xFF\xFE\x00\x00<\x00\x00\x00\x1F\x04\x00\x00", "", "<П"},
		{"utf-32 big-endian with mark", "\x00\x00\xFE\xFF\x00\x00\x00<\x00\x00\x04\x1F", "", "<П"},
		{"utf-8 is only said, by header", as(charmap.Windows1251, meta1251+russian), "text/html; charset=utf-8",
			meta1251 + russian},
		{"utf-8 is only said, by both", as(charmap.Windows1252, `<meta charset=utf-8><p>Grüße aus Köln`),
			"text/html; charset=utf-8", `<meta charset=utf-8><p>Grüße aus Köln`},
		{"one bad byte in utf-8, another charset said", long + "\xFF", "text/html; charset=iso-8859-1", long + "\uFFFD"},
		{"windows-1252 pasted into utf-8", long + " \x93Gr\xF6\xDFe\x94 \x96 caf\xE9s \x80 5", "text/html; charset=utf-8", long + " “Gr\uFFFDe” – cafés € 5"},
		{"much of it", "<p>Größe ändern für \x93alle\x94", "text/html; charset=utf-8", "<p>Größe ändern für “alle”"},
		{"a byte of windows-1252 that is no character", long + " \x81 ", "text/html; charset=utf-8", long + " \uFFFD "},
		{"cut in a character before text", long + "\xC3… \xE2\x80 ", "text/html; charset=utf-8", long + "\uFFFD… \uFFFD "},
		{"cut in a character", long + "\xD0", "text/html", long + "\uFFFD"},
		{"windows-1251 by its letters", as(charmap.Windows1251, long), "text/html", long},
		{"koi8-r by its letters", as(charmap.KOI8R, plainLong), "text/html; charset=utf-8", plainLong},
		{"euc-jp by its letters", as(japanese.EUCJP, kanji), "text/html", kanji},
		{"shift_jis by its letters", as(japanese.ShiftJIS, kanji), "text/html", kanji},
		{"gbk by language", as(simplifiedchinese.GBK, `<html lang="zh-CN"><p>帮助中心`), "", `<html lang="zh-CN"><p>帮助中心`},
		{"big5 by language", as(traditionalchinese.Big5, `<html lang=zh-TW><p>說明中心`), "", `<html lang=zh-TW><p>說明中心`},
		{"euc-kr by language", as(korean.EUCKR, `<html lang=ko><p>고객센터`), "", `<html lang=ko><p>고객센터`},
		{"windows-1254 by language", as(charmap.Windows1254, `<html class=x lang='tr'><p>yardım şifre`), "",
			`<html class=x lang='tr'><p>yardım şifre`},
		{"a comment declares nothing", as(charmap.Windows1252, `<!-- <meta charset=koi8-r> --><p>Grüße`), "",
			`<!-- <meta charset=koi8-r> --><p>Grüße`},
		{"XML declaration", as(charmap.ISO8859_2, `<?xml version="1.0" encoding="iso-8859-2"?><p>łódź`), "",
			`<?xml version="1.0" encoding="iso-8859-2"?><p>łódź`},
		{"http-equiv", as(charmap.ISO8859_2, `<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-2"><p>łódź`),
			"", `<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-2"><p>łódź`},
		{"broken header", as(charmap.Windows1251, russian), "text/html charset=windows-1251", russian},
		{"quoted header", as(charmap.Windows1251, russian), `text/html; charset="windows-1251"`, russian},
		{"utf-7 is not decoded", "<p>+ADw-script+AD4-", "text/html; charset=utf-7", "<p>+ADw-script+AD4-"},
		{"utf-7 by meta is not decoded", "<meta charset=utf-7>+ADw-x+AD4-\xE9", "", "<meta charset=utf-7>+ADw-x+AD4-é"},
		{"x-user-defined says nothing", latin, "text/html; charset=x-user-defined", "<p>Grüße “x”</p>"},
		{"iso-2022-jp by meta", as(japanese.ISO2022JP, "<meta charset=iso-2022-jp><p>日本語"), "text/html",
			"<meta charset=iso-2022-jp><p>日本語"},
		{"an escape is no charset", "<p>\x1B[1m bold", "text/html", "<p>\x1B[1m bold"},
		{"French is not Russian", french1252, "text/html", french},
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
		if len(out) > 4*len(body) {
			t.Errorf("%q as %q: %d bytes", body, contentType, len(out))
		}
	})
}
