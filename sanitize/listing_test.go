package sanitize

import (
	"fmt"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"
)

// entries writes n links to pages below dir, each within what format makes of its URL and title.
func entries(n int, dir, format string) string {
	titles := []string{"Update your payment method", "Download an invoice", "Why was my card declined?", "Change your plan",
		"Tax IDs and VAT", "Refunds and credits", "Cancel a subscription", "Add billing contacts", "Currencies we accept",
		"Pay by bank transfer", "Plans for schools", "Usage-based pricing"}
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, fmt.Sprintf("%s/%d", dir, i), titles[i%len(titles)])
	}
	return b.String()
}

const teaser = "Step by step, with what to do if your bank refuses the charge and whom to ask about it."

// indexPages are index pages as frequent systems write them.
var indexPages = []struct{ name, url, page string }{
	{"Zendesk section", "https://help.example.com/hc/en-us/sections/360001-Billing", `<main role="main"><div class="container"><div class="sub-nav">
<nav aria-label="Current location"><ol class="breadcrumbs"><li><a href="/hc/en-us">Acme</a></li></ol></nav></div><section class="section-content">
<header class="page-header"><h1>Billing</h1><p class="page-header-description">Everything about invoices, cards and plans, for owners and for admins.</p></header>
<!-- text --><ul class="article-list">` + entries(2, "/hc/en-us/articles", `<li class="article-list-item"><a href="%s" class="article-list-link">%s</a></li>`) + `</ul></section></div></main>`},
	{"Zendesk category", "https://help.example.com/hc/en-us/categories/360002-Account", `<main role="main"><header class="page-header"><h1>Account</h1></header><!-- text --><div class="section-tree">
<section class="section"><h2 class="section-tree-title"><a href="/hc/en-us/sections/1">Billing</a></h2><ul class="article-list">` +
		entries(6, "/hc/en-us/articles", `<li class="article-list-item"><a href="%s" class="article-list-link">%s</a></li>`) +
		`</ul><a href="/hc/en-us/sections/1" class="see-all-articles">See all 12 articles</a></section></div></main>`},
	{"Zendesk home", "https://help.example.com/hc/en-us", `<main role="main"><h1 class="visibility-hidden">Acme</h1><section class="section hero"><form role="search"><input></form></section>
<!-- text --><section class="section knowledge-base"><ul class="blocks-list"><li class="blocks-item"><a href="/hc/en-us/categories/1" class="blocks-item-link"><span class="blocks-item-title">Getting started</span><span class="blocks-item-description">First steps with Acme</span></a></li>
<li class="blocks-item"><a href="/hc/en-us/categories/2" class="blocks-item-link"><span class="blocks-item-title">Account</span></a></li></ul></section>
<section class="section articles"><h2>Promoted articles</h2><ul class="article-list promoted-articles">` + entries(4, "/hc/en-us/articles", `<li class="promoted-articles-item"><a href="%s">%s</a></li>`) +
		`</ul></section><section class="section community"><h2>Community</h2><p>Ask others how they do it, and vote for ideas.</p><a href="/hc/en-us/community/topics" class="button">Visit our community</a></section></main>`},
	{"Intercom collection", "https://help.example.com/en/collections/123-billing", `<div class="section__content"><section data-testid="main-content"><div class="collection__meta"><h1>Billing</h1><p>Cards, invoices, plans</p><div class="avatar">By Ann and 2 others</div><span>4 articles</span></div>
<!-- text --><div class="g__space">` + entries(4, "/en/articles", `<a class="t__no-und paper" href="%s"><div><span class="c__primary">%s</span><div class="paper__preview">`+teaser+`</div></div></a>`) + `</div></section></div>`},
	{"Help Scout category", "https://docs.example.com/category/7-billing", `<section id="main-content"><header><h1>Billing</h1><p class="descrip">All about paying for Acme.</p></header>
<!-- text --><ul class="articleList">` + entries(3, "/article", `<li><a href="%s"><i class="icon-article-doc"></i><span>%s</span></a></li>`) + `</ul></section>`},
	{"Freshdesk home", "https://acme.freshdesk.com/support/solutions", `<section class="main content"><!-- text --><div class="cs-s"><h3 class="heading"><a href="/support/solutions/4300">General</a></h3>
<section class="cs-g article-list"><div class="list-lead"><a href="/support/solutions/folders/4301" title="Billing">Billing <span class="item-count">5</span></a></div><ul>` +
		entries(5, "/support/solutions/articles", `<li><div class="ellipsis"><a href="%s">%s</a></div></li>`) + `</ul><a href="/support/solutions/folders/4301" class="seemore">View all 5</a></section></div></section>`},
	{"Document360 category", "https://docs.example.com/docs/billing", `<main><article class="category-page"><h1>Billing</h1><!-- text --><div class="articles-count">6 articles</div>
` + entries(6, "/docs", `<div class="article-item"><a href="%s"><h4>%s</h4></a><div class="meta">Updated on 5 March 2024</div><p>`+teaser+`</p></div>`) + `</article></main>`},
	{"Docusaurus generated index", "https://docs.example.com/category/billing", `<main><div class="generatedIndexPage"><nav class="theme-doc-breadcrumbs"></nav><header><h1 class="title">Billing</h1><p>How paying works.</p></header>
<article class="margin-top--lg"><!-- text --><section class="row list">` + entries(3, "/docs", `<article class="col col--6"><a class="card padding--lg cardContainer" href="%s"><h2 class="text--truncate" title="x">%s</h2><p class="text--truncate">3 items</p></a></article>`) + `</section></article></div></main>`},
	{"Sphinx toctree", "https://docs.example.com/en/latest/contents.html", `<div class="document"><div class="body" role="main"><section id="c"><h1>Contents<a class="headerlink" href="#c">¶</a></h1><!-- text --><div class="toctree-wrapper compound"><p class="caption">User guide</p><ul>` +
		entries(5, "guide", `<li class="toctree-l1"><a class="reference internal" href="%[1]s.html">%[2]s</a><ul><li class="toctree-l2"><a class="reference internal" href="%[1]s.html#part">A part of it</a></li></ul></li>`) + `</ul></div></section></div></div>`},
	{"GitBook cards", "https://docs.example.com/guides", `<main><header><h1>Guides</h1></header><!-- text --><div class="grid">` + entries(6, "/guides", `<a class="card group" href="%s"><div><strong>%s</strong><p>In five minutes.</p></div></a>`) + `</div></main>`},
	{"MediaWiki category", "https://wiki.example.com/wiki/Category:Billing", `<div id="content"><h1 id="firstHeading">Category:Billing</h1><div id="mw-content-text"><!-- text --><div id="mw-pages"><h2>Pages in category "Billing"</h2><p>The following 12 pages are in this category, out of 12 total.</p>
<div class="mw-category"><div class="mw-category-group"><h3>A</h3><ul>` + entries(12, "/wiki", `<li><a href="%s" title="x">%s</a></li>`) + `</ul></div></div></div></div></div>`},
	{"WordPress archive", "https://blog.example.com/news/page/2/", `<main id="main"><header class="page-header"><h1 class="page-title">News</h1></header><!-- text -->` +
		entries(5, "/2024/05", `<article class="post hentry"><header class="entry-header"><h2 class="entry-title"><a href="%[1]s" rel="bookmark">%[2]s</a></h2><div class="entry-info">Posted on <a href="%[1]s"><time>May 5, 2024</time></a> by <a href="/author/ann">Ann</a></div></header>
<div class="entry-summary"><p>`+teaser+` `+teaser+` `+teaser+` [&hellip;]</p><a class="more-link" href="%[1]s">Continue reading</a></div></article>`) + `<div class="nav-links"><a href="/news/">1</a> <span>2</span> <a href="/news/page/3">3</a></div></main>`},
	{"Confluence space home", "https://wiki.example.com/display/HELP/Billing+Home", `<div id="main"><div id="main-content" class="wiki-content"><!-- text --><h2>Pages</h2><ul class="childpages-macro">` + entries(12, "/display/HELP", `<li><a href="%s">%s</a></li>`) +
		`</ul><h2>Recently updated</h2><ul class="update-items">` + entries(3, "/display/HELP", `<li><a href="%s">%s</a> <div class="update-item-desc">updated by Ann, yesterday</div></li>`) + `</ul></div></div>`},
	{"javadoc overview", "https://api.example.com/17/allpackages-index.html", `<main role="main"><div class="header"><h1 class="title">All Packages</h1></div><!-- text --><table class="packagesSummary"><caption><span>Package Summary</span></caption><tbody>` +
		entries(12, "/17/pkg", `<tr><th scope="row"><a href="%s/package-summary.html">com.example.%s</a></th><td>&nbsp;</td></tr>`) + `</tbody></table></main>`},
	{"mdBook chapter of chapters", "https://docs.example.com/book/reference/index.html", `<main><h1>Reference</h1><!-- text --><p>The reference covers the details of everything there is.</p><ul>` + entries(12, "/book/reference", `<li><a href="%s.html">%s</a></li>`) + `</ul></main>`},
}

func TestListing(t *testing.T) {
	x := newExtractor(t, DefaultConfig())
	for _, tt := range indexPages {
		t.Run(tt.name, func(t *testing.T) {
			a, err := x.Extract(document(t, tt.page), tt.url, "")
			if err != nil {
				t.Fatal(err)
			}
			if a.Listing == "" {
				t.Errorf("an article, by %s:\n%s", a.Source, a.Text)
			}
			if a.HTML == "" || a.Text == "" {
				t.Error("the article is not filled")
			}
			// The same links below an answer are links to related articles.
			answer := `<p>Yes, you can: open Settings, choose Billing, and click on Cancel. We refund what is left of the month.</p><p>It takes up to ten days until the money is on your account, depending on your bank and on your country. If it does not arrive, tell us the number of the invoice.</p>`
			page := strings.Replace(tt.page, "<!-- text -->", answer, 1)
			if a, err = x.Extract(document(t, page), tt.url, ""); err != nil || a.Listing != "" {
				t.Errorf("an answer with related articles is a listing: %s (error %v)\n%s", a.Listing, err, a.Text)
			}
		})
	}
}

func TestListingEvidence(t *testing.T) {
	list := func(n int) string { return `<ul>` + entries(n, "/articles", `<li><a href="%s">%s</a></li>`) + `</ul>` }
	cards := entries(6, "/articles", `<div><h3><a href="%s">%s</a></h3><p>How to do it.</p></div>`)
	tests := []struct{ url, page, want string }{
		{testPage, `<main>` + list(12) + `</main>`, "12 links to other pages make up 100 % of its text"},
		{testPage, `<main><p>All guides</p>` + list(6) + `</main>`, "6 links to other pages make up 91 % of its text"},
		{testPage, `<main>` + cards + `</main>`, "6 links to other pages, with a few lines below, make up 100 % of its text"},
		{"https://help.example.com/tag/refunds/", `<main>` + list(1) + `</main>`, `1 link to another page makes up 100 % of its text, and its URL is one of "tag"`},
	}
	for _, tt := range tests {
		if a := extract(t, Config{}, tt.page, tt.url); a.Listing != tt.want {
			t.Errorf("got %q, want %q", a.Listing, tt.want)
		}
		// Configured selectors make no difference.
		if a := extract(t, Config{Content: []string{"main"}}, tt.page, tt.url); a.Listing != tt.want {
			t.Errorf("with selectors: got %q, want %q", a.Listing, tt.want)
		}
	}
}

func TestNotListing(t *testing.T) {
	item := `<li><a href="%s">%s</a></li>`
	list := func(n int) string { return `<ul>` + entries(n, "/articles", item) + `</ul>` }
	tests := []struct{ name, page string }{
		{"short answer with related articles", `<p>No, this is not possible.</p><h2>Related articles</h2>` + list(5)},
		{"short answer below related articles", `<h2>Related articles</h2>` + list(5) + `<p>Refunds take five to ten days.</p>`},
		{"see also", `<p>Refunds take five to ten days after they were approved.</p><p>See also:</p>` + list(3)},
		{"two links", list(2)},
		{"links within the page", `<ul><li><a href="#a">Update your payment method</a><li><a href="#b">Download</a><li><a href="#c">Refunds</a><li><a href="#d">Plans</a></ul>`},
		{"one page in parts", entries(8, "/reference#", `<p><a href="%s">%s</a></p>`)},
		{"another site", entries(8, "https://other.example", `<p><a href="%s">%s</a></p>`)},
		{"mail and telephone", `<p><a href="/chat">Chat with us</a></p><p><a href="/form">Write to us</a></p><p><a href="/forum">Ask the community</a></p><p><a href="tel:+1555">+1 555</a></p>`},
		{"a telephone number", list(3) + `<p>+49 30 123456</p>`},
		{"opening hours", `<div><h3><a href="/chat">Chat with us</a></h3><p>Monday to Friday, 9 to 5</p></div><div><h3><a href="/form">Write to us</a></h3><p>We answer within a day</p></div><div><h3><a href="/forum">Community</a></h3><p>At any time</p></div>`},
		{"downloads", entries(8, "/files", `<p><a href="%s.zip">%s</a></p>`)},
		{"downloads without extension", entries(8, "/hc/article_attachments", `<p><a href="%s">%s</a></p>`)},
		{"questions and answers", entries(6, "/articles", `<h3>%[2]s</h3><p>In the settings, under Billing; see <a href="%[1]s">how to do it</a> for all that there is to know.</p>`)},
		{"questions with links that answer", entries(6, "/articles", `<details><summary><a href="%s">%s</a></summary><p>`+teaser+` `+teaser+` `+teaser+` `+teaser+`</p></details>`)},
		{"glossary", `<dl>` + entries(12, "/articles", `<dt><a href="%s">%s</a></dt><dd>What you pay with.</dd>`) + `</dl>`},
		{"glossary of headings", entries(12, "/articles", `<h3><a href="%s">VAT</a></h3><p>A tax that we have to add to what you pay.</p>`)},
		{"release notes", entries(12, "/issues", `<li>Fixed that invoices were sent twice (<a href="%s">#%.3s</a>)</li>`)},
		{"release notes by version", entries(12, "/releases", `<h2><a href="%s">1.2.3</a></h2><ul><li>Invoices are no longer sent twice</li><li>Faster</li></ul>`)},
		{"functions with descriptions", `<table>` + entries(12, "/api", `<tr><td><a href="%s"><code>refund()</code></a></td><td>Gives back the money of a payment</td></tr>`) + `</table>`},
		{"a table of numbers", `<table>` + entries(12, "/rules", `<tr><td><a href="%s">%s</a></td><td>0</td><td>12</td></tr>`) + `</table>`},
		{"code", list(12) + `<pre>acme login</pre>`},
		{"figure with a caption", list(12) + `<figure><img src="/a.png"><figcaption>The dialog</figcaption></figure>`},
		{"screenshots", strings.Repeat(`<p><img src="/a.png"></p>`, 8) + list(6)},
		{"headings", strings.Repeat(`<h2>Another part</h2>`, 7) + list(6)},
		{"steps", `<ol>` + entries(6, "/app", `<li>Open <a href="%s">%s</a>.</li>`) + `</ol>`},
		{"steps of short words", `<ol>` + strings.Repeat(`<li>Then open <a href="/a">Billing</a></li><li>Then open <a href="/b">Plans</a></li><li>Then open <a href="/c">Users</a></li>`, 2) + `</ol>`},
		{"links in prose", strings.Repeat(`<p>Open <a href="/a">the settings of your account</a> and <a href="/b">the list of all users</a>, and see <a href="/c">what comes next</a>.</p>`, 3)},
		{"videos", strings.Repeat(`<iframe src="https://www.youtube.com/embed/a" title="How to pay"></iframe>`, 6)},
		{"Chinese answer", `<p>不可以。退款需要五到十天。</p><h2>相关文章</h2><ul>` + strings.Repeat(`<li><a href="/a">更新付款方式的方法</a></li><li><a href="/b">下载发票的方法</a></li><li><a href="/c">更改套餐</a></li>`, 2) + `</ul>`},
		{"long texts within links", entries(6, "/articles", `<a href="%s"><h3>%s</h3><p>`+strings.Repeat(teaser+" ", 6)+`</p></a>`)},
		{"posts in full", entries(6, "/posts", `<article><h2><a href="%s">%s</a></h2>`+strings.Repeat(`<p>`+teaser+`</p>`, 6)+`</article>`)},
	}
	x := newExtractor(t, DefaultConfig())
	if a := extract(t, Config{}, `<main><p><a href="/toc">All sections</a></p><p>Nobody has to pay before the contract was signed.</p></main>`, "https://h.example/sections/12"); a.Listing != "" {
		t.Errorf("a section of a text: %s", a.Listing)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, err := x.Extract(document(t, `<main><h1>Payments</h1>`+tt.page+`</main>`), testPage, "")
			if err != nil {
				t.Fatal(err)
			}
			if a.Listing != "" {
				t.Errorf("%s:\n%s", a.Listing, a.Text)
			}
		})
	}
}

// TestListingOfPart holds what was found apart from a page whose text is elsewhere.
func TestListingOfPart(t *testing.T) {
	list := `<ul>` + entries(12, "/articles", `<li><a href="%s">%s</a></li>`) + `</ul>`
	long := strings.Repeat(`<p>`+teaser+`</p>`, 12)
	tests := []struct{ name, page, source string }{
		{"the article is outside of main", `<main>` + list + `</main><div>` + long + `</div>`, "<main>"},
		{"a short article beside a great navigation", `<div><div>` + list + `</div><div><h1>Refunds</h1><p>No.</p></div></div>`, "<body>"},
	}
	for _, tt := range tests {
		a := extract(t, Config{}, tt.page, testPage)
		if a.Listing != "" {
			t.Errorf("%s: from %s, %s", tt.name, a.Source, a.Listing)
		}
	}
}

func TestIndexURL(t *testing.T) {
	tests := []struct {
		url  string
		want indexKind
	}{
		{"https://h.example/", indexKind{home: true}},
		{"https://h.example/hc/en-us", indexKind{home: true}},
		{"https://h.example/pt_BR/index.html?x=/tag/", indexKind{home: true}},
		{"https://h.example/hc/en-us/sections/360-a", indexKind{segment: "sections"}},
		{"https://h.example/support/solutions/folders/43000", indexKind{segment: "folders"}},
		{"https://h.example/docs-category/Billing/", indexKind{segment: "docs-category"}},
		{"https://h.example/categories", indexKind{segment: "categories"}},
		{"https://h.example/categories/a/how-to", indexKind{}},
		{"https://h.example/wi-fi", indexKind{}},
		{"https://h.example/articles/collection-of-data", indexKind{}},
	}
	for _, tt := range tests {
		if got := indexURL(tt.url); got != tt.want {
			t.Errorf("indexURL(%q) = %+v, want %+v", tt.url, got, tt.want)
		}
	}
}

// FuzzListing holds the verdict independent of the order of attributes and of time.
func FuzzListing(f *testing.F) {
	seeds(f)
	for _, tt := range indexPages {
		f.Add(tt.page)
	}
	x := newExtractor(f, DefaultConfig())
	f.Fuzz(func(t *testing.T, in string) {
		root, err := html.ParseWithOptions(strings.NewReader(in), html.ParseOptionEnableScripting(false))
		if err != nil {
			return
		}
		reversed, err := html.ParseWithOptions(strings.NewReader(in), html.ParseOptionEnableScripting(false))
		if err != nil {
			return
		}
		reverseAttrs(reversed)
		a, err := x.Extract(goquery.NewDocumentFromNode(root), testPage, "")
		b, again := x.Extract(goquery.NewDocumentFromNode(reversed), testPage, "")
		if (err == nil) != (again == nil) || a.Listing != b.Listing {
			t.Fatalf("%q: %q (%v), with the attributes reversed %q (%v)", in, a.Listing, err, b.Listing, again)
		}
	})
}

func reverseAttrs(n *html.Node) {
	for i, j := 0, len(n.Attr)-1; i < j; i, j = i+1, j-1 {
		n.Attr[i], n.Attr[j] = n.Attr[j], n.Attr[i]
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		reverseAttrs(c)
	}
}

func TestListingsAreDeliveredIfTheConfigSaysSo(t *testing.T) {
	x, err := New(Config{Listings: DeliverListings}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range indexPages {
		doc, err := goquery.NewDocumentFromReader(strings.NewReader(p.page))
		if err != nil {
			t.Fatal(err)
		}
		if a, err := x.Extract(doc, p.url, ""); err != nil || a.Listing != "" {
			t.Errorf("%s: %v, %q", p.name, err, a.Listing)
		}
	}
}
