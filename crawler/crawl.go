package crawler

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"runtime/debug"
	"sync"

	"golang.org/x/sync/errgroup"
)

// maxWorkers is the number of workers of a crawl, however many hosts it has.
const maxWorkers = 64

// Crawl fetches the items of f and hands each page to visit, until f has none left or Stop is called. It fetches
// fetch.concurrency pages at once for each start host, and calls visit from as many goroutines. It returns when all of
// them have ended: the cause of ctx's end, the first error of visit or f, which cuts the others short, or a
// *HostDownError, for which no new item is taken but the pages at hand are finished. After Stop it returns nil.
func (c *Crawler) Crawl(ctx context.Context, f Frontier, visit func(context.Context, *Page) error) error {
	defer c.Close()
	if c.hasStopped() {
		return nil
	}
	group, workCtx := errgroup.WithContext(ctx)
	takeCtx, stop := context.WithCancel(workCtx)
	var watch sync.WaitGroup
	watch.Go(func() {
		select {
		case <-c.stopped:
			stop()
		case <-takeCtx.Done():
		}
	})
	defer watch.Wait()
	defer stop()
	b := &breaker{hosts: make(map[string]*hostHealth)}
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
	return b.tripped()
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

// work takes items until there are none, takeCtx ends or a page cannot be dealt with. Pages are read under ctx. stop
// ends takeCtx.
func (c *Crawler) work(ctx, takeCtx context.Context, stop context.CancelFunc, f Frontier, b *breaker,
	visit func(context.Context, *Page) error) error {
	for takeCtx.Err() == nil && !c.hasStopped() {
		item, ok, err := f.Next(takeCtx)
		if err != nil && takeCtx.Err() != nil && ctx.Err() == nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("take the next page: %w", err)
		}
		if !ok {
			return nil
		}
		down, err := c.deal(ctx, item, b, visit)
		if err != nil {
			return err
		}
		if down {
			stop()
		}
	}
	return nil
}

// deal fetches an item, has its page visited and reports whether its host turned out to be down. After Stop it may give
// the item up.
func (c *Crawler) deal(ctx context.Context, item Item, b *breaker, visit func(context.Context, *Page) error) (bool, error) {
	page, err := c.Fetch(ctx, item)
	if errors.Is(err, ErrStopped) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := c.visit(ctx, page, visit); err != nil {
		return false, err
	}
	return c.judge(ctx, b, page)
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
