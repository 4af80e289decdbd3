package sanitize

import (
	"errors"
	"testing"
)

func TestNoSnippet(t *testing.T) {
	tests := []struct{ name, page, want string }{
		{"any element", `<p>a<span data-nosnippet>b</span><b data-nosnippet>c</b><custom-note data-nosnippet>d</custom-note></p><section data-nosnippet><p>e</p></section><p>f</p>`, "<p>a</p>\n<p>f</p>"},
		{"whatever its value", `<p>a<span data-nosnippet="false">b</span><span data-nosnippet="0">c</span><span DATA-NOSNIPPET=true>d</span></p>`, `<p>a</p>`},
		{"whatever is nested", `<div data-nosnippet><div><h2>a</h2><div data-nosnippet>b</div><table><tr><td>c</table><pre>d</pre><img src="/e.png"></div></div><p>f</p>`, `<p>f</p>`},
		{"nested in anything", `<ul><li>a<ul><li data-nosnippet>b<li>c</ul></ul><details data-nosnippet><summary>d</summary>e</details>`, "<ul><li>a<ul><li>c</li></ul></li></ul>"},
		{"in code", `<pre><code>a<span data-nosnippet>b</span>c</code></pre>`, `<pre><code>ac</code></pre>`},
		{"cells hold their columns", `<table><tr><th>a<th>b<th>c<tr><td>1<td data-nosnippet colspan=1>2<td>3</table>`,
			"<table><tbody><tr><th>a</th><th>b</th><th>c</th></tr>\n<tr><td>1</td><td></td><td>3</td></tr></tbody></table>"},
		{"a row", `<table><tr><td>1<tr data-nosnippet><td>2</table>`, "<table><tbody><tr><td>1</td></tr></tbody></table>"},
		{"images and videos", `<p>a</p><img data-nosnippet src="/b.png"><iframe data-nosnippet src="https://youtu.be/c"></iframe>`, `<p>a</p>`},
		{"an element that is not closed", `<p>a</p><div data-nosnippet><p>b<div>c`, `<p>a</p>`},
		{"a paragraph that the next one closes", `<p data-nosnippet>a<p>b`, `<p>b</p>`},
		{"formatting that the parser opens again", `<p>a <b data-nosnippet>b<p>c</b> d`, "<p>a</p>\n<p>d</p>"},
		{"tags out of order, as browsers read them", `<p>a <i><span data-nosnippet>b</i> c</span> d</p>`, "<p>a c d</p>"},
		{"within a table without cells", `<table><span data-nosnippet>a</span><tr><td>b</table>`, "<table><tbody><tr><td>b</td></tr></tbody></table>"},
	}
	for _, cfg := range []Config{{}, {Content: []string{"main"}}} {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				if a := extract(t, cfg, `<main>`+tt.page, testPage); a.HTML != tt.want {
					t.Errorf("got  %q\nwant %q", a.HTML, tt.want)
				}
			})
		}
	}
	const unmarked = `<div><div data-nosnippet><p>secret</p></div><p>Some words of text, and more of them, and more.</p></div>`
	if a := extract(t, Config{}, unmarked, testPage); a.Text != "Some words of text, and more of them, and more." {
		t.Errorf("without a landmark: got %q from %s", a.Text, a.Source)
	}
}

func TestNoSnippetAround(t *testing.T) {
	tests := []struct {
		page, why string
		cfg       Config
	}{
		{`<body data-nosnippet><main><p>a</main>`, "<main> is withheld: <body> has data-nosnippet", Config{}},
		{`<div id=x data-nosnippet><main><p>a</main></div>`, "<main> is withheld: <div#x> has data-nosnippet", Config{}},
		{`<main data-nosnippet><p>a</main>`, `extract.content[0] "main" is withheld: <main> has data-nosnippet`, Config{Content: []string{"main"}}},
	}
	for _, tt := range tests {
		_, err := newExtractor(t, tt.cfg).Extract(document(t, tt.page), testPage, "")
		var empty *EmptyError
		if !errors.As(err, &empty) || empty.Why != tt.why {
			t.Errorf("%s: got %v, want %q", tt.page, err, tt.why)
		}
	}
	a := extract(t, Config{Content: []string{".a"}}, `<div class=a>x</div><div data-nosnippet><div class=a>y</div></div><div class=a>z</div>`, testPage)
	if a.Text != "x\nz" {
		t.Errorf("of several contents: got %q", a.Text)
	}
}

func TestNoSnippetTitle(t *testing.T) {
	tests := []struct {
		page      string
		selectors []string
		want      string
	}{
		{`<title>T</title><main><h1 data-nosnippet>A</h1><p>x</main>`, nil, "T"},
		{`<title>T</title><main><div data-nosnippet><h1>A</h1></div><h1>B</h1><p>x</main>`, nil, "B"},
		{`<title>A for us</title><div data-nosnippet><h1>A</h1></div><main><p>x</main>`, nil, "A for us"},
		{`<title>T</title><main><h1>A <span data-nosnippet>(draft)</span></h1><p>x</main>`, nil, "A"},
		{`<title>T</title><main><h2 data-nosnippet>A</h2><h2>B</h2><p>x</main>`, []string{"h2"}, "B"},
	}
	for _, tt := range tests {
		if a := extract(t, Config{Title: tt.selectors}, tt.page, testPage); a.Title != tt.want {
			t.Errorf("%s: got %q, want %q", tt.page, a.Title, tt.want)
		}
	}
}

func TestGoogleOff(t *testing.T) {
	tests := []struct{ name, page, want string }{
		{"index", `<p>a</p><!--googleoff: index--><p>b</p><img src="/c.png"><!--googleon: index--><p>d</p>`, "<p>a</p>\n<p>d</p>"},
		{"spaces and case", `<p>a</p><!-- GoogleOff : All --><p>b</p><!--googleon:ALL--><p>c</p>`, "<p>a</p>\n<p>c</p>"},
		{"snippet", `<p>a <!--googleoff: snippet-->b<!--googleon: snippet-->c</p>`, "<p>a c</p>"},
		{"anchor", `<p>a <!--googleoff: anchor--><a href="/x">b</a><!--googleon: anchor--></p>`, `<p>a <a href="https://help.example.com/x">b</a></p>`},
		{"not closed", `<p>a</p><!--googleoff: index--><p>b</p>`, "<p>a</p>\n<p>b</p>"},
		{"closed by another", `<p>a</p><!--googleoff: index--><p>b</p><!--googleon: snippet--><p>c</p>`, "<p>a</p>\n<p>b</p>\n<p>c</p>"},
		{"closed after the content", `<p>a</p><!--googleoff: index--><p>b</p></main><!--googleon: index-->`, "<p>a</p>\n<p>b</p>"},
		{"opened before the content", `<p>a</p><!--googleon: index--><p>b</p>`, "<p>a</p>\n<p>b</p>"},
		{"across levels", `<div><p>a<!--googleoff: all-->b</p><p>c</p></div><ul><li>d</li><li>e<!--googleon: all-->f</li></ul>`, "<p>a</p>\n<ul><li>f</li></ul>"},
		{"twice", `<!--googleoff: all-->a<!--googleon: all--><p>b</p><!--googleoff: all-->c<!--googleon: all-->`, "<p>b</p>"},
		{"one in another", `<p>a</p><!--googleoff: index--><p>b</p><!--googleoff: snippet--><p>c</p><!--googleon: index--><p>d</p><!--googleon: snippet--><p>e</p>`, "<p>a</p>\n<p>e</p>"},
		{"an open one around a closed one", `<!--googleoff: index--><p>a</p><!--googleoff: all--><p>b</p><!--googleon: all--><p>c</p>`, "<p>a</p>\n<p>c</p>"},
		{"what holds nothing else", `<p>a</p><!--googleoff: all--><video src="/b.mp4"><source src="/c.mp4"></video><!--googleon: all-->`, "<p>a</p>"},
		{"cells hold their columns", `<table><tr><td>1<td><!--googleoff: all-->2<!--googleon: all--><td>3</table>`, "<table><tbody><tr><td>1</td><td></td><td>3</td></tr></tbody></table>"},
		{"another comment", `<p>a<!-- googleoffice: all -->b<!--googleon: all--></p>`, "<p>ab</p>"},
	}
	for _, cfg := range []Config{{}, {Content: []string{"main"}}} {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				if a := extract(t, cfg, `<main>`+tt.page+`</main>`, testPage); a.HTML != tt.want {
					t.Errorf("got  %q\nwant %q", a.HTML, tt.want)
				}
			})
		}
	}
}
