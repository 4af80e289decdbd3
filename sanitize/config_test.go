package sanitize

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestValidate(t *testing.T) {
	cfg := Config{
		Content: []string{"main", "div[", ""}, Title: []string{"h1::before"}, Remove: []string{"a", ":nope"}, Listings: "never",
		Rules: []Rule{{Match: " ", Content: []string{">"}}, {Match: "/x"}, {Match: "bad", Remove: []string{".ok"}}},
	}
	var got []string
	cfg.Validate(func(path, problem string) {
		if problem == "" {
			t.Errorf("%s: no problem named", path)
		}
		got = append(got, path)
	}, func(pattern string) error {
		if pattern == "bad" {
			return errors.New("not a pattern")
		}
		return nil
	})
	want := []string{"extract.content[1]", "extract.content[2]", "extract.title[0]", "extract.remove[1]", "extract.listings",
		"extract.rules[0].match", "extract.rules[0].content[0]", "extract.rules[1]", "extract.rules[2].match"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("paths differ (-want +got):\n%s", diff)
	}
	valid := DefaultConfig()
	valid.Validate(func(path, problem string) { t.Errorf("%s: %s", path, problem) }, nil)
}

func TestNewRefusesBrokenConfig(t *testing.T) {
	compile := func(string) (func(string) bool, error) { return nil, errors.New("not a pattern") }
	for want, cfg := range map[string]Config{
		"extract.title[1]":         {Title: []string{"h1", "["}},
		"extract.rules[0].match":   {Rules: []Rule{{Match: "x", Title: []string{"h1"}}}},
		"extract.rules[0].content": {Rules: []Rule{{Match: "x", Content: []string{"["}}}},
	} {
		c := compile
		if strings.HasSuffix(want, "content") {
			c = func(string) (func(string) bool, error) { return func(string) bool { return true }, nil }
		}
		if _, err := New(cfg, c); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want an error at %s", err, want)
		}
	}
}

func TestSignature(t *testing.T) {
	sign := func(cfg Config) string { return newExtractor(t, cfg).Signature() }
	if sign(Config{}) != sign(Config{Content: []string{}, Rules: []Rule{}}) {
		t.Error("empty lists change the signature")
	}
	if len(sign(Config{})) != 64 {
		t.Errorf("signature %q", sign(Config{}))
	}
	seen := map[string]bool{}
	for _, cfg := range []Config{
		{}, {Content: []string{"a"}}, {Title: []string{"a"}}, {Remove: []string{"a"}}, {Content: []string{"a", "b"}},
		{Rules: []Rule{{Match: "x", Title: []string{"a"}}}}, {Rules: []Rule{{Match: "x", Title: []string{"a"}, Content: []string{}}}},
	} {
		s := sign(cfg)
		if seen[s] {
			t.Errorf("%+v has the signature of another configuration", cfg)
		}
		seen[s] = true
	}
}

func TestHash(t *testing.T) {
	a := Article{Title: "T", HTML: "<p>x</p>", Text: "x", Source: "<main>"}
	// printf 'T\0<p>x</p>' | sha256sum
	const want = "78fcee537d9cae26c326642fb4146b6f28ea92d3c321ada72da1d74e7e0dcd6d"
	if a.Hash() != want {
		t.Errorf("hash %s, want %s", a.Hash(), want)
	}
	if b := (Article{Title: "T", HTML: "<p>x</p>"}); b.Hash() != a.Hash() {
		t.Error("the hash is over more than title and HTML")
	}
}

// TestConcurrent gives the race detector something to find.
func TestConcurrent(t *testing.T) {
	x := newExtractor(t, Config{Rules: []Rule{{Match: "docs", Content: []string{"main"}}}})
	page := `<main><h1>T</h1><p>a <a href="x y">b</a></p><pre class="lang-go">c</pre></main>`
	want := extract(t, Config{}, page, testPage).HTML
	var wg sync.WaitGroup
	for range 8 {
		doc := document(t, page)
		wg.Go(func() {
			if a, err := x.Extract(doc, testPage, ""); err != nil || a.HTML != want {
				t.Errorf("got %q, %v", a.HTML, err)
			}
		})
	}
	wg.Wait()
}
