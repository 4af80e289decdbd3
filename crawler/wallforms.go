package crawler

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// formOf notes a form.
func (b *sightBuilder) formOf(n *html.Node, at place) *formSight {
	f := &formSight{chrome: at.chrome || at.drawer}
	f.action, _ = attribute(n, "action")
	id, _ := attribute(n, "id")
	class, _ := attribute(n, "class")
	name, _ := attribute(n, "name")
	f.about = strings.ToLower(f.action + " " + id + " " + class + " " + name)
	f.chrome = f.chrome || drawn(n)
	if len(b.forms) < maxSightItems {
		b.forms = append(b.forms, f)
	}
	return f
}

// accountNames are what fields for a user name are called.
var accountNames = []string{"email", "e-mail", "mail", "user", "username", "login", "identifier", "account", "log", "loginfmt",
	"userid", "user_id", "userlogin", "upn"}

// field notes an input or a text area.
func (b *sightBuilder) field(n *html.Node, at place) {
	kind, _ := attribute(n, "type")
	name, _ := attribute(n, "name")
	kind, name = strings.ToLower(kind), strings.ToLower(name)
	f := at.form
	if n.DataAtom == atom.Textarea {
		if !strings.Contains(name, "captcha") {
			f.area = true
			f.fields++
			b.fields++
		}
		return
	}
	switch kind {
	case "hidden":
		if len(f.hidden) < maxSightItems {
			f.hidden = append(f.hidden, name)
		}
	case "submit", "button", "image":
		value, _ := attribute(n, "value")
		f.submit += " " + clip(plain(value), 80)
		if len(b.controls) < maxSightItems && !at.chrome && !at.drawer {
			b.controls = append(b.controls, control{text: clip(plain(value), 80), target: f.action, button: true})
		}
	case "password":
		f.password = true
		f.fields++
		b.fields++
	case "checkbox", "radio", "reset":
	default:
		b.written(n, at, kind, name)
	}
}

// written notes a field that text is written into.
func (b *sightBuilder) written(n *html.Node, at place, kind, name string) {
	f := at.form
	id, _ := attribute(n, "id")
	if kind == "search" || isQuery(name) || strings.Contains(f.about, "search") {
		value, _ := attribute(n, "value")
		if len(b.searches) < maxSightItems {
			b.searches = append(b.searches, searchField{name: name, value: plain(value), chrome: at.chrome || at.drawer})
		}
		return
	}
	f.fields++
	b.fields++
	fill, _ := attribute(n, "autocomplete")
	if kind == "email" || hasToken(fill, "username") {
		f.account = name + id
	}
	for _, account := range accountNames {
		if name == account || strings.ToLower(id) == account || strings.HasSuffix(name, "["+account+"]") {
			f.account = account
		}
	}
}

// drawerWords are parts of the names of elements that are beside the page: opened by hand, or above it.
var drawerWords = []string{"modal", "dialog", "drawer", "dropdown", "popup", "popover", "offcanvas", "off-canvas", "flyout",
	"lightbox", "sidebar", "navbar", "topbar", "toolbar", "masthead"}

// drawn reports whether an element is beside the page, by its names or because it is hidden.
func drawn(n *html.Node) bool {
	for _, a := range n.Attr {
		switch a.Key {
		case "hidden":
			return a.Val != "until-found"
		case "aria-hidden":
			if a.Val == "true" {
				return true
			}
		case "role":
			if a.Val == "dialog" || a.Val == "alertdialog" {
				return true
			}
		case "style":
			if style := strings.ReplaceAll(strings.ToLower(a.Val), " ", ""); strings.Contains(style, "display:none") {
				return true
			}
		case "class", "id":
			for token := range strings.FieldsSeq(strings.ToLower(a.Val)) {
				if containsAny(token, drawerWords) != "" && !aroundDrawer(token) {
					return true
				}
			}
		}
	}
	return false
}

// aroundDrawer reports whether a class says that an element has a drawer rather than being one, such as "has-sidebar".
func aroundDrawer(class string) bool {
	first, _, ok := strings.Cut(class, "-")
	switch first {
	case "has", "with", "no", "not", "without", "js", "layout", "page", "body", "content", "container":
		return ok
	}
	return false
}

// containers notes what an element holds: something beside the page, a captcha, what scripts fill, results.
func (b *sightBuilder) containers(n *html.Node, at *place) {
	switch n.DataAtom {
	case atom.Html, atom.Head, atom.Body, atom.Meta, atom.Link, atom.A, atom.P, atom.Li, atom.Span, atom.Br, atom.Main, atom.Article:
		return
	case atom.Dialog:
		at.drawer = true
	}
	if role, ok := attribute(n, "role"); ok && !at.main {
		switch role {
		case "navigation", "banner", "contentinfo", "complementary":
			at.chrome = true
		case "main":
			at.main, at.chrome = true, false
		}
	}
	if !at.drawer && drawn(n) && !wholePage(n) {
		at.drawer = true
	}
	b.captchaOf(n)
	b.hollowOf(n)
	b.resultsOf(n)
}

// wholePage reports whether n holds all that a body has to show: such an element is not beside the page, however it is
// called.
func wholePage(n *html.Node) bool {
	if n.Parent == nil || n.Parent.DataAtom != atom.Body {
		return false
	}
	for c := n.Parent.FirstChild; c != nil; c = c.NextSibling {
		if c == n || c.Type != html.ElementNode {
			continue
		}
		switch c.DataAtom {
		case atom.Script, atom.Style, atom.Noscript, atom.Link, atom.Footer:
		default:
			return false
		}
	}
	return true
}

// containsAny returns the first of words that is in text, or "".
func containsAny(text string, words []string) string {
	for _, w := range words {
		if strings.Contains(text, w) {
			return w
		}
	}
	return ""
}
