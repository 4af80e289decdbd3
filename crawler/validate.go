package crawler

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"time"

	"golang.org/x/net/http/httpguts"
)

// Limits of what a config may ask for.
const (
	maxConcurrency = 64               // more connections to one help center are an attack, not a crawl
	maxTimeout     = 10 * time.Minute // a worker waits no longer for one page
	maxMaxBody     = 256 << 20        // pages in memory are at most workers + deliverers
	maxRetries     = 10               // with backoff that is over an hour on one page
)

// Validate reports every mistake in c. path is the YAML path from the root of the document, such as "scope.include[2]";
// problem says what is wrong and what to write, and shows no secret.
func (c *Config) Validate(report func(path, problem string)) {
	if len(c.Start) == 0 {
		report("start", "is missing: name at least one URL where the crawl begins")
	}
	for i, u := range c.Start {
		if problem := urlProblem(u); problem != "" {
			report(indexed("start", i), problem)
		}
	}
	c.Sitemaps.validate(report)
	c.Scope.validate(report)
	c.validateStartHosts(report)
	c.validateStartScope(report)
	c.Fetch.validate(report)
}

// validateStartScope reports start URLs that scope.exclude leaves out: nothing could be meant by both.
func (c *Config) validateStartScope(report func(path, problem string)) {
	canon, err := NewCanonicalizer(c.Start, c.Scope.DropParams)
	if err != nil {
		return // reported by then
	}
	exclude, err := compileRules("scope.exclude", c.Scope.Exclude)
	if err != nil {
		return // likewise
	}
	for i, raw := range c.Start {
		u, err := canon.Canonical(raw)
		if err != nil {
			continue
		}
		if r := firstMatch(exclude, u); r != nil {
			report(indexed("start", i), fmt.Sprintf("%s leaves it out: start elsewhere, or put the pattern under scope.follow_only, "+
				"which reads pages for their links alone", r.why))
		}
	}
}

// validateStartHosts finds start URLs that scope.hosts leaves out: nothing would be crawled from them.
func (c *Config) validateStartHosts(report func(path, problem string)) {
	if len(c.Scope.Hosts) == 0 {
		return
	}
	hosts := make(map[string]bool)
	for _, h := range c.Scope.Hosts {
		host, problem := parseHost(h)
		if problem != "" {
			return
		}
		hosts[host] = true
	}
	canon, err := NewCanonicalizer(nil, nil)
	if err != nil {
		return
	}
	for i, raw := range c.Start {
		if u, err := canon.Canonical(raw); err == nil && !hosts[hostOf(u)] {
			report(indexed("start", i), fmt.Sprintf("its host %s is not in scope.hosts: add it there", hostOf(u)))
		}
	}
}

func (s *ScopeConfig) validate(report func(path, problem string)) {
	for i, h := range s.Hosts {
		if _, problem := parseHost(h); problem != "" {
			report(indexed("scope.hosts", i), problem)
		}
	}
	for _, list := range []struct {
		path     string
		patterns []string
	}{
		{"scope.include", s.Include}, {"scope.exclude", s.Exclude}, {"scope.follow_only", s.FollowOnly},
	} {
		for i, p := range list.patterns {
			if _, err := CompilePattern(p); err != nil {
				report(indexed(list.path, i), err.Error())
			}
		}
	}
	s.Canonical.validate("scope.canonical", report)
	s.NoIndex.validate("scope.noindex", report)
	for i, name := range s.DropParams {
		if problem := paramProblem(name); problem != "" {
			report(indexed("scope.drop_params", i), problem)
		}
	}
	if s.MaxDepth < 0 {
		report("scope.max_depth", "must not be negative; 0 means no limit")
	}
	if s.MaxPages < 1 {
		report("scope.max_pages", "must be at least 1")
	}
}

func (f *FetchConfig) validate(report func(path, problem string)) {
	if problem := userAgentProblem(f.UserAgent); problem != "" {
		report("fetch.user_agent", problem)
	}
	if problem := contactProblem(f.Contact); problem != "" {
		report("fetch.contact", problem)
	}
	if f.Rate < 0 || math.IsNaN(f.Rate) || math.IsInf(f.Rate, 0) {
		report("fetch.rate", "must be a number of requests a second, 0 or more; 0 means no limit")
	}
	if f.Concurrency < 1 || f.Concurrency > maxConcurrency {
		report("fetch.concurrency", fmt.Sprintf("must be 1 to %d", maxConcurrency))
	}
	if f.Timeout <= 0 || f.Timeout > maxTimeout {
		report("fetch.timeout", "must be more than 0 and at most 10m, such as 30s")
	}
	if f.MaxBody <= 0 || f.MaxBody > maxMaxBody {
		report("fetch.max_body", fmt.Sprintf("must be more than 0 and at most %s, such as 10MiB", ByteSize(maxMaxBody)))
	}
	if f.Retries < 0 || f.Retries > maxRetries {
		report("fetch.retries", fmt.Sprintf("must be 0 to %d", maxRetries))
	}
	f.Robots.validate("fetch.robots", report)
	if problem := basicAuthProblem(f.BasicAuth); problem != "" {
		report("fetch.basic_auth", problem)
	}
	f.validateHeaders(report)
	if problem := proxyProblem(f.Proxy); problem != "" {
		report("fetch.proxy", problem)
	}
}

// Headers that the crawler sets itself; a second value would break conditional requests or the framing of messages.
var ownHeaders = []string{
	"Accept-Encoding", "Connection", "Content-Length", "Host", "If-Modified-Since", "If-None-Match", "Transfer-Encoding",
	"User-Agent",
}

// Headers with which a GET asks for something else than the page as it is now (RFC 9110 sections 13.1 and 14.2): the
// answer would be 206, 412 or 416.
var partialHeaders = []string{"If-Match", "If-Range", "If-Unmodified-Since", "Range"}

func (f *FetchConfig) validateHeaders(report func(path, problem string)) {
	for _, name := range slices.Sorted(maps.Keys(f.Headers)) {
		path := "fetch.headers." + name
		canonical := http.CanonicalHeaderKey(name)
		switch {
		case !httpguts.ValidHeaderFieldName(name):
			report(path, "is not a valid header name")
		case canonical == "User-Agent":
			report(path, "is set by the crawler: use fetch.user_agent")
		case slices.Contains(ownHeaders, canonical):
			report(path, "is set by the crawler and cannot be configured")
		case slices.Contains(partialHeaders, canonical):
			report(path, "asks for a part or a version of a page: remove it, pages are always read whole")
		case canonical == "Authorization" && f.BasicAuth != "":
			report(path, "is also set by fetch.basic_auth: keep one of the two")
		}
		if !httpguts.ValidHeaderFieldValue(f.Headers[name]) {
			report(path, "its value has characters that a header cannot carry, such as a line break")
		}
	}
}

func (o Obedience) validate(path string, report func(path, problem string)) {
	if o != Obey && o != Ignore {
		report(path, fmt.Sprintf("must be obey or ignore, not %q", string(o)))
	}
}

func indexed(path string, i int) string {
	return fmt.Sprintf("%s[%d]", path, i)
}
