package crawler

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"sync"

	"golang.org/x/sync/errgroup"
)

const (
	maxWorkers   = 64 // of a crawl, however many hosts it has
	hostDownRuns = 10 // pages of a host that fail one after the other until it counts as down
)

// ErrHostDown is what errors.Is finds in a *HostDownError.
var ErrHostDown = errors.New("host stopped answering")

// HostDownError ends a crawl because pages of a host failed one after the other, without a success between.
type HostDownError struct {
	Host string
	Last Failure // of the page that failed last
}

func (e *HostDownError) Error() string {
	return fmt.Sprintf("host %s stopped answering: %d pages failed one after the other, the last with %s: %s",
		e.Host, hostDownRuns, e.Last.Class, e.Last.Detail)
}

// Is makes errors.Is(err, ErrHostDown) true.
func (e *HostDownError) Is(target error) bool { return target == ErrHostDown }

// errStopped is the cause of the end of waiting for items when a crawl stops by itself.
var errStopped = errors.New("crawl stopped")

// Crawl fetches the items of f and hands each page to visit, until f has none left. It fetches fetch.concurrency pages
// at once for each start host, and calls visit from as many goroutines. It returns when all of them have ended: the
// cause of ctx's end, the first error of visit or f, which cuts the others short, or a *HostDownError, for which
// no new item is taken but the pages at hand are finished.
func (c *Crawler) Crawl(ctx context.Context, f Frontier, visit func(context.Context, *Page) error) error {
	defer c.Close()
	group, workCtx := errgroup.WithContext(ctx)
	takeCtx, stop := context.WithCancelCause(workCtx)
	defer stop(nil)
	b := &breaker{failed: make(map[string]int)}
	for range c.workers() {
		group.Go(func() error { return c.work(workCtx, takeCtx, stop, f, b, visit) })
	}
	err := group.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	if down := b.tripped(); down != nil {
		return down
	}
	return nil
}

// workers returns the number of items that are fetched at once.
func (c *Crawler) workers() int {
	hosts := make(map[string]bool)
	for _, raw := range c.cfg.Start {
		if u, err := url.Parse(raw); err == nil {
			hosts[u.Host] = true
		}
	}
	return min(max(c.cfg.Fetch.Concurrency, 1)*max(len(hosts), 1), maxWorkers)
}

// work takes items until there are none, takeCtx ends or a page cannot be dealt with. Pages are read under ctx.
func (c *Crawler) work(ctx, takeCtx context.Context, stop context.CancelCauseFunc, f Frontier, b *breaker,
	visit func(context.Context, *Page) error) error {
	for takeCtx.Err() == nil {
		item, ok, err := f.Next(takeCtx)
		if err != nil && errors.Is(context.Cause(takeCtx), errStopped) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("take the next page: %w", err)
		}
		if !ok {
			return nil
		}
		page, err := c.Fetch(ctx, item)
		if err != nil {
			return err
		}
		if err := c.visit(ctx, page, visit); err != nil {
			return err
		}
		if b.record(page) {
			stop(errStopped)
		}
	}
	return nil
}

// visit calls the visitor. A panic in it becomes an error: what the visitor has done by then is not known, so the
// crawl stops.
func (c *Crawler) visit(ctx context.Context, page *Page, visit func(context.Context, *Page) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			f := c.recovered(ctx, page.Item.URL, r, debug.Stack())
			err = fmt.Errorf("visit %s: %s", page.Item.URL, f.Detail)
		}
	}()
	return visit(ctx, page)
}

// breaker notices that a host has stopped answering.
type breaker struct {
	mu     sync.Mutex
	failed map[string]int // by host, one after the other
	down   *HostDownError // the first
}

// record notes how a page came out and reports whether the crawl shall stop. Pages without a request say nothing.
func (b *breaker) record(page *Page) bool {
	if page.Fetches == 0 {
		return false
	}
	u, err := url.Parse(page.Item.URL)
	if err != nil {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !hostFailed(page) {
		delete(b.failed, u.Host)
		return false
	}
	b.failed[u.Host]++
	if b.failed[u.Host] >= hostDownRuns && b.down == nil {
		b.down = &HostDownError{Host: u.Host, Last: *page.Failure}
	}
	return b.down != nil
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
		return false
	}
	switch page.Failure.Class {
	case FailDNS, FailTLS, FailTimeout, FailConnection, FailHTTP5xx:
		return true
	}
	return page.Status == http.StatusTooManyRequests
}
