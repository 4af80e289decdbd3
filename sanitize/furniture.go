package sanitize

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// furnitureClasses are whole class names of what stands inside of content elements and is no content. Each belongs to
// a help center, a documentation generator or a common plug-in; none is a word that authors use for body text. Names
// are compared whole, never in part, and never with ids: those of sections are made of their headings.
var furnitureClasses = map[string]bool{
	// sharing
	"share-links": true, "share-buttons": true, "share-bar": true, "social-share": true, "social-sharing": true,
	"article-share": true, "post-share": true, "sharedaddy": true, "addtoany_share_save_container": true,
	"addthis_toolbox": true,
	// votes and feedback
	"article-votes": true, "article-vote": true, "article-feedback": true, "page-feedback": true, "doc-feedback": true,
	"docs-feedback": true, "was-this-helpful": true, "feedback-widget": true, "intercom-reaction-picker": true,
	"article-rating": true, "md-feedback": true, "helpful-widget": true,
	// other articles
	"related-articles": true, "related-posts": true, "article-relatives": true, "recent-articles": true,
	"recently-viewed": true, "recently-viewed-articles": true, "article-more-questions": true,
	"article-return-to-top": true, "back-to-top": true, "recommended-articles": true, "suggested-articles": true,
	// comments
	"article-comments": true, "comment-list": true, "comments-area": true, "comment-overview": true,
	"comment-callout": true, "comment-respond": true, "disqus-comments": true, "giscus": true, "utterances": true,
	// where the page is, and what stands before and after it
	"breadcrumb": true, "breadcrumbs": true, "theme-doc-breadcrumbs": true, "pagination-nav": true, "prev-next-area": true,
	"post-navigation": true, "rst-footer-buttons": true, "rst-breadcrumbs-buttons": true, "pagination-links": true,
	"prev-next-footer": true, "sub-nav": true,
	// editing and authorship
	"edit-this-page": true, "theme-edit-this-page": true, "edit-page-link": true, "edit-on-github": true,
	"theme-last-updated": true, "article-author": true, "post-meta": true, "entry-meta": true, "article-meta": true,
	"author-info": true, "article-subscribe": true, "byline": true, "avatar": true, "last-updated": true,
	// search, banners
	"search-results": true, "search-container": true, "search-box": true, "search-form": true, "searchbox": true,
	"cookie-banner": true, "cookie-consent": true, "cookie-notice": true, "cc-window": true, "osano-cm-window": true,
	"gdpr-banner": true, "announcement-bar": true,
}

// linkLists are class names that are furniture only on lists of links.
var linkLists = map[string]bool{
	"share": true, "social": true, "social-links": true, "pagination": true, "pager": true, "prev-next": true,
	"page-nav": true, "page-navigation": true, "toc": true, "table-of-contents": true, "page-toc": true, "on-this-page": true,
	"theme-doc-toc-mobile": true, "theme-doc-toc-desktop": true, "bd-toc": true, "nav-toc": true, "toctree-l0": true,
	"toc-container": true, "side-toc": true, "article-toc": true, "navigation": true, "menu": true, "sidebar-nav": true,
	"footer-nav": true, "doc-nav": true, "article-nav": true, "navheader": true, "navfooter": true, "tags": true,
}

// furnitureIDs are ids of scripts that write into pages, and of tables of contents if they are lists of links.
var furnitureIDs = map[string]bool{
	"disqus_thread": true, "onetrust-consent-sdk": true, "onetrust-banner-sdk": true, "CybotCookiebotDialog": true,
	"cookie-law-info-bar": true, "hs-eu-cookie-confirmation": true, "usercentrics-root": true, "didomi-host": true,
}

var linkListIDs = map[string]bool{"toc": true, "TOC": true, "table-of-contents": true, "breadcrumbs": true, "sidebar": true}

// stripFurniture removes from automatically found content what is no content. page says that root is the whole page,
// whose own header and footer go too.
func stripFurniture(root *html.Node, page bool) {
	s := stripper{root: root, page: page, total: -1}
	s.children(root, false)
}

type stripper struct {
	root  *html.Node
	page  bool
	total int // text of root, once it was needed
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
		return !quotes(n) && !anyToken(attr(n, "class"), footnotes) && !s.isMost(n)
	case atom.Aside:
		// An aside is a callout on some systems and navigation on others: only its links tell.
		return isLinkList(n) && !anyToken(attr(n, "class"), footnotes)
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
	sure := anyToken(class, furnitureClasses) || furnitureIDs[id]
	list := !sure && (anyToken(class, linkLists) || linkListIDs[id])
	return (sure || list && isLinkList(n)) && !s.isMost(n)
}

func (s *stripper) isMost(n *html.Node) bool {
	if s.total < 0 {
		s.total = textLen(s.root, isNoText)
	}
	return textLen(n, isNoText)*2 > s.total
}

// footnotes mark a footer or aside that holds notes to the text.
var footnotes = map[string]bool{"footnotes": true, "footnote": true, "footnote-list": true, "endnotes": true}

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
	return role != "" && navigationRoles[strings.ToLower(role)]
}

// prose weighs n: its bytes of text outside of links, navigation and forms.
func prose(n *html.Node) int {
	return textLen(n, func(d *html.Node) bool { return d.DataAtom == atom.A || isChrome(d) })
}
