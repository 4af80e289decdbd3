package sanitize

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestTitle(t *testing.T) {
	tests := []struct {
		name, page string
		selectors  []string
		want       string
	}{
		{"h1 of the content", `<header><h1>Brand</h1></header><main><h1> Tom &amp; <b>Jerry's</b>
 tale </h1><p>x</main>`, nil, "Tom & Jerry's tale"},
		{"permalink signs", `<main><h1>A<a class=headerlink href="#a">¶</a><a href="#a">` + "\u200b" + `</a><span class=sr-only>link</span></h1>x</main>`, nil, "A"},
		{"a heading that is a permalink", `<main><h1><a class=anchor href="#a">A</a></h1>x</main>`, nil, "A"},
		{"empty and hidden headings", `<main><h1> </h1><h1 hidden>B</h1><h1>C</h1>x</main>`, nil, "C"},
		{"breaks part words", `<main><h1>A<br>B<div>C</div></h1>x</main>`, nil, "A B C"},
		{"selector", `<main><h1>A</h1><h2>B</h2>x</main>`, []string{".none", "h2"}, "B"},
		{"meta selector", `<meta name=t content=" M "><main><h1>A</h1>x</main>`, []string{"[name=t]"}, "M"},
		{"lone heading outside", `<title>A - Site</title><div><h1>A</h1></div><article>x</article>`, nil, "A"},
		{"brand outside", `<title>A - Site</title><div><h1>Site</h1></div><article>x</article>`, nil, "A - Site"},
		{"og:title", `<title>T</title><meta property=og:title content="O | S"><meta property=og:site_name content=S><p>x`, nil, "O"},
		{"suffix stays", `<title>T | U | S</title><meta property=og:site_name content=R><p>x`, nil, "T | U | S"},
		{"suffix goes", `<title>T &mdash; R</title><meta property=og:site_name content=R><p>x`, nil, "T"},
		{"not of an svg", `<svg><title>icon</title></svg><p>x`, nil, "page"},
		{"URL", `<p>x`, nil, "page"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if a := extract(t, Config{Title: tt.selectors}, tt.page, testPage); a.Title != tt.want {
				t.Errorf("got %q, want %q", a.Title, tt.want)
			}
		})
	}
}

func TestTitleFromURL(t *testing.T) {
	for url, want := range map[string]string{
		"https://h.example/a/reset-your_meter.html": "reset your meter",
		"https://h.example/a/caf%C3%A9+bar/":        "café bar",
		"https://h.example/":                        "h.example",
	} {
		if got := titleFromURL(url); got != want {
			t.Errorf("titleFromURL(%q) = %q, want %q", url, got, want)
		}
	}
}

func TestTitleLength(t *testing.T) {
	a := extract(t, Config{}, "<main><h1>"+strings.Repeat("ä", 300)+"</h1>x</main>", testPage)
	if n := utf8.RuneCountInString(a.Title); n != MaxTitle || !strings.HasSuffix(a.Title, "ä…") {
		t.Errorf("title of %d characters: %q", n, a.Title)
	}
	if strings.Contains(a.HTML, "<h1>") {
		t.Errorf("the heading of a title that was cut stands in the content: %q", a.HTML)
	}
}

func TestLeadingTitle(t *testing.T) {
	tests := []struct{ page, want string }{
		{`<main><div><h1>A</h1></div><p>x</p></main>`, "<p>x</p>"},
		{`<main><p>x</p><h1>A</h1></main>`, "<p>x</p>\n<h1>A</h1>"},
		{`<main><img src=/i.png><h1>A</h1></main>`, "<img src=\"https://help.example.com/i.png\"/><h1>A</h1>"},
		{`<main><h1>A</h1><p>x</p><h1>A</h1></main>`, "<p>x</p>\n<h1>A</h1>"},
	}
	for _, tt := range tests {
		if a := extract(t, Config{}, tt.page, testPage); a.HTML != tt.want {
			t.Errorf("%s: got %q, want %q", tt.page, a.HTML, tt.want)
		}
	}
	if a := extract(t, Config{Title: []string{"h2"}}, `<main><h1>A</h1><h2>B</h2></main>`, testPage); !strings.Contains(a.HTML, "<h1>A</h1>") {
		t.Errorf("a heading that is not the title went: %q", a.HTML)
	}
}
