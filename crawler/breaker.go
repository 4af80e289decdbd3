package crawler

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
)

// hostDownRuns is how many pages of a host fail one after the other until the host is probed.
const hostDownRuns = 10

// HostDownError ends a crawl because pages of a host failed one after the other, without a success between, and then
// a page that is known to answer did so too.
type HostDownError struct {
	Host  string
	Last  Failure // of the page that failed last
	Probe string  // URL that was fetched to be sure
}

func (e *HostDownError) Error() string {
	return fmt.Sprintf("host %s stopped answering: %d pages failed one after the other, the last with %s: %s; %s, "+
		"fetched to be sure, could not be read either", e.Host, hostDownRuns, e.Last.Class, e.Last.Detail, e.Probe)
}

// breaker notices that a host has stopped answering. It is safe for concurrent use.
type breaker struct {
	mu    sync.Mutex
	hosts map[string]*hostHealth
	down  *HostDownError // the first
}

// hostHealth is how the pages of one host came out.
type hostHealth struct {
	failed  int    // pages, one after the other
	good    string // URL of the page that answered well last; empty: none did
	probing bool
}

// record notes how a page came out and reports whether its host is to be probed now; the caller then calls probed.
// Pages without a request say nothing, unless their host forbade it for now.
func (b *breaker) record(page *Page) (probe bool) {
	if page.Fetches == 0 && !hostFailed(page) {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	host := hostOf(page.Item.URL)
	h, ok := b.hosts[host]
	if !ok {
		h = &hostHealth{}
		b.hosts[host] = h
	}
	if !hostFailed(page) {
		h.failed = 0
		if page.Failure == nil && page.Instead == nil && page.Status < http.StatusBadRequest {
			h.good = page.Item.URL
		}
		return false
	}
	h.failed++
	if h.failed < hostDownRuns || h.probing || b.down != nil {
		return false
	}
	h.probing = true
	return true
}

// good returns the URL of the page of the host that answered well last; empty: none did.
func (b *breaker) good(host string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.hosts[host].good
}

// probed notes how the probe of a host came out that failed made necessary, and reports whether the crawl shall stop.
func (b *breaker) probed(failed, probe *Page) (down bool) {
	host := hostOf(failed.Item.URL)
	b.mu.Lock()
	defer b.mu.Unlock()
	h := b.hosts[host]
	h.probing = false
	if probe.Status != 0 && !hostFailed(probe) {
		h.failed = 0
	}
	if h.failed < hostDownRuns { // another page may have answered meanwhile
		return false
	}
	if b.down == nil {
		b.down = &HostDownError{Host: host, Last: trouble(failed), Probe: probe.Item.URL}
	}
	return true
}

// tripped returns the error of the host that is down, or nil.
func (b *breaker) tripped() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.down == nil {
		return nil
	}
	return b.down
}

// hostFailed reports whether a page failed by its host rather than by itself.
func hostFailed(page *Page) bool {
	if page.Failure == nil {
		return page.Instead != nil && page.Instead.Class == InsteadChallenge
	}
	switch page.Failure.Class {
	case FailDNS, FailTLS, FailTimeout, FailConnection, FailHTTP5xx, FailMaintenance:
		return true
	}
	return page.Status == http.StatusTooManyRequests
}

// trouble returns what is wrong with a page for which hostFailed holds.
func trouble(page *Page) Failure {
	if page.Failure != nil {
		return *page.Failure
	}
	return Failure{Class: page.Instead.Class, Detail: page.Instead.Evidence}
}

// judge tells b how a page came out and, where b asks for it, fetches a page of the host that should answer: a section
// of a site may be broken while the host is well. It reports whether the crawl shall stop; the error is the cause
// of ctx's end.
func (c *Crawler) judge(ctx context.Context, b *breaker, page *Page) (down bool, err error) {
	if !b.record(page) {
		return false, nil
	}
	host := hostOf(page.Item.URL)
	at := b.good(host)
	if at == "" {
		at = c.home(page.Item.URL)
	}
	probe, err := c.Fetch(ctx, Item{Link: Link{URL: at}})
	if errors.Is(err, ErrStopped) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if b.probed(page, probe) {
		return true, nil
	}
	c.log.WarnContext(ctx, "pages fail one after the other, but their host answers", "host", host, "url", page.Item.URL,
		"class", trouble(page).Class, "detail", trouble(page).Detail, "probe", at)
	return false, nil
}

// home returns the first start URL on the host of a page or, if there is none, the root of the host.
func (c *Crawler) home(pageURL string) string {
	for _, raw := range c.cfg.Start {
		if start, err := c.canon.Canonical(raw); err == nil && hostOf(start) == hostOf(pageURL) {
			return start
		}
	}
	return origin(pageURL) + "/"
}
