package crawler

import (
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// The Canonicalizer that testdata/canonical.txt is written for.
func testCanonicalizer(t testing.TB) *Canonicalizer {
	t.Helper()
	c, err := NewCanonicalizer(
		[]string{"https://help.example.com/hc/en-us", "http://plain.example.com/", "https://tls.example.com:8443/", "http://127.0.0.1:4180/"},
		[]string{"ref", "session*", "filter[x]"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Every external ID is a hash of the canonical URL, so a vector that changes re-creates pages of every user.
func TestCanonicalVectors(t *testing.T) {
	c := testCanonicalizer(t)
	for _, v := range canonicalVectors(t) {
		got, err := c.Canonical(v.raw)
		if v.want == "!" {
			if err == nil {
				t.Errorf("line %d: Canonical(%q) = %q, want an error", v.line, v.raw, got)
			}
			continue
		}
		if err != nil || got != v.want {
			t.Errorf("line %d: Canonical(%q) = %q, %v; want %q", v.line, v.raw, got, err, v.want)
		}
		if again, err := c.Canonical(got); err != nil || again != got {
			t.Errorf("line %d: Canonical(%q) = %q, %v; want it unchanged", v.line, got, again, err)
		}
	}
}

// One page has one canonical form, so one request and one ID, however it is linked to.
func TestCanonicalOneRequest(t *testing.T) {
	var mu sync.Mutex
	var asked []string
	c := newTestCrawler(t, testConfig("https://help.example/"), inProcess{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			http.NotFound(w, r)
			return
		}
		mu.Lock()
		asked = append(asked, r.URL.RequestURI())
		mu.Unlock()
		writePage(w, `<a href="/a">1</a><a href="/a#x">2</a><a href="/a?utm_source=y">3</a><a href="HTTPS://HELP.example:443/%61?">4</a>
<a href="http://u:p@help.example/x/../a?gclid=1&amp;utm_medium=z#y">5</a>`)
	})})
	links := fetch(t, c, "https://help.example/").Links
	if want := []string{"https://help.example/a"}; !slices.Equal(links, want) {
		t.Fatalf("links %q, want %q", links, want)
	}
	f := newFrontier("https://help.example/")
	for _, raw := range []string{"https://help.example/a", "https://help.example/a#x", "https://help.example/a?utm_source=y"} {
		u, err := c.Canonicalizer().Canonical(raw)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Add(t.Context(), []Link{{URL: u}}); err != nil {
			t.Fatal(err)
		}
	}
	asked = nil
	if _, err := crawlAll(t.Context(), c, f); err != nil {
		t.Fatal(err)
	}
	slices.Sort(asked)
	if want := []string{"/", "/a"}; !slices.Equal(asked, want) {
		t.Errorf("asked for %q, want %q", asked, want)
	}
}

type canonicalVector struct {
	line      int
	raw, want string
}

func canonicalVectors(t testing.TB) []canonicalVector {
	t.Helper()
	text, err := os.ReadFile("testdata/canonical.txt")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []canonicalVector
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		raw, want, ok := strings.Cut(line, "\t")
		if !ok {
			t.Fatalf("testdata/canonical.txt:%d: no tab", n)
		}
		if raw != "" && raw[0] == '"' {
			if raw, err = strconv.Unquote(raw); err != nil {
				t.Fatalf("testdata/canonical.txt:%d: %v", n, err)
			}
		}
		vectors = append(vectors, canonicalVector{n, raw, want})
	}
	return vectors
}

func TestCanonicalRefusesLongURLs(t *testing.T) {
	c := testCanonicalizer(t)
	path := "https://help.example.com/" + strings.Repeat("a", maxURLLength)
	for _, raw := range []string{
		path[:maxURLLength+1],
		"https://help.example.com/" + strings.Repeat("é", maxURLLength/6+1),
	} {
		if _, err := c.Canonical(raw); err == nil {
			t.Errorf("Canonical of %d bytes: want an error", len(raw))
		}
		if _, ok := c.Resolve("https://help.example.com/", raw); ok {
			t.Errorf("Resolve of %d bytes: want false", len(raw))
		}
	}
	if _, err := c.Canonical(path[:maxURLLength]); err != nil {
		t.Errorf("Canonical of %d bytes: %v", maxURLLength, err)
	}
}

func TestCanonicalErrorsShowNoURL(t *testing.T) {
	c := testCanonicalizer(t)
	for _, raw := range []string{"http://user:hunter2@exa mple/", "ftp://user:hunter2@example.com/"} {
		if _, err := c.Canonical(raw); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("Canonical(%q): %v", raw, err)
		}
	}
}

func TestNewCanonicalizerErrors(t *testing.T) {
	for _, tt := range []struct {
		start, drop []string
		want        string
	}{
		{[]string{"https://a.example/", "help.acme.com"}, nil, "start URL 2"},
		{[]string{"ftp://a.example/"}, nil, "start URL 1"},
		{nil, []string{""}, "is empty"},
		{nil, []string{"a*b"}, "only at its end"},
		{nil, []string{"a=b"}, "alone"},
	} {
		if _, err := NewCanonicalizer(tt.start, tt.drop); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("NewCanonicalizer(%q, %q): %v; want %q", tt.start, tt.drop, err, tt.want)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	c := testCanonicalizer(f)
	for _, v := range canonicalVectors(f) {
		f.Add(v.raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := c.Canonical(raw)
		slow, slowErr := c.slowCanonical(raw)
		if got != slow || (err == nil) != (slowErr == nil) {
			t.Fatalf("Canonical(%q) = %q, %v; the parser says %q, %v", raw, got, err, slow, slowErr)
		}
		if err != nil {
			return
		}
		site, path := splitOrigin(got)
		if !strings.HasPrefix(site, "http") || len(got) > maxURLLength || strings.ContainsAny(site, "@ #?") || !strings.HasPrefix(path, "/") ||
			strings.ContainsAny(path, "# \t\r\n\\\"<>") {
			t.Fatalf("Canonical(%q) = %q", raw, got)
		}
		if strings.Contains(raw, "#") || raw[len(raw)-1] <= ' ' || len(raw)+2 > maxURLLength {
			raw = got // spaces before a fragment are a part of the URL, those at its end are not
		}
		if again, err := c.Canonical(raw + "#x"); err != nil || again != got {
			t.Fatalf("Canonical(%q) = %q, with a fragment %q, %v", raw, got, again, err)
		}
		if again, err := c.slowCanonical(got); err != nil || again != got {
			t.Fatalf("Canonical(%q) = %q, whose canonical form is %q, %v", raw, got, again, err)
		}
	})
}

func BenchmarkCanonical(b *testing.B) {
	c := testCanonicalizer(b)
	for _, bb := range []struct{ name, url string }{
		{"known", "https://help.example.com/hc/en-us/articles/360012345-How-to-reset-your-password"},
		{"other", "https://community.example.org/t/how-to-reset-your-password/1234?page=2"},
		{"port", "http://127.0.0.1:4180/articles/page-17.html"},
		{"parser", "https://help.example.com/hc/en-us/articles/1?utm_source=mail"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Canonical(bb.url); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
