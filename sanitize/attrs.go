package sanitize

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// pruneAttrs leaves n the attributes that the policy allows, in place and in the order of the page. The policy checks
// them again; pruning the tree first is what makes that cheap. URLs and code classes are the caller's.
func pruneAttrs(n *html.Node) {
	kept := n.Attr[:0]
	for _, a := range n.Attr {
		if a.Namespace == "" && keepsAttr(n.DataAtom, &a) {
			kept = append(kept, a)
		}
	}
	n.Attr = kept
}

// keepsAttr reports whether an element may have an attribute, and brings its value into normal form.
func keepsAttr(el atom.Atom, a *html.Attribute) bool {
	switch el {
	case atom.A:
		return a.Key == "href" || a.Key == "title" && line(a)
	case atom.Abbr:
		return a.Key == "title" && line(a)
	case atom.Img:
		switch a.Key {
		case "src":
			return true
		case "alt", "title":
			return line(a)
		case "width", "height":
			a.Val = strings.TrimSuffix(strings.TrimSpace(a.Val), "px")
			return isDigits(a.Val, 5)
		}
	case atom.Code, atom.Pre:
		return a.Key == "class" && isLanguageClass(a.Val)
	case atom.Ol:
		switch a.Key {
		case "start":
			return isSigned(a)
		case "type":
			return len(a.Val) == 1 && strings.Contains("1aAiI", a.Val)
		case "reversed":
			a.Val = ""
			return true
		}
	case atom.Ul:
		return a.Key == "type" && lowerIn(a, "disc", "circle", "square")
	case atom.Li:
		return a.Key == "value" && isSigned(a)
	case atom.Col, atom.Colgroup:
		return a.Key == "span" && isDigits(a.Val, 5)
	case atom.Td, atom.Th:
		switch a.Key {
		case "colspan", "rowspan":
			return isDigits(a.Val, 5) && a.Val != "1"
		case "scope":
			return lowerIn(a, "row", "col", "rowgroup", "colgroup")
		case "align":
			return lowerIn(a, "left", "right", "center", "justify")
		}
	case atom.Tr:
		return a.Key == "align" && lowerIn(a, "left", "right", "center", "justify")
	}
	return false
}

// line brings the value of a text attribute onto one line.
func line(a *html.Attribute) bool {
	a.Val = printable(a.Val)
	if strings.ContainsAny(a.Val, "\n\t") {
		a.Val = strings.Join(strings.Fields(a.Val), " ")
	}
	return true
}

func lowerIn(a *html.Attribute, values ...string) bool {
	for _, v := range values {
		if strings.EqualFold(a.Val, v) {
			a.Val = v
			return true
		}
	}
	return false
}

func isSigned(a *html.Attribute) bool {
	a.Val = strings.TrimSpace(a.Val)
	return isDigits(strings.TrimPrefix(a.Val, "-"), 9)
}

func isDigits(s string, most int) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != "" && len(s) <= most
}
