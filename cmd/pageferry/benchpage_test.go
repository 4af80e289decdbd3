package main

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var (
	benchVerbs = []string{"export", "import", "delete", "restore", "share", "archive", "rename", "merge", "print", "find", "schedule"}
	benchNouns = []string{"invoices", "contacts", "reports", "projects", "comments", "teams", "files", "calendars", "templates",
		"payments", "messages", "workflows", "labels"}
)

func (s *benchSite) title(i int) (verb, noun string) {
	return benchVerbs[i%len(benchVerbs)], benchNouns[i%len(benchNouns)]
}

func (s *benchSite) appendSlug(b []byte, i int) []byte {
	verb, noun := s.title(i)
	b = append(strconv.AppendInt(b, int64(benchFirstID+i), 10), "-how-to-"...)
	return append(append(append(b, verb...), '-'), noun...)
}

func (s *benchSite) appendPath(b []byte, i int) []byte {
	if i == 0 {
		return append(b, benchHome...)
	}
	return s.appendSlug(append(b, benchArticles...), i)
}

// near is the page that is d pages on, so that every page has as many neighbours.
func (s *benchSite) near(i, d int) int { return ((i+d)%len(s.hits) + len(s.hits)) % len(s.hits) }

// appendPage writes page i: about 18 KB, 8 of them article, and 60 hrefs to 30 other pages and itself, in all the forms
// that sites use.
func (s *benchSite) appendPage(b []byte, i int, origin string) []byte {
	verb, noun := s.title(i)
	title := "How to " + verb + " " + noun + " " + strconv.Itoa(i)
	absolute, up, here := origin+benchArticles, "../articles/", "./"
	if i == 0 {
		up, here = "articles/", "./articles/"
	}
	b = append(append(append(b, `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>`...), title...), ` | Acme Help</title><link rel="canonical" href="`...)
	b = append(s.appendPath(append(b, origin...), i), s.parts.head...)
	b = append(b, `<header class="header"><a class="logo" href="/hc/">Acme Help</a><nav class="header-nav"><ul>`...)
	for k := range 8 {
		b = s.link(b, `<li class="header-nav__item"><a class="header-nav__link" data-track="nav" href="`, benchArticles, s.near(0, k+1), "")
	}
	b = append(b, `</ul></nav></header><div class="layout"><nav class="breadcrumbs"><ol>`...)
	b = s.link(b, `<li><a href="`, benchArticles, 0, "")
	b = s.link(b, `<li><a href="`, benchArticles, i/5, "")
	b = append(b, `</ol></nav><aside class="sidebar" aria-label="Articles"><ul class="sidebar__list">`...)
	for k := range 12 {
		b = s.link(b, `<li class="sidebar__item"><a class="sidebar__link" href="`, up, s.near(i, k-6+k/6), "")
	}
	b = append(append(append(b, `</ul></aside><main class="content" id="main"><article class="article"><h1 class="article__title">`...), title...), `</h1><div class="toc"><ul>`...)
	const sections = 6
	for k := range sections {
		b = fmt.Appendf(b, `<li><a href="#part-%d">Part %d</a></li>`, k, k)
	}
	b = append(b, `</ul></div>`...)
	for k := range sections {
		b = s.section(b, i, k, here)
	}
	b = append(b, `</article><section class="related"><h2>Related articles</h2><ul>`...)
	for k := range 5 {
		b = s.link(b, `<li class="related__item"><a class="related__link" href="`, absolute, s.near(i*7, k+23), "#top")
	}
	b = append(b, `</ul></section><nav class="pager">`...)
	b = s.link(b, `<p><a rel="prev" href="`, benchArticles, s.near(i, -1), "")
	b = s.link(b, `<p><a rel="next" href="`, benchArticles, s.near(i, 1), "")
	b = append(b, `</nav></main></div><footer class="footer"><ul>`...)
	for k := range 8 {
		b = s.link(b, `<li class="footer__item"><a class="footer__link" href="`, absolute, s.near(0, k+1), "")
	}
	return append(b, s.parts.foot...)
}

// section writes one part of the article of page i.
func (s *benchSite) section(b []byte, i, k int, here string) []byte {
	pick := func(from []string, salt int) string { return from[(i*31+k*17+salt*7)%len(from)] }
	b = fmt.Appendf(b, `<section class="article__section"><h2 id="part-%d">%s<a class="headerlink" href="#part-%d" aria-hidden="true">¶</a></h2>`,
		k, pick(s.parts.headings, 0), k)
	b = append(b, pick(s.parts.paragraphs, 1)...)
	b = s.link(b, `<p class="text">Before you begin, see <a class="ref" href="`, here, s.near(i*7, k+20), "#part-2")
	b = append(b, pick(s.parts.lists, 3)...)
	switch k % 3 {
	case 0:
		return append(append(b, pick(s.parts.tables, 4)...), "</section>\n"...)
	case 1:
		return append(append(b, pick(s.parts.codes, 5)...), "</section>\n"...)
	}
	return append(append(b, pick(s.parts.paragraphs, 2)...), "</section>\n"...)
}

// link writes an anchor to page i, closed with the element that open began. prefix is what leads to the articles.
func (s *benchSite) link(b []byte, open, prefix string, i int, fragment string) []byte {
	b = append(b, open...)
	if i == 0 {
		b = append(b, benchHome...)
	} else {
		b = s.appendSlug(append(b, prefix...), i)
	}
	verb, noun := s.title(i)
	b = append(append(append(append(append(append(b, fragment...), `">How to `...), verb...), ' '), noun...), "</a>"...)
	if strings.HasPrefix(open, "<p") {
		return append(b, "</p>"...)
	}
	return append(b, "</li>"...)
}

// benchParts are the segments that pages are made of: so many that none is on most pages.
type benchParts struct {
	head, foot                                 string
	headings, paragraphs, lists, tables, codes []string
}

func newBenchParts() benchParts {
	rnd := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields(`account admin button change choose click column confirm copy data dialog each email every field file filter
		folder group history invite item list menu name notice open option page permission person plan project record remove role
		save search select send setting share status step table tag team template then time user value view when window workspace`)
	sentence := func(n int) string {
		var b strings.Builder
		for i := range n {
			w := words[rnd.IntN(len(words))]
			switch {
			case i == 0:
				w = strings.ToUpper(w[:1]) + w[1:]
			case i == n/2:
				w = `<strong class="ui">` + w + `</strong>`
			case i == n/3:
				w = `<code class="literal">` + w + `</code>`
			}
			b.WriteString(w + " ")
		}
		return strings.TrimSpace(b.String()) + ". "
	}
	var p benchParts
	for range 199 {
		p.headings = append(p.headings, strings.TrimSuffix(sentence(2), ". "))
		p.paragraphs = append(p.paragraphs, `<p class="text"><span class="lead">`+sentence(9)+"</span>"+sentence(10)+"It costs 5 &euro; &amp; more. "+sentence(8)+"</p>\n")
	}
	for range 61 {
		list := `<ul class="list">`
		for range 3 {
			list += `<li class="list__item"><p>` + sentence(6) + "</p></li>"
		}
		p.lists = append(p.lists, list+"</ul>\n")
		table := `<div class="table-wrap"><table class="table"><thead><tr><th>Field</th><th>Meaning</th></tr></thead><tbody>`
		for range 3 {
			table += "<tr><td>" + sentence(3) + `</td><td class="table__cell">` + sentence(6) + "</td></tr>"
		}
		p.tables = append(p.tables, table+"</tbody></table></div>\n")
		p.codes = append(p.codes, fmt.Sprintf(`<div class="highlight"><pre class="code"><code class="language-sh"><span class="k">acme</span> <span class="o">--%s</span> <span class="m">%d</span>
<span class="k">acme</span> <span class="s">"%s"</span> &gt; %s.csv
</code></pre></div><p><img class="shot" src="/img/%d.png" alt="The dialog" loading="lazy" width="600" height="300"></p>
`, words[rnd.IntN(len(words))], rnd.IntN(1000), words[rnd.IntN(len(words))], words[rnd.IntN(len(words))], rnd.IntN(1000)))
	}
	p.head = `"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="description" content="Help">` +
		`<script>window.acme = {locale: "en", track: ` + strings.Repeat("[1, 2, 3], ", 90) + `0};</script>` +
		`<style>` + strings.Repeat(".header-nav__item{margin:0 4px;padding:0}\n", 30) + "</style></head><body class=\"page page--article\">\n"
	p.foot = `<li><a href="mailto:help@example.com">Mail us</a></li><li><a href="https://www.example.com/">Acme</a></li>` +
		`<li><a href="/hc/#contact">Contact</a></li></ul><p>Copyright Acme</p></footer><script>` + strings.Repeat("track('view');", 40) + "</script></body></html>\n"
	return p
}

var hrefs = regexp.MustCompile(`href="([^"]*)"`)

// The pages are what the benchmarks say they are.
func TestBenchSite(t *testing.T) {
	const pages = 10_000
	s := newBenchSite(pages)
	for _, i := range []int{0, 77, pages / 2, pages - 1} {
		page := string(s.appendPage(nil, i, "http://help.example.com"))
		links := hrefs.FindAllStringSubmatch(page, -1)
		base, err := url.Parse("http://help.example.com" + string(s.appendPath(nil, i)))
		if err != nil {
			t.Fatal(err)
		}
		distinct := map[int]bool{}
		for _, l := range links {
			to, err := base.Parse(l[1])
			if err != nil {
				t.Fatal(err)
			}
			n, ok := s.page(to.Path)
			if to.Host == base.Host && !ok {
				t.Errorf("page %d links to %q, which is not there", i, l[1])
			}
			if ok {
				distinct[n] = true
			}
		}
		// Pages beside the home page name some of the same pages in the header and in the sidebar.
		if len(page) < 17_000 || len(page) > 20_000 || len(links) != 60 || len(distinct) < 20 || len(distinct) > 32 {
			t.Errorf("page %d has %d bytes and %d links to %d pages, want about 18,000, 60 and 30", i, len(page), len(links), len(distinct))
		}
	}
}
