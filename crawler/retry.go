package crawler

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Limits of trying again.
const (
	firstBackoff  = 500 * time.Millisecond
	maxBackoff    = 30 * time.Second
	maxRetryAfter = 365 * 24 * time.Hour // longer ones are as long
)

// try makes one request to the host until it is answered usefully or the retries are used up. one makes a single
// request within its context. The error is the cause of ctx's end, or ErrStopped if another try would be needed then.
func (c *Crawler) try(ctx context.Context, host string, one func(context.Context) *exchange) (*exchange, error) {
	for n := 0; ; n++ {
		x, err := c.once(ctx, host, one)
		if err != nil {
			return nil, err
		}
		if x.held {
			return x, nil
		}
		x.tries = n + 1
		x.retryAfter = retryAfter(x, time.Now())
		f, again := x.failure()
		paused := c.pause(host, x, f)
		if !again || x.retryAfter > maxPause || n >= c.cfg.Fetch.Retries || x.wall().any() { // a wall stands there the next time too
			return x, nil
		}
		c.log.DebugContext(ctx, "request failed, trying again", "host", host, "class", f.Class, "detail", f.Detail)
		if paused {
			continue // the limiter holds the whole host back
		}
		if err := sleep(ctx, c.stopped, backoff(n)); err != nil {
			return nil, err
		}
	}
}

// pause holds all requests to a host back if its answer asks for that, by Retry-After or else by its status, and reports
// whether it does. f is what failure made of the answer.
func (c *Crawler) pause(host string, x *exchange, f *Failure) bool {
	switch {
	case x.retryAfter > maxPause:
		c.pauses.add(host, x.retryAfter, *f)
	case x.retryAfter > 0:
		c.limiter.pause(host, x.retryAfter)
	case x.status == http.StatusTooManyRequests, x.status == http.StatusServiceUnavailable:
		c.limiter.pause(host, c.pauses.strained(host, x.status, x.tries-1, x.asked))
	default:
		if !x.answered.IsZero() {
			c.pauses.eased(host, x.asked)
		}
		return false
	}
	return true
}

// once makes one request when the limiter allows it, within fetch.timeout. To a host that asked to be left alone for
// long it makes none.
func (c *Crawler) once(ctx context.Context, host string, one func(context.Context) *exchange) (*exchange, error) {
	if left, why := c.pauses.holds(host); why != nil {
		return &exchange{held: true, refused: why}, nil
	} else if left > 0 {
		c.limiter.pause(host, left)
	}
	release, err := c.limiter.acquire(ctx, host)
	if err != nil {
		return nil, err
	}
	defer release()
	if _, why := c.pauses.holds(host); why != nil { // another request was told meanwhile
		return &exchange{held: true, refused: why}, nil
	}
	limited := ctx
	if c.cfg.Fetch.Timeout > 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, c.cfg.Fetch.Timeout)
		defer cancel()
	}
	asked := time.Now()
	x := one(limited)
	x.asked = asked
	if ctx.Err() != nil {
		return nil, context.Cause(ctx) // what the transport makes of it is not the reason
	}
	return x, nil
}

// backoff returns how long to wait after the failed try n, which counts from 0: exponential, the upper half random.
func backoff(n int) time.Duration {
	d := maxBackoff
	if n < 6 { // 500 ms << 6 exceeds the maximum
		d = firstBackoff << n
	}
	return d/2 + rand.N(d/2)
}

// retryAfter returns the pause that an error answer asks for (RFC 9110 section 10.2.3: seconds or a date), at most
// maxRetryAfter; 0: none.
func retryAfter(x *exchange, now time.Time) time.Duration {
	if x.status != http.StatusTooManyRequests && x.status < 500 {
		return 0
	}
	value := strings.TrimSpace(x.header.Get("Retry-After"))
	if value == "" {
		return 0
	}
	seconds, err := strconv.ParseInt(value, 10, 64)
	if err == nil || errors.Is(err, strconv.ErrRange) { // then seconds is the largest number there is
		return time.Duration(min(max(seconds, 0), int64(maxRetryAfter/time.Second))) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0 // no time: the usual backoff applies
	}
	if sent, err := http.ParseTime(x.header.Get("Date")); err == nil {
		now = sent // by the clock that the date is from
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}
