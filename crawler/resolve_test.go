package crawler

import (
	"strings"
	"testing"
)

func TestResolve(t *testing.T) {
	c := testCanonicalizer(t)
	const page = "https://help.example.com/hc/en-us/articles/1-first?page=2"
	for _, tt := range []struct {
		base, href, want string // empty want: false
		fast             bool
	}{
		{page, "", page, true},
		{page, "#top", page, true},
		{page, "/hc/de", "https://help.example.com/hc/de", true},
		{page, "/", "https://help.example.com/", true},
		{page, "/a//b", "https://help.example.com/a//b", true},
		{page, "2-second#part", "https://help.example.com/hc/en-us/articles/2-second", true},
		{page, "./2-second", "https://help.example.com/hc/en-us/articles/2-second", true},
		{page, "../sections/9", "https://help.example.com/hc/en-us/sections/9", true},
		{page, "../../../../../x", "https://help.example.com/x", true},
		{page, "../", "https://help.example.com/hc/en-us/", true},
		{page, ".//x", "https://help.example.com/hc/en-us/articles//x", true},
		{page, "?page=3", "https://help.example.com/hc/en-us/articles/1-first?page=3", true},
		{page, "https://help.example.com", "https://help.example.com/", true},
		{page, "https://help.example.com/hc/x?y=1#z", "https://help.example.com/hc/x?y=1", true},
		{page, "https://www.example.org/a.b/c", "https://www.example.org/a.b/c", true},
		{page, "http://www.example.org/", "http://www.example.org/", true},
		{page, "/caf%C3%A9", "https://help.example.com/caf%C3%A9", true},
		{page, "https-guide.html", "https://help.example.com/hc/en-us/articles/https-guide.html", true},
		{"http://127.0.0.1:4180/a/b", "../c", "http://127.0.0.1:4180/c", true},
		{"http://127.0.0.1:4180/a/b", "http://127.0.0.1:4180/c", "http://127.0.0.1:4180/c", true},
		{"https://h.example/a//b/c", "../x", "https://h.example/a//x", true},

		{page, "..", "https://help.example.com/hc/en-us/", false},
		{page, ".", "https://help.example.com/hc/en-us/articles/", false},
		{page, "a/../b", "https://help.example.com/hc/en-us/articles/b", false},
		{page, "?", "https://help.example.com/hc/en-us/articles/1-first", false},
		{page, "?utm_source=x", "https://help.example.com/hc/en-us/articles/1-first", false},
		{page, "?page=3&ref=nav", "https://help.example.com/hc/en-us/articles/1-first?page=3", false},
		{page, " \t/hc/de\n", "https://help.example.com/hc/de", false},
		{page, "/hc/\n  de", "https://help.example.com/hc/%20%20de", false},
		{page, "//cdn.example.org/x", "https://cdn.example.org/x", false},
		{page, "\\\\cdn.example.org\\x", "https://cdn.example.org/x", false},
		{page, "http://help.example.com/hc/x", "https://help.example.com/hc/x", false},
		{page, "HTTPS://Help.Example.com:443/hc/x", "https://help.example.com/hc/x", false},
		{page, "https:rel", "https://help.example.com/hc/en-us/articles/rel", false},
		{page, "/it's?q='", "https://help.example.com/it's?q=%27", false},
		{page, "/caf\u00e9", "https://help.example.com/caf%C3%A9", false},
		{page, "a:b", "", false},
		{page, "./a:b", "https://help.example.com/hc/en-us/articles/a:b", true},

		{page, "mailto:help@example.com", "", false},
		{page, "javascript:void(0)", "", false},
		{page, " java\nscript:void(0)", "", false},
		{page, "tel:+4912345", "", false},
		{page, "data:text/html," + strings.Repeat("x", 100_000), "", false},
		{page, "blob:https://help.example.com/1", "", false},
		{page, "intercom://open", "", false},
		{page, "https://", "", false},
		{page, "https://exa mple.com/", "", false},
		{page, "https://example.com:99999/", "", false},

		{"no url", "/a", "", false},
		{"no url", "https://h.example/a", "https://h.example/a", false},
		{"https://h.example/a?utm_source=x#frag", "", "https://h.example/a", true},
	} {
		got, ok := c.Resolve(tt.base, tt.href)
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("Resolve(%q, %.80q) = %q, %v; want %q", tt.base, tt.href, got, ok, tt.want)
		}
		if _, fast := c.Base(tt.base).fast(tt.href); fast != tt.fast {
			t.Errorf("Resolve(%q, %.80q) without a parser: %v, want %v", tt.base, tt.href, fast, tt.fast)
		}
	}
}

func FuzzResolve(f *testing.F) {
	c := testCanonicalizer(f)
	for _, base := range []string{"https://help.example.com/hc/en-us/articles/1?page=2", "http://127.0.0.1:4180/a//b/", "x"} {
		for _, href := range []string{
			"", "#x", "/a/b", "../x", "../../../x?a=b&c", "./", "a:b", "?utm_a=1", "https://other.example/.well-known/x",
			"http://127.0.0.1:4180", "http://a-.b/", "%2e%2E/x", "%%32e/x", "//h/x", "/%41%zz%C3", "http://1.2.3/", "x/..",
		} {
			f.Add(base, href)
		}
	}
	f.Fuzz(func(t *testing.T, base, href string) {
		r := c.Base(base)
		got, ok := r.fast(href)
		if !ok {
			return
		}
		if slow, ok := r.slow(href); !ok || slow != got {
			t.Fatalf("Resolve(%q, %q) = %q; the parser says %q, %v", base, href, got, slow, ok)
		}
	})
}

func BenchmarkResolve(b *testing.B) {
	c := testCanonicalizer(b)
	r := c.Base("https://help.example.com/hc/en-us/articles/360012345-How-to-reset-your-password")
	for _, bb := range []struct{ name, href string }{
		{"root", "/hc/en-us/articles/360099999-How-to-change-your-plan"},
		{"relative", "../sections/360099999-Billing"},
		{"absolute", "https://help.example.com/hc/en-us/articles/360099999-How-to-change-your-plan#prices"},
		{"other", "https://www.example.org/hc/en-us/articles/360099999-How-to-change-your-plan"},
		{"fragment", "#prices"},
		{"query", "/hc/en-us/search?page=2&sort=new"},
		{"mailto", "mailto:help@example.com"},
		{"parser", "//www.example.org/hc/en-us/articles/360099999-How-to-change-your-plan"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.Resolve(bb.href)
			}
		})
	}
	b.Run("base", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			c.Base("https://help.example.com/hc/en-us/articles/360012345-How-to-reset-your-password")
		}
	})
}
