package crawler

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// sitemapCase is a document and what must become of it.
type sitemapCase struct {
	File, Note string
	Served     struct {
		URL             string
		ContentType     string `json:"content_type"`
		ContentEncoding string `json:"content_encoding"`
	} `json:"served_as"`
	Expect struct {
		Kind, Mode string
		URLs       []string
		Count      int
		SHA256     string `json:"sha256_of_urls_joined_by_newline"` // instead of URLs
	}
	AtLeast            []string `json:"at_least"` // instead of URLs, where only those are sure
	MustNotInclude     []string `json:"must_not_include"`
	MustNotIncludeText []string `json:"must_not_include_text"`
	MustNotFetch       []string `json:"must_not_fetch"`

	body []byte
}

// sitemapPolicies are the decisions on what the suite leaves to us. Paths are those in the frontier of a crawl of
// https://help.example.com/start.html, or of the sitemaps that are asked for.
var sitemapPolicies = map[string]struct {
	why   string
	paths []string
}{
	"own/index-offhost.xml": {"sitemaps of other hosts are asked for only if robots.txt or the config names them",
		[]string{"/s1.xml"}},
	"own/gz-double.xml.gz":    {"unpacked twice: servers compress what is compressed", []string{"/a", "/b"}},
	"own/50001.xml.gz":        {"the first 50,000 are taken, and the run is incomplete", nil},
	"own/upper-case-tags.xml": {"read: case says nothing here that could be mistaken", []string{"/a"}},
	"own/newline-in-loc.xml": {"a line break within a URL is dropped, as URL parsers do; the spaces that indent the next line are a part of it",
		[]string{"/a", "/long-path"}},
	"own/double-escaped.xml":                {"kept as it stands: what was meant is a guess", []string{"/a?x=1&amp;y=2"}},
	"own/percent.xml":                       {"two spellings are one page; a stray % stays", []string{"/100%-x", "/100%25", "/caf%C3%A9"}},
	"own/offhost.xml":                       {"only what is in scope, whatever its spelling; http is read as https, as the start URL is; credentials are dropped", []string{"/a", "/http", "/up", "/z"}},
	"own/ext-image-video-news-hreflang.xml": {"translations are pages, images and videos are not", []string{"/a", "/b", "/de/a"}},
	"own/leading-php-warning.xml":           {"what stands before the root element does not matter", []string{"/a", "/b"}},
	"own/text-utf16.txt":                    {"read: the byte order mark leaves no doubt", []string{"/a", "/b"}},
	"own/text-as-xml.xml":                   {"the content decides, not its type", []string{"/a", "/b"}},
}

// sitemapDifferences are the documents that the projects which they come from read otherwise.
var sitemapDifferences = map[string]string{
	"third-party/cc-testAtomFormat-L629":                "all alternates of an entry are taken, not only the first",
	"third-party/cc-testSitemapParserBrokenXml-L429":    "what is well formed is kept",
	"third-party/cc-testPartialSitemapsAllowed-L762":    "a URL that may be cut off is not taken",
	"third-party/cc-testLenientParser-L605":             "where the sitemap stands does not limit its URLs: scope does",
	"third-party/cc-testSitemapWithWrongNamespace-L250": "namespaces do not matter",
	"third-party/cc-testMobileSitemap-L293":             "where the sitemap stands does not limit its URLs: scope does",
	"third-party/scrapy-test_alternate.xml":             "translations are pages",
	"third-party/scrapy-test_xml_entity_expansion.xml":  "a URL with an entity of the document's own is not taken, rather than without it",
}

func TestConformanceSitemaps(t *testing.T) {
	var suite struct{ Cases []sitemapCase }
	readSuite(t, "sitemaps/manifest.json", &suite)
	counts := make(map[string]*tally)
	for _, mode := range []string{"exact", "atleast", "partial-ok", "attack", "policy", "reference"} {
		counts[mode] = &tally{}
	}
	for _, k := range suite.Cases {
		var err error
		if k.body, err = os.ReadFile(conformanceFile(t, "sitemaps/"+k.File)); err != nil {
			t.Fatal(err)
		}
		if k.Expect.Mode == "reference" {
			counts["reference"].add(k.agrees(t))
			continue
		}
		counts[k.Expect.Mode].add(t.Run(k.File, k.run))
	}
	gate := tally{}
	for _, mode := range []string{"exact", "atleast", "partial-ok", "attack"} {
		gate.passed += counts[mode].passed
		gate.of += counts[mode].of
	}
	t.Logf("sitemaps: %d of %d gate cases (exact %d, atleast %d, partial-ok %d, attack %d), %d of %d decisions; as other readers: %d of %d",
		gate.passed, gate.of, counts["exact"].passed, counts["atleast"].passed, counts["partial-ok"].passed, counts["attack"].passed,
		counts["policy"].passed, counts["policy"].of, counts["reference"].passed, counts["reference"].of)
	if r := counts["reference"]; r.of-r.passed != len(sitemapDifferences) {
		t.Errorf("%d documents are read otherwise than where they come from, want %d", r.of-r.passed, len(sitemapDifferences))
	}
	if gate.of == 0 || counts["policy"].of != len(sitemapPolicies) {
		t.Errorf("%d gate cases, %d policies", gate.of, counts["policy"].of)
	}
}

// maxSitemapAlloc is how many bytes may be allocated to read a fixture, all garbage included. The largest have 50 MiB
// after decompression, and the longest text and tag of 8 MiB are held while they grow.
const maxSitemapAlloc = 160 << 20

// run serves the document to Discover, and looks at what is asked for and found.
func (k sitemapCase) run(t *testing.T) {
	var asked []string
	c := newTestCrawler(t, testConfig("https://help.example.com/start.html"), inProcess{http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			asked = append(asked, r.URL.String())
			switch r.URL.String() {
			case "https://help.example.com/robots.txt":
				_, _ = io.WriteString(w, "Sitemap: "+k.Served.URL+"\n")
			case k.Served.URL:
				w.Header().Set("Content-Type", k.Served.ContentType)
				if k.Served.ContentEncoding != "" {
					w.Header().Set("Content-Encoding", k.Served.ContentEncoding)
				}
				_, _ = w.Write(k.body)
			default:
				http.NotFound(w, r)
			}
		})})
	f := newFrontier()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	d, err := c.Discover(t.Context(), f)
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Fatal(err)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > maxSitemapAlloc {
		t.Errorf("%d bytes allocated, want at most %d", n, maxSitemapAlloc)
	}
	got := f.urls()[1:] // the first is the start URL
	if k.Expect.Kind == "index" {
		got = slices.DeleteFunc(slices.Clone(asked), func(u string) bool {
			return strings.HasSuffix(u, "/robots.txt") || u == "https://help.example.com/sitemap.xml" && !slices.Contains(k.Expect.URLs, u)
		})
	}
	k.compare(t, got, d)
	for _, u := range asked {
		if slices.Contains(k.MustNotFetch, u) || !strings.HasPrefix(u, "https://help.example.com/") {
			t.Errorf("%s was asked for", u)
		}
	}
}

// compare compares the pages found, or the sitemaps asked for, with what is wanted.
func (k sitemapCase) compare(t *testing.T, got []string, d Discovery) {
	t.Helper()
	want := k.Expect.URLs
	if k.AtLeast != nil {
		want = k.AtLeast
	}
	missing := slices.DeleteFunc(canonicals(t, want), func(u string) bool { return slices.Contains(got, u) })
	switch policy, ok := sitemapPolicies[k.File]; {
	case k.Expect.Mode == "policy" && !ok:
		t.Errorf("nothing was decided: %s", k.Note)
	case ok && policy.paths == nil:
		if len(got) != maxSitemapURLs || len(d.Incomplete) != 1 {
			t.Errorf("%d URLs, %q", len(got), d.Incomplete)
		}
	case ok:
		if paths := pathsOf(got); !slices.Equal(paths, policy.paths) {
			t.Errorf("%q, want %q: %s", paths, policy.paths, policy.why)
		}
	case k.Expect.SHA256 != "":
		sum := sha256.Sum256([]byte(strings.Join(got, "\n")))
		if hex.EncodeToString(sum[:]) != k.Expect.SHA256 {
			t.Errorf("%d URLs are not the %d wanted", len(got), k.Expect.Count)
		}
	case k.Expect.Mode == "partial-ok":
		if (len(missing) > 0 || len(want) == 0) && len(d.Incomplete) == 0 || len(got) == 0 {
			t.Errorf("%d URLs, without %q, and yet complete: %s", len(got), missing, k.Note)
		}
	case len(missing) > 0 && k.Expect.Mode != "attack":
		t.Errorf("%.300q lack %q: %s", got, missing, k.Note)
	case k.Expect.Mode == "exact" && len(got) != len(canonicals(t, want)):
		t.Errorf("%.300q, want %q: %s", got, want, k.Note)
	}
	for _, u := range got {
		if slices.Contains(k.MustNotInclude, u) || slices.ContainsFunc(k.MustNotIncludeText, func(s string) bool { return strings.Contains(u, s) }) {
			t.Errorf("has %s: %s", u, k.Note)
		}
	}
	if k.Expect.Mode == "exact" && k.Expect.Kind != "invalid" && len(d.Incomplete) > 0 {
		t.Errorf("incomplete: %q", d.Incomplete)
	}
}

// agrees reports whether the document is read as the project that it comes from reads it.
func (k sitemapCase) agrees(t *testing.T) bool {
	t.Helper()
	c, err := NewCanonicalizer(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	body := io.Reader(bytes.NewReader(k.body))
	if k.Served.ContentEncoding == "gzip" {
		if body, err = gzip.NewReader(body); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	_, _ = readSitemap(body, k.Served.ContentType, func(e sitemapEntry) error {
		if u, ok := e.resolve(c, k.Served.URL); ok {
			got = append(got, u)
		}
		return nil
	})
	want := canonicals(t, k.Expect.URLs)
	slices.Sort(got)
	if !slices.Equal(slices.Compact(got), want) {
		if sitemapDifferences[k.File] == "" {
			t.Errorf("%s: %.400q, they have %.400q: %s", k.File, got, want, k.Note)
		}
		return false
	}
	return true
}

// canonicals returns the distinct canonical forms of URLs, sorted; those that have none are left out.
func canonicals(t *testing.T, urls []string) []string {
	t.Helper()
	c, err := NewCanonicalizer(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, raw := range urls {
		if u, err := c.Canonical(raw); err == nil {
			out = append(out, u)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// pathsOf returns paths and queries of URLs, sorted.
func pathsOf(urls []string) []string {
	var paths []string
	for _, raw := range urls {
		_, path := splitOrigin(raw)
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths
}
