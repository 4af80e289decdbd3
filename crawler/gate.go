package crawler

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Limits of robots.txt.
const (
	maxRobotsBody      = 500 << 10      // RFC 9309 section 2.5: at least 500 KiB are read
	maxRobotsRedirects = 5              // RFC 9309 section 2.3.1.2
	maxRobotsAge       = 24 * time.Hour // RFC 9309 section 2.4
)

// gate remembers the robots.txt of each origin, which is asked for it once a run, or once a day if the run is longer.
type gate struct {
	mu     sync.Mutex
	hosts  map[string]*robotsHost
	failed []string // one sentence for each robots.txt that could not be had
	notes  []string // one sentence for each that is not obeyed to the letter
}

// robotsHost is what is known of one scheme, host and port.
type robotsHost struct {
	turn   chan struct{} // held while reading and writing the rest; a lock that a context can end the wait for
	answer *robotsAnswer // nil: not asked yet
	asked  time.Time
}

// robotsAnswer is what an origin's robots.txt says.
type robotsAnswer struct {
	status  string       // of the answer, such as "404 Not Found"; empty: there was none, or nothing was asked
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
	if rule := a.rules.match(token, rawURL); rule != nil && !rule.allow {
		return rule.String()
	}
	return ""
}

func (a *robotsAnswer) reason() string {
	return "robots.txt " + robotsTrouble(a.failure) + ": nothing may be crawled (RFC 9309 2.3.1.4)"
}

// robotsTrouble says why a robots.txt could not be had.
func robotsTrouble(f *Failure) string {
	if f.Class == FailHTTP4xx || f.Class == FailHTTP5xx {
		return "answers " + f.Detail
	}
	return "cannot be read: " + f.Detail
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
	if o.answer != nil && time.Since(o.asked) < maxRobotsAge {
		return o.answer, nil
	}
	answer, err := c.askRobots(ctx, u)
	if err != nil {
		return nil, err // the next one asks again
	}
	o.asked = time.Now()
	switch {
	case answer.failure == nil:
		o.answer = answer
	case o.answer != nil && o.answer.failure == nil:
		// RFC 9309 section 2.4: a copy may be older than a day while the file is unreachable.
		c.gate.note("%s cannot be read again after a day (%s); what it said before goes on to apply",
			robotsURL(u), answer.failure.Detail)
	default:
		o.answer = answer
		if !c.elsewhereInside(u, answer.failure) {
			c.gate.fail(robotsURL(u), answer.failure)
		}
	}
	return o.answer, nil
}

// elsewhereInside reports whether a request failed because u, which is not on a host of the scope, is at an address that is
// never asked. robots.txt files that name a sitemap on localhost are frequent; that nothing of the site is missing for
// it, and no other run will find it otherwise, tells it from a host that is down.
func (c *Crawler) elsewhereInside(u *url.URL, f *Failure) bool {
	return f != nil && f.Class == FailBlockedAddress && !c.hosts.has(u)
}

// fail adds a robots.txt that could not be had to failures.
func (g *gate) fail(at *url.URL, f *Failure) {
	g.mu.Lock()
	defer g.mu.Unlock()
	addOnce(&g.failed, at.String()+" "+robotsTrouble(f)+": nothing there may be crawled")
}

// note adds a sentence to notes.
func (g *gate) note(format string, args ...any) {
	g.mu.Lock()
	defer g.mu.Unlock()
	addOnce(&g.notes, fmt.Sprintf(format, args...))
}

// addOnce adds s to list, which has a few at most for each host, unless it is there.
func addOnce(list *[]string, s string) {
	if !slices.Contains(*list, s) {
		*list = append(*list, s)
	}
}

// sorted returns failures or notes, whichever list points to.
func (g *gate) sorted(list *[]string) []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Sorted(slices.Values(*list))
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
// that there are no rules, everything else but 2xx that nothing may be crawled. 429 counts as the latter. The rules are
// those for u's origin wherever redirects lead to.
func (c *Crawler) askRobots(ctx context.Context, u *url.URL) (*robotsAnswer, error) {
	at := robotsURL(u)
	x, err := c.download(ctx, at, maxRobotsBody, maxRobotsRedirects)
	if err != nil {
		return nil, err
	}
	answer := &robotsAnswer{}
	if !x.answered.IsZero() {
		answer.status = statusLine(x)
	}
	if f, _ := x.failure(); f != nil && !noRobots(x) {
		c.log.WarnContext(ctx, "robots.txt cannot be read", "url", at.String(), "class", f.Class, "detail", f.Detail)
		answer.failure = f
		return answer, nil
	}
	if x.status >= 200 && x.status < 300 {
		answer.rules = c.readRobots(at, x)
	}
	return answer, nil
}

// noRobots reports whether an answer means that there is no robots.txt.
func noRobots(x *exchange) bool {
	return x.refused == nil && x.err == nil && x.status >= 400 && x.status < 500 && x.status != http.StatusTooManyRequests
}

// readRobots reads the body of the robots.txt at a URL, passes its Crawl-delay on to the limiter, and notes what of it
// does not apply.
func (c *Crawler) readRobots(at *url.URL, x *exchange) *robotsRules {
	body := x.body
	if x.read > maxRobotsBody {
		c.gate.note("%s has more than %s; what follows is not read (RFC 9309 2.5)", at, ByteSize(maxRobotsBody))
		body = body[:bytes.LastIndexAny(body, "\r\n")+1] // half a rule may forbid what the whole one does not
	}
	if bytes.HasPrefix(body, []byte("\xff\xfe")) || bytes.HasPrefix(body, []byte("\xfe\xff")) {
		// Other crawlers read it as text without a rule too, so whoever means it has noticed.
		c.gate.note("%s is in UTF-16, so no rule in it counts: it must be in UTF-8 (RFC 9309 2.3)", at)
	}
	rules := parseRobots(body)
	delay, _ := rules.crawlDelay(c.token)
	c.limiter.slowDown(at.Host, delay)
	if delay > maxPace {
		c.gate.note("%s asks for a Crawl-delay of %ss; pageferry waits %s", at, strconv.FormatFloat(delay.Seconds(), 'f', -1, 64), maxPace)
	}
	return rules
}
