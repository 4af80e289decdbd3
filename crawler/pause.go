package crawler

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// maxPause is the longest pause that a host may ask for and that is waited for. A host that asks for more is left alone
// until then, in general for the rest of the run: asking again sooner would be what it asked not to do, and waiting
// would hold up a run, and its lock, for as long as any server likes. Its pages fail at once, so that the breaker ends
// the crawl, and the next run finds them as they were.
const maxPause = 5 * time.Minute

// pauses remembers the hosts that asked for more than maxPause, and those that were asked too much. The zero value is
// ready; it is safe for concurrent use.
type pauses struct {
	mu     sync.Mutex
	hosts  map[string]longPause
	strain map[string]strain
}

// longPause is how a host asked for a pause.
type longPause struct {
	until time.Time
	why   Failure
}

// add leaves the host alone for d because of why.
func (p *pauses) add(host string, d time.Duration, why Failure) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.hosts == nil {
		p.hosts = make(map[string]longPause)
	}
	if until := time.Now().Add(d); until.After(p.hosts[host].until) {
		p.hosts[host] = longPause{until: until, why: why}
	}
}

// holds returns how long the host is still to be left alone, and why if that is too long to wait for.
func (p *pauses) holds(host string) (left time.Duration, why *Failure) {
	p.mu.Lock()
	defer p.mu.Unlock()
	pause, ok := p.hosts[host]
	if !ok {
		return 0, nil
	}
	left = max(time.Until(pause.until), 0)
	if left <= maxPause {
		return left, nil
	}
	detail := fmt.Sprintf("not requested: the host answered %s, of which %s are left", pause.why.Detail, brief(left))
	return left, &Failure{Class: pause.why.Class, Detail: detail}
}

// maxStrain bounds how often a pause is doubled for a host: to 4 s at most, so that it does not take minutes to find out
// that a host answers nothing else.
const maxStrain = 3

// strain is how often one after the other a host said that it is asked too much, without saying for how long.
type strain struct {
	times int
	until time.Time // end of the last pause
}

// strained returns how long a host is to be left alone that answered 429 or 503 without Retry-After to a request that was
// made at asked, the nth for its URL from 0. Of several requests of one time the first counts; each answer of the kind
// after a pause doubles the next one. After a 429 it is at least a second, which the shortest limits are counted over.
func (p *pauses) strained(host string, status, n int, asked time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.strain[host]
	if asked.Before(s.until) {
		return max(time.Until(s.until), 0)
	}
	if p.strain == nil {
		p.strain = make(map[string]strain)
	}
	step := max(min(s.times, maxStrain), n)
	if status == http.StatusTooManyRequests {
		step = max(step, 2)
	}
	pause := backoff(step)
	p.strain[host] = strain{times: s.times + 1, until: time.Now().Add(pause)}
	return pause
}

// eased notes that a host answered a request that was made at asked with something else than that it is asked too much.
func (p *pauses) eased(host string, asked time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s, ok := p.strain[host]; ok && !asked.Before(s.until) {
		delete(p.strain, host)
	}
}

// brief returns d in whole seconds, without parts that are 0: 1h, 1m30s.
func brief(d time.Duration) string {
	s := d.Round(time.Second).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// Paused returns a sentence for each host that asked for a longer pause than is waited for, sorted: pages of it were not
// requested, so a crawl with any is not complete.
func (c *Crawler) Paused() []string {
	c.pauses.mu.Lock()
	defer c.pauses.mu.Unlock()
	var said []string
	for host, p := range c.pauses.hosts {
		if p.why.Detail != "" && time.Until(p.until) > maxPause {
			said = append(said, fmt.Sprintf("%s answered %s: its other pages were not requested", host, p.why.Detail))
		}
	}
	slices.Sort(said)
	return said
}
