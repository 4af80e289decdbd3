package intercom

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The bounds of trying again.
const (
	maxTries   = 6               // with the waits below about half a minute of an API that is down
	maxElapsed = 5 * time.Minute // since the first try, for one call: a run has other pages to send
	maxWait    = time.Minute     // a single wait, jitter not counted: windows of the rate limit last 10 s
	firstWait  = time.Second     // doubled with every try
	minJitter  = 250 * time.Millisecond
)

// backoff returns the wait after the n-th try, counted from 1, where the API does not say how long: 1 s, 2 s, 4 s, …,
// maxWait.
func backoff(n int) time.Duration {
	if n > 6 {
		return maxWait
	}
	return min(firstWait<<(n-1), maxWait)
}

// jitter returns a random, always positive addition to a wait, up to a tenth of it or a quarter of a second, so that
// workers and other clients of the workspace that wait for the same moment do not come back in the same instant.
func jitter(wait time.Duration) time.Duration {
	return time.Millisecond + rand.N(max(wait/10, minJitter))
}

// retryWait returns how long to wait after the n-th try failed with e; false if it is not to be tried again: for its
// kind, because these were enough tries, or because the wait would end later than maxElapsed after the first try.
// once says that a second request may do harm unless the first one is known to have done nothing.
func retryWait(e *Error, n int, elapsed time.Duration, once bool) (time.Duration, bool) {
	wait := e.after
	if wait <= 0 {
		wait = backoff(n)
	}
	wait = min(wait, maxWait)
	again := e.Temporary() && (!once || e.rateLimited())
	return wait, again && n < maxTries && elapsed+wait <= maxElapsed
}

// askedWait returns how long the API asks to wait before the next request: Retry-After in seconds or as a date (RFC
// 9110 section 10.2.3), else X-RateLimit-Reset if exhausted says that the rate limit is the reason. Moments are
// measured against the answer's own Date, since the clocks may differ. 0 means that it asks for nothing that lies
// ahead. problem describes a header that cannot be read.
func askedWait(h http.Header, now time.Time, exhausted bool) (wait time.Duration, problem string) {
	if v := strings.TrimSpace(h.Get("Retry-After")); v != "" {
		wait, ok := parseRetryAfter(v, serverTime(h, now))
		if ok && wait > 0 {
			return wait, ""
		}
		if !ok {
			problem = "Retry-After " + strconv.Quote(shorten(v)) + " is neither seconds nor a date"
		}
	}
	if !exhausted {
		return 0, problem
	}
	if r, ok := parseRate(h, now); ok {
		return max(r.wait, 0), problem
	}
	return 0, problem
}

// parseRetryAfter reads the value of Retry-After; date is the server's present time.
func parseRetryAfter(v string, date time.Time) (time.Duration, bool) {
	sec, err := strconv.ParseInt(v, 10, 64)
	if err == nil || errors.Is(err, strconv.ErrRange) {
		return seconds(sec), sec >= 0
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0, false
	}
	return at.Sub(date), true
}

// seconds converts without overflow.
func seconds(n int64) time.Duration {
	if n > math.MaxInt64/int64(time.Second) {
		return math.MaxInt64
	}
	if n < math.MinInt64/int64(time.Second)+1 {
		return math.MinInt64 + time.Duration(time.Second) // leaves room to subtract a fraction
	}
	return time.Duration(n) * time.Second
}

// serverTime returns the time of the answer by the server's clock, by ours if it does not say.
func serverTime(h http.Header, now time.Time) time.Time {
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		return date
	}
	return now
}

// sleep waits for d. It returns the cause at once if ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
