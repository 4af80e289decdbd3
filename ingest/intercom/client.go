// Package intercom is a client of Intercom's AI Content API: external pages, their content import sources, and the
// admin that a token belongs to.
//
// All methods of a Client try again what may be tried again and keep to the API's rate limit together; see Error for
// what a failure means. Methods and files are named after the pages of the API reference.
package intercom

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// Options is what a Client needs beside its Config.
type Options struct {
	// Token is the access token. Required; see Config.Token.
	Token string
	// UserAgent is sent with every request; empty: pageferry.
	UserAgent string
	// Timeout bounds one try from dialing to the last byte of the answer; 0: 30 s.
	Timeout time.Duration
	// Transport sends the requests; nil: a transport of the client's own.
	Transport http.RoundTripper
	// Log gets what is tried again at debug level; nil: nothing is logged.
	Log *slog.Logger
}

const (
	defaultTimeout = 30 * time.Second
	maxAnswer      = 16 << 20 // a list of 50 pages with their HTML
	maxErrorAnswer = 64 << 10 // an error.list has less than 1 KiB, an HTML error page a few
)

// Client talks to one API with one token. It is safe for concurrent use; all its users share one rate limiter.
type Client struct {
	base      *url.URL
	version   string
	locale    string
	token     string
	userAgent string
	timeout   time.Duration
	http      *http.Client
	log       *slog.Logger

	payloads  payloads
	limit     limiter
	forbidden atomic.Int64 // 403 without error.list in a row

	requests, retries, rateLimited atomic.Int64
}

// Stats counts what a Client did.
type Stats struct {
	Requests    int64 // requests sent, each try counted
	Retries     int64 // requests that repeated an earlier one
	RateLimited int64 // answers that said there were too many requests
}

// New returns a client for cfg.Endpoint. Version, locale and concurrency have the defaults of DefaultConfig where cfg
// is empty. It sends nothing. Errors concern the base URL or the token, which they do not show.
func New(cfg Config, opts Options) (*Client, error) {
	def := DefaultConfig()
	if cfg.BaseURL == "" && cfg.Region == "" {
		cfg.Region = def.Region
	}
	endpoint := cfg.Endpoint()
	if endpoint == "" {
		return nil, fmt.Errorf("target.region: %q is no region", cfg.Region)
	}
	if err := checkBaseURL(endpoint); err != nil {
		return nil, fmt.Errorf("target.base_url: %w", err)
	}
	base, err := url.Parse(endpoint)
	if err != nil {
		return nil, errors.New("target.base_url: is not a URL")
	}
	if err := checkToken(opts.Token); err != nil {
		return nil, fmt.Errorf("access token: %w", err)
	}
	c := &Client{
		base:      base,
		version:   orDefault(cfg.APIVersion, def.APIVersion),
		locale:    orDefault(cfg.Locale, def.Locale),
		token:     opts.Token,
		userAgent: orDefault(opts.UserAgent, "pageferry"),
		timeout:   orDefault(opts.Timeout, defaultTimeout),
		log:       opts.Log,
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	transport := opts.Transport
	if transport == nil {
		transport = newTransport(max(cfg.Concurrency, def.Concurrency))
	}
	// A redirect is not followed: the token belongs to one host.
	c.http = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	return c, nil
}

func orDefault[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}

// newTransport keeps a connection a worker: the default of two would dial anew for most requests.
func newTransport(workers int) *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConnsPerHost:   workers,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
}

// Close closes idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Stats returns what the client did so far.
func (c *Client) Stats() Stats {
	return Stats{Requests: c.requests.Load(), Retries: c.retries.Load(), RateLimited: c.rateLimited.Load()}
}

// call is one operation of the API.
type call struct {
	method string
	path   string   // below the base URL, escaped
	url    *url.URL // whole, with a query, where path alone does not say it
	body   any      // JSON; nil: none
	upsert bool
	once   bool               // a second request may do harm unless the first is known to have done nothing
	empty  bool               // 204 is an answer too
	decode func([]byte) error // takes over the JSON of a 200; its error makes the answer unusable
}

func (c *call) op() string { return c.method + " " + c.path }

// do carries out a call: waits for the rate limit, sends, and tries again what may be tried again (retryWait). It
// returns nil, an *Error, or, once ctx has ended, an error that wraps its cause.
func (c *Client) do(ctx context.Context, call call) error {
	if ctx.Err() != nil {
		return ended(ctx, &call, nil)
	}
	body, err := c.payloads.encode(call.body)
	if err != nil {
		return fmt.Errorf("%s: encode request: %w", call.op(), err)
	}
	defer c.payloads.recycle(body)

	var first time.Time
	var last *Error
	for n := 1; ; n++ {
		if c.limit.acquire(ctx) != nil {
			return ended(ctx, &call, last)
		}
		if n == 1 {
			first = time.Now()
		} else {
			c.retries.Add(1)
		}
		seen, e := c.try(ctx, &call, body)
		if e == nil {
			c.limit.release(seen.rate, seen.ok, 0)
			return nil
		}
		e.Attempts = n
		last = e
		wait, again := retryWait(e, n, time.Since(first), call.once)
		pause := time.Duration(0)
		if e.rateLimited() {
			c.rateLimited.Add(1)
			pause = wait
		}
		c.limit.release(seen.rate, seen.ok, pause)
		if ctx.Err() != nil && e.Temporary() {
			return ended(ctx, &call, e)
		}
		if !again {
			return e
		}
		c.log.Debug("request is tried again", "op", e.Op, "status", e.Status, "try", n, "wait", wait, "error", e)
		if pause > 0 {
			continue // acquire waits, with all other workers
		}
		if sleep(ctx, wait+jitter(wait)) != nil {
			return ended(ctx, &call, e)
		}
	}
}

// ended says that the context ended, whatever the transport made of it; last is the failure before that, if any.
func ended(ctx context.Context, call *call, last *Error) error {
	if last == nil || last.Status == 0 && last.Attempts <= 1 {
		return fmt.Errorf("%s: %w", call.op(), context.Cause(ctx))
	}
	return fmt.Errorf("%s: %w (last try: %v)", call.op(), context.Cause(ctx), last)
}

// redact removes the token from a foreign text.
func (c *Client) redact(s string) string {
	if len(c.token) < minRedacted {
		return s
	}
	return strings.ReplaceAll(s, c.token, "[token]")
}

// minRedacted is the shortest token that redact looks for: a shorter one is no secret, and found in every text.
const minRedacted = 6
