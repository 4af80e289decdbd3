package sandbox

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Intercom spreads its limit over windows of 10 seconds: 10,000 a minute, the documented default, is 1,667 a window.
const (
	rateWindow       = 10 * time.Second
	defaultRateLimit = 1667
)

// rateLimit counts the authenticated requests of the current window. It may be used concurrently.
type rateLimit struct {
	limit int // a window; 0: none, nothing is counted

	mu     sync.Mutex
	window int64 // Unix seconds at its end
	used   int
}

// take counts a request and puts the X-RateLimit-* headers into h. It returns false when the window is used up. Without
// a limit the headers tell the default one, and that hardly any of it is used.
func (l *rateLimit) take(h http.Header) bool {
	seconds := int64(rateWindow / time.Second)
	end := (time.Now().Unix()/seconds + 1) * seconds
	limit, remaining, ok := defaultRateLimit, defaultRateLimit-1, true
	if l.limit > 0 {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.window != end {
			l.window, l.used = end, 0
		}
		l.used++
		limit, remaining, ok = l.limit, max(0, l.limit-l.used), l.used <= l.limit
	}
	h.Set("X-RateLimit-Limit", strconv.Itoa(limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(remaining))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(end, 10))
	return ok
}

// exceeded is the refusal of a request over the limit.
func (l *rateLimit) exceeded() error {
	return refuse(http.StatusTooManyRequests, problem{Code: codeRateLimitExceeded,
		Message: fmt.Sprintf("Exceeded rate limit of %d in 10_seconds", l.limit)})
}
