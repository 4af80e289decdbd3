package crawler

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func readAll(t testing.TB, r io.Reader, contentType string) ([]sitemapEntry, sitemapSummary, error) {
	t.Helper()
	var entries []sitemapEntry
	summary, err := readSitemap(r, contentType, func(e sitemapEntry) error {
		entries = append(entries, e)
		return nil
	})
	if summary.Entries != len(entries) {
		t.Errorf("summary counts %d entries of %d", summary.Entries, len(entries))
	}
	return entries, summary, err
}

func gzipped(t testing.TB, s string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, s); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const plainSitemap = `<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
  <url><loc> https://h.example/a?x=1&amp;y=2 </loc><lastmod>2026-11-01</lastmod></url>
  <url><loc><![CDATA[ https://h.example/b ]]></loc></url>
</urlset>
`

func TestReadSitemap(t *testing.T) {
	plain := []sitemapEntry{{Loc: "https://h.example/a?x=1&y=2", LastMod: "2026-11-01"}, {Loc: "https://h.example/b"}}
	a := []sitemapEntry{{Loc: "https://h.example/a"}}
	for _, tt := range []struct {
		name, body, contentType string
		kind                    string
		want                    []sitemapEntry
	}{
		{"urlset", plainSitemap, "", sitemapURLSet, plain},
		{"byte order mark", "\ufeff" + plainSitemap, "", sitemapURLSet, plain},
		{"gzip", gzipped(t, plainSitemap), "application/xml", sitemapURLSet, plain},
		{"gzip twice", gzipped(t, gzipped(t, plainSitemap)), "", sitemapURLSet, plain},
		{"warning before", "Warning: x in <b>/a.php</b><br />\n" + plainSitemap, "", sitemapURLSet, plain},
		{"text after", plainSitemap + "<url><loc>https://h.example/late</loc></url>", "", sitemapURLSet, plain},
		{"empty", "<urlset/>", "", sitemapURLSet, nil},
		{"prefix, image", `<s:urlset><s:url><image:image><image:loc>https://h.example/i.png</image:loc></image:image>` +
			`<s:loc>https://h.example/a</s:loc></s:url></s:urlset>`, "", sitemapURLSet, a},
		{"comment", `<urlset><!-- <url><loc>https://h.example/x</loc></url> --><url><loc>https://<!-- -->h.example/a</loc></url></urlset>`,
			"", sitemapURLSet, a},
		{"raw ampersand", `<urlset><url><loc>/?a=1&copy=2&reg;</loc></url></urlset>`, "", sitemapURLSet,
			[]sitemapEntry{{Loc: "/?a=1&copy=2®"}}},
		{"no loc", `<urlset><url><lastmod>2026</lastmod></url><url><loc/></url><url><loc>https://h.example/a</loc></url></urlset>`,
			"", sitemapURLSet, a},
		{"end tags missing", `<urlset><url><loc>https://h.example/a<url><loc>https://h.example/b</url></urlset>`, "", sitemapURLSet,
			[]sitemapEntry{{Loc: "https://h.example/a"}, {Loc: "https://h.example/b"}}},
		{"two loc", `<urlset><url><loc>/a</loc><loc>/b</loc></url></urlset>`, "", sitemapURLSet,
			[]sitemapEntry{{Loc: "/a"}, {Loc: "/b"}}},
		{"own entities", `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><urlset><url><loc>https://h.example/&e;</loc></url>` +
			`<url><loc>https://h.example/a</loc></url></urlset>`, "", sitemapURLSet, a},
		{"latin1 declared", "<?xml version='1.0' encoding='ISO-8859-1'?><urlset><url><loc>/caf\xe9</loc></url></urlset>", "",
			sitemapURLSet, []sitemapEntry{{Loc: "/café"}}},
		{"latin1 in header", "<urlset><url><loc>/caf\xe9</loc></url></urlset>", "text/xml; charset=iso-8859-1",
			sitemapURLSet, []sitemapEntry{{Loc: "/café"}}},
		{"wrong UTF-16", strings.Replace(plainSitemap, "UTF-8", "UTF-16", 1), "", sitemapURLSet, plain},
		{"unknown charset", strings.Replace(plainSitemap, "UTF-8", "utf8mb4", 1), "", sitemapURLSet, plain},
		{"index", `<sitemapindex><sitemap><loc>/s.xml</loc><lastmod>2026</lastmod></sitemap></sitemapindex>`, "", sitemapIndex,
			[]sitemapEntry{{Loc: "/s.xml", LastMod: "2026", Sitemap: true}}},
		{"RSS", `<rss><channel><link>https://h.example/</link><item><title/><link>https://h.example/a</link><pubDate>Mon</pubDate></item>` +
			`<item><guid>https://h.example/b</guid></item><item><guid isPermaLink="false">17</guid></item></channel></rss>`, "",
			sitemapRSS, []sitemapEntry{{Loc: "https://h.example/a", LastMod: "Mon"}, {Loc: "https://h.example/b"}}},
		{"RSS 1.0", `<rdf:RDF><item rdf:about="x"><link>https://h.example/a</link></item></rdf:RDF>`, "", sitemapRSS, a},
		{"Atom", `<feed xml:base="/blog/"><link href="/"/><entry><link rel="edit" href="e"/><link href="a"/><updated>2026</updated></entry></feed>`,
			"", sitemapAtom, []sitemapEntry{{Loc: "a", Base: "/blog/", LastMod: "2026"}}},
		{"text", "\ufeffhttps://h.example/a\r\n\r\n# https://h.example/c\nnot a url\nftp://h.example/d\rhttps://h.example/b", "text/plain",
			sitemapText, []sitemapEntry{{Loc: "https://h.example/a"}, {Loc: "https://h.example/b"}}},
		{"text in UTF-16", "\xff\xfeh\x00t\x00t\x00p\x00:\x00/\x00/\x00h\x00/\x00", "", sitemapText, []sitemapEntry{{Loc: "http://h/"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, summary, err := readAll(t, strings.NewReader(tt.body), tt.contentType)
			if err != nil || summary.Kind != tt.kind || summary.Incomplete != "" {
				t.Errorf("got %+v, %v; want a complete %s", summary, err, tt.kind)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadSitemapIncomplete(t *testing.T) {
	many := "<urlset>" + strings.Repeat("<url><loc>https://h.example/a</loc></url>", maxSitemapURLs) + "<url><loc>/b</loc></url></urlset>"
	broken := errors.New("connection reset")
	for _, tt := range []struct {
		name    string
		r       io.Reader
		entries int
		why     string
	}{
		{"cut in loc", strings.NewReader("<urlset><url><loc>/a</loc></url><url><loc>/b"), 1, "ends before"},
		{"cut after loc", strings.NewReader("<urlset><url><loc>/a</loc></url><url><loc>/b</loc>"), 2, "ends before"},
		{"cut gzip", strings.NewReader(gzipped(t, many)[:2000]), -1, "unexpected EOF"},
		{"connection", io.MultiReader(strings.NewReader("<urlset><url><loc>/a</loc></url>"), iotest.ErrReader(broken)), 1, "connection reset"},
		{"connection, text", io.MultiReader(strings.NewReader("http://h/a\nhttp://h/b"), iotest.ErrReader(broken)), 1, "connection reset"},
		{"too many URLs", strings.NewReader(many), maxSitemapURLs, "more than 50000 URLs"},
		{"huge text", strings.NewReader("<urlset><url><loc>/a</loc></url>" + strings.Repeat(" ", maxSitemapToken+1) + "</urlset>"), 1,
			"more than 8388608 bytes"},
		{"too many bytes", io.MultiReader(strings.NewReader("http://h/a\n"), io.LimitReader(newlines{}, maxSitemapBytes)), 1,
			"more than 52428800 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, summary, err := readAll(t, tt.r, "")
			if err != nil || !strings.Contains(summary.Incomplete, tt.why) {
				t.Errorf("got %+v, %v; want incomplete: %s", summary, err, tt.why)
			}
			if len(got) != tt.entries && tt.entries >= 0 || len(got) == 0 {
				t.Errorf("got %d entries, want %d", len(got), tt.entries)
			}
		})
	}
}

// newlines is an endless document of empty lines.
type newlines struct{}

func (newlines) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = '\n'
	}
	return len(b), nil
}

func TestReadSitemapLimitIsExact(t *testing.T) {
	body := io.MultiReader(strings.NewReader("http://h/a\n"), io.LimitReader(newlines{}, maxSitemapBytes-11))
	if _, summary, err := readAll(t, body, ""); err != nil || summary.Incomplete != "" {
		t.Errorf("document of %d bytes: %+v, %v", maxSitemapBytes, summary, err)
	}
}

func TestReadSitemapRefuses(t *testing.T) {
	for _, body := range []string{
		"", "  ", "<!doctype html><html><body><a href=/x>Not found</a></body></html>", `{"urls": ["https://h.example/a"]}`,
		"<x><loc>https://h.example/a</loc></x>", "\x1f\x8bnot gzip at all", "just words\nand more",
	} {
		if got, summary, err := readAll(t, strings.NewReader(body), ""); !errors.Is(err, errNotSitemap) || len(got) > 0 {
			t.Errorf("readSitemap(%q) = %v, %+v, %v; want errNotSitemap", body, got, summary, err)
		}
	}
	broken := errors.New("connection reset")
	if _, _, err := readAll(t, iotest.ErrReader(broken), ""); !errors.Is(err, broken) || errors.Is(err, errNotSitemap) {
		t.Errorf("error of the connection: got %v", err)
	}
}

func TestReadSitemapStopsWithEach(t *testing.T) {
	stop := fmt.Errorf("stop")
	calls := 0
	_, err := readSitemap(strings.NewReader(plainSitemap), "", func(sitemapEntry) error { calls++; return stop })
	if !errors.Is(err, stop) || calls != 1 {
		t.Errorf("got %v after %d calls", err, calls)
	}
}

func TestSitemapEntryResolve(t *testing.T) {
	c := testCanonicalizer(t)
	for _, tt := range []struct {
		entry sitemapEntry
		want  string
	}{
		{sitemapEntry{Loc: "/a#x"}, "https://help.example.com/a"},
		{sitemapEntry{Loc: "a", Base: "/blog/"}, "https://help.example.com/blog/a"},
		{sitemapEntry{Loc: "https://h.example/a?utm_source=x"}, "https://h.example/a"},
		{sitemapEntry{Loc: "mailto:x@h.example"}, ""},
	} {
		got, ok := tt.entry.resolve(c, "https://help.example.com/maps/sitemap.xml")
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("resolve(%+v) = %q, %v; want %q", tt.entry, got, ok, tt.want)
		}
	}
}

func FuzzReadSitemap(f *testing.F) {
	f.Add([]byte(plainSitemap), "text/xml")
	f.Add([]byte(gzipped(f, plainSitemap)), "application/gzip")
	f.Add([]byte("<rss><channel><item><link>http://h/</link><guid>http://h/2</guid></item>"), "")
	f.Add([]byte("<feed xml:base='x'><entry><link href='&amp;'/></entry></feed>"), "")
	f.Add([]byte("http://h/a\r\nhttp://h/b"), "text/plain; charset=windows-1251")
	f.Add([]byte("<?xml encoding='koi8-r'?><urlset><url><loc>&#x26;&semi;</loc>"), "")
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		entries := 0
		summary, err := readSitemap(bytes.NewReader(body), contentType, func(e sitemapEntry) error {
			entries++
			if e.Loc == "" {
				t.Error("entry without a loc")
			}
			return nil
		})
		if entries != summary.Entries {
			t.Errorf("summary counts %d entries of %d", summary.Entries, entries)
		}
		if (err == nil) != (summary.Kind != "") {
			t.Errorf("kind %q with error %v", summary.Kind, err)
		}
	})
}
