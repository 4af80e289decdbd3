package crawler

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gocolly/colly/v2"
)

const pageAccept = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.1"

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
	k.WithTransport(recorder{next: c.transport, decoders: &c.decoders, unwanted: c.unwanted})
	k.SetRequestTimeout(0) // the context has the deadline
	k.SetRedirectHandler(func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse })
	return k
}

// get makes one request. A collector has one context for all its requests, so each request has a collector to itself.
func (c *Crawler) get(ctx context.Context, u *url.URL, v Validators) *exchange {
	x := &exchange{limit: int64(c.cfg.Fetch.MaxBody)}
	header := c.header(u, pageAccept)
	if v.ETag != "" {
		header["If-None-Match"] = []string{v.ETag}
	}
	if v.LastModified != "" {
		header["If-Modified-Since"] = []string{v.LastModified}
	}
	x.conditional = v.ETag != "" || v.LastModified != ""

	k := c.collectors.Get().(*colly.Collector)
	k.Context = context.WithValue(ctx, exchangeKey{}, x)
	err := k.Request(http.MethodGet, u.String(), nil, colly.NewContext(), header)
	k.Context = context.Background()
	c.collectors.Put(k) // not deferred: a collector that panicked is not used again

	if err != nil && x.err == nil {
		x.err = err
	}
	if x.refused == nil && x.read > int64(c.cfg.Fetch.MaxBody) {
		x.refused = tooLarge(c.cfg.Fetch.MaxBody)
	}
	return x
}

// unwanted notes in x why the body of an answer shall not be read.
func (c *Crawler) unwanted(x *exchange) bool {
	switch {
	case x.status >= http.StatusMultipleChoices:
		return false
	case x.status < http.StatusOK:
		return true // such as 101, whose body would be another protocol; read says so
	case x.status == http.StatusNoContent, x.status == http.StatusResetContent:
		x.notHTML = statusLine(x) // whatever is sent with it is no content
		return true
	case x.status == http.StatusPartialContent:
		x.refused = &Failure{Class: FailTruncated, Detail: "206 Partial Content, though the whole was asked for"}
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
