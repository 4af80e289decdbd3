package crawler

import (
	"net/http"
	"testing"
)

func TestMisbehaveTypes(t *testing.T) {
	const html = "<!doctype html><html><title>T</title><body><p>An article with enough words to be one."
	typed := func(body string, types ...string) func(http.ResponseWriter, *http.Request) {
		return page(func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = types // none: no such header
			_, _ = w.Write([]byte(body))
		})
	}
	doc, other := map[string]string{"/page": "doc"}, map[string]string{"/page": "not html"}
	misbehave(t, []misbehaviour{
		{name: "no type", serve: typed(html), want: doc, requests: 2},
		{name: "an empty type", serve: typed(html, ""), want: doc, requests: 2},
		{name: "no type for text", serve: typed("Just some text."), want: other, detail: "no content type", requests: 2},
		{name: "no type for an image", serve: typed("\x89PNG\r\n\x1a\n\x00\x00"), want: other, requests: 2},
		{name: "no type for nothing", serve: typed(""), want: other, requests: 2},
		{name: "capitals", serve: typed(html, "TEXT/HTML; CHARSET=UTF-8"), want: doc, requests: 2},
		{name: "a type without a slash", serve: typed(html, "html"), want: doc, requests: 2},
		{name: "unknown/unknown", serve: typed(html, "unknown/unknown"), want: doc, requests: 2},
		{name: "any type", serve: typed(html, "*/*"), want: doc, requests: 2},
		{name: "doubled by a proxy", serve: typed(html, "text/html, text/html; charset=utf-8"), want: doc, requests: 2},
		{name: "two types, the last counts", serve: typed(html, "text/plain", "text/html"), want: doc, requests: 2},
		{name: "broken parameters", serve: typed(html, "text/html;;=; charset"), want: doc, requests: 2},
		{name: "no semicolon", serve: typed(html, "text/html charset=utf-8"), want: doc, requests: 2},
		{name: "xhtml", serve: typed(`<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><title>T</title>`,
			"application/xhtml+xml"), want: doc, requests: 2},
		{name: "xhtml as xml", serve: typed(`<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><title>T</title>`,
			"text/xml"), want: doc, requests: 2},
		{name: "xml", serve: typed(`<?xml version="1.0"?><data/>`, "application/xml"), want: other, requests: 2},
		{name: "HTML as text", serve: typed(html, "text/plain"), want: other, requests: 2},
		{name: "HTML as octets", serve: typed(html, "application/octet-stream"), want: other, requests: 2},
		{name: "PDF as HTML", serve: typed("%PDF-1.7\n1 0 obj\n", "text/html"), want: other, requests: 2},
		{name: "an image as HTML", serve: typed("GIF89a\x01\x00\x01\x00", "text/html"), want: other, requests: 2},
		{name: "a ZIP as HTML", serve: typed("PK\x03\x04\x14\x00", "text/html"), want: other, requests: 2},
		{name: "gzip as HTML", serve: typed(string(encode(t, []byte(html), "gzip")), "text/html"), want: other, requests: 2},
		{name: "octets as HTML", serve: typed("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x0e\x0f", "text/html"), want: other, requests: 2},
		{name: "JSON as HTML", serve: typed(` {"error": "no such page"}`, "text/html"), want: other, detail: "JSON", requests: 2},
		{name: "text as HTML that looks like JSON", serve: typed("[Beta] How to <b>start</b>", "text/html"), want: doc, requests: 2},
		{name: "a feed as HTML", serve: typed(`<?xml version="1.0"?><rss version="2.0"><channel/></rss>`, "text/html"), want: other, requests: 2},
		{name: "a sitemap as HTML", serve: typed(`<urlset><url/></urlset>`, "text/html"), want: other, requests: 2},
		{name: "an SVG as HTML", serve: typed(`<svg xmlns="http://www.w3.org/2000/svg"/>`, "text/html"), want: other, requests: 2},
		{name: "a fragment as HTML", serve: typed("How to start\n<p>Open the app.", "text/html"), want: doc, requests: 2},
		{name: "a warning before HTML", serve: typed("Warning: include() failed in x.php\n"+html, "text/html"), want: doc, requests: 2},
		{name: "a name with .png that is a page", serve: typed(html, "text/html"), fetch: []string{"/what-is.png"},
			want: map[string]string{"/what-is.png": "not html"}},
		{name: "a film by its type", serve: typed("film", "video/mp4"), want: other, requests: 2},
		{name: "a film without end", want: other, requests: 2, bytes: 16 << 10,
			serve: page(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=x")
				for {
					if _, err := w.Write(make([]byte, 4<<10)); err != nil {
						return
					}
				}
			})},
	})
}
