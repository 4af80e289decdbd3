package crawler

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
)

// maxTemplates is how many forms of URL of a host are asked for; then what is known of the directory above decides.
const maxTemplates = 20

const (
	maxAlike = 10 // pages of a form that are all like the answer to a URL that cannot exist
	minSaid  = 12 // words that such an answer says, for its links not to matter
)

// How a site answers a URL that it cannot have.
const (
	probeUnknown  = iota // it could not be had, or says nothing: no verdict
	probeHonest          // with 404, 410 or another error
	probeText            // with a page
	probeRedirect        // by leading elsewhere
)

// Probe tells how a site answers URLs of a form that it cannot have.
type Probe struct {
	Template string // the form, with * for what varies, such as https://help.example/articles/*
	URL      string // that was asked for
	Answer   string // what came, in words
}

// soft404 remembers for each form of URL how the site answers those that do not exist. Each form is asked once a run.
type soft404 struct {
	off   bool // nothing is asked
	mu    sync.Mutex
	hosts map[string]map[string]*probed // by host and form
}

// probed is what is known of one form of URL.
type probed struct {
	key    string        // the form
	turn   chan struct{} // held while asking; a lock that a context can end the wait for
	answer *probeAnswer  // nil: not asked yet
	second *probeAnswer  // to a URL in another directory; nil: not asked
	third  *probeAnswer  // to another URL of the form; nil: not asked
	differ bool          // a page of the form was seen that is not like the answer; under turn
	alike  int           // pages of the form that are like the answer, though it is not believed; under turn
}

// probeAnswer is what came back for one URL that does not exist.
type probeAnswer struct {
	kind    int
	url     string
	what    string
	print   *fingerprint
	targets []string // of the redirects, those that do not repeat the URL
}

// unmask finds out whether a page, or a redirect to a page that is above it, is what the site answers for URLs that it
// does not have. Start URLs are what the owner named: they stand for themselves. The error is the cause of ctx's end, or
// ErrStopped.
func (c *Crawler) unmask(ctx context.Context, page *Page, u *url.URL) error {
	if c.soft.off || page.Doc == nil && page.Redirect == "" || c.isStart(page.Item.URL) {
		return nil
	}
	t, ok := templateOf(u)
	if !ok {
		return nil
	}
	// A redirect is reason enough to ask only if it leads to where those of missing pages lead.
	p := c.soft.template(u.Host, t, page.Redirect == "" || c.leadsUp(u, page.Redirect))
	if p == nil {
		return nil
	}
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-c.stopped:
		return ErrStopped
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if p.answer == nil {
		answer, err := c.askMissing(ctx, t.probe(false))
		if err != nil {
			return err
		}
		p.answer = answer
		c.log.DebugContext(ctx, "asked for a URL that does not exist", "url", answer.url, "answer", answer.what)
	}
	return c.compare(ctx, page, t, p)
}

// compare judges a page by what is known of its form. The caller holds the turn of p.
func (c *Crawler) compare(ctx context.Context, page *Page, t template, p *probed) error {
	switch {
	case p.answer.kind == probeRedirect && page.Redirect != "":
		for _, target := range p.answer.targets {
			if target == page.Redirect {
				page.stands(found(InsteadSoft404, "redirect to "+target+", as of "+p.answer.url+", which cannot exist"))
				return nil
			}
		}
	case p.answer.kind == probeText && page.Doc != nil:
		is := fingerprintOf(page.Doc.Nodes[0], t.vary)
		near := p.answer.print.canonical != page.Item.URL && p.answer.print.near(is)
		if !near && p.answer.print.canonical == "" && p.answer.print.says(is) {
			var err error
			if near, err = c.offersVary(ctx, t, p); err != nil {
				return err
			}
		}
		if !near {
			p.differ = true
			return nil
		}
		ok, err := c.believe(ctx, t, p)
		if err != nil {
			return err
		}
		if !ok {
			p.alike++
			return nil
		}
		page.stands(found(InsteadSoft404, fmt.Sprintf("same title %s and text as %s, which cannot exist", quoted(is.title), p.answer.url)))
	}
	return nil
}

// offersVary reports whether what the site answers for URLs that do not exist differs in its links from one to the next,
// as where it suggests pages drawn by lot: then links are no evidence. With hardly any text, they are all there is.
func (c *Crawler) offersVary(ctx context.Context, t template, p *probed) (bool, error) {
	if p.answer.print.words < minSaid {
		return false, nil
	}
	if p.third == nil {
		answer, err := c.askMissing(ctx, t.probe(false))
		if err != nil {
			return false, err
		}
		p.third = answer
	}
	return p.third.kind == probeText && p.answer.print.says(p.third.print) && !p.answer.print.leads(p.third.print), nil
}

// believe reports whether a page that is like p.answer is missing. A server may answer everything below the address of
// an article with the article: then both are that page. So the answer must say that there is none, or other pages of
// the form must be different, or so many of them alike that they are no article, or URLs in another directory must be
// answered alike.
func (c *Crawler) believe(ctx context.Context, t template, p *probed) (bool, error) {
	if p.answer.print.missing {
		return true, nil
	}
	if p.answer.print.scant() {
		return false, nil
	}
	if p.differ || t.root() || p.alike >= maxAlike {
		return true, nil
	}
	elsewhere := t.probe(true)
	if elsewhere.url == "" || !c.scope.Decide(elsewhere.url).In {
		return elsewhere.url != "", nil // nothing of the site is above: this is its root
	}
	if p.second == nil {
		answer, err := c.askMissing(ctx, elsewhere)
		if err != nil {
			return false, err
		}
		p.second = answer
	}
	return p.second.kind == probeText && p.answer.print.near(p.second.print), nil
}

// clearDoc takes everything from a page that comes from its markup.
func (p *Page) clearDoc() {
	p.Doc, p.Links, p.Validators = nil, nil, Validators{}
	p.Base, p.Lang, p.Canonical, p.NoIndex, p.NoFollow = "", "", "", "", false
}

// isStart reports whether u is a start URL.
func (c *Crawler) isStart(u string) bool {
	for _, raw := range c.cfg.Start {
		if start, err := c.canon.Canonical(raw); err == nil && start == u {
			return true
		}
	}
	return false
}

// leadsUp reports whether a redirect leads to where sites send people who ask for pages that do not exist: the home
// page, a directory above, or a search.
func (c *Crawler) leadsUp(from *url.URL, redirect string) bool {
	to, err := url.Parse(redirect)
	if err != nil {
		return false
	}
	if to.Path == "" || to.Path == "/" || c.isStart(redirect) || viewAddress(to) {
		return true
	}
	dir := strings.TrimRight(to.Path, "/") + "/"
	return strings.HasPrefix(from.Path, dir) && strings.TrimRight(from.Path, "/")+"/" != dir
}

// template returns what is known of a form of URL; if nothing is, ask says that it is to be asked for. When it is not, or
// a host has too many forms, what is known of a directory above stands for it; nil if nothing is.
func (s *soft404) template(host string, t template, ask bool) *probed {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hosts == nil {
		s.hosts = make(map[string]map[string]*probed)
	}
	forms := s.hosts[host]
	if forms == nil {
		forms = make(map[string]*probed)
		s.hosts[host] = forms
	}
	if p, ok := forms[t.key]; ok {
		return p
	}
	if !ask || len(forms) >= maxTemplates {
		return above(forms, t)
	}
	p := &probed{key: t.key, turn: make(chan struct{}, 1)}
	forms[t.key] = p
	return p
}

// above returns what is known of the closest directory above t.
func above(forms map[string]*probed, t template) *probed {
	for dir := t.dir; len(dir) > 1; {
		dir = dir[:strings.LastIndexByte(dir[:len(dir)-1], '/')+1]
		for _, ending := range []string{t.ending, "", "/"} {
			if p, ok := forms[t.scheme+"://"+t.host+dir+"*"+ending]; ok {
				return p
			}
		}
	}
	return nil
}

// Probed tells how the site answered a URL of the form of pageURL that cannot exist; false if none was asked for. It
// waits for nothing: call it when no fetch is under way.
func (c *Crawler) Probed(pageURL string) (Probe, bool) {
	u, err := url.Parse(pageURL)
	if err != nil {
		return Probe{}, false
	}
	t, ok := templateOf(u)
	if !ok {
		return Probe{}, false
	}
	p := c.soft.template(u.Host, t, false)
	if p == nil {
		return Probe{}, false
	}
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	default:
		return Probe{}, false
	}
	if p.answer == nil {
		return Probe{}, false
	}
	return Probe{Template: p.key, URL: p.answer.url, Answer: p.answer.what}, true
}
