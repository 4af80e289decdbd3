package crawler

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// maxPause is the longest pause that a host may ask for and that is waited for. A host that asks for more is left alone
// until then, in general for the rest of the run: asking again sooner would be what it asked not to do, and waiting
// would hold up a run, and its lock, for as long as any server likes. Its pages fail at once, so that the breaker ends
// the crawl, and the next run finds them as they were.
const maxPause = 5 * time.Minute

// pauses remembers the hosts that asked for more than maxPause. The zero value is ready; it is safe for concurrent use.
type pauses struct {
	mu    sync.Mutex
	hosts map[string]longPause
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
