package crawler

import (
	"fmt"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Limits of an empty shell, in words.
const (
	maxShellWords    = 25 // with an element that scripts fill
	maxShellChrome   = 60 // with a message that the site needs scripts
	minNoscriptWords = 80 // from here on, <noscript> holds the page
)

// rootNames are ids of elements that frameworks fill.
var rootNames = map[string]bool{"root": true, "app": true, "__next": true, "__nuxt": true, "___gatsby": true, "svelte": true, "app-root": true,
	"react-root": true, "reactroot": true, "react-app": true, "main-app": true, "q-app": true, "ember-app": true, "application": true,
	"app-container": true, "app-mount": true, "approot": true, "app-main": true, "main-root": true, "vue-app": true, "mount": true,
	"page-root": true, "redoc": true, "swagger-ui": true, "docsify": true, "webapp": true, "wrapper-app": true, "auraloadingbox": true,
	"__docusaurus": true, "spa": true, "app-wrapper": true, "content-root": true, "react": true, "portal-root": true, "single-spa": true}

// hollowOf notes an element without text that a script would fill: an own element, or one with the id of a root.
func (b *sightBuilder) hollowOf(n *html.Node) {
	if b.hollow != "" {
		return
	}
	switch n.DataAtom {
	case 0:
		// Custom elements have a dash. Those deep in a page are widgets.
		if strings.Contains(n.Data, "-") && n.Namespace == "" && nearBody(n) && textless(n) {
			b.hollow = "<" + clip(n.Data, 40) + ">"
		}
	case atom.Div, atom.Section, atom.Main:
		id, _ := attribute(n, "id")
		_, mounted := attribute(n, "ng-view")
		if !mounted {
			_, mounted = attribute(n, "ui-view")
		}
		if (rootNames[strings.ToLower(id)] || mounted) && textless(n) {
			b.hollow = "<" + n.Data + " id=" + quoted(id) + ">"
		}
	}
}

func nearBody(n *html.Node) bool {
	for range 3 {
		if n = n.Parent; n == nil {
			return false
		}
		if n.DataAtom == atom.Body {
			return true
		}
	}
	return false
}

// textless reports whether an element holds no text but a word or two such as "Loading…".
func textless(root *html.Node) bool {
	words := 0
	for n := root; n != nil; n = following(n, root) {
		if n.Type == html.TextNode && n.Parent.DataAtom != atom.Script && n.Parent.DataAtom != atom.Style {
			if words += countWords(n.Data); words > 8 {
				return false
			}
		}
		switch n.DataAtom {
		case atom.Img, atom.Video, atom.Picture, atom.Object, atom.Embed, atom.Iframe:
			return false // it shows something
		}
	}
	return true
}

// shellPage recognises a page that is empty until scripts fill it.
func shellPage(a *answer) finding {
	s := a.sight()
	if s.noscript >= minNoscriptWords || s.body == nil {
		return finding{}
	}
	all := s.words + s.linked + s.aside
	script := s.sources > 0 || loads(s.inline)
	asked := asksForScripts(s.noscriptText)
	says := ""
	if asked && s.noscriptText != "" {
		says = ", and <noscript> says " + quoted(s.noscriptText)
	}
	needs := "; this site needs a browser"
	switch {
	case !script:
		return finding{}
	case s.hollow != "" && all <= maxShellWords && s.h1 == "":
		return found(InsteadNeedsJS, fmt.Sprintf("%s is empty, %d words of text, %d scripts", s.hollow, all, s.sources+len(s.inline)), says, needs)
	case asked && all <= maxShellWords && s.h1 == "",
		asked && s.hollow != "" && s.words <= 10 && all <= maxShellChrome && s.h1 == "":
		return found(InsteadNeedsJS, fmt.Sprintf("%d words of text, %d scripts", all, s.sources+len(s.inline)), says, needs)
	case all <= maxShellWords && s.h1 == "" && asksForScripts(s.text) && s.words > 0 && !s.article:
		return found(InsteadNeedsJS, "nothing but the text ", quoted(s.text), needs)
	case all <= 3 && s.sources > 0 && bodyBare(s.body):
		return found(InsteadNeedsJS, fmt.Sprintf("the body has scripts and %d words of text", all), needs)
	}
	return finding{}
}

// loads reports whether scripts in the page are there to build it: large ones, or modules that import others.
func loads(inline []string) bool {
	for _, script := range inline {
		if len(script) >= 2<<10 || strings.Contains(script, "import(") || strings.Contains(script, "import ") ||
			strings.Contains(script, "createElement('script')") || strings.Contains(script, `createElement("script")`) {
			return true
		}
	}
	return false
}

var scriptWords = []string{"javascript", "java script", "ジャバスクリプト", "enable js"}

// asksForScripts reports whether a text says that the page needs scripts.
func asksForScripts(text string) bool {
	return containsAny(text, scriptWords) != "" && !strings.Contains(text, "comments powered")
}

// bodyBare reports whether a body has nothing to show: scripts and elements without text or pictures.
func bodyBare(body *html.Node) bool {
	elements := 0
	for n := body; n != nil; n = following(n, body) {
		switch n.DataAtom {
		case atom.Img, atom.Video, atom.Picture, atom.Object, atom.Embed, atom.Iframe, atom.Table, atom.Form, atom.Frameset, atom.Input,
			atom.H1, atom.H2, atom.P, atom.Article, atom.Ul, atom.Ol, atom.Canvas, atom.Audio, atom.A:
			return false
		case atom.Div, atom.Main, atom.Section, 0:
			if n.Type == html.ElementNode {
				elements++
			}
		}
	}
	return elements > 0
}
