package crawler

import (
	"strings"
	"testing"
)

func TestPattern(t *testing.T) {
	const h = "https://help.example.com"
	for _, tt := range []struct {
		pattern string
		yes, no []string
	}{
		{"/hc/en-us", []string{h + "/hc/en-us", h + "/hc/en-us?page=2"}, []string{h + "/hc/en-us/", h + "/x/hc/en-us", h + "/hc/en-usa"}},
		{"/hc/en-us/", []string{h + "/hc/en-us/"}, []string{h + "/hc/en-us", h + "/hc/en-us/a"}},
		{"/hc/**", []string{h + "/hc/", h + "/hc/a/b", h + "/hc/a?b=/c"}, []string{h + "/hc", h + "/x/hc/"}},
		{"/hc/*", []string{h + "/hc/", h + "/hc/a", h + "/hc/a?b=c/d"}, []string{h + "/hc/a/b"}},
		{"/*/articles/*", []string{h + "/en/articles/1", h + "/en/articles/"}, []string{h + "/a/b/articles/1", h + "/en/articles/1/2"}},
		{"/**/articles/*-old", []string{h + "/a/b/articles/x-old", h + "/a/articles/articles/x-old-old"},
			[]string{h + "/articles/x-old", h + "/a/articles/x-old/y"}},
		{"**/print", []string{h + "/print", h + "/a/b/print?x"}, []string{h + "/a/print/b", h + "/reprint/"}},
		{"*.pdf", []string{h + "/a.pdf", h + "/a/b/c.pdf"}, []string{h + "/a.pdf/b", h + "/a.pdfx"}},
		{"**", []string{h + "/", h + "/a?b"}, nil},
		{"/search?*", []string{h + "/search?q=1", h + "/search?a=1&q=x"}, []string{h + "/search", h + "/search/x?q", h + "/search?q=/"}},
		{"/search?**", []string{h + "/search?q=/a?b"}, []string{h + "/search"}},
		{"**?*print=1**", []string{h + "/a?x=2&print=1&y"}, []string{h + "/a/print=1"}},
		{"https://help.example.com/**", []string{h + "/", h + "/a?b"}, []string{"https://other.example/", "http://help.example.com/"}},
		{"https://Help.Example.com", []string{h + "/", h + "/?x"}, []string{h + "/a"}},
		{"https://*.example.com/a", []string{h + "/a"}, []string{"https://example.com/a", "https://x/y.example.com/a"}},
		{"https://bücher.example/", []string{"https://xn--bcher-kva.example/"}, nil},
		{"/café/%7ejoe/%2fx", []string{h + "/caf%C3%A9/~joe/%2Fx"}, nil},
		{"/it's?it's", []string{h + "/it's?it%27s"}, nil},
		{`/^/hc/(en|de)/\d+/`, []string{h + "/hc/en/1", h + "/hc/de/1/2"}, []string{h + "/x/hc/en/1"}},
		{"/old.*page/", []string{h + "/a/older/page?x"}, []string{h + "/page/old"}},
		{"/^https://help\\./", []string{h + "/"}, []string{"https://x.example/https://help."}},
		{"/docs/v1.2/", []string{h + "/docs/v1.2/"}, []string{h + "/docs/v1x2/"}},
	} {
		p, err := CompilePattern(tt.pattern)
		if err != nil {
			t.Errorf("%q: %v", tt.pattern, err)
			continue
		}
		if p.String() != tt.pattern {
			t.Errorf("String() = %q, want %q", p.String(), tt.pattern)
		}
		for _, u := range tt.yes {
			if !p.Match(u) {
				t.Errorf("%q does not match %s", tt.pattern, u)
			}
		}
		for _, u := range tt.no {
			if p.Match(u) {
				t.Errorf("%q matches %s", tt.pattern, u)
			}
		}
	}
	if (Pattern{}).Match(h + "/") {
		t.Error("the zero Pattern matches")
	}
}

func TestPatternErrors(t *testing.T) {
	for pattern, want := range map[string]string{
		"":              "is empty",
		"articles/**":   "must begin with /",
		"help.acme.com": "must begin with /",
		"/(unclosed/":   "read as a regular expression",
		"/c++/":         "read as a regular expression",
		"/a#b":          "has a fragment",
	} {
		if _, err := CompilePattern(pattern); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("CompilePattern(%q): %v; want %q", pattern, err, want)
		}
	}
}

// globReference matches as matchGlob does, by trying everything.
func globReference(glob, s string) bool {
	switch {
	case glob == "":
		return s == ""
	case glob[0] == anyText:
		return globReference(glob[1:], s) || s != "" && globReference(glob, s[1:])
	case glob[0] == anyInSegment:
		return globReference(glob[1:], s) || s != "" && s[0] != '/' && s[0] != '?' && globReference(glob, s[1:])
	}
	return s != "" && s[0] == glob[0] && globReference(glob[1:], s[1:])
}

func FuzzMatchGlob(f *testing.F) {
	for _, pattern := range []string{"/a*b/**c*", "**a*b*/a", "*a*/b?**x", "/a", "**", "*"} {
		f.Add(pattern, "/aab/abc/cab")
		f.Add(pattern, "/a/b?x/ab")
	}
	f.Fuzz(func(t *testing.T, pattern, s string) {
		if len(pattern) > 12 || len(s) > 16 {
			return
		}
		glob := compileWildcards(pattern)
		if got, want := matchGlob(glob, s), globReference(glob, s); got != want {
			t.Errorf("%q on %q: %v, want %v", pattern, s, got, want)
		}
	})
}

func FuzzCompilePattern(f *testing.F) {
	for _, s := range []string{"/a/**", "https://h/*", "/^a(b)/", "*.pdf", "x", "/%41%2?'", "https://é*/"} {
		f.Add(s, "https://h.example/a/b?c")
	}
	f.Fuzz(func(t *testing.T, s, url string) {
		p, err := CompilePattern(s)
		if err != nil {
			return
		}
		if p.String() != s {
			t.Errorf("String() = %q, want %q", p.String(), s)
		}
		p.Match(url)
	})
}

func BenchmarkPattern(b *testing.B) {
	const url = "https://help.example.com/hc/en-us/articles/360012345-How-to-reset-your-password"
	for _, pattern := range []string{"/hc/en-us/**", "/hc/*/articles/*", "**/print", `/^/hc/(en-us|de)/articles/\d+/`} {
		b.Run(strings.ReplaceAll(pattern, "/", "_"), func(b *testing.B) {
			p, err := CompilePattern(pattern)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				p.Match(url)
			}
		})
	}
}
