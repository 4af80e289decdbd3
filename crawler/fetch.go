package crawler

import (
	"context"
	"fmt"
	"net/url"
	"runtime/debug"
	"time"
)

// maxHops is how many redirects are followed one after the other.
const maxHops = 10

// Fetch reads one item: robots.txt, limiter, retries, parsing. Redirects are not followed. What is wrong with the page
// is in the page; the error is the cause of ctx's end, or ErrStopped.
func (c *Crawler) Fetch(ctx context.Context, item Item) (page *Page, err error) {
	page = &Page{Item: item, At: time.Now()}
	defer func() {
		if r := recover(); r != nil {
			f := c.recovered(ctx, item.URL, r, debug.Stack())
			page = &Page{Item: item, At: page.At, Fetches: page.Fetches, Bytes: page.Bytes, Status: page.Status,
				ContentType: page.ContentType, Failure: f}
		}
	}()
	u, err := url.Parse(item.URL)
	if err != nil {
		page.Failure = &Failure{Class: FailParse, Detail: cause(err)}
		return page, nil
	}
	if c.settled(page, u) {
		return page, nil
	}
	if why := c.traps.again(item.Link); why != "" {
		page.Instead = &Instead{Class: InsteadTrap, Evidence: why}
		return page, nil
	}
	rules, err := c.robots(ctx, u)
	if err != nil {
		return nil, err
	}
	if page.Disallowed = rules.forbids(c.token, item.URL); page.Disallowed != "" {
		return page, nil
	}
	x, err := c.ask(ctx, page, u)
	if err != nil {
		return nil, err
	}
	if again := c.sessionOf(item.URL, x); again != nil {
		if page.Disallowed = rules.forbids(c.token, again.String()); page.Disallowed != "" {
			return page, nil
		}
		if x, err = c.ask(ctx, page, again); err != nil {
			return nil, err
		}
	}
	page.Status, page.ContentType = x.status, x.contentType
	if !x.answered.IsZero() {
		page.At = x.answered
	}
	c.read(page, u, x)
	x.free()
	if err := c.unmask(ctx, page, u); err != nil {
		return nil, err
	}
	c.traps.saw(page)
	return page, nil
}

// ask requests a page at u, which is its own address or that with a session id, and counts what that costs. The error is
// the cause of ctx's end, or ErrStopped.
func (c *Crawler) ask(ctx context.Context, page *Page, u *url.URL) (*exchange, error) {
	tries := 0
	return c.try(ctx, u.Host, func(ctx context.Context) *exchange {
		x := c.get(ctx, u, page.Item.Validators)
		tries++
		page.Fetches++
		page.Bytes += x.read
		c.fetches.Add(1)
		c.bytes.Add(x.read)
		if tries > 1 {
			c.retries.Add(1)
		}
		return x
	})
}

// settled deals with items that need no request.
func (c *Crawler) settled(page *Page, u *url.URL) bool {
	switch {
	case page.Item.Hops > maxHops:
		detail := fmt.Sprintf("more than %d redirects one after the other", maxHops)
		page.Failure = &Failure{Class: FailRedirectLoop, Detail: detail}
	case otherExtension(u.Path) != "":
		page.NotHTML = "extension " + otherExtension(u.Path)
	case !c.hosts.has(u):
		detail := fmt.Sprintf("host %s is not in scope.hosts", u.Host)
		page.Failure = &Failure{Class: FailBlockedAddress, Detail: detail}
	default:
		return false
	}
	return true
}
