package sanitize

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// isHiddenClass knows the usual class names for text that only screen readers meet: labels of controls and icons.
func isHiddenClass(name string) bool {
	switch name {
	case "sr-only", "visually-hidden", "visuallyhidden", "screen-reader-text",
		"screen-reader-only", "screenreader-only", "sr-text", "skip-link", "skip-to-content",
		"skip-navigation", "skiplink", "skip-nav", "copy-button", "copybtn",
		"copy-code-button", "copy-to-clipboard", "clipboard-button":
		return true
	}
	return false
}

// hidden reports whether a reader does not see n, or the site keeps it from snippets. Panels of tabs and accordions
// are only hidden until somebody opens them: they count as seen.
func hidden(n *html.Node) bool {
	hide, icon, panel := false, false, false
	for i := range n.Attr {
		switch a := &n.Attr[i]; a.Key {
		case noSnippet:
			return true
		case "hidden":
			hide = hide || !strings.EqualFold(a.Val, "until-found")
		case "aria-hidden":
			icon = strings.EqualFold(a.Val, "true")
		case "style":
			hide = hide || hidingStyle(a.Val)
		case "class":
			if !isHeading(n.DataAtom) && anyToken(a.Val, isHiddenClass) && !hasElement(n, isHeading) {
				return true
			}
		case "role":
			panel = a.Val == "tabpanel" || a.Val == "region"
		}
	}
	if n.Data == "clipboard-copy" {
		return true
	}
	if panel {
		return false
	}
	// Body text in an aria-hidden element is a closed accordion; without body text it is an icon or a double.
	return hide || icon && !hasElement(n, isText)
}

func hidingStyle(style string) bool {
	if len(style) < len("display:none") {
		return false
	}
	s := strings.ToLower(strings.Join(strings.Fields(style), ""))
	return strings.Contains(s, "display:none") || strings.Contains(s, "visibility:hidden")
}

// isNavigationRole knows the ARIA roles of page furniture (WAI-ARIA 1.2, 5.3 and DPUB-ARIA 1.1).
func isNavigationRole(name string) bool {
	switch name {
	case "navigation", "search", "menu", "menubar", "doc-toc", "banner",
		"contentinfo", "dialog", "alertdialog", "toolbar", "progressbar":
		return true
	}
	return false
}

func hasNavigationRole(n *html.Node) bool {
	role := attr(n, "role")
	return role != "" && isNavigationRole(strings.ToLower(strings.TrimSpace(role))) &&
		!hasElement(n, func(a atom.Atom) bool { return a == atom.H1 })
}
