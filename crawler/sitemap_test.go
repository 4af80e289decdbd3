package crawler

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"slices"
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
		{"translations", `<urlset><url><loc>/a</loc><xhtml:link rel="alternate" hreflang="de" href="/de/a"/>` +
			`<xhtml:link rel="alternate" hreflang="en" href="/a"/></url><url><link rel="Alternate" hreflang="x-default" href="/x?a=1&amp;b=2"/>` +
			`<xhtml:link rel="alternate" media="handheld" href="/m"/><xhtml:link rel="self" hreflang="fr" href="/fr"/>` +
			`<loc>/de/a</loc></url></urlset>`, "", sitemapURLSet, []sitemapEntry{{Loc: "/a"}, {Loc: "/de/a"}, {Loc: "/x?a=1&b=2"}}},
		{"twice", `<urlset><url><loc>/a</loc></url><url><loc>/a</loc><lastmod>2026</lastmod></url></urlset>`, "", sitemapURLSet,
			[]sitemapEntry{{Loc: "/a"}}},
		{"loc forgotten", "<sitemapindex><sitemap>\nhttps://h.example/s.xml\n</sitemap><sitemap>none</sitemap></sitemapindex>", "", sitemapIndex,
			[]sitemapEntry{{Loc: "https://h.example/s.xml", Sitemap: true}}},
		{"url within loc", "<urlset><url><loc><url><![CDATA[https://h.example/a]]></url></loc></url></urlset>", "", sitemapURLSet, a},
		{"entities after elements", "<!DOCTYPE x [\n<!ELEMENT x ANY>\n<!ENTITY e SYSTEM 'file:///etc/passwd'>\n]>\n<urlset><url><loc>/&e;</loc>" +
			"</url><url><loc>https://h.example/a</loc></url></urlset>", "", sitemapURLSet, a},
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
	var b strings.Builder
	b.WriteString("<urlset>")
	for i := range maxSitemapURLs + 1 {
		fmt.Fprintf(&b, "<url><loc>https://h.example/%d</loc></url>", i)
	}
	b.WriteString("</urlset>")
	many := b.String()
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
		{"many comments", strings.NewReader("<urlset><url><loc>/a</loc></url><url><loc>/b" + strings.Repeat("<!-- -->b", 200_000) + "</loc></url>"), 1,
			"ends before"},
		{"too many in one", strings.NewReader("<urlset><url>" + strings.Repeat("<loc>/a</loc>", 2*maxSitemapURLs) + "</url></urlset>"), 1,
			"more than 50000 URLs"},
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

// Translations and repetitions do not count as URLs that a sitemap lists.
func TestReadSitemapCountsPages(t *testing.T) {
	const pages, languages = 11_000, 5
	var b strings.Builder
	b.WriteString("<urlset>")
	for i := range pages * languages {
		fmt.Fprintf(&b, "<url><loc>/%d/%d</loc>", i/languages, i%languages/2) // each twice
		for l := range languages {
			fmt.Fprintf(&b, `<xhtml:link rel="alternate" hreflang="x" href="/%d/%d"/>`, i/languages, l)
		}
		b.WriteString("</url>")
	}
	b.WriteString("</urlset>")
	got, summary, err := readAll(t, strings.NewReader(b.String()), "")
	if err != nil || summary.Incomplete != "" || len(got) != pages*languages {
		t.Errorf("%d entries, %+v, %v; want %d", len(got), summary, err, pages*languages)
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
	f.Add([]byte("<urlset><url>http://h/<loc>http://h/a</loc><link rel='alternate' hreflang='x' href='/y'/><url><loc>/b"), "")
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		locs, summary := fuzzSitemap(t, body, contentType)
		if summary.Kind == "" || bytes.HasPrefix(body, []byte("\x1f\x8b")) {
			return
		}
		// What is cut off is read as far as it goes, and nothing comes of it that the whole does not have.
		for _, cut := range []int{len(body) / 2, len(body) * 3 / 4, len(body) - 1} {
			part, of := fuzzSitemap(t, body[:max(cut, 0)], contentType)
			for _, loc := range part {
				if of.Kind == summary.Kind && of.Kind != sitemapText && !slices.Contains(locs, loc) {
					t.Errorf("%q up to %d: %q, of %q", body, cut, part, locs)
				}
			}
		}
	})
}

// fuzzSitemap reads a document and checks what holds for all.
func fuzzSitemap(t *testing.T, body []byte, contentType string) ([]string, sitemapSummary) {
	t.Helper()
	var locs []string
	seen := make(map[sitemapEntry]bool)
	summary, err := readSitemap(bytes.NewReader(body), contentType, func(e sitemapEntry) error {
		locs = append(locs, e.Loc)
		e.LastMod = ""
		if e.Loc == "" || seen[e] {
			t.Errorf("entry %+v is empty or comes again", e)
		}
		seen[e] = true
		return nil
	})
	if len(locs) != summary.Entries {
		t.Errorf("summary counts %d entries of %d", summary.Entries, len(locs))
	}
	if (err == nil) != (summary.Kind != "") {
		t.Errorf("kind %q with error %v", summary.Kind, err)
	}
	return locs, summary
}
