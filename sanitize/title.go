package sanitize

import (
	neturl "net/url"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// MaxTitle is the greatest length of a title in characters; a longer one ends in an ellipsis.
const MaxTitle = 255

// pageTitle returns the title of a page as plain text: of the configured selectors, else the first heading of the
// content, else what the page says of itself, else the last segment of its URL. It is empty only without any of them. An
// element that is withheld is no title; what the page's head says of it is published.
func pageTitle(doc *html.Node, found place, selectors []cascadia.SelectorGroup, pageURL string) string {
	for _, sel := range selectors {
		for _, n := range cascadia.QueryAll(doc, sel) {
			if t := labelOf(n); t != "" && withheldBy(n) == nil {
				return cutTitle(t)
			}
		}
	}
	for _, root := range found.roots {
		if t := firstHeading(root); t != "" && !(found.page && isBrand(t, readHead(doc).title)) {
			return cutTitle(t)
		}
	}
	head := readHead(doc)
	if t := loneHeading(doc, head.title); t != "" {
		return cutTitle(t)
	}
	for _, t := range []string{head.ogTitle, head.title} {
		if t != "" {
			return cutTitle(cutSuffix(t, head.siteName))
		}
	}
	return cutTitle(titleFromURL(pageURL))
}

// isBrand reports whether a heading names the site: then the page's title ends with it and begins with something else.
func isBrand(heading, title string) bool {
	return heading != title && strings.HasSuffix(title, heading)
}

// labelOf returns the text of an element; of a meta element, its content.
func labelOf(n *html.Node) string {
	if n.DataAtom == atom.Meta {
		return oneLine(attr(n, "content"))
	}
	return inlineText(n)
}

func oneLine(s string) string { return inlineText(textNode(s)) }

// firstHeading returns the text of the first visible h1 that has any.
func firstHeading(root *html.Node) string {
	text := ""
	visible := func(n *html.Node) bool {
		if n.DataAtom == atom.H1 && !hidden(n) && withheldBy(n.Parent) == nil {
			text = inlineText(n)
		}
		return text != ""
	}
	if !visible(root) {
		find(root, visible)
	}
	return text
}

// loneHeading returns the text of the page's only h1 outside of the content if the page's title begins with it: a
// brand in the header stands at the end of a title, if at all.
func loneHeading(doc *html.Node, title string) string {
	text, count := "", 0
	find(doc, func(n *html.Node) bool {
		if n.DataAtom == atom.H1 && !hidden(n) && withheldBy(n.Parent) == nil {
			text = inlineText(n)
			count++
		}
		return false
	})
	if count == 1 && text != "" && strings.HasPrefix(title, text) {
		return text
	}
	return ""
}

type head struct{ title, ogTitle, siteName string }

func readHead(doc *html.Node) head {
	var h head
	find(doc, func(n *html.Node) bool {
		switch n.DataAtom {
		case atom.Title:
			if h.title == "" && n.Namespace == "" && n.FirstChild != nil {
				h.title = oneLine(n.FirstChild.Data)
			}
		case atom.Meta:
			switch property := attr(n, "property"); {
			case property == "og:title" && h.ogTitle == "":
				h.ogTitle = oneLine(attr(n, "content"))
			case property == "og:site_name" && h.siteName == "":
				h.siteName = oneLine(attr(n, "content"))
			}
		}
		return false
	})
	return h
}

// cutSuffix removes the site's name from the end of a title. What merely looks like one may be part of the title.
func cutSuffix(title, siteName string) string {
	if siteName == "" {
		return title
	}
	for _, sep := range []string{" | ", " - ", " — ", " – ", " · ", " :: "} {
		if t, ok := strings.CutSuffix(title, sep+siteName); ok && t != "" {
			return t
		}
	}
	return title
}

// titleFromURL makes words of the last segment of a URL's path.
func titleFromURL(pageURL string) string {
	u, err := neturl.Parse(pageURL)
	if err != nil {
		return oneLine(pageURL)
	}
	name := strings.TrimSuffix(path.Base(u.Path), path.Ext(u.Path))
	name = oneLine(strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == '+' {
			return ' '
		}
		return r
	}, name))
	if name == "" || name == "/" || name == "." {
		return u.Host
	}
	return name
}

func cutTitle(t string) string {
	if utf8.RuneCountInString(t) <= MaxTitle {
		return t
	}
	return strings.TrimSpace(string([]rune(t)[:MaxTitle-1])) + "…"
}

// dropLeadingTitle removes the h1 that opens the content if it is the title: Fin shows the title above the content, and
// a title that stands in both would weigh double. Any other h1 stays. What it leaves empty is tidy's to remove.
func dropLeadingTitle(content *html.Node, title string) {
	for n := firstShown(content); n != nil && n != content; n = n.Parent {
		if n.DataAtom == atom.H1 {
			if cutTitle(inlineText(n)) == title && !hasElement(n, isImg) {
				remove(n)
			}
			return
		}
	}
}

// firstShown returns the first text or image below n that shows anything, or nil.
func firstShown(n *html.Node) *html.Node {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.TextNode && !blank(c.Data) || c.DataAtom == atom.Img {
			return c
		}
		if f := firstShown(c); f != nil {
			return f
		}
	}
	return nil
}
