package sanitize

import (
	"fmt"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"
)

// helpCenterPage returns a page of about 18 KB as help centers serve them: an article of 8 KB, 60 links, the rest
// navigation.
func helpCenterPage() string {
	var b strings.Builder
	b.WriteString(`<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Export data | Acme</title></head><body class="page">
<header class="header"><nav class="nav"><ul>`)
	for i := range 30 {
		fmt.Fprintf(&b, `<li class="nav-item nav-item-%d"><a class="nav-link" href="/docs/section-%d/" data-track="nav">Section number %d</a></li>`, i, i, i)
	}
	b.WriteString(`</ul></nav></header><main class="main"><div class="row"><aside class="sidebar"><ul>`)
	for i := range 30 {
		fmt.Fprintf(&b, `<li class="sidebar-item"><a href="../guide/page-%d.html#top" class="sidebar-link">Another page of the guide, %d</a></li>`, i, i)
	}
	b.WriteString(`</ul></aside><article class="article" id="article"><header><h1 class="title">Export data</h1></header>`)
	for i := range 9 {
		fmt.Fprintf(&b, `<section id="part-%d"><h2 id="h-%d">Part %d<a class="headerlink" href="#h-%d">¶</a></h2>
<p class="text">To export everything, open <span class="menu"><strong>Settings</strong></span> and choose <a href="/docs/export-%d" class="ref">Export</a>, then wait for the <em>mail</em> that tells you
where the file is. The file holds one line for each record &amp; is at most <code class="literal">%d MB</code> long.</p>
<ul class="list"><li class="item"><p>First, check that nobody is working on the records.</p></li><li class="item"><p>Then see <a href="./check-%d.html">how to check</a> them.</p></li></ul>
<div class="highlight"><pre class="code"><code class="language-sh"><span class="k">acme</span> <span class="o">--part</span> <span class="m">%d</span> <span class="s">export.csv</span>
</code></pre></div>
`, i, i, i, i, i, i, i, i)
		if i%3 == 0 {
			fmt.Fprintf(&b, `<table class="t"><thead><tr><th>Field</th><th>Meaning</th></tr></thead><tbody><tr><td>id</td><td>number</td></tr></tbody></table><p><img class="shot" src="/img/%d.png" alt="The dialog" loading="lazy"></p>`, i)
		}
		b.WriteString("</section>\n")
	}
	b.WriteString(`</article></div></main><footer class="footer"><p>Copyright Acme</p></footer></body></html>`)
	return b.String()
}

const benchURL = "https://help.example.com/docs/guide/export.html"

func parsePage(b *testing.B, page string) *html.Node {
	root, err := html.ParseWithOptions(strings.NewReader(page), html.ParseOptionEnableScripting(false))
	if err != nil {
		b.Fatal(err)
	}
	return root
}

// BenchmarkParse is what BenchmarkExtract is measured against: it includes one parse.
func BenchmarkParse(b *testing.B) {
	page := helpCenterPage()
	b.SetBytes(int64(len(page)))
	b.ReportAllocs()
	for b.Loop() {
		parsePage(b, page)
	}
}

func BenchmarkExtract(b *testing.B) {
	page := helpCenterPage()
	x := newExtractor(b, DefaultConfig())
	b.SetBytes(int64(len(page)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := x.Extract(goquery.NewDocumentFromNode(parsePage(b, page)), benchURL, ""); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSanitize(b *testing.B) {
	x := newExtractor(b, DefaultConfig())
	a, err := x.Extract(goquery.NewDocumentFromNode(parsePage(b, helpCenterPage())), benchURL, "")
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(a.HTML)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := x.Sanitize(a.HTML, benchURL); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkResolve(b *testing.B) {
	r, err := newResolver(benchURL, "")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		r.link("../guide/page-1.html#top")
	}
}
