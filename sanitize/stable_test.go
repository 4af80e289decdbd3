package sanitize

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// tidied parses, cleans and tidies a fragment. It skips the test if the parser refuses it.
func tidied(t testing.TB, fragment string, urls *resolver) *html.Node {
	t.Helper()
	tree, err := parseFragment(fragment)
	if err != nil && tooDeep(err) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	clean(tree, urls)
	tidy(tree, false)
	return tree
}

func testURLs(t testing.TB) *resolver {
	t.Helper()
	urls, err := newResolver(testPage, "")
	if err != nil {
		t.Fatal(err)
	}
	return urls
}

func TestStable(t *testing.T) {
	tests := []struct {
		in   string
		want bool
	}{
		{"<h2>a <a href='#b'>b</a></h2><p>c<br><code>d</code> <img src=/e.png></p><pre><code class=lang-go>f</code></pre>", true},
		{"<ul><li>a<ol><li></ol></ul><dl><dt>a<dd><p>b</dl><blockquote>c</blockquote><hr><details><summary>d</summary>e</details>", true},
		{"<table><caption>a<colgroup><col span=2><thead><tr><th>b<tbody><tr><td><table><tr><td>c</table><td></table>", true},
		{"<p><code>a <em><code>b</code></em></code>", true},
		{"a<div>b</div>c<div>d</div>", true},
		{"<b><div>a</div></b>", false},
		{"<em>a<em>b<em>c", false},
		{"<li>a", false},
		{"<h2><a href='#b'>b</a><span hidden>c</span></h2>", false}, // the next pass unwraps the link
		{"<a href='/" + strings.Repeat(" ", maxURL/2) + "x'>a</a>", false},
		{strings.Repeat("<blockquote>a", maxStableDepth+1), false},
	}
	urls := testURLs(t)
	for _, tt := range tests {
		tree := tidied(t, tt.in, urls)
		if got := stable(tree, urls); got != tt.want {
			t.Errorf("stable(%.80q) = %v, want %v", renderChildren(tree), got, tt.want)
		}
	}
}

// ingredients are what soup is made of: tags that parsing, clean and tidy treat in different ways, and texts.
var ingredients = strings.Split("<p>|</p>|<div>|</div>|<h2>|</h2>|<h3>|<pre>|</pre>|<ul>|</ul>|<ol>|<li>|</li>|<dl>|<dt>|</dt>|<dd>|</dl>|"+
	"<blockquote>|</blockquote>|<details>|<summary>|</summary>|<figure>|<figcaption>|<hr>|<br>|<table>|</table>|<caption>|"+
	"<colgroup>|<col span=2>|<col>|<thead>|</thead>|<tbody>|<tfoot>|<tr>|</tr>|<td>|</td>|<th>|<b>|</b>|<i>|</i>|<em>|</em>|<code>|"+
	"</code>|<code class=lang-go>|<pre class=lang-go>|<kbd>|</kbd>|<sub>|<a href=/x title=y>|<a href='#x'>|</a>|<a class=anchor href='#y'>|"+
	"<a>|<img src=x.png>|<img alt=z>|<img src=y.png width=1px height=1>|<span>|</span>|<section>|</section>|<x-a>|</x-a>|<button>|"+
	"<form>|</form>|<iframe src=//vimeo.com/1></iframe>|<noscript>|</noscript>|<svg>|</svg>|<math>|</math>|<nobr>|<font>|<center>|<tt>|"+
	"<u>|<ul type=disc>|<li value=3>|<ol start=-1 reversed>|<abbr title='a  b\n'>|<p hidden>|a|b|1|¶| |  |\n|\n\n|\t|\r|\u00a0|\u200b|&amp;lt;|\x01|&#13;", "|")

// soup makes markup of in, a byte at a time: it finds more that is out of order than bytes do that are mostly text.
func soup(in string) string {
	var b strings.Builder
	for i := 0; i < len(in); i++ {
		b.WriteString(ingredients[int(in[i])%len(ingredients)])
	}
	return b.String()
}

// FuzzStable holds stable to its word: what it accepts parses back to the same tree, which clean and tidy leave alone.
func FuzzStable(f *testing.F) {
	seeds(f)
	x := newExtractor(f, DefaultConfig())
	f.Fuzz(func(t *testing.T, in string) {
		urls := testURLs(t)
		tree := tidied(t, soup(in), urls)
		if !stable(tree, urls) {
			return
		}
		once := renderChildren(tree)
		again, err := parseFragment(once)
		if err != nil {
			t.Fatalf("parse %q: %v", once, err)
		}
		if was, is := outline(tree), outline(again); was != is {
			t.Fatalf("not the same tree:\nin   %q\nonce %q\nwas  %s\nis   %s", in, once, was, is)
		}
		clean(again, urls)
		tidy(again, false)
		if twice := renderChildren(again); twice != once {
			t.Fatalf("not at rest:\nin    %q\nonce  %q\ntwice %q", in, once, twice)
		}
		if passed, err := x.gate(once); err != nil || passed != once {
			t.Fatalf("outside of the policy (%v): %q becomes %q", err, once, passed)
		}
	})
}

// outline writes a tree with its structure, which its rendering alone does not show.
func outline(n *html.Node) string {
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		fmt.Fprintf(&b, "(%d %s %q %v %s)", c.Type, c.DataAtom, c.Data, c.Attr, outline(c))
	}
	return b.String()
}
