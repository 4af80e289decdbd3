package sanitize

import (
	"errors"
	"strings"
	"testing"
)

func TestLocate(t *testing.T) {
	long := strings.Repeat("Some words of text. ", 40)
	tests := []struct {
		name, page string
		cfg        Config
		source     string
		want       string // text
	}{
		{"first selector that matches", `<div class=a>x</div><div class=b>y</div>`, Config{Content: []string{".none", ".b", ".a"}}, `extract.content[1] ".b"`, "y"},
		{"all matches in order, none twice", `<div class=c>x<div class=c>y</div></div><p>n</p><div class=c>z</div>`, Config{Content: []string{".c"}}, `extract.content[0] ".c"`, "x\ny\nz"},
		{"configured content keeps its furniture", `<div class=c>x<footer>f</footer><p class=byline>b</p></div>`, Config{Content: []string{".c"}}, `extract.content[0] ".c"`, "x\nf\nb"},
		{"cells and items", `<table><tr><td class=c>x<td class=c>y</table><ul><li class=c>z</ul>`, Config{Content: []string{".c"}}, `extract.content[0] ".c"`, "x\ny\nz"},
		{"remove", `<main><p>x<p class=r>y</main>`, Config{Remove: []string{"body .r"}}, "<main>", "x"},
		{"article in main", `<main><div>nav</div><article><p>the text</article></main>`, Config{}, "<article>", "the text"},
		{"a card is no article", `<main><p>` + long + `</p><article>card</article></main>`, Config{}, "<main>", strings.TrimSpace(long) + "\ncard"},
		{"several articles", `<main><article>x</article><article>y</article></main>`, Config{}, "<main>", "x\ny"},
		{"articleBody", `<article><p>by</p><div itemprop=articleBody>x</div></article>`, Config{}, "[itemprop=articleBody]", "x"},
		{"role", `<div role=main>x</div><div role=contentinfo>y</div>`, Config{}, "<main>", "x"},
		{"named", `<div id=header>h</div><div id=content>x and more</div>`, Config{}, "<div#content>", "x and more"},
		{"a stub beside a great navigation", `<div class=menu><ul>` + strings.Repeat("<li><a href=/x>A page with a name</a>", 50) + `</ul></div><article>x</article>`, Config{}, "<article>", "x"},
		{"an index", `<main><ul><li><a href=/x>x</a></ul></main><p>y</p>`, Config{}, "<main>", "x"},
		{"furniture", `<main><p>x</p><div class=breadcrumbs>b</div><ul class=share><li><a href=/>s</a></ul><aside><a href=/>r</a></aside><footer>f</footer></main>`, Config{}, "<main>", "x"},
		{"callouts stay", `<main><p>x</p><aside aria-label=Note><p>y <a href=/>z</a></p></aside><blockquote>q<footer>w</footer></blockquote></main>`, Config{}, "<main>", "x\ny z\nq\nw"},
		{"ids of sections are no furniture", `<main><section id=comments><h2>Comments</h2><p>x</p></section><section id=toc><p>y</p></section></main>`, Config{}, "<main>", "Comments\nx\ny"},
		{"words in classes are no furniture", `<main><div class="share-prices navigation-guide"><p>x</p></div><div class=toc><p>y</p></div></main>`, Config{}, "<main>", "x\ny"},
		{"most of the content is no furniture", `<main><div class=search-results><p>x and a lot of text</p></div><p>y</p></main>`, Config{}, "<main>", "x and a lot of text\ny"},
		{"a sidebar in the content", `<main><p>x</p><div class=sidebar><p>y <a href=/>z</a></p></div></main>`, Config{}, "<main>", "x\ny z"},
		{"signposts, however much of the page", `<main><div class=navheader><table><tr><th>The chapter before us<td>Up</table></div><p>x</p><ul class="docnav top"><li>Prev</ul></main>`, Config{}, "<main>", "x"},
		{"a division with a title page", `<div class=navheader>n</div><div class=sect1><div class=titlepage><h2>T</h2></div><p>x</p><div class=sidebar><div class=titlepage><p>s</p></div><p>y</p></div></div><p><a href=/>b</a>`, Config{}, "<div> with a title page", "T\nx\ns\ny"},
		{"a callout with a title page", `<p>` + long + `</p><div class=sidebar><div class=titlepage><p>s</p></div><p>` + long[:200] + `</p></div><div class=footer>f</div>`, Config{}, "<body>", strings.TrimSpace(long) + "\ns\n" + strings.TrimSpace(long[:200])},
		{"the header of a manual page", `<div id=header><h1>t(1)</h1><div class=toc id=toc><a href="#_x">A part of it</a></div><h2>NAME</h2><div class=sectionbody><p>t - x</p></div></div><div id=content><p>y and more</p></div>`, Config{}, "<div#content>", "NAME\nt - x\ny and more"},
		{"any other header", `<div id=header><h1>Site</h1><p>claim</p></div><div id=content><p>y and more</p></div>`, Config{}, "<div#content>", "y and more"},
		{"readability drops a section", `<div><p>` + long + long + `</p></div><div class=sidebar><ul><li><a href=/>n</a></ul></div><div class=sidebar><h2>S</h2><p>` + long[:200] + `</p></div><div class=footer>f</div>`, Config{}, "<body>",
			strings.TrimSpace(long+long) + "\nS\n" + strings.TrimSpace(long[:200])},
		{"no landmark", `<header>h</header><p>x</p><footer>f</footer>`, Config{}, "readability", "x"},
		{"readability drops most of it", `<div><p>` + long + `</p></div><div class=sidebar><p>` + long + long + `</p></div>`, Config{}, "<body>",
			strings.TrimSpace(long) + "\n" + strings.TrimSpace(long+long)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := extract(t, tt.cfg, tt.page, testPage)
			if a.Source != tt.source || a.Text != tt.want {
				t.Errorf("got %s %q, want %s %q", a.Source, a.Text, tt.source, tt.want)
			}
		})
	}
}

func TestLocateEmpty(t *testing.T) {
	tests := []struct {
		name, page string
		cfg        Config
		why        string
	}{
		{"selectors match nothing", `<main>x</main>`, Config{Content: []string{".a", "#b"}}, `nothing matches extract.content: ".a", "#b"`},
		{"selectors of a rule", `<main>x</main>`, Config{Rules: []Rule{{Match: "docs", Content: []string{".r"}}}}, `nothing matches extract.rules[0].content: ".r"`},
		{"no text", `<main><div> &nbsp;<script>x</script></div></main>`, Config{Content: []string{"main"}}, `extract.content[0] "main" has neither text nor an image`},
		{"everything removed", `<main>x</main>`, Config{Remove: []string{"main"}}, `<main> has neither text nor an image`},
		{"nothing at all", ``, Config{}, `<body> has neither text nor an image`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := newExtractor(t, tt.cfg).Extract(document(t, tt.page), testPage, "")
			var empty *EmptyError
			if !errors.As(err, &empty) || empty.Why != tt.why {
				t.Errorf("got %v, want %q", err, tt.why)
			}
		})
	}
	if a := extract(t, Config{Content: []string{"main"}}, `<main><img src=/a.png></main>`, testPage); a.Text != "" || a.HTML == "" {
		t.Errorf("an image is content: got %+v", a)
	}
}

func TestRules(t *testing.T) {
	cfg := Config{
		Content: []string{".a"}, Title: []string{".t"}, Remove: []string{".r"},
		Rules: []Rule{{Match: "/b/", Content: []string{".b"}}, {Match: "/auto/", Content: []string{}, Remove: []string{}}, {Match: "/", Content: []string{".late"}}},
	}
	page := `<h2 class=t>T</h2><main><div class=a>a<i class=r>r</i></div><div class=b>b<i class=r>r</i></div></main>`
	for url, want := range map[string]string{"https://h.example/b/x": "b", "https://h.example/auto/x": "ar\nbr"} {
		if a := extract(t, cfg, page, url); a.Text != want || a.Title != "T" {
			t.Errorf("%s: got %q %q, want %q", url, a.Title, a.Text, want)
		}
	}
	if _, err := newExtractor(t, cfg).Extract(document(t, page), "https://h.example/c", ""); err == nil {
		t.Error("the last rule did not win over the default selectors")
	}
}

func TestBase(t *testing.T) {
	x := newExtractor(t, DefaultConfig())
	a, err := x.Extract(document(t, `<main><p><a href="x">a</a> <a href="#y">b</a></p></main>`), testPage, "https://cdn.example.com/v2/")
	want := `<p><a href="https://cdn.example.com/v2/x">a</a> <a href="https://help.example.com/docs/en/page#y">b</a></p>`
	if err != nil || a.HTML != want {
		t.Errorf("got %q, %v, want %q", a.HTML, err, want)
	}
	if _, err := x.Extract(document(t, `<p>a`), "ftp://x/", ""); err == nil {
		t.Error("a page URL that is not http was taken")
	}
}
