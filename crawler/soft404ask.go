package crawler

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Limits of asking for URLs that do not exist.
const (
	maxProbeHops = 5
	probeTimeout = 10 * time.Second // an answer to a question of our own is not worth fetch.timeout
)

// askMissing asks for a URL that cannot exist, once, under the rules for pages. The error is the cause of ctx's end, or
// ErrStopped.
func (c *Crawler) askMissing(ctx context.Context, m missing) (*probeAnswer, error) {
	a := &probeAnswer{url: m.url}
	at := m.url
	for hop := 0; hop <= maxProbeHops; hop++ {
		u, err := url.Parse(at)
		if err != nil {
			return a.because("is no URL"), nil
		}
		if v := c.scope.Decide(at); !v.In {
			return a.because("not asked: " + v.Why), nil
		}
		rules, err := c.robots(ctx, u)
		if err != nil {
			return nil, err
		}
		if line := rules.forbids(c.token, at); line != "" {
			return a.because("not asked: robots.txt: " + line), nil
		}
		x, err := c.askOnce(ctx, u)
		if err != nil {
			return nil, err
		}
		next, done := c.readMissing(a, x, u, m)
		if done {
			return a, nil
		}
		at = next
	}
	return a.because(fmt.Sprintf("more than %d redirects", maxProbeHops)), nil
}

// because ends asking for a reason that is no answer. Redirects that came before are one.
func (a *probeAnswer) because(reason string) *probeAnswer {
	a.what = reason
	if len(a.targets) > 0 {
		a.kind, a.what = probeRedirect, "redirect to "+a.targets[0]
	}
	return a
}

// askOnce makes one request without trying again.
func (c *Crawler) askOnce(ctx context.Context, u *url.URL) (*exchange, error) {
	x, err := c.once(ctx, u.Host, func(ctx context.Context) *exchange {
		ctx, cancel := context.WithTimeout(ctx, probeTimeout)
		defer cancel()
		return c.get(ctx, u, Validators{})
	})
	if err != nil {
		return nil, err
	}
	if pause := retryAfter(x, time.Now()); pause > 0 {
		c.limiter.pause(u.Host, pause)
	}
	return x, nil
}

// readMissing reads an answer to m at u into a. Not done: next is where it leads.
func (c *Crawler) readMissing(a *probeAnswer, x *exchange, u *url.URL, m missing) (next string, done bool) {
	switch {
	case x.refused != nil || x.err != nil || x.status >= 500 || x.status == http.StatusTooManyRequests:
		f, _ := x.failure()
		a.because(f.Detail)
		a.kind = probeUnknown
	case wallOfError(x.status, x.header, x.body).any():
		a.because(statusLine(x))
		a.kind = probeUnknown
	case x.status >= 400:
		a.kind, a.what = probeHonest, statusLine(x)
	case isRedirect(x.status):
		return c.followMissing(a, x, location(x.header), u, m)
	case x.status >= 300 || x.status < 200 || x.notHTML != "":
		a.because(strings.TrimSpace(statusLine(x) + " " + x.notHTML))
	default:
		root := parseStart(decode(x.body, x.contentType))
		if target := refreshOf(root); target != "" {
			return c.followMissing(a, x, target, u, m)
		}
		a.readPage(x, root, u, m)
	}
	return "", true
}

// followMissing notes where an answer leads to by a Location or an immediate refresh.
func (c *Crawler) followMissing(a *probeAnswer, x *exchange, location string, u *url.URL, m missing) (next string, done bool) {
	from := u.String()
	target, ok := c.canon.Resolve(from, location)
	to, err := url.Parse(target)
	if !ok || err != nil || target == from || location == "" {
		a.because(statusLine(x) + " that leads nowhere")
		return "", true
	}
	f := redirectWall(u, to, false)
	if f.failure != nil || f.instead != nil && f.instead.Class != InsteadSoft404 {
		a.what = "redirect to " + shown(to)
		return "", true
	}
	if !strings.Contains(strings.ToLower(target), m.token) {
		a.targets = append(a.targets, target)
	}
	return target, false
}

// readPage notes a page that came for a URL that cannot exist.
func (a *probeAnswer) readPage(x *exchange, root *html.Node, u *url.URL, m missing) {
	switch {
	case root == nil:
		a.because("200 without a page")
	case len(a.targets) > 0:
		a.kind, a.what = probeRedirect, "redirect to "+a.targets[0]+", which answers "+statusLine(x)
	default:
		print := fingerprintOf(root, m.vary)
		print.canonical = canonicalOf(root, u)
		a.kind, a.what, a.print = probeText, statusLine(x)+" with a page headed "+quoted(print.title), print
	}
}

// refreshOf returns the target of an immediate <meta http-equiv=refresh>, as written; empty if there is none.
func refreshOf(root *html.Node) string {
	for n := root; n != nil; n = following(n, root) {
		if n.DataAtom != atom.Meta || n.Parent.DataAtom == atom.Noscript {
			continue
		}
		if equiv, _ := attribute(n, "http-equiv"); strings.EqualFold(strings.TrimSpace(equiv), "refresh") {
			content, _ := attribute(n, "content")
			return refreshTarget(content)
		}
	}
	return ""
}
