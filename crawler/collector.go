package crawler

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gocolly/colly/v2"
)

const (
	pageAccept    = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.1"
	exchangeEntry = "exchange" // of the *exchange in a colly.Context
)

// newCollector returns a Colly collector that does nothing but one request. Init instead of NewCollector: the latter
// lets COLLY_* environment variables change the settings. What is left off has a replacement here: robots.txt (gate),
// delays (limiter), retries, redirects (edges of the frontier), charsets (decode).
func (c *Crawler) newCollector() *colly.Collector {
	k := &colly.Collector{}
	k.Init()
	k.UserAgent = c.agent
	k.AllowedDomains = c.hosts.names()
	k.AllowURLRevisit = true
	k.ParseHTTPErrorResponse = true
	k.IgnoreRobotsTxt = true
	k.MaxBodySize = int(c.cfg.Fetch.MaxBody) + 1 // one more shows that there is too much
	k.DisableCookies()
	k.WithTransport(recorder{next: c.transport})
	k.SetRequestTimeout(0) // the context has the deadline
	k.SetRedirectHandler(func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse })
	k.OnResponseHeaders(func(r *colly.Response) {
		x := r.Ctx.GetAny(exchangeEntry).(*exchange)
		r.Headers.Set("Content-Type", "text/html; charset=utf-8") // so that Colly leaves the bytes alone
		if c.unwanted(x) {
			r.Request.Abort()
		}
	})
	k.OnResponse(func(r *colly.Response) { r.Ctx.GetAny(exchangeEntry).(*exchange).body = r.Body })
	return k
}

// get makes one request. A collector has one context for all its requests, so each request has a collector to itself.
func (c *Crawler) get(ctx context.Context, u *url.URL, v Validators) *exchange {
	x := &exchange{}
	header := c.header(u, pageAccept)
	if v.ETag != "" {
		header.Set("If-None-Match", v.ETag)
	}
	if v.LastModified != "" {
		header.Set("If-Modified-Since", v.LastModified)
	}
	x.conditional = v.ETag != "" || v.LastModified != ""

	k := c.collectors.Get().(*colly.Collector)
	k.Context = context.WithValue(ctx, exchangeKey{}, x)
	cc := colly.NewContext()
	cc.Put(exchangeEntry, x)
	err := k.Request(http.MethodGet, u.String(), nil, cc, header)
	k.Context = context.Background()
	c.collectors.Put(k) // not deferred: a collector that panicked is not used again

	if err != nil && x.err == nil && !errors.Is(err, colly.ErrAbortedAfterHeaders) {
		x.err = err
	}
	if x.refused == nil && x.read > int64(c.cfg.Fetch.MaxBody) {
		x.refused = tooLarge(c.cfg.Fetch.MaxBody)
	}
	return x
}

// unwanted notes in x why the body of an answer shall not be read.
func (c *Crawler) unwanted(x *exchange) bool {
	if x.status >= http.StatusMultipleChoices {
		return false // recorder has dealt with the body
	}
	if x.status == http.StatusPartialContent {
		x.refused = &Failure{Class: FailTruncated, Detail: "206 Partial Content, though the whole was asked for"}
		return true
	}
	// The transport takes away the gzip it asked for.
	if e := x.header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		x.refused = &Failure{Class: FailParse, Detail: fmt.Sprintf("content encoding %q was not asked for", e)}
		return true
	}
	if x.notHTML = otherType(x.contentType); x.notHTML != "" {
		return true
	}
	if n, err := strconv.ParseInt(x.header.Get("Content-Length"), 10, 64); err == nil && n > int64(c.cfg.Fetch.MaxBody) {
		x.refused = tooLarge(c.cfg.Fetch.MaxBody)
		return true
	}
	return false
}

func tooLarge(limit ByteSize) *Failure {
	return &Failure{Class: FailTooLarge, Detail: fmt.Sprintf("larger than fetch.max_body, %s", limit)}
}
