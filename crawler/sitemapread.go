package crawler

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
)

// read reads one sitemap: its pages go to the frontier, its sitemaps into the queue. The error is the cause of ctx's
// end, ErrStopped or one of the frontier.
func (d *discovery) read(ctx context.Context, ref sitemapRef) error {
	u, err := url.Parse(ref.url)
	if err != nil {
		return err // push has parsed it
	}
	x, err := d.c.download(ctx, u, maxSitemapBytes, maxSitemapRedirects)
	if err != nil {
		return err
	}
	whole := d.answered(ref, x)
	if len(x.body) == 0 || x.status < 200 || x.status >= 300 {
		return nil
	}
	b := &batch{d: d}
	var failed error // of the frontier, told from those of the sitemap
	summary, err := readSitemap(bytes.NewReader(x.body), x.contentType, func(e sitemapEntry) error {
		failed = d.entry(ctx, b, u, ref, e)
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

// entry deals with one address in a sitemap at u.
func (d *discovery) entry(ctx context.Context, b *batch, u *url.URL, ref sitemapRef, e sitemapEntry) error {
	if e.Sitemap {
		// Not in canonical form: what identifies a page says nothing about sitemaps. Where an index was named, the
		// sitemaps beside it are too.
		named := false
		if child, err := u.Parse(e.Loc); err == nil {
			named = ref.named && child.Host == u.Host
		}
		d.push(u, sitemapRef{url: e.Loc, depth: ref.depth + 1, named: named})
		return nil
	}
	page, ok := e.resolve(d.c.canon, ref.url)
	if !ok || !d.c.scope.Decide(page).In {
		return nil
	}
	return b.add(ctx, Link{URL: page, Via: ViaSitemap, From: ref.url})
}

// batch collects links for the frontier.
type batch struct {
	d     *discovery
	links []Link
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
