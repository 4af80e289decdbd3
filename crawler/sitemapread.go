package crawler

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
)

// read reads one sitemap: its pages go to the frontier, its sitemaps into the queue. The error is the cause of ctx's
// end, ErrStopped or one of the frontier.
func (d *discovery) read(ctx context.Context, ref sitemapRef) error {
	x, at, err := d.request(ctx, ref)
	if err != nil || x == nil {
		return err
	}
	whole := d.answered(ref, x)
	if len(x.body) == 0 || x.status < 200 || x.status >= 300 {
		return nil
	}
	b := &batch{d: d, at: at, base: at.String()}
	var failed error // of the frontier, told from those of the sitemap
	summary, err := readSitemap(bytes.NewReader(x.body), x.contentType, func(e sitemapEntry) error {
		failed = b.entry(ctx, ref, e)
		return failed
	})
	if failed != nil {
		return failed
	}
	switch {
	case err != nil && ref.guess: // a page that says "not found" with status 200
	case errors.Is(err, errNotSitemap):
		d.problem("sitemap %s is of no use: %v", ref.url, err)
	case err != nil:
		d.incomplete("sitemap %s: %v", ref.url, err)
	case summary.Incomplete != "" && whole:
		d.incomplete("sitemap %s %s", ref.url, summary.Incomplete)
	}
	return b.flush(ctx)
}

// request asks for a sitemap and follows its redirects, each of which robots.txt must allow. It returns the answer and
// where it came from, or nil if there is none to read. The error is the cause of ctx's end, or ErrStopped.
func (d *discovery) request(ctx context.Context, ref sitemapRef) (*exchange, *url.URL, error) {
	u, err := url.Parse(ref.url)
	if err != nil {
		return nil, nil, err // push has parsed it
	}
	passed := []string{ref.url}
	for {
		if ok, err := d.allowed(ctx, ref, u); err != nil || !ok {
			return nil, nil, err
		}
		x, err := d.c.download(ctx, u, maxSitemapBytes, 0)
		if err != nil || x.err != nil || !isRedirect(x.status) || len(passed) > maxSitemapRedirects {
			return x, u, err
		}
		next := redirectTarget(u, x)
		if next == nil || slices.Contains(passed, next.String()) {
			return x, u, nil
		}
		u = next
		if d.seen[u.String()] {
			return nil, nil, nil // it is read, or was found wanting, under its own name
		}
		d.seen[u.String()] = true
		passed = append(passed, u.String())
	}
}

// redirectTarget returns the web address that a redirect from u leads to, or nil.
func redirectTarget(u *url.URL, x *exchange) *url.URL {
	to := location(x.header)
	next, err := u.Parse(to)
	if err != nil || to == "" || manyLocations(x.header) || next.Scheme != "http" && next.Scheme != "https" || next.Host == "" {
		return nil
	}
	next.User, next.Fragment, next.RawFragment = nil, "", ""
	return next
}

// allowed reports whether a sitemap, or what it redirects to, may be asked for; if not, it notes why. robots.txt holds
// for sitemaps too: also one that it names may be forbidden to us.
func (d *discovery) allowed(ctx context.Context, ref sitemapRef, u *url.URL) (bool, error) {
	if !ref.named && !d.c.hosts.has(u) {
		d.problem("sitemap %s is not read: it redirects to %s, whose host is not in scope.hosts", ref.url, u)
		return false, nil
	}
	rules, err := d.c.robots(ctx, u)
	if err != nil {
		return false, err
	}
	why := rules.forbids(d.c.token, u.String())
	switch {
	case why == "":
		return true, nil
	case d.c.elsewhereInside(u, rules.failure):
		d.problem("sitemap %s is not read: %s", ref.url, rules.failure.Detail)
	case rules.failure != nil:
		d.incomplete("sitemap %s is not read: %s", ref.url, why)
	default:
		d.problem("sitemap %s is not read: %s forbids it, %s", ref.url, robotsURL(u), why)
	}
	return false, nil
}

// answered notes what is wrong with the answer for a sitemap, and reports whether the body is whole.
func (d *discovery) answered(ref sitemapRef, x *exchange) bool {
	f, _ := x.failure()
	switch {
	case f != nil && f.Class == FailHTTP4xx && x.status != http.StatusTooManyRequests:
		if !ref.guess || x.status != http.StatusNotFound && x.status != http.StatusGone {
			d.problem("sitemap %s answers %s", ref.url, f.Detail)
		}
	case f != nil:
		d.incomplete("sitemap %s cannot be read: %s", ref.url, f.Detail)
	case x.status < 200 || x.status >= 300:
		d.problem("sitemap %s answers %s, which leads nowhere", ref.url, statusLine(x))
	case x.read > maxSitemapBytes:
		d.incomplete("sitemap %s has more than %s", ref.url, ByteSize(maxSitemapBytes))
	default:
		return true
	}
	return false
}

// batch collects links of one sitemap for the frontier.
type batch struct {
	d     *discovery
	at    *url.URL // of the sitemap, after redirects
	base  string   // the same
	links []Link
}

// entry deals with one address in the sitemap.
func (b *batch) entry(ctx context.Context, ref sitemapRef, e sitemapEntry) error {
	if e.Sitemap {
		// Not in canonical form: what identifies a page says nothing about sitemaps. Where an index was named, the
		// sitemaps beside it are too.
		named := false
		if child, err := b.at.Parse(e.Loc); err == nil {
			named = ref.named && child.Host == b.at.Host
		}
		b.d.push(b.at, sitemapRef{url: e.Loc, depth: ref.depth + 1, named: named})
		return nil
	}
	page, ok := e.resolve(b.d.c.canon, b.base)
	page = b.d.c.sitemapPage(page)
	if !ok || !b.d.c.scope.Decide(page).In {
		return nil
	}
	return b.add(ctx, Link{URL: page, Via: ViaSitemap, From: ref.url})
}

func (b *batch) add(ctx context.Context, l Link) error {
	b.links = append(b.links, l)
	if len(b.links) < addBatch {
		return nil
	}
	return b.flush(ctx)
}

func (b *batch) flush(ctx context.Context) error {
	links := b.links
	b.links = nil
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if len(links) == 0 {
		return nil
	}
	return b.d.f.Add(ctx, links)
}
