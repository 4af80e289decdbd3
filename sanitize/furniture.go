package sanitize

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// kind says what the name of an element makes of it.
type kind uint8

const (
	anything      kind = iota
	linkFurniture      // furniture if it is a list of links
	furniture
	signposts // furniture even if it is most of a page: a page may have hardly any text
)

// classKind knows whole class names of what stands inside of content elements and is no content. Each belongs to a help
// center, a documentation generator or a common plug-in; none is a word that authors use for body text. Names are
// compared whole, never in part, and never with ids: those of sections are made of their headings.
func classKind(class string) kind {
	switch class {
	// what stands before, after and above the page, as DocBook, Publican and their like put it at its top and foot
	case "navheader", "navfooter", "docnav", "prevnext":
		return signposts
	// sharing
	case "share-links", "share-buttons", "share-bar", "social-share", "social-sharing",
		"article-share", "post-share", "sharedaddy", "addtoany_share_save_container",
		"addthis_toolbox",
		// votes and feedback
		"article-votes", "article-vote", "article-feedback", "page-feedback", "doc-feedback",
		"docs-feedback", "was-this-helpful", "feedback-widget", "intercom-reaction-picker",
		"article-rating", "md-feedback", "helpful-widget",
		// other articles
		"related-articles", "related-posts", "article-relatives", "recent-articles",
		"recently-viewed", "recently-viewed-articles", "article-more-questions",
		"article-return-to-top", "back-to-top", "recommended-articles", "suggested-articles",
		// comments
		"article-comments", "comment-list", "comments-area", "comment-overview",
		"comment-callout", "comment-respond", "disqus-comments", "giscus", "utterances",
		// where the page is, and what stands before and after it
		"breadcrumb", "breadcrumbs", "theme-doc-breadcrumbs", "pagination-nav", "prev-next-area",
		"post-navigation", "rst-footer-buttons", "rst-breadcrumbs-buttons", "pagination-links",
		"prev-next-footer", "sub-nav",
		// editing and authorship
		"edit-this-page", "theme-edit-this-page", "edit-page-link", "edit-on-github",
		"theme-last-updated", "article-author", "post-meta", "entry-meta", "article-meta",
		"author-info", "article-subscribe", "byline", "avatar", "last-updated",
		// search, banners
		"search-results", "search-container", "search-box", "search-form", "searchbox",
		"cookie-banner", "cookie-consent", "cookie-notice", "cc-window", "osano-cm-window",
		"gdpr-banner", "announcement-bar":
		return furniture
	case "share", "social", "social-links", "pagination", "pager", "prev-next",
		"page-nav", "page-navigation", "toc", "table-of-contents", "page-toc", "on-this-page",
		"theme-doc-toc-mobile", "theme-doc-toc-desktop", "bd-toc", "nav-toc", "toctree-l0",
		"toc-container", "side-toc", "article-toc", "navigation", "menu", "sidebar-nav",
		"footer-nav", "doc-nav", "article-nav", "tags", "list-of-tables", "list-of-figures",
		"list-of-examples", "list-of-equations", "list-of-procedures", "list-of-titles":
		return linkFurniture
	}
	return anything
}

// pageKind knows, by id or class, what stands beside the content of a whole page. Within content, a sidebar is a callout.
func pageKind(name string) kind {
	switch name {
	case "footer", "site-footer", "page-footer":
		return furniture
	case "sidebar", "side-bar", "sidenav", "side-nav", "nav", "navbar", "topnav", "site-nav",
		"main-menu", "site-header":
		return linkFurniture
	}
	return anything
}

// idKind knows ids of scripts that write into pages, and of tables of contents.
func idKind(id string) kind {
	switch id {
	case "disqus_thread", "onetrust-consent-sdk", "onetrust-banner-sdk", "CybotCookiebotDialog",
		"cookie-law-info-bar", "hs-eu-cookie-confirmation", "usercentrics-root", "didomi-host":
		return furniture
	case "toc", "TOC", "table-of-contents", "breadcrumbs", "sidebar":
		return linkFurniture
	}
	return anything
}

// stripFurniture removes from automatically found content what is no content. page says that the only root is the whole
// page, whose own header and footer go too.
func stripFurniture(roots []*html.Node, page bool) {
	s := stripper{roots: roots, page: page, total: -1}
	for _, root := range roots {
		s.children(root, false)
	}
}

type stripper struct {
	roots []*html.Node
	page  bool
	total int // text of the roots, once it was needed
}

func (s *stripper) children(n *html.Node, sectioned bool) {
	for c, next := n.FirstChild, (*html.Node)(nil); c != nil; c = next {
		next = c.NextSibling
		if c.Type != html.ElementNode {
			continue
		}
		if s.isFurniture(c, sectioned) {
			n.RemoveChild(c)
			continue
		}
		s.children(c, sectioned || c.DataAtom == atom.Article || c.DataAtom == atom.Section || c.DataAtom == atom.Main)
	}
}

func (s *stripper) isFurniture(n *html.Node, sectioned bool) bool {
	switch n.DataAtom {
	case atom.Header:
		return s.page && !sectioned || !hasElement(n, isHeading)
	case atom.Footer:
		return !quotes(n) && !anyToken(attr(n, "class"), isFootnotes) && !s.isMost(n)
	case atom.Aside:
		// An aside is a callout on some systems and navigation on others: only its links tell.
		return isLinkList(n) && !anyToken(attr(n, "class"), isFootnotes)
	case atom.Div, atom.Section, atom.Ul, atom.Ol, atom.P, atom.Span, atom.A, atom.Details, atom.Table, atom.Dl:
		return s.named(n)
	}
	return false
}

// named reports whether the class or id of n says that it is furniture. The greater part of the content never is.
func (s *stripper) named(n *html.Node) bool {
	class, id := "", ""
	for i := range n.Attr {
		switch n.Attr[i].Key {
		case "class":
			class = n.Attr[i].Val
		case "id":
			id = n.Attr[i].Val
		}
	}
	if class == "" && id == "" {
		return false
	}
	is := idKind(id)
	if s.page {
		is = max(is, pageKind(id))
	}
	for t := range strings.FieldsSeq(class) {
		is = max(is, classKind(t))
		if s.page {
			is = max(is, pageKind(t))
		}
	}
	return is == signposts || (is == furniture || is == linkFurniture && isLinkList(n)) && !s.isMost(n)
}

func (s *stripper) isMost(n *html.Node) bool {
	if s.total < 0 {
		s.total = 0
		for _, root := range s.roots {
			s.total += textLen(root, isNoText)
		}
	}
	return textLen(n, isNoText)*2 > s.total
}

// isFootnotes knows the classes of a footer or aside that holds notes to the text.
func isFootnotes(name string) bool {
	switch name {
	case "footnotes", "footnote", "footnote-list", "endnotes":
		return true
	}
	return false
}

// quotes reports whether n names the source of a quotation or figure.
func quotes(n *html.Node) bool {
	for p, up := n.Parent, 0; p != nil && up < 3; p, up = p.Parent, up+1 {
		if p.DataAtom == atom.Blockquote || p.DataAtom == atom.Figure {
			return true
		}
	}
	return false
}

// isLinkList reports whether nearly all of n's text is in links, or it has no text at all.
func isLinkList(n *html.Node) bool {
	all := textLen(n, isNoText)
	rest := textLen(n, func(d *html.Node) bool { return isNoText(d) || d.DataAtom == atom.A || isHeading(d.DataAtom) })
	return rest*4 <= all && !hasElement(n, func(a atom.Atom) bool { return a == atom.Pre || a == atom.Img })
}

// isNoText holds the elements whose text nobody reads.
func isNoText(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Template, atom.Noscript, atom.Select, atom.Textarea, atom.Svg, atom.Title:
		return true
	}
	return false
}

// isChrome holds the elements that are no content wherever a page has them. Weighing leaves them out.
func isChrome(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Nav, atom.Header, atom.Footer, atom.Aside, atom.Form, atom.Button, atom.Dialog, atom.Iframe:
		return true
	}
	if isNoText(n) {
		return true
	}
	role := attr(n, "role")
	return role != "" && isNavigationRole(strings.ToLower(role))
}

// prose weighs n: its bytes of text outside of links, navigation and forms.
func prose(n *html.Node) int {
	return textLen(n, isNoProse)
}

func isNoProse(n *html.Node) bool { return n.DataAtom == atom.A || isChrome(n) }

// ownProse weighs what may be a whole page like prose, without its furniture and what nobody sees.
func ownProse(root *html.Node) int {
	s := stripper{roots: []*html.Node{root}, page: true, total: -1}
	return textLen(root, func(n *html.Node) bool { return isNoProse(n) || s.isFurniture(n, true) || hidden(n) })
}
