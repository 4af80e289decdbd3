package crawler

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxPace is the longest time between two requests to a host that a Crawl-delay brings about: with a longer one, a help
// center could not be read within a day.
const maxPace = 30 * time.Second

// limiter paces the requests to each host. It is safe for concurrent use.
type limiter struct {
	rate    rate.Limit
	width   int             // requests in flight per host
	stopped <-chan struct{} // closed: nothing is waited for any more

	mu    sync.Mutex
	hosts map[string]*hostLimit
}

// hostLimit is what the requests to one host have to wait for.
type hostLimit struct {
	stopped <-chan struct{} // of the limiter
	slots   chan struct{}
	pace    *rate.Limiter

	mu     sync.Mutex
	resume time.Time // nothing is requested before
}

// newLimiter returns a limiter of perSecond requests, 0 for no limit, of which width are in flight at once, until
// stopped is closed.
func newLimiter(perSecond float64, width int, stopped <-chan struct{}) *limiter {
	l := &limiter{rate: rate.Limit(perSecond), width: max(width, 1), stopped: stopped, hosts: make(map[string]*hostLimit)}
	if perSecond <= 0 {
		l.rate = rate.Inf
	}
	return l
}

func (l *limiter) host(name string) *hostLimit {
	l.mu.Lock()
	defer l.mu.Unlock()
	h, ok := l.hosts[name]
	if !ok {
		h = &hostLimit{stopped: l.stopped, slots: make(chan struct{}, l.width), pace: rate.NewLimiter(l.rate, 1)}
		l.hosts[name] = h
	}
	return h
}

// acquire waits until a request to the host may start. The caller calls release when the request is over. The error
// is the cause of ctx's end, or ErrStopped; after either, no request starts, even if none would have to wait.
func (l *limiter) acquire(ctx context.Context, host string) (release func(), err error) {
	h := l.host(host)
	select {
	case h.slots <- struct{}{}:
	case <-l.stopped:
		return nil, ErrStopped
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	release = func() { <-h.slots }
	if err := h.wait(ctx); err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// wait waits for the pace, and for the end of a pause that another request brought meanwhile. It reserves instead of
// calling rate.Limiter.Wait, which would give up early under a deadline.
func (h *hostLimit) wait(ctx context.Context) error {
	for {
		if d := h.pausedFor(); d > 0 {
			if err := sleep(ctx, h.stopped, d); err != nil {
				return err
			}
			continue
		}
		r := h.pace.Reserve()
		if err := sleep(ctx, h.stopped, r.Delay()); err != nil {
			r.Cancel()
			return err
		}
		if h.pausedFor() <= 0 {
			return nil
		}
	}
}

func (h *hostLimit) pausedFor() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Until(h.resume)
}

// pause keeps all requests to the host back for d. It never shortens a pause.
func (l *limiter) pause(host string, d time.Duration) {
	h := l.host(host)
	h.mu.Lock()
	defer h.mu.Unlock()
	if until := time.Now().Add(d); until.After(h.resume) {
		h.resume = until
	}
}

// slowDown raises the time between requests to the host to delay, at most maxPace. It never lowers it.
func (l *limiter) slowDown(host string, delay time.Duration) {
	if delay <= 0 {
		return
	}
	h := l.host(host)
	if limit := rate.Every(min(delay, maxPace)); limit < h.pace.Limit() {
		h.pace.SetLimit(limit)
	}
}

// sleep waits for d. The error is the cause of ctx's end, or ErrStopped as soon as stopped is closed; it is there even
// if d is 0.
func sleep(ctx context.Context, stopped <-chan struct{}, d time.Duration) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if isClosed(stopped) {
		return ErrStopped
	}
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-stopped:
		return ErrStopped
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
