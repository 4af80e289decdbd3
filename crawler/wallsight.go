package crawler

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Limits of a sight. They bound its size; a page that reaches them is no wall.
const (
	maxSightText  = 4 << 10
	maxSightItems = 64
	maxSightDepth = 600
)

// sight is what a closer look sees of a page: how much of what it says to whom. The main text is what is outside of
// navigation, header, footer and sidebars, and of links and controls.
type sight struct {
	title, h1 string // plain
	words     int    // of the main text
	linked    int    // words of links of the main part
	aside     int    // words outside of the main part
	links     int    // in all of the page
	text      string // the main text, plain, up to maxSightText bytes
	linkText  string // of links of the main part, likewise

	noscript      int // words in <noscript>, which are in no other count
	noscriptText  string
	article, list bool // <article>, <ol>

	body          *html.Node
	sources       int      // scripts with src
	inline        []string // scripts without
	hollow        string   // an element without text that a script would fill, such as `<div id="root">`
	captcha       string   // an element that a captcha fills
	fields        int      // visible ones that a person fills in, but search
	forms         []*formSight
	controls      []control
	searches      []searchField
	results       string // a container for results of a search
	stylesheets   int
	printSheets   int // stylesheets for print alone
	resultsSchema bool
}

// formSight is a form, or what is outside of any.
type formSight struct {
	about    string // action, id, class and name
	action   string
	chrome   bool // it is in the header, a drawer, a dialog or hidden
	password bool
	account  string // the name of a field for a user name or an address
	area     bool   // it has a text area
	fields   int    // visible
	hidden   []string
	submit   string // plain texts of its buttons
}

// control is a link or button with a short text.
type control struct {
	text   string // plain
	target string // href or action of the form
	button bool
}

// searchField is a field of a search form.
type searchField struct {
	name, value string
	chrome      bool
}

// place is where in a page the walk is.
type place struct {
	main, chrome, drawer, link, quiet, noscript bool
	form                                        *formSight
	depth                                       int
}

// look takes a closer look at a page.
func look(root *html.Node) *sight {
	s := &sight{}
	outside := &formSight{}
	b := &sightBuilder{sight: s}
	b.visit(root, place{form: outside})
	if outside.fields > 0 || outside.password {
		s.forms = append(s.forms, outside)
	}
	s.text, s.linkText, s.noscriptText = plain(b.text.String()), plain(b.linkText.String()), plain(b.noscript.String())
	return s
}

type sightBuilder struct {
	*sight
	text, linkText, noscript strings.Builder
}

func (b *sightBuilder) visit(n *html.Node, at place) {
	if at.depth++; at.depth > maxSightDepth {
		return
	}
	switch n.Type {
	case html.TextNode:
		b.say(n.Data, at)
		return
	case html.ElementNode:
		if !b.enter(n, &at) {
			return
		}
	case html.DocumentNode:
	default:
		return
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.visit(c, at)
	}
}

// say counts a text where it stands.
func (b *sightBuilder) say(data string, at place) {
	if strings.TrimSpace(data) == "" {
		return
	}
	words := countWords(data)
	switch {
	case at.noscript:
		b.sight.noscript += words
		put(&b.noscript, data)
	case at.chrome || at.drawer:
		b.aside += words
	case at.link:
		b.linked += words
		put(&b.linkText, data)
	case at.quiet:
	default:
		b.words += words
		put(&b.text, data)
	}
}

func put(b *strings.Builder, data string) {
	if b.Len() < maxSightText {
		b.WriteString(clip(data, maxSightText))
		b.WriteByte(' ')
	}
}

// enter notes an element and changes the place for what is in it; false: nothing in it counts.
func (b *sightBuilder) enter(n *html.Node, at *place) bool {
	switch n.DataAtom {
	case atom.Title:
		if b.title == "" && n.Namespace == "" {
			b.title = plain(headline(n))
		}
		return false
	case atom.H1:
		if b.h1 == "" {
			b.h1 = plain(headline(n))
		}
	case atom.Script:
		b.script(n)
		return false
	case atom.Style, atom.Template, atom.Svg, atom.Math:
		return false
	case atom.Link:
		b.sheet(n)
	case atom.Body:
		b.body = n
		b.resultsOf(n)
	case atom.Noscript:
		at.noscript = true
	case atom.Main:
		at.main, at.chrome, at.drawer = true, false, false
	case atom.Article:
		at.main, at.drawer, b.article = true, false, true
	case atom.Ol:
		b.list = true
	case atom.Nav, atom.Footer:
		at.chrome = at.chrome || n.DataAtom == atom.Nav || !at.main
	case atom.Header, atom.Aside:
		at.chrome = at.chrome || !at.main
	case atom.A:
		at.link = true
		b.links++
		b.control(n, *at)
	case atom.Button:
		at.quiet = true
		b.control(n, *at)
	case atom.Label, atom.Option, atom.Select, atom.Legend:
		at.quiet = true
	case atom.Form:
		at.form = b.formOf(n, *at)
	case atom.Input, atom.Textarea:
		b.field(n, *at)
		return false
	}
	b.containers(n, at)
	return true
}

func (b *sightBuilder) script(n *html.Node) {
	if src, _ := attribute(n, "src"); src != "" {
		b.sources++
		return
	}
	kind, _ := attribute(n, "type")
	if n.FirstChild == nil {
		return
	}
	if strings.Contains(kind, "ld+json") {
		b.resultsSchema = b.resultsSchema || strings.Contains(n.FirstChild.Data, `"SearchResultsPage"`)
		return
	}
	if len(b.inline) < maxSightItems {
		b.inline = append(b.inline, n.FirstChild.Data)
	}
}

func (b *sightBuilder) sheet(n *html.Node) {
	if rel, _ := attribute(n, "rel"); hasToken(rel, "stylesheet") {
		b.stylesheets++
		if media, _ := attribute(n, "media"); strings.EqualFold(strings.TrimSpace(media), "print") {
			if _, switched := attribute(n, "onload"); !switched { // else a way to load it late
				b.printSheets++
			}
		}
	}
}

// control notes a link or button.
func (b *sightBuilder) control(n *html.Node, at place) {
	if at.chrome || at.drawer || len(b.controls) >= maxSightItems {
		return
	}
	c := control{text: clip(plain(headline(n)), 80), button: n.DataAtom == atom.Button}
	if c.text == "" {
		c.text, _ = attribute(n, "aria-label")
		c.text = clip(plain(c.text), 80)
	}
	c.target, _ = attribute(n, "href")
	if class, ok := attribute(n, "class"); ok && strings.Contains(strings.ToLower(class), "btn") ||
		strings.Contains(strings.ToLower(class), "button") {
		c.button = true
	}
	if role, _ := attribute(n, "role"); role == "button" {
		c.button = true
	}
	if n.DataAtom == atom.Button {
		c.target = at.form.action
		at.form.submit += " " + c.text
	}
	b.controls = append(b.controls, c)
}
