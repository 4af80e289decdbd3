package crawler

import (
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Limits of the look for what stands in the place of a page. Texts are measured in bytes without links: what people
// would call a short page has less than shortText, and what hardly says anything less than scantText.
const (
	scantText = 900
	shortText = 4000
)

// wall is what the walk over a page notes of what may stand in a page's place: few and cheap signs, which decide
// whether a closer look is worth its price.
type wall struct {
	text      int        // bytes of text outside of scripts, styles and links
	password  bool       // there is a field for one
	title, h1 *html.Node // the first of each
	page      answer     // kept here so that it costs no allocation
}

func (w *wall) element(n *html.Node) {
	switch n.DataAtom {
	case atom.Input:
		if kind, _ := attribute(n, "type"); strings.EqualFold(kind, "password") {
			w.password = true
		}
	case atom.Title:
		if w.title == nil && n.Namespace == "" {
			w.title = n
		}
	case atom.H1:
		if w.h1 == nil {
			w.h1 = n
		}
	}
}

func (w *wall) textNode(n *html.Node) {
	if w.text >= shortText {
		return
	}
	switch n.Parent.DataAtom {
	case atom.A, atom.Script, atom.Style, atom.Noscript, atom.Title, atom.Option:
	default:
		w.text += len(strings.TrimSpace(n.Data))
	}
}

// answer is a page that was read, as the tests for walls see it.
type answer struct {
	c      *Crawler // nil for the body of an error
	url    *url.URL
	header http.Header
	root   *html.Node
	source []byte // in UTF-8

	canonical string // as Page.Canonical
	noIndex   bool

	look *sight // nil until somebody takes a closer look
}

// sight returns the closer look at the page.
func (a *answer) sight() *sight {
	if a.look == nil {
		a.look = look(a.root)
	}
	return a.look
}

// finding is what stands in the place of a page: one of the two is set.
type finding struct {
	instead *Instead
	failure *Failure
}

func (f finding) any() bool { return f.instead != nil || f.failure != nil }

func found(class string, evidence ...string) finding {
	return finding{instead: &Instead{Class: class, Evidence: oneLine(strings.Join(evidence, ""))}}
}

// tests are asked one after the other what stands in the place of a page; the first that knows decides. A challenge
// comes first because it may carry anything, a login before the forms and shells that look alike.
var wallTests = []func(*answer) finding{
	challengePage, loginPage, maintenancePage, missingPage, shellPage, searchPage, printPage,
}

// standsInFor returns what stands in the place of the page, if anything does. A page with much text gets no closer
// look, unless its title, its address or a password field asks for one.
func (w *wall) standsInFor(a *answer) finding {
	view := viewAddress(a.url)
	if w.text >= shortText && !w.password && !view {
		return finding{}
	}
	if w.text >= scantText && !w.password && !view && !w.hints() {
		return finding{}
	}
	for _, test := range wallTests {
		if f := test(a); f.any() {
			return f
		}
	}
	return finding{}
}

// hints reports whether the title or the first heading speaks of a wall.
func (w *wall) hints() bool {
	for _, n := range []*html.Node{w.title, w.h1} {
		if n == nil {
			continue
		}
		text := plain(headline(n))
		for _, p := range []*phrases{&loginPhrases, &challengePhrases, &maintenancePhrases, &missingPhrases} {
			if p.in(text) != "" {
				return true
			}
		}
	}
	return false
}

// wallOfHeader returns the challenge that the header of an answer speaks of, whatever its status.
func wallOfHeader(status int, header http.Header) finding {
	if evidence := challengeHeader(header); evidence != "" {
		return found(InsteadChallenge, statusOf(status), " with ", evidence)
	}
	return finding{}
}

// wallOfError returns what an answer with an error status is, by its header and the first part of its body: a
// challenge, or the question who is there. 404 and 410 need the header, because such pages carry what vendors put into
// every page.
func wallOfError(status int, header http.Header, body []byte) finding {
	if f := wallOfHeader(status, header); f.any() {
		return f
	}
	switch {
	case status == http.StatusUnauthorized:
		if scheme, _, _ := strings.Cut(header.Get("WWW-Authenticate"), " "); scheme != "" {
			return found(InsteadLogin, statusOf(status), " with WWW-Authenticate: ", clip(scheme, 40))
		}
		return found(InsteadLogin, statusOf(status))
	case status == http.StatusNotFound || status == http.StatusGone || status < 400:
		return finding{}
	}
	if evidence := challengeError(status, body); evidence != "" {
		return found(InsteadChallenge, statusOf(status), " with ", evidence)
	}
	if status != http.StatusForbidden {
		return finding{}
	}
	if root := parseStart(body); root != nil {
		if f := loginPage(&answer{root: root, source: body, header: header}); f.any() {
			f.instead.Evidence = statusOf(status) + " with " + f.instead.Evidence
			return f
		}
	}
	return finding{}
}

// wall returns what the exchange shows without a look at a page: an answer that is none.
func (x *exchange) wall() finding {
	switch {
	case x.status >= http.StatusBadRequest:
		return wallOfError(x.status, x.header, x.body)
	case x.status != 0:
		return wallOfHeader(x.status, x.header)
	}
	return finding{}
}

// stands makes what f says of the page, if it says anything.
func (p *Page) stands(f finding) bool {
	if !f.any() {
		return false
	}
	p.clearDoc()
	p.Redirect, p.Permanent = "", false
	p.Instead, p.Failure = f.instead, f.failure
	return true
}
