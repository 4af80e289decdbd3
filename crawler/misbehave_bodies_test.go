package crawler

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// encoded answers every page with a body and a Content-Encoding.
func encoded(encoding string, body []byte) func(http.ResponseWriter, *http.Request) {
	return page(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Encoding", encoding)
		_, _ = w.Write(body)
	})
}

// drip writes what chunk returns every second, until the client has had enough.
func drip(head, chunk string) func(http.ResponseWriter, *http.Request) {
	return page(func(w http.ResponseWriter, _ *http.Request) {
		conn := hijack(w, head)
		defer func() { _ = conn.Close() }()
		for {
			if _, err := io.WriteString(conn, chunk); err != nil {
				return
			}
			time.Sleep(time.Second)
		}
	})
}

func TestMisbehaveBodies(t *testing.T) {
	const html = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
	zeros := make([]byte, 32<<20)
	whole := encodedText
	gz, br, zst := encode(t, whole, "gzip"), encode(t, whole, "br"), encode(t, whole, "zstd")
	maxBody := func(n ByteSize) func(*Config) { return func(cfg *Config) { cfg.Fetch.MaxBody = n } }
	doc, cut := map[string]string{"/page": "doc"}, map[string]string{"/page": FailTruncated}
	large, late := map[string]string{"/page": FailTooLarge}, map[string]string{"/page": FailTimeout}
	damaged := map[string]string{"/page": FailParse}
	flipped := bytes.Clone(gz)
	flipped[len(gz)-5] ^= 0xFF
	const timeout = 10 * time.Second // of testConfig
	misbehave(t, []misbehaviour{
		{name: "gzip", serve: encoded("gzip", gz), want: doc, requests: 2},
		{name: "brotli", serve: encoded("br", br), want: doc, requests: 2},
		{name: "zstd", serve: encoded("zstd", zst), want: doc, requests: 2},
		{name: "x-gzip in capitals", serve: encoded("X-GZip", gz), want: doc, requests: 2},
		{name: "zlib as deflate", serve: encoded("deflate", encode(t, whole, "zlib")), want: doc, requests: 2},
		{name: "bare deflate", serve: encoded("deflate", encode(t, whole, "deflate")), want: doc, requests: 2},
		{name: "gzip twice", serve: encoded("gzip, gzip", encode(t, whole, "gzip", "gzip")), want: doc, requests: 2},
		{name: "says gzip and is not", serve: encoded("gzip", whole), want: doc, requests: 2},
		{name: "says brotli and is not", serve: encoded("br", whole), want: doc, requests: 2},
		{name: "a charset as encoding", serve: encoded("UTF-8", whole), want: doc, requests: 2},
		{name: "an unknown encoding", serve: encoded("lzma", gz), want: damaged, detail: "lzma", change: retries(2), requests: 2},
		{name: "five encodings", serve: encoded("gzip,gzip,gzip,gzip,gzip", gz), want: damaged, change: retries(2), requests: 2},
		{name: "gzip bomb", serve: encoded("gzip", encode(t, zeros, "gzip")), want: large, requests: 2, bytes: 1<<20 + 1},
		{name: "brotli bomb", serve: encoded("br", encode(t, zeros, "br")), want: large, requests: 2, bytes: 1<<20 + 1},
		{name: "zstd bomb", serve: encoded("zstd", encode(t, zeros, "zstd")), want: large, requests: 2, bytes: 1<<20 + 1},
		{name: "bomb in a bomb", serve: encoded("br, gzip", encode(t, zeros, "br", "gzip")), want: large, requests: 2, bytes: 1<<20 + 1},
		{name: "zstd with a window of a gigabyte", serve: encoded("zstd", []byte("\x28\xB5\x2F\xFD\x00\xA0\x00\x00\x00")),
			want: large, requests: 2},
		{name: "gzip that never becomes anything", requests: 2, want: large, bytes: 512 << 10, change: maxBody(64 << 10),
			serve: encoded("gzip", bytes.Repeat(encode(t, nil, "gzip"), 100_000))},
		{name: "gzip cut, tried again", serve: encoded("gzip", gz[:len(gz)-9]), want: cut, change: retries(1), requests: 3, within: backoffs(1)},
		{name: "gzip without its end", serve: encoded("gzip", gz[:len(gz)-1]), want: cut, requests: 2},
		{name: "brotli cut", serve: encoded("br", br[:len(br)/2]), want: cut, requests: 2},
		{name: "zstd cut", serve: encoded("zstd", zst[:len(zst)-1]), want: cut, requests: 2},
		{name: "gzip damaged", serve: encoded("gzip", flipped), want: damaged, change: retries(1), requests: 3, within: backoffs(1)},
		{name: "garbage behind gzip", serve: encoded("gzip", append(bytes.Clone(gz), "garbage"...)), want: doc, requests: 2},
		{name: "gzip, whole, but more was promised", requests: 2, want: cut,
			serve: rawAnswer(fmt.Sprintf("%sContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", html, len(gz)+10, gz))},
		{name: "shorter than promised", requests: 2, want: cut,
			serve: rawAnswer(html + "Content-Length: 1000\r\n\r\n<p>cut")},
		{name: "longer than promised", requests: 2, want: doc,
			serve: rawAnswer(html + "Content-Length: 6\r\nConnection: close\r\n\r\n<p>cutHTTP/1.1 200 OK\r\n")},
		{name: "two lengths", requests: 2, want: map[string]string{"/page": FailConnection},
			serve: rawAnswer(html + "Content-Length: 6\r\nContent-Length: 7\r\n\r\n<p>cutx")},
		{name: "no length, cut in a tag", serve: rawAnswer(html + "Connection: close\r\n\r\n<p>half of it, see <a href=\"/ot"), requests: 3,
			change: retries(1), want: map[string]string{"/page": FailTruncated}, detail: "ends within a tag", within: backoffs(1)},
		{name: "no length, less-than at the end", serve: rawAnswer(html + "Connection: close\r\n\r\n<p>whole: 1 < 2"), requests: 2, want: doc},
		{name: "a length, and a tag without end", serve: rawAnswer(html + "Content-Length: 17\r\n\r\n<p>whole <a href="), requests: 2, want: doc},
		{name: "no length", serve: rawAnswer(html + "Connection: close\r\n\r\n<p>whole"), requests: 2, want: doc},
		{name: "chunks without an end", requests: 2, want: cut,
			serve: rawAnswer(html + "Transfer-Encoding: chunked\r\n\r\n5\r\n<p>cu\r\n")},
		{name: "chunks of nonsense", requests: 2, want: cut,
			serve: rawAnswer(html + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n<p>cu\r\n")},
		{name: "a body without end", requests: 2, want: large, bytes: 1<<20 + 64<<10,
			serve: page(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				_, _ = io.Copy(w, zeroReader{})
			})},
		{name: "a promise of a gigabyte", serve: rawAnswer(html + "Content-Length: 1073741824\r\n\r\n<p>begins"), requests: 2, want: large},
		{name: "drops", serve: drip(html+"\r\n", "<p>a "), want: late, requests: 2, within: timeout},
		{name: "drops of gzip", serve: drip(html+"Content-Encoding: gzip\r\n\r\n"+string(gz[:40]), "\x00"), want: late, requests: 2,
			within: timeout},
		{name: "a header without end", serve: drip(html, "X-Filler: abc\r\n"), want: late, requests: 2, within: timeout},
		{name: "a large header without end", requests: 2, want: map[string]string{"/page": FailConnection}, bytes: 2 * maxResponseHeader,
			serve: rawAnswer(html + "X-Filler: " + strings.Repeat("abc", 1<<20))},
		{name: "nothing at all", requests: 2, want: late, within: timeout,
			serve: page(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })},
		{name: "hangs up, then answers", requests: 3, want: doc, change: retries(1), within: backoffs(1),
			serve: firstly(1, rawAnswer(""))},
		{name: "robots.txt is a bomb", requests: 2, want: doc, bytes: 512 << 10,
			serve: func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/robots.txt" {
					w.Header().Set("Content-Encoding", "gzip")
					_, _ = w.Write(encode(t, zeros, "gzip"))
					return
				}
				writePage(w, "x")
			}},
		{name: "robots.txt is zstd", requests: 1, want: map[string]string{"/page": "disallowed"},
			serve: func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Encoding", "zstd")
				_, _ = w.Write(encode(t, []byte("User-agent: *\nDisallow: /"), "zstd"))
			}},
		{name: "the sitemap is gzip in gzip", crawl: true, requests: 5, want: map[string]string{"/listed": "doc", "discovery": ""},
			serve: func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case "/robots.txt":
					_, _ = io.WriteString(w, "Sitemap: /map.xml.gz\n")
				case "/map.xml.gz":
					w.Header().Set("Content-Encoding", "gzip")
					_, _ = w.Write(encode(t, []byte("<urlset><url><loc>http://help.example/listed</loc></url></urlset>"), "gzip", "gzip"))
				case "/sitemap.xml":
					http.NotFound(w, r)
				default:
					writePage(w, "x")
				}
			}},
	})
}
