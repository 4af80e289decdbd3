package sanitize

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// pre cleans preformatted text. Its text stays to the byte; the markup of highlighters goes.
func (c *cleaner) pre(n *html.Node) {
	target := n
	if only := onlyElement(n); only != nil && only.DataAtom == atom.Code {
		target = only
	}
	markLanguage(target, n)
	c.children(n, true)
	if target != n {
		n.Attr = nil
		return
	}
	pruneAttrs(n)
}

// inPre cleans an element inside of preformatted text: emphasis, links and keys stay, lines keep their ends, line
// numbers go, everything else is unwrapped.
func (c *cleaner) inPre(n *html.Node) {
	if isLineNumber(n) {
		remove(n)
		return
	}
	switch {
	case n.DataAtom == atom.Br:
		if next := n.NextSibling; next != nil && next.Type == html.TextNode && strings.HasPrefix(next.Data, "\n") {
			remove(n)
			return
		}
		replaceWith(n, textNode("\n"))
	case n.DataAtom == atom.A:
		c.children(n, true)
		c.link(n)
	case isInline(n.DataAtom):
		if n.DataAtom == atom.Code && attr(n, "class") != "" {
			markLanguage(n, n)
		}
		c.children(n, true)
		pruneAttrs(n)
	default:
		block := isSourceBlock(n.DataAtom) && n.DataAtom != atom.Td && n.DataAtom != atom.Th
		c.children(n, true)
		if block && n.DataAtom != atom.Tbody && n.DataAtom != atom.Table && !endsLine(n) && nextElement(n) != nil {
			n.AppendChild(textNode("\n"))
		}
		unwrap(n)
	}
}

// endsLine reports whether n's text, or what follows n, already breaks the line.
func endsLine(n *html.Node) bool {
	if next := n.NextSibling; next != nil && next.Type == html.TextNode && strings.HasPrefix(next.Data, "\n") {
		return true
	}
	for last := n.LastChild; last != nil; last = last.LastChild {
		if last.Type == html.TextNode {
			return strings.HasSuffix(last.Data, "\n")
		}
	}
	return false
}

func onlyElement(n *html.Node) *html.Node {
	var only *html.Node
	for ch := n.FirstChild; ch != nil; ch = ch.NextSibling {
		switch {
		case ch.Type == html.TextNode && solidLen(ch.Data) == 0, ch.Type == html.CommentNode:
		case ch.Type == html.ElementNode && only == nil:
			only = ch
		default:
			return nil
		}
	}
	return only
}

// isLineNumberClass knows the classes of the line numbers that highlighters write into or beside the code.
func isLineNumberClass(name string) bool {
	switch name {
	case "linenos", "lineno", "linenodiv", "line-number", "line-numbers-rows",
		"linenumber", "gutter", "rouge-gutter", "hljs-ln-numbers", "ln", "gl",
		"line-numbers-wrapper", "react-syntax-highlighter-line-number":
		return true
	}
	return false
}

func isLineNumber(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Span, atom.Td, atom.Div, atom.A, atom.Pre:
		return anyToken(attr(n, "class"), isLineNumberClass) && !hasLatin(n)
	}
	return false
}

// hasLatin guards against a class that means something else: line numbers hold no letters.
func hasLatin(n *html.Node) bool {
	if n.Type == html.TextNode {
		return strings.IndexFunc(n.Data, func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }) >= 0
	}
	for ch := n.FirstChild; ch != nil; ch = ch.NextSibling {
		if hasLatin(ch) {
			return true
		}
	}
	return false
}

// isCodeTable recognises the table in which a highlighter sets line numbers beside the code.
func isCodeTable(n *html.Node) bool {
	for t := range strings.FieldsSeq(attr(n, "class")) {
		switch t {
		case "highlighttable", "rouge-table", "lntable", "hljs-ln", "sourceCode":
			return hasElement(n, func(a atom.Atom) bool { return a == atom.Pre })
		}
	}
	return false
}

// codeTable puts the code of such a table in its place.
func (c *cleaner) codeTable(n *html.Node) {
	var code *html.Node
	find(n, func(d *html.Node) bool {
		if d.DataAtom == atom.Pre && hasLatin(d) {
			code = d
		}
		return code != nil
	})
	if code == nil {
		remove(n)
		return
	}
	markLanguage(code, n)
	code.Parent.RemoveChild(code)
	replaceWith(n, code)
	c.pre(code)
}

// markLanguage gives a code element the one class that stays: its language, which highlighters write on it, on the
// pre element around it or on a wrapper of that.
func markLanguage(n, outer *html.Node) {
	lang := languageOf(n)
	if lang == "" && outer.DataAtom == atom.Code {
		return // inline code does not take the language of what is around it
	}
	if lang == "" {
		lang = languageOf(outer)
	}
	// A wrapper holds little more than the code: line numbers, a file name, a button.
	most := -1
	for p, up := outer.Parent, 1; lang == "" && p != nil && up < 4 && !takesProse(p); p, up = p.Parent, up+1 {
		if most < 0 {
			size := textLen(outer, nil)
			most = size + size/2 + 40
		}
		if textExceeds(p, most, nil) {
			break
		}
		lang = languageOf(p)
	}
	for i := range n.Attr {
		if n.Attr[i].Key == "class" {
			n.Attr[i].Val = lang
			return
		}
	}
	if lang != "" {
		n.Attr = append(n.Attr, html.Attribute{Key: "class", Val: lang})
	}
}

// takesProse holds the elements above which no highlighter wraps: a language found there belongs to something else.
func takesProse(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Div, atom.Figure, atom.Span, atom.Td, atom.Tr, atom.Tbody, atom.Table, 0:
		return false
	}
	return true
}

// languageOf returns the language class of n, or makes one of the conventions of Sphinx, GitHub, Rouge and others.
func languageOf(n *html.Node) string {
	class, data := "", ""
	for i := range n.Attr {
		switch n.Attr[i].Key {
		case "class":
			class = n.Attr[i].Val
		case "data-lang", "data-language":
			data = n.Attr[i].Val
		}
	}
	highlight := ""
	for t := range strings.FieldsSeq(class) {
		if isLanguageClass(t) {
			return t
		}
		if l, ok := strings.CutPrefix(t, "highlight-"); ok && highlight == "" {
			highlight = strings.TrimPrefix(strings.TrimPrefix(l, "source-"), "text-")
		}
	}
	for _, l := range []string{data, highlight} {
		switch l = strings.ToLower(strings.TrimSpace(l)); l {
		case "", "default", "none", "text", "plaintext":
			continue
		}
		if l = "language-" + l; isLanguageClass(l) {
			return l
		}
	}
	return ""
}
