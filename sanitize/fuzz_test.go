package sanitize

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	whatwg "github.com/nlnwa/whatwg-url/url"
	"golang.org/x/net/html"

	"github.com/PuerkitoBio/goquery"
)

// awkward are fragments that parsers, policies and normal forms have trouble with.
var awkward = []string{
	"", " ", "\x00", "\xff\xfe", "a\rb", "<p>a<div>b</p>c", "<b><p>a</b>b</p>", "<a href=/x><table><a href=/y>z</table>",
	"<table><tr>x<td>y", "<ul>a<li>b<ul></ul>", "<pre>\n\nx\n</pre>", "<pre><code class='hljs lang-go'>\n\tx<br>y</code></pre>",
	"<x-a>b</x-a><x-a>c</x-a>", "<h2><a href='#x'>T</a></h2>", "<h2>T <a href='#x'>¶</a></h2>",
	"<img data-src=a.png>text</a>", "<svg><style><img src=x onerror=alert(1)></style></svg>",
	"<math><mtext><table><mglyph><style><!--</style><img title=\"--><img src=1 onerror=alert(1)>\">",
	"<noscript><img src=a.png></noscript>", "<form><input><p>x</form>", "<details><summary>a<p>b</details>",
	"<dl><div><dt>a<dd>b</div></dl>", "<object>a<frame>b", "<select><option>a</select>b", "<p><x-card><p>a</x-card>b",
	"<iframe src=//youtube.com/embed/x></iframe>", "<b> </b><i>\u00a0</i>", "<ol><li></ol>", "<div><div>a</div> <div>b</div></div>",
	"<a href='http://[::1]/%zz?q=\"#f'>x</a>", "<a href='mailto:a b@c?subject=1 2%'>x</a>", "<plaintext>a</plaintext><b>",
	"<table><td><table><td>a</table></table>", "<a><b><a><b>", "<nobr><nobr>a", "<p><table><p>a</table>b",
	"<button><h1>a</button>", "<span><div>a</div></span>b", "<em><ul><li>a</em>b", "<title>a</title><textarea><p>",
}

func seeds(f *testing.F) {
	for _, s := range awkward {
		f.Add(s)
	}
	pages, err := filepath.Glob("testdata/*.html")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range pages {
		page, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(page))
	}
}

// tooDeep reports an input that the HTML parser itself refuses.
func tooDeep(err error) bool { return strings.Contains(err.Error(), "stack of elements exceeds") }

func FuzzSanitizeIdempotent(f *testing.F) {
	seeds(f)
	x := newExtractor(f, DefaultConfig())
	const page = "https://help.example.com/a/b"
	f.Fuzz(func(t *testing.T, in string) {
		once, err := x.Sanitize(in, page)
		var empty *EmptyError
		if errors.As(err, &empty) || err != nil && tooDeep(err) {
			return
		}
		if err != nil {
			t.Fatalf("sanitize %q: %v", in, err)
		}
		if !utf8.ValidString(once) || strings.ContainsAny(once, "\x00\r") {
			t.Fatalf("not clean text: %q", once)
		}
		twice, err := x.Sanitize(once, page)
		if err != nil && once != "" {
			t.Fatalf("sanitize %q again: %v", once, err)
		}
		if twice != once {
			t.Fatalf("not idempotent:\nin    %q\nonce  %q\ntwice %q", in, once, twice)
		}
		checkSafe(t, once)
	})
}

// checkSafe fails if the fragment parses to anything that the output may not hold.
func checkSafe(t *testing.T, fragment string) {
	t.Helper()
	root, err := parseFragment(fragment)
	if err != nil {
		t.Fatal(err)
	}
	bad := find(root, func(n *html.Node) bool {
		for _, a := range n.Attr {
			switch a.Key {
			case "href", "src":
				u, err := whatwg.Parse(a.Val)
				if err != nil || u.Scheme() != "http" && u.Scheme() != "https" && (a.Key == "src" || u.Scheme() != "mailto" && u.Scheme() != "tel") {
					return true
				}
			case "class":
				if !languageClass.MatchString(a.Val) {
					return true
				}
			case "alt", "title", "width", "height", "start", "type", "reversed", "value", "span", "colspan", "rowspan", "scope", "align":
			default:
				return true
			}
		}
		return n.Namespace != "" || !isBlock(n.DataAtom) && !isInline(n.DataAtom) && !isImg(n.DataAtom) && n.Data != "br"
	})
	if bad != nil {
		t.Fatalf("<%s> %v in %q", bad.Data, bad.Attr, fragment)
	}
}

func FuzzExtract(f *testing.F) {
	seeds(f)
	automatic := newExtractor(f, DefaultConfig())
	configured := newExtractor(f, Config{Content: []string{"td, li, tr, p", "body"}, Title: []string{"h2"}, Remove: []string{"b"}})
	const page = "https://help.example.com/a/b"
	f.Fuzz(func(t *testing.T, in string) {
		for _, x := range []*Extractor{automatic, configured} {
			root, err := html.ParseWithOptions(strings.NewReader(in), html.ParseOptionEnableScripting(false))
			if err != nil {
				return
			}
			a, err := x.Extract(goquery.NewDocumentFromNode(root), page, "https://cdn.example.com/")
			var empty *EmptyError
			if errors.As(err, &empty) || err != nil && tooDeep(err) {
				continue
			}
			if err != nil {
				t.Fatalf("extract %q: %v", in, err)
			}
			for _, s := range []string{a.Title, a.HTML, a.Text} {
				if !utf8.ValidString(s) || strings.ContainsAny(s, "\x00\r") {
					t.Fatalf("not clean text: %q", s)
				}
			}
			if a.Title == "" || strings.Contains(a.Title, "\n") || utf8.RuneCountInString(a.Title) > MaxTitle {
				t.Fatalf("title %q", a.Title)
			}
			again, err := x.Sanitize(a.HTML, page)
			if err != nil || again != a.HTML {
				t.Fatalf("not idempotent (%v):\nin    %q\nonce  %q\ntwice %q", err, in, a.HTML, again)
			}
			checkSafe(t, a.HTML)
		}
	})
}

func FuzzResolve(f *testing.F) {
	bases := []string{"https://help.example.com/a/b.html", "http://127.0.0.1:8080/", "https://x.example/a/b/c/?q=1"}
	for _, ref := range []string{"", "#", "#a", "#a b", "/x", "//h/x", "x", "./x", "../x", "../../../../x", "a/../b", "a/./b", "..", ".",
		"?q", "x?q#f", "x?a'b", "/a'b", "/a%2eb/..", "/%2e%2e/x", "/a%zz", "http:x", "https://H.example/x", "https://h.example",
		"https://a..b/", "https://1.2.3/", "https://0x7f.1/", "https://xn--a/", "https://h:80/x", "https://u:p@h/x", "a:b", "mailto:a@b",
		"javascript:alert(1)", " x ", "x\ty", "\\x", "/x|y{z}", "/ä", "https://ä.example/", "x#a#b", "x#", "x?", "http://127.0.0.1:8080/q",
		"./../.x", "/.well-known/x", "tel:+1 2", "/[x]", "/x^y", "/x`y", "https://h.example/x#%zz", "https://a-.example/", "./a:b", "a/b:c", "http://1.2.3.4/x", "http://01.2.3.4/", "http://1.2.3.256/", "http://h.example:8080/", "https://h.example:0443/", "http://h:99999/"} {
		for i := range bases {
			f.Add(i, ref)
		}
	}
	f.Fuzz(func(t *testing.T, i int, ref string) {
		if i < 0 || i >= len(bases) {
			return
		}
		r, err := newResolver(bases[i], "")
		if err != nil {
			t.Fatal(err)
		}
		got, ok := r.link(ref)
		if fast, clean := r.fast(trim(ref)); clean {
			slow, ok := r.slow(trim(ref))
			if !ok || fast != slow {
				t.Fatalf("%q at %s: fast %q, standard %q %v", ref, bases[i], fast, slow, ok)
			}
		}
		if !ok || len(got) > 1000 { // a URL or host that encoding made too long is refused the next time
			return
		}
		if again, ok := r.link(got); !ok || again != got {
			t.Fatalf("%q at %s: %q becomes %q", ref, bases[i], got, again)
		}
		fragment := strings.HasPrefix(trim(ref), "#")
		if standard, err := whatwg.ParseRef(bases[i], ref); err == nil && !fragment && !strings.ContainsAny(got, "% ") && standard.Href(false) != got {
			if p, _ := parsable(standard.Href(false)); p != got {
				t.Fatalf("%q at %s: %q, standard %q", ref, bases[i], got, standard.Href(false))
			}
		}
	})
}
