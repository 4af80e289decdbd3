// Package crawler reads a site: it decides which URLs belong to it, obeys robots.txt, requests pages at a polite rate
// through a transport that refuses private addresses, and hands each page on parsed, with its links and directives.
// What is still to crawl is kept by a Frontier.
package crawler

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
)

// Options are what a Crawler needs besides its Config.
type Options struct {
	Version string       // of the program, for the default user agent; empty: "dev"
	Log     *slog.Logger // nil: nothing is logged

	// Transport replaces the network, for tests. It sees every request for pages, robots.txt and sitemaps, and must
	// not follow redirects. nil: the guarded transport.
	Transport http.RoundTripper
}

// Crawler reads one site. It is safe for concurrent use. One Crawler serves one run: it remembers robots.txt and the
// pauses that hosts asked for.
type Crawler struct {
	cfg       Config
	log       *slog.Logger
	canon     *Canonicalizer
	scope     *Scope
	hosts     hostSet // of the scope
	secure    hostSet // hosts whose start URL is https: no secret goes to them over http
	transport http.RoundTripper
	agent     string // User-Agent
	token     string // product token of agent, what robots.txt groups and directives are named after
	limiter   *limiter
	pauses    pauses
	gate      gate
	soft      soft404

	stopped chan struct{} // closed by Stop
	stop    sync.Once

	collectors sync.Pool // of *colly.Collector, each used by one request at a time
	decoders   decoders  // of content encodings

	sessions sessions
	traps    traps

	fetches, bytes, retries atomic.Int64
}

// Stats counts what a Crawler did for pages, probes of failing hosts included; robots.txt, sitemaps and URLs that are
// asked for to know soft 404s are not in it.
type Stats struct {
	Fetches int64 // requests, retries included
	Bytes   int64 // of bodies, after content decoding
	Retries int64
}

// New returns a Crawler for a config that Validate has accepted. It makes no request.
func New(cfg Config, opts Options) (*Crawler, error) {
	canon, err := NewCanonicalizer(cfg.Start, cfg.Scope.DropParams)
	if err != nil {
		return nil, err
	}
	scope, err := NewScope(cfg, canon)
	if err != nil {
		return nil, err
	}
	c := &Crawler{
		cfg:     cfg,
		log:     opts.Log,
		canon:   canon,
		scope:   scope,
		hosts:   newHostSet(scope.Hosts()),
		secure:  secureHosts(cfg.Start),
		agent:   userAgent(cfg.Fetch, opts.Version),
		gate:    gate{hosts: make(map[string]*robotsHost)},
		stopped: make(chan struct{}),
	}
	c.limiter = newLimiter(cfg.Fetch.Rate, cfg.Fetch.Concurrency, c.stopped)
	c.token = tokenOf(c.agent)
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if c.transport = opts.Transport; c.transport == nil {
		if c.transport, err = newTransport(cfg.Fetch, c.dialable()); err != nil {
			return nil, err
		}
	}
	c.collectors.New = func() any { return c.newCollector() }
	return c, nil
}

// Canonicalizer returns what gives URLs their canonical form in this crawl.
func (c *Crawler) Canonicalizer() *Canonicalizer { return c.canon }

// Scope returns what decides which URLs belong to the site.
func (c *Crawler) Scope() *Scope { return c.scope }

// Stats returns what was done so far.
func (c *Crawler) Stats() Stats {
	return Stats{Fetches: c.fetches.Load(), Bytes: c.bytes.Load(), Retries: c.retries.Load()}
}

// Close closes idle connections. Crawl does so by itself when it ends.
func (c *Crawler) Close() {
	if t, ok := c.transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// dialable returns the hosts that fetch.allow_private opens: those of the scope and of the configured sitemaps.
func (c *Crawler) dialable() hostSet {
	hosts := newHostSet(c.scope.Hosts())
	for _, raw := range c.cfg.Sitemaps.URLs {
		if u, err := url.Parse(raw); err == nil {
			hosts[authority(u)] = true
		}
	}
	return hosts
}

// header returns what every request to u carries. Configured headers and credentials go to hosts in scope only, and
// never over http to a host that is crawled over https.
func (c *Crawler) header(u *url.URL, accept string) http.Header {
	h := make(http.Header, 5+len(c.cfg.Fetch.Headers))
	h["User-Agent"], h["Accept"], h["Accept-Encoding"] = []string{c.agent}, []string{accept}, []string{acceptEncoding}
	if !c.hosts.has(u) || u.Scheme == "http" && c.secure[u.Hostname()] {
		return h
	}
	for name, value := range c.cfg.Fetch.Headers {
		h.Set(name, value)
	}
	if user, password, ok := strings.Cut(c.cfg.Fetch.BasicAuth, ":"); ok {
		r := http.Request{Header: h}
		r.SetBasicAuth(user, password)
	}
	return h
}

// recovered turns what a panic left into a Failure; the stack goes to the log.
func (c *Crawler) recovered(ctx context.Context, rawURL string, cause any, stack []byte) *Failure {
	c.log.ErrorContext(ctx, "panic while reading a page", "url", rawURL, "panic", cause, "stack", string(stack))
	return &Failure{Class: FailParse, Detail: oneLine(fmt.Sprintf("panic: %v", cause))}
}

// userAgent returns the User-Agent: that of cfg as it is, else the program's with the contact.
func userAgent(cfg FetchConfig, version string) string {
	if version == "" {
		version = "dev"
	}
	switch {
	case cfg.UserAgent != "":
		return cfg.UserAgent
	case cfg.Contact != "":
		return "pageferry/" + version + " (+" + cfg.Contact + ")"
	}
	return "pageferry/" + version
}

// tokenOf returns the product token that a user agent begins with. RFC 9309 section 2.2.1 wants letters, "_" and "-";
// the digits and dots of real names are taken too.
func tokenOf(agent string) string {
	end := strings.IndexFunc(agent, func(r rune) bool {
		return !strings.ContainsRune("_-.", r) && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
	if end >= 0 {
		agent = agent[:end]
	}
	return agent
}
