package sanitize

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// hiddenClasses are the usual names for text that only screen readers meet: labels of controls and icons.
var hiddenClasses = map[string]bool{
	"sr-only": true, "visually-hidden": true, "visuallyhidden": true, "screen-reader-text": true,
	"screen-reader-only": true, "screenreader-only": true, "sr-text": true, "skip-link": true, "skip-to-content": true,
	"skip-navigation": true, "skiplink": true, "skip-nav": true, "copy-button": true, "copybtn": true,
	"copy-code-button": true, "copy-to-clipboard": true, "clipboard-button": true,
}

// hidden reports whether a reader does not see n, or the site keeps it from snippets. Panels of tabs and accordions
// are only hidden until somebody opens them: they count as seen.
func hidden(n *html.Node) bool {
	hide, icon, panel := false, false, false
	for i := range n.Attr {
		switch a := &n.Attr[i]; a.Key {
		case "data-nosnippet":
			return true
		case "hidden":
			hide = hide || !strings.EqualFold(a.Val, "until-found")
		case "aria-hidden":
			icon = strings.EqualFold(a.Val, "true")
		case "style":
			hide = hide || hidingStyle(a.Val)
		case "class":
			if !isHeading(n.DataAtom) && anyToken(a.Val, hiddenClasses) && !hasElement(n, isHeading) {
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

// navigationRoles are the ARIA roles of page furniture (WAI-ARIA 1.2, 5.3 and DPUB-ARIA 1.1).
var navigationRoles = map[string]bool{
	"navigation": true, "search": true, "menu": true, "menubar": true, "doc-toc": true, "banner": true,
	"contentinfo": true, "dialog": true, "alertdialog": true, "toolbar": true, "progressbar": true,
}

func hasNavigationRole(n *html.Node) bool {
	role := attr(n, "role")
	return role != "" && navigationRoles[strings.ToLower(strings.TrimSpace(role))] &&
		!hasElement(n, func(a atom.Atom) bool { return a == atom.H1 })
}
