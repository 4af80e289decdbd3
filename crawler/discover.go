package crawler

import (
	"context"
	"fmt"
	"net/url"
	"slices"
)

// Limits of sitemaps.
const (
	maxSitemaps         = 2000 // a large index has a thousand
	maxSitemapDepth     = 3    // of indexes in indexes
	maxSitemapRedirects = 5
	addBatch            = 500 // links put into the frontier at once
	maxSitemapProblems  = 100 // told one by one
)

// Discovery is what Discover found out besides the links it put into the frontier.
type Discovery struct {
	Problems   []string // warnings
	Incomplete []string // why the list of pages may not be whole
	SiteDown   *Failure // robots.txt of the start hosts cannot be had, so nothing may be crawled; nil: it can
}

// sitemapRef is a sitemap to read.
type sitemapRef struct {
	url   string
	depth int  // of indexes above it
	named bool // by robots.txt or the config, which may name other hosts
	guess bool // nobody named it, so its absence is no problem
}

// discovery is one call of Discover.
type discovery struct {
	Discovery
	c    *Crawler
	f    Frontier
	refs []sitemapRef
	seen map[string]bool // URLs of sitemaps
	full bool            // there are more than maxSitemaps
	more int             // problems beyond maxSitemapProblems
}

// Discover puts the start URLs into f, and those URLs in scope that sitemaps name. The error is one of f, the cause of
// ctx's end, or ErrStopped if Stop cut it short; what is wrong with the site is in the Discovery.
func (c *Crawler) Discover(ctx context.Context, f Frontier) (Discovery, error) {
	if c.hasStopped() {
		return Discovery{}, ErrStopped
	}
	d := &discovery{c: c, f: f, seen: make(map[string]bool)}
	origins, err := d.start(ctx)
	if err != nil {
		return Discovery{}, err
	}
	if err := d.askHosts(ctx, origins); err != nil {
		return Discovery{}, err
	}
	if d.SiteDown != nil {
		return d.Discovery, nil
	}
	for _, raw := range c.cfg.Sitemaps.URLs {
		d.push(&url.URL{}, sitemapRef{url: raw, named: true})
	}
	for len(d.refs) > 0 {
		ref := d.refs[0]
		d.refs = d.refs[1:]
		if err := d.read(ctx, ref); err != nil {
			return Discovery{}, err
		}
	}
	if d.more > 0 {
		d.Problems = append(d.Problems, fmt.Sprintf("%d more problems with sitemaps", d.more))
	}
	return d.Discovery, nil
}

// start puts the start URLs into the frontier and returns their origins.
func (d *discovery) start(ctx context.Context) ([]*url.URL, error) {
	var links []Link
	var origins []*url.URL
	for i, raw := range d.c.cfg.Start {
		canonical, err := d.c.canon.Canonical(raw)
		if err != nil {
			return nil, fmt.Errorf("start[%d]: %w", i, err)
		}
		u, err := url.Parse(canonical)
		if err != nil {
			return nil, fmt.Errorf("start[%d]: %w", i, err)
		}
		links = append(links, Link{URL: canonical, Via: ViaStart})
		same := func(o *url.URL) bool { return o.Scheme == u.Scheme && o.Host == u.Host }
		if !slices.ContainsFunc(origins, same) {
			origins = append(origins, &url.URL{Scheme: u.Scheme, Host: u.Host})
		}
	}
	return origins, d.f.Add(ctx, links)
}

// askHosts reads the robots.txt of each start host, for its state and, if sitemaps are found by themselves, for the
// sitemaps it names.
func (d *discovery) askHosts(ctx context.Context, origins []*url.URL) error {
	auto := d.c.cfg.Sitemaps.Mode == SitemapsAuto
	var down *Failure
	up := 0
	for _, o := range origins {
		answer, err := d.c.robots(ctx, o)
		if err != nil {
			return err
		}
		if answer.failure != nil {
			down = answer.failure // RobotsFailures says it as well
			continue
		}
		up++
		if !auto {
			continue
		}
		if answer.rules != nil {
			for _, raw := range answer.rules.sitemaps {
				d.push(o, sitemapRef{url: raw, named: true})
			}
		}
		d.push(o, sitemapRef{url: "/sitemap.xml", guess: true})
	}
	if up == 0 {
		d.SiteDown = down
	}
	return nil
}

// push queues a sitemap that was named at base, once.
func (d *discovery) push(base *url.URL, ref sitemapRef) {
	u, err := base.Parse(ref.url)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		d.problem("sitemap %q is not read: not a web address", ref.url)
		return
	}
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	ref.url = u.String()
	switch {
	case d.seen[ref.url] || d.full:
		return
	case !ref.named && !d.c.hosts.has(u):
		d.problem("sitemap %s is not read: its host is not in scope.hosts, and robots.txt does not name it", ref.url)
	case ref.depth > maxSitemapDepth:
		d.incomplete("sitemap %s is not read: more than %d indexes above it", ref.url, maxSitemapDepth)
	case len(d.seen) >= maxSitemaps:
		d.full = true
		d.incomplete("more than %d sitemaps; the rest is not read", maxSitemaps)
		return
	default:
		d.refs = append(d.refs, ref)
	}
	d.seen[ref.url] = true
}

func (d *discovery) problem(format string, args ...any) {
	if len(d.Problems) == maxSitemapProblems { // an index may be full of them
		d.more++
		return
	}
	d.Problems = append(d.Problems, fmt.Sprintf(format, args...))
}

func (d *discovery) incomplete(format string, args ...any) {
	d.Incomplete = append(d.Incomplete, fmt.Sprintf(format, args...))
}
