package crawler

import (
	"net/http"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

// What servers say of their charset, and what a reader should see. The text is asked for through a whole fetch.
func TestMisbehaveCharsets(t *testing.T) {
	const russian = "Чтобы сменить пароль, откройте настройки и нажмите кнопку. Если письмо не пришло, напишите нам."
	const japaneseText = "パスワードを変更するには、設定を開いてください。メールが届かない場合はお問い合わせください。"
	const german = "Grüße aus Köln, für Übung"
	raw := func(e encoding.Encoding, head, text string) string {
		s, err := e.NewEncoder().String("<!doctype html><html>" + head + "<title>T</title><body><p>" + text)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	utf16le, utf16be := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	bare16 := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	var cases []misbehaviour
	for _, tt := range []struct{ name, contentType, body, text string }{
		{"utf-8, said to be latin-1", "text/html; charset=iso-8859-1", raw(unicode.UTF8, "", russian), russian},
		{"utf-8, said to be windows-1251 by both", "text/html; charset=windows-1251",
			raw(unicode.UTF8, "<meta charset=windows-1251>", russian), russian},
		{"latin-1, said to be utf-8", "text/html; charset=utf-8", raw(charmap.Windows1252, "<meta charset=utf-8>", german), german},
		{"windows-1251, said to be utf-8, meta knows", "text/html; charset=utf-8",
			raw(charmap.Windows1251, "<meta charset=windows-1251>", russian), russian},
		{"windows-1251 by meta", "text/html", raw(charmap.Windows1251, `<meta http-equiv=content-type content="text/html; charset=cp1251">`, russian), russian},
		{"windows-1251, nobody says", "text/html", raw(charmap.Windows1251, "", russian), russian},
		{"koi8-r, nobody says", "text/html", raw(charmap.KOI8R, "", russian), russian},
		{"header against meta", "text/html; charset=koi8-r", raw(charmap.KOI8R, "<meta charset=windows-1251>", russian), russian},
		{"an unknown charset", "text/html; charset=klingon", raw(charmap.Windows1252, "", german), german},
		{"an empty charset", "text/html; charset=", raw(charmap.Windows1252, "", german), german},
		{"a quoted charset", `text/html; charset="windows-1251"`, raw(charmap.Windows1251, "", russian), russian},
		{"charset without semicolon", "text/html charset=windows-1251", raw(charmap.Windows1251, "", russian), russian},
		{"two charsets", "text/html; charset=windows-1251; charset=utf-8", raw(charmap.Windows1251, "", russian), russian},
		{"meta after 8 KB", "text/html", raw(charmap.ISO8859_2, "<!--"+strings.Repeat(" ", 8<<10)+"--><meta charset=iso-8859-2>", "łódź"), "łódź"},
		{"meta in a comment", "text/html", raw(charmap.Windows1252, "<!-- <meta charset=koi8-r> -->", german), german},
		{"shift_jis by header", "text/html; charset=x-sjis", raw(japanese.ShiftJIS, "", japaneseText), japaneseText},
		{"shift_jis, nobody says", "text/html", raw(japanese.ShiftJIS, "", japaneseText), japaneseText},
		{"euc-jp, nobody says", "text/html", raw(japanese.EUCJP, "", japaneseText), japaneseText},
		{"iso-2022-jp", "text/html; charset=iso-2022-jp", raw(japanese.ISO2022JP, "", japaneseText), japaneseText},
		{"gb2312 means gbk", "text/html; charset=gb2312", raw(simplifiedchinese.GBK, "", "帮助中心"), "帮助中心"},
		{"gbk by language", "text/html", raw(simplifiedchinese.GBK, `<html lang="zh-CN">`, "帮助中心"), "帮助中心"},
		{"euc-kr by meta", "text/html", raw(korean.EUCKR, "<meta charset=ks_c_5601-1987>", "고객센터"), "고객센터"},
		{"utf-8 with mark, said to be latin-1", "text/html; charset=iso-8859-1", "\uFEFF" + raw(unicode.UTF8, "", german), german},
		{"utf-16 little-endian with mark", "text/html; charset=utf-8", raw(utf16le, "", russian), russian},
		{"utf-16 big-endian with mark", "text/html", raw(utf16be, "", russian), russian},
		{"utf-16 without mark", "text/html", raw(bare16, "", german), german},
		{"utf-16 is only said", "text/html; charset=utf-16", raw(unicode.UTF8, "<meta charset=utf-16>", german), german},
		{"utf-7 is not obeyed", "text/html; charset=utf-7", raw(unicode.UTF8, "<meta charset=utf-7>", "+ADw-b+AD4-x"), "+ADw-b+AD4-x"},
		{"iso-2022-kr is not obeyed", "text/html; charset=iso-2022-kr", raw(unicode.UTF8, "", german), german},
		{"x-user-defined says nothing", "text/html; charset=x-user-defined", raw(charmap.Windows1252, "", german), german},
		{"one bad byte", "text/html; charset=utf-8", raw(unicode.UTF8, "", russian) + "\xFF", russian + "\uFFFD"},
		{"one bad byte, said to be latin-1", "text/html; charset=latin1", raw(unicode.UTF8, "", russian) + "\xFF", russian + "\uFFFD"},
		{"cut in a character", "text/html; charset=utf-8", raw(unicode.UTF8, "", russian) + "\xD0", russian + "\uFFFD"},
		{"surrogates in utf-8", "text/html; charset=utf-8", raw(unicode.UTF8, "", russian) + "\xED\xA0\x80", russian + "\uFFFD"},
		{"a NUL", "text/html; charset=utf-8", raw(unicode.UTF8, "", "one\x00two"), "onetwo"},
	} {
		cases = append(cases, misbehaviour{
			name: tt.name, requests: 2, want: map[string]string{"/page": "doc"},
			serve: page(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", tt.contentType)
				_, _ = w.Write([]byte(tt.body))
			}),
			check: func(t *testing.T, got map[string]*Page) {
				p := got["http://help.example/page"]
				if text := p.Doc.Find("body p").Text(); text != tt.text {
					t.Errorf("text %q, want %q", text, tt.text)
				}
			},
		})
	}
	misbehave(t, cases)
}
