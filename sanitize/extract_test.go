package sanitize

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
)

var update = flag.Bool("update", false, "write the golden files")

// document parses a page as the crawler does: with scripting off.
func document(t testing.TB, page string) *goquery.Document {
	t.Helper()
	root, err := html.ParseWithOptions(strings.NewReader(page), html.ParseOptionEnableScripting(false))
	if err != nil {
		t.Fatal(err)
	}
	return goquery.NewDocumentFromNode(root)
}

func newExtractor(t testing.TB, cfg Config) *Extractor {
	t.Helper()
	x, err := New(cfg, func(pattern string) (func(string) bool, error) {
		return func(url string) bool { return strings.Contains(url, pattern) }, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func extract(t testing.TB, cfg Config, page, pageURL string) Article {
	t.Helper()
	a, err := newExtractor(t, cfg).Extract(document(t, page), pageURL, "")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestExtractGolden(t *testing.T) {
	x := newExtractor(t, DefaultConfig())
	pages, err := filepath.Glob("testdata/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range pages {
		if strings.HasSuffix(file, ".golden.html") {
			continue
		}
		name := strings.TrimSuffix(filepath.Base(file), ".html")
		t.Run(name, func(t *testing.T) {
			page, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			pageURL := "https://help.example.com/docs/en/" + name
			a, err := x.Extract(document(t, string(page)), pageURL, "")
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "testdata/"+name+".golden.html", a.HTML+"\n")
			golden(t, "testdata/"+name+".golden.txt", "title: "+a.Title+"\nsource: "+a.Source+"\n\n"+a.Text+"\n")
			again, err := x.Sanitize(a.HTML, pageURL)
			if err != nil || again != a.HTML {
				t.Errorf("sanitizing the article again changes it (error %v):\n%s", err, cmp.Diff(a.HTML, again))
			}
		})
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got); run with -update if that is right:\n%s", file, diff)
	}
}
