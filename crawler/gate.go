package crawler

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
)

// Limits of robots.txt.
const (
	maxRobotsBody      = 500 << 10 // RFC 9309 section 2.5: at least 500 KiB are read
	maxRobotsRedirects = 5         // RFC 9309 section 2.3.1.2
)

// gate remembers the robots.txt of each origin, which is asked for it once a run.
type gate struct {
	mu     sync.Mutex
	hosts  map[string]*robotsHost
	failed []string // one sentence for each answer with a failure
}

// robotsHost is what is known of one scheme, host and port.
type robotsHost struct {
	turn   chan struct{} // held while reading answer; a lock that a context can end the wait for
	answer *robotsAnswer // nil: not asked yet
}

// robotsAnswer is what an origin's robots.txt says.
type robotsAnswer struct {
	rules   *robotsRules // nil: none
	failure *Failure     // why there is no answer: nothing may be crawled
}

// forbids returns the line that forbids the URL to the agent, or why all are forbidden; empty if the URL is allowed.
func (a *robotsAnswer) forbids(token, rawURL string) string {
	switch {
	case a.failure != nil:
		return a.reason()
	case a.rules == nil:
		return ""
	}
	if ok, line := a.rules.allowed(token, rawURL); !ok {
		return line
	}
	return ""
}

func (a *robotsAnswer) reason() string {
	return fmt.Sprintf("robots.txt answers %s: nothing may be crawled (RFC 9309 2.3.1.4)", a.failure.Detail)
}

// robots returns what the robots.txt of u's origin says; nothing is asked if the config ignores it. The error is the
// cause of ctx's end, or ErrStopped.
func (c *Crawler) robots(ctx context.Context, u *url.URL) (*robotsAnswer, error) {
	if c.cfg.Fetch.Robots == Ignore {
		return &robotsAnswer{}, nil
	}
	o := c.gate.host(u)
	select {
	case o.turn <- struct{}{}:
		defer func() { <-o.turn }()
	case <-c.stopped:
		return nil, ErrStopped
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if o.answer != nil {
		return o.answer, nil
	}
	answer, err := c.askRobots(ctx, u)
	if err != nil {
		return nil, err // the next one asks again
	}
	if answer.failure != nil {
		c.gate.note(robotsURL(u), answer.failure)
	}
	o.answer = answer
	return answer, nil
}

// note adds a robots.txt that could not be had to failures.
func (g *gate) note(at *url.URL, f *Failure) {
	verb := "cannot be read: "
	if f.Class == FailHTTP4xx || f.Class == FailHTTP5xx {
		verb = "answers "
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.failed = append(g.failed, at.String()+" "+verb+f.Detail+": nothing there may be crawled")
}

func (g *gate) failures() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Sorted(slices.Values(g.failed))
}

func (g *gate) host(u *url.URL) *robotsHost {
	key := u.Scheme + "://" + authority(u)
	g.mu.Lock()
	defer g.mu.Unlock()
	o, ok := g.hosts[key]
	if !ok {
		o = &robotsHost{turn: make(chan struct{}, 1)}
		g.hosts[key] = o
	}
	return o
}

// robotsURL returns where the robots.txt for u is.
func robotsURL(u *url.URL) *url.URL {
	return &url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/robots.txt"}
}

// askRobots requests robots.txt and reads the answer as RFC 9309 section 2.3.1 says: 4xx and too many redirects mean
// that there are no rules, everything else but 2xx that nothing may be crawled. 429 counts as the latter.
func (c *Crawler) askRobots(ctx context.Context, u *url.URL) (*robotsAnswer, error) {
	at := robotsURL(u)
	x, err := c.download(ctx, at, maxRobotsBody, maxRobotsRedirects)
	if err != nil {
		return nil, err
	}
	if f, again := x.failure(); f != nil && (again || f.Class != FailHTTP4xx) && x.status != http.StatusRequestTimeout {
		c.log.WarnContext(ctx, "robots.txt cannot be read", "url", at.String(), "class", f.Class, "detail", f.Detail)
		return &robotsAnswer{failure: f}, nil
	}
	if x.status < 200 || x.status >= 300 {
		return &robotsAnswer{}, nil
	}
	rules := parseRobots(x.body)
	if delay, ok := rules.crawlDelay(c.token); ok {
		c.limiter.slowDown(u.Host, delay)
	}
	return &robotsAnswer{rules: rules}, nil
}
