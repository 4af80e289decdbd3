package crawler

import (
	"context"
	"fmt"
	"net/url"
	"time"
)

// RobotsDecision is what robots.txt says of one URL.
type RobotsDecision struct {
	Allowed    bool
	File       string        // URL of the robots.txt that is asked; empty if the config ignores it, so that all is allowed
	Answer     string        // status of its answer, such as "404 Not Found"; empty without one
	Line       string        // the line that decides, such as "line 3: Allow: /x"; empty: no rule matches, which allows
	Failure    *Failure      // why the file cannot be had, so that nothing may be crawled; nil: it can
	CrawlDelay time.Duration // that the file asks for; 0: none
	Pace       time.Duration // that is waited between two requests because of CrawlDelay; 0: none
}

// Robots returns what robots.txt says of a URL, and asks for the file if the run has not done so yet. The error is the
// cause of ctx's end, ErrStopped, or says what is wrong with the URL.
func (c *Crawler) Robots(ctx context.Context, rawURL string) (RobotsDecision, error) {
	canonical, err := c.canon.Canonical(rawURL)
	if err != nil {
		return RobotsDecision{}, fmt.Errorf("ask robots.txt: %w", err)
	}
	u, err := url.Parse(canonical)
	if err != nil {
		return RobotsDecision{}, fmt.Errorf("ask robots.txt: %w", err)
	}
	answer, err := c.robots(ctx, u)
	if err != nil || c.cfg.Fetch.Robots == Ignore {
		return RobotsDecision{Allowed: err == nil}, err
	}
	d := RobotsDecision{Allowed: answer.failure == nil, File: robotsURL(u).String(), Answer: answer.status, Failure: answer.failure}
	if answer.rules != nil {
		d.Allowed, d.Line = answer.rules.allowed(c.token, canonical)
		d.CrawlDelay, _ = answer.rules.crawlDelay(c.token)
		d.Pace = min(d.CrawlDelay, maxPace)
	}
	return d, nil
}

// RobotsFailures returns a sentence for each robots.txt that could not be had so far, because of the network, an answer
// 5xx or 429, sorted. Nothing may be crawled there, so a crawl with any is not complete.
func (c *Crawler) RobotsFailures() []string { return c.gate.sorted(&c.gate.failed) }

// RobotsNotes returns a sentence for each thing that a robots.txt says and that does not apply as it stands, sorted: a
// Crawl-delay that is too long, rules beyond the part that is read or in another encoding than UTF-8, a file that could
// not be read again after a day.
func (c *Crawler) RobotsNotes() []string { return c.gate.sorted(&c.gate.notes) }
