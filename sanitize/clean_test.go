package sanitize

import (
	"errors"
	"strings"
	"testing"
)

const testPage = "https://help.example.com/docs/en/page"

func TestSanitize(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"scripts, styles, comments", `<p onclick="x()" style="color:red" id="a" class="b">a<!-- b --><script>c</script><style>d</style></p>`, `<p>a</p>`},
		{"entities", `<p>Tom & "Jerry's" &lt;b&gt; &copy;</p>`, `<p>Tom &amp; &#34;Jerry&#39;s&#34; &lt;b&gt; ©</p>`},
		{"control characters", "<p>a\x00b\x01c&#x7f;d&#x80;\u0085e\xff</p>", "<p>abcd€e\ufffd</p>"},
		{"white space", "<div>\n <p> a\n\tb </p>\n\n<p>c <b>d</b> e</p> </div>", "<p>a b</p>\n<p>c <b>d</b> e</p>"},
		{"preformatted to the byte", "<pre>\n\n a  b\t\n</pre>", "<pre>\n\n a  b\t\n</pre>"},
		{"highlighter", `<div class="highlight-source-shell"><pre><span class="k">a</span>  <i>b</i></pre></div>`, `<pre class="language-shell">a  <i>b</i></pre>`},
		{"language class", `<pre><code class="hljs language-c++ x">a</code></pre>`, `<pre><code class="language-c++">a</code></pre>`},
		{"language of the page is none of code", `<div class="lang-en"><p>` + strings.Repeat("word ", 30) + `</p><pre>a</pre></div>`,
			"<p>" + strings.TrimSpace(strings.Repeat("word ", 30)) + "</p>\n<pre>a</pre>"},
		{"code lines without newlines", `<pre><code><div class="line">a</div><div class="line">b</div></code></pre>`, "<pre><code>a\nb</code></pre>"},
		{"breaks in code", "<pre>a<br>b<br>\nc</pre>", "<pre>a\nb\nc</pre>"},
		{"line numbers beside code", `<table class="highlighttable"><tr><td class="linenos"><pre>1
2</pre></td><td class="code"><pre><span>x</span>
y</pre></td></tr></table>`, "<pre>x\ny</pre>"},
		{"line numbers in code", `<pre><span class="linenos">1</span>x</pre>`, `<pre>x</pre>`},
		{"permalink sign", `<h2>T<a class="headerlink" href="#t">¶</a></h2>`, `<h2>T</h2>`},
		{"permalink with a label", `<h2>T <a class="anchor" href="#t"><span>Link to T</span></a></h2>`, `<h2>T</h2>`},
		{"heading that links to itself", `<h2><a class="anchor" href="#t">T</a></h2>`, `<h2>T</h2>`},
		{"link in a heading", `<h2>See <a href="#t">below</a></h2>`, `<h2>See <a href="https://help.example.com/docs/en/page#t">below</a></h2>`},
		{"links", `<a href="../x?a=1&b=2#c">a</a> <a href="//cdn.example/y">b</a> <a href=" /z ">c</a>`,
			`<a href="https://help.example.com/docs/x?a=1&amp;b=2#c">a</a> <a href="https://cdn.example/y">b</a> <a href="https://help.example.com/z">c</a>`},
		{"link with a space", `<a href="/a b">x</a>`, `<a href="https://help.example.com/a%20b">x</a>`},
		{"link with a stray percent sign", `<a href="/100%">x</a>`, `<a href="https://help.example.com/100%25">x</a>`},
		{"no nofollow", `<a href="https://other.example/" target="_blank" rel="nofollow" title="T">x</a>`, `<a href="https://other.example/" title="T">x</a>`},
		{"mail and telephone", `<a href="mailto:a@b.example">m</a> <a href="tel:+1">t</a>`, `<a href="mailto:a@b.example">m</a> <a href="tel:+1">t</a>`},
		{"links to nowhere", `<a href="javascript:x()">a</a> <a>b</a> <a href="#">c</a> <a href="ftp://x/">d</a> <a href="http://[">e</a>`, `a b c d e`},
		{"alt text stays", `<img src=a.png alt='Step 1: Click "Settings" > API; 100%' onerror=x()>`,
			`<img src="https://help.example.com/docs/en/a.png" alt="Step 1: Click &#34;Settings&#34; &gt; API; 100%"/>`},
		{"lazy image", `<a href=/x><img src="data:image/gif;base64,R0" data-src="/r.png">t</a>`,
			`<a href="https://help.example.com/x"><img src="https://help.example.com/r.png"/>t</a>`},
		{"srcset", `<img srcset="/s.png 1x, /l.png 2x" alt="a">`, `<img alt="a" src="https://help.example.com/s.png"/>`},
		{"picture", `<picture><source srcset="/s.webp 1x"><img alt=a></picture>`, `<img alt="a" src="https://help.example.com/s.webp"/>`},
		{"noscript image of a lazy one", `<p><img class=lazy alt=a><noscript><img src=/n.png></noscript></p>`, `<p><img alt="a" src="https://help.example.com/n.png"/></p>`},
		{"noscript image of its own", `<p>x<noscript><img src=/n.png></noscript></p>`, `<p>x<img src="https://help.example.com/n.png"/></p>`},
		{"noscript double", `<p><img src=/a.png><noscript><img src=/n.png></noscript></p>`, `<p><img src="https://help.example.com/a.png"/></p>`},
		{"image without a source", `<p>a <img alt="smile"> <img src="data:image/png;base64,AA" alt="b"><img></p>`, `<p>a smile b</p>`},
		{"tracking pixel", `<p>a<img src=/p.gif width=1 height=1></p>`, `<p>a</p>`},
		{"video", `<iframe src="https://player.vimeo.com/video/1" title="How to"></iframe>`, `<p><a href="https://player.vimeo.com/video/1">How to</a></p>`},
		{"video file", `<video poster=p.png><source src="/v/how.mp4">Sorry</video>`, `<p><a href="https://help.example.com/v/how.mp4">how.mp4</a></p>`},
		{"other frame", `<p>a</p><iframe src="https://tag.example/ns.html"></iframe>`, `<p>a</p>`},
		{"object and frame", `<p>a</p><object data=x.swf><p>b</p></object><p>c</p>`, "<p>a</p>\n<p>b</p>\n<p>c</p>"},
		{"controls", `<p>a</p><form><input><p>b</p></form><button>Copy</button><select><option>c</select><textarea>d</textarea>`, `<p>a</p>`},
		{"a form around everything", `<form id=aspnet><h2>T</h2><p>a</p><input></form>`, "<h2>T</h2>\n<p>a</p>"},
		{"accordion", `<button aria-expanded=false aria-controls=x>Why?</button><div id=x role=region hidden><p>So.</p></div>`, "<p>Why?</p>\n<p>So.</p>"},
		{"accordion in a heading", `<h3><button>Why?</button></h3><div aria-hidden=true><p>So.</p></div>`, "<h3>Why?</h3>\n<p>So.</p>"},
		{"hidden", `<p>a<span hidden>b</span><span style="display: none">c</span><i aria-hidden=true>d</i><span class="sr-only">e</span><span data-nosnippet>f</span></p>`, `<p>a</p>`},
		{"navigation", `<nav>a</nav><div role=navigation>b</div><search>c</search><p>d</p>`, `<p>d</p>`},
		{"custom elements apart", `<x-card>foo</x-card><x-card>bar</x-card>`, "<div>foo</div>\n<div>bar</div>"},
		{"custom elements in a line", `<p>a (<x-ref>b</x-ref>) <x-i>c</x-i><x-i>d</x-i></p>`, `<p>a (b) c d</p>`},
		{"formula", `<p><math><semantics><mi>E</mi><annotation encoding="application/x-tex">E=m</annotation></semantics></math></p>`, `<p>E=m</p>`},
		{"containers", `<section><article><div><h2>a</h2><div>b</div></div></article></section>`, "<h2>a</h2>\n<div>b</div>"},
		{"lists", `<ol start=3 type=a reversed><li value=5>a<li></ol><ul type=DISC><li><li>b</ul>`,
			"<ol start=\"3\" type=\"a\" reversed=\"\"><li value=\"5\">a</li>\n<li></li></ol>\n<ul type=\"disc\"><li>b</li></ul>"},
		{"description list", `<dl><div><dt>a</dt><dd>b</dd></div></dl>`, "<dl><dt>a</dt>\n<dd>b</dd></dl>"},
		{"table", `<table border=1><caption>c</caption><colgroup><col><col></colgroup><tr><th scope=COL colspan=2 rowspan=1>a<tr><td align=right>b<td></table>`,
			"<table><caption>c</caption>\n<tbody><tr><th scope=\"col\" colspan=\"2\">a</th></tr>\n<tr><td align=\"right\">b</td><td></td></tr></tbody></table>"},
		{"details and figure", `<details open><summary>a</summary>b</details><figure><img src=/a.png><figcaption>c</figcaption></figure>`,
			"<details><summary>a</summary>b</details>\n<figure><img src=\"https://help.example.com/a.png\"/><figcaption>c</figcaption></figure>"},
		{"inline", `<p><kbd>a</kbd><abbr title="x">b</abbr><mark>c</mark><strike>d</strike><tt>e</tt><font>f</font><wbr><sup>g</sup></p>`,
			`<p><kbd>a</kbd><abbr title="x">b</abbr><mark>c</mark><s>d</s><code>e</code>f<sup>g</sup></p>`},
		{"nothing empty", `<p>&nbsp;</p><div><span></span></div><p>a<b></b><i> </i>b</p><h2></h2><ul><li></li></ul>`, `<p>a b</p>`},
		{"mis-nested", `<p>x<b><i></b>y</i></p>`, `<p>x<i>y</i></p>`},
		{"links in links", `<a href=/x>a<table><tr><td><a href=/y>b</a></table></a>`, ``},
	}
	x := newExtractor(t, DefaultConfig())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := x.Sanitize(tt.in, testPage)
			if err != nil {
				t.Fatal(err)
			}
			if tt.want != "" && got != tt.want {
				t.Errorf("Sanitize(%q)\n got %q\nwant %q", tt.in, got, tt.want)
			}
			again, err := x.Sanitize(got, testPage)
			if err != nil || again != got {
				t.Errorf("again: %q (%v), want %q", again, err, got)
			}
		})
	}
}

func TestLanguageClass(t *testing.T) {
	for _, s := range []string{"", "lang", "lang-", "lang-go", "language-c++", "language-C#.a_1-b", "languag-x", "langu-x", "xlang-a",
		"lang-a b", "lang-ä", "lang-a\n", "language-@", "language-[", "language--", "lang-`"} {
		if got, want := isLanguageClass(s), languageClass.MatchString(s); got != want {
			t.Errorf("isLanguageClass(%q) = %v, want %v", s, got, want)
		}
	}
}

func TestSanitizeLeavesNothing(t *testing.T) {
	var empty *EmptyError
	if out, err := newExtractor(t, DefaultConfig()).Sanitize("<script>a</script>", ""); !errors.As(err, &empty) {
		t.Errorf("got %q, %v, want an EmptyError", out, err)
	}
}

func TestSanitizeWithoutPage(t *testing.T) {
	out, err := newExtractor(t, DefaultConfig()).Sanitize(`<a href="/x">a</a> <a href="https://b.example/">b</a> <a href="#c">c</a>`, "")
	if want := `a <a href="https://b.example/">b</a> c`; err != nil || out != want {
		t.Errorf("got %q, %v, want %q", out, err, want)
	}
}

func TestPlainText(t *testing.T) {
	tests := []struct{ in, want string }{
		{"<h2>a</h2><p>b<br>c <b>d</b></p>", "a\nb\nc d"},
		{"<ul><li>a<ul><li>b</ul><li>c</ul>d", "a\nb\nc\nd"},
		{"<table><tr><th>a<th><p>b</p><tr><td>c<td>d</table>", "a\tb\nc\td"},
		{"<pre>a\n  b</pre><p>c", "a\n  b\nc"},
		{"<dl><dt>a<dd>b</dl><blockquote>c</blockquote>", "a\nb\nc"},
		{"<div>a</div><div>b</div>", "a\nb"},
		{"<p>a<img src=/x.png alt=b></p>", "a"},
	}
	for _, tt := range tests {
		a := extract(t, Config{Content: []string{"body"}}, tt.in, testPage)
		if a.Text != tt.want {
			t.Errorf("text of %q = %q, want %q", tt.in, a.Text, tt.want)
		}
	}
}
