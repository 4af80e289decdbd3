package intercom

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// rate is what the headers of one answer say about the rate limit ("Rate limiting"): X-RateLimit-Limit, -Remaining and
// -Reset. The zero value says nothing.
type rate struct {
	limit     int           // requests in a window of 10 s; 0: not said
	remaining int           // left in this window when the request was counted
	reset     int64         // end of the window, Unix seconds by the server's clock: names the window
	wait      time.Duration // from the answer to the end of the window; 0 or less: it is over
}

// parseRate reads the headers of an answer that came at now; false if Remaining or Reset is missing or not a number,
// as in answers to refused credentials. The wait is measured against the answer's Date and at most maxWait.
func parseRate(h http.Header, now time.Time) (rate, bool) {
	remaining, err := strconv.Atoi(strings.TrimSpace(h.Get("X-RateLimit-Remaining")))
	if err != nil {
		return rate{}, false
	}
	reset, err := strconv.ParseInt(strings.TrimSpace(h.Get("X-RateLimit-Reset")), 10, 64)
	if err != nil || reset <= 0 {
		return rate{}, false
	}
	r := rate{remaining: max(remaining, 0), reset: reset}
	if limit, err := strconv.Atoi(strings.TrimSpace(h.Get("X-RateLimit-Limit"))); err == nil && limit > 0 {
		r.limit = limit
	}
	server := serverTime(h, now)
	r.wait = min(seconds(reset-server.Unix())-time.Duration(server.Nanosecond()), maxWait)
	return r, true
}

// budget is what is known of the rate limit at one moment. Its methods read no clock.
type budget struct {
	known     bool // a window was seen
	limit     int  // requests in a window; 0: unknown
	remaining int  // the least that answers of this window said is left
	window    int64
	ends      time.Time // end of the window by our clock
	paused    time.Time // nothing is sent before: the API answered 429
	inFlight  int       // requests without an answer: each may still be counted by the API
	unseen    int       // requests of this window that ended without word of what is left
}

// delay returns how long the next request must wait at now; 0: it may go. What is left must be more than what is in
// flight, for an unanswered request may not be counted in what is left. The delay may become shorter when a request is
// answered.
func (b *budget) delay(now time.Time) time.Duration {
	if now.Before(b.paused) {
		return b.paused.Sub(now)
	}
	if !b.known {
		return 0
	}
	if now.Before(b.ends) {
		if b.remaining-b.unseen > b.inFlight {
			return 0
		}
		return b.ends.Sub(now)
	}
	// A new window has begun of which nothing was heard yet: it has the limit of the last one.
	if b.limit == 0 || b.limit > b.inFlight {
		return 0
	}
	return maxWait // until a request in flight is answered, which their timeout bounds
}

// observe takes over what an answer says, or that there was no answer that says something (ok false).
func (b *budget) observe(r rate, ok bool, now time.Time) {
	over := !b.known || !now.Before(b.ends)
	if !ok {
		if !over {
			b.unseen++ // for the rest of the window: an answer that comes later may have been written earlier
		}
		return
	}
	if r.limit > 0 {
		b.limit = r.limit
	}
	ends := now.Add(r.wait)
	switch {
	case r.wait <= 0:
	case over || r.reset > b.window:
		b.known, b.window, b.remaining, b.ends, b.unseen = true, r.reset, r.remaining, ends, 0
	case r.reset == b.window:
		b.remaining = min(b.remaining, r.remaining)
		// Date has whole seconds and the answer took its time, so each estimate is late, never early.
		if ends.Before(b.ends) {
			b.ends = ends
		}
	}
}

// limiter makes the requests of all workers keep to one budget. It is safe for concurrent use.
type limiter struct {
	mu     sync.Mutex
	budget budget
	wake   chan struct{} // closed and replaced when a request was answered; nil: nobody waits
}

// acquire blocks until a request may be sent; the caller sends one and calls release. It returns the cause, and counts
// nothing, if ctx ends first.
func (l *limiter) acquire(ctx context.Context) error {
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		l.mu.Lock()
		wait := l.budget.delay(time.Now())
		if wait <= 0 {
			l.budget.inFlight++
			l.mu.Unlock()
			return nil
		}
		if l.wake == nil {
			l.wake = make(chan struct{})
		}
		wake := l.wake
		l.mu.Unlock()

		t := time.NewTimer(wait + jitter(wait))
		select {
		case <-ctx.Done():
		case <-wake:
		case <-t.C:
		}
		t.Stop()
	}
}

// release ends a request that acquire admitted. pause is how long no worker may send anything; 0: no pause.
func (l *limiter) release(r rate, ok bool, pause time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.budget.inFlight--
	l.budget.observe(r, ok, now)
	if until := now.Add(pause); pause > 0 && until.After(l.budget.paused) {
		l.budget.paused = until
	}
	if l.wake != nil {
		close(l.wake)
		l.wake = nil
	}
}
