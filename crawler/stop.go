package crawler

import "errors"

// ErrStopped is what Discover and Fetch return if Stop ended a wait of theirs.
var ErrStopped = errors.New("crawler was stopped")

// Stop makes Crawl and Discover end soon: no new request is sent, and every wait before one (for the limiter, a pause
// of the host, another try, robots.txt) ends at once. Requests already sent finish, and their pages are visited unless
// they need another try; the items of all others are given up without a visit, so nothing closes them in the frontier.
// Stop does not wait for that. It cannot be undone, and may be called more than once and from any goroutine.
func (c *Crawler) Stop() { c.stop.Do(func() { close(c.stopped) }) }

func (c *Crawler) hasStopped() bool { return isClosed(c.stopped) }

func isClosed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}
