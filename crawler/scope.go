package crawler

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Scope decides which URLs belong to the site. It is safe for concurrent use.
type Scope struct {
	hosts      []string // as in canonical URLs
	hostsWhy   string
	exclude    []rule
	followOnly []rule
	include    []rule // empty: below
	below      []area
	outside    string // why a URL is out that nothing includes
}

// Verdict is what Scope says of a URL.
type Verdict struct {
	In         bool // the URL may be fetched
	FollowOnly bool // it is In, but only its links count: it is not delivered
	Beside     bool // it is not In, but on a host of the site, and no rule excludes it
	// Why is the rule that decided, such as `scope.exclude[1] "/x/**"` or "below https://help.example.com/hc/en-us/".
	Why string
}

// rule is a pattern with its place in the config.
type rule struct {
	pattern Pattern
	why     string
}

// area is what a start URL puts into scope by default: itself and everything below a directory.
type area struct {
	page    string // canonical URL of the start page
	path    string // its path; with another query it is the same list, on another page
	host    string
	prefix  string // path that ends with a slash; on a host without a start URL, "/"
	why     string
	pageWhy string
}

// NewScope compiles the scope of cfg. canon must be the Canonicalizer of the same config.
func NewScope(cfg Config, canon *Canonicalizer) (*Scope, error) {
	s := &Scope{hostsWhy: "host not in scope.hosts"}
	starts := make([]string, len(cfg.Start))
	for i, raw := range cfg.Start {
		u, err := canon.Canonical(raw)
		if err != nil {
			return nil, fmt.Errorf("start[%d]: %w", i, err)
		}
		starts[i] = u
	}
	if err := s.setHosts(cfg.Scope.Hosts, starts); err != nil {
		return nil, err
	}
	var err error
	if s.exclude, err = compileRules("scope.exclude", cfg.Scope.Exclude); err != nil {
		return nil, err
	}
	if s.followOnly, err = compileRules("scope.follow_only", cfg.Scope.FollowOnly); err != nil {
		return nil, err
	}
	if s.include, err = compileRules("scope.include", cfg.Scope.Include); err != nil {
		return nil, err
	}
	s.setAreas(starts)
	return s, nil
}

func (s *Scope) setHosts(configured, starts []string) error {
	for i, h := range configured {
		host, problem := parseHost(h)
		if problem != "" {
			return fmt.Errorf("scope.hosts[%d]: %s", i, problem)
		}
		if !slices.Contains(s.hosts, host) {
			s.hosts = append(s.hosts, host)
		}
	}
	if len(configured) > 0 {
		return nil
	}
	s.hostsWhy = "host not in scope.hosts (by default the hosts of the start URLs)"
	for _, u := range starts {
		if host := hostOf(u); !slices.Contains(s.hosts, host) {
			s.hosts = append(s.hosts, host)
		}
	}
	return nil
}

func compileRules(key string, patterns []string) ([]rule, error) {
	var rules []rule
	for i, source := range patterns {
		p, err := CompilePattern(source)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", indexed(key, i), err)
		}
		rules = append(rules, rule{p, fmt.Sprintf("%s %q", indexed(key, i), source)})
	}
	return rules, nil
}

// setAreas finds what the start URLs put into scope, and whole hosts that are listed without a start URL.
func (s *Scope) setAreas(starts []string) {
	var roots []string
	for _, u := range starts {
		o, path := splitOrigin(u)
		path, _, _ = strings.Cut(path, "?")
		a := area{page: u, path: path, host: hostOf(u), prefix: directory(path)}
		a.why, a.pageWhy = "below "+o+a.prefix, "start URL "+u
		s.below = append(s.below, a)
		roots = append(roots, o+a.prefix)
	}
	for _, host := range s.hosts {
		if !slices.ContainsFunc(s.below, func(a area) bool { return a.host == host }) {
			s.below = append(s.below, area{host: host, prefix: "/", why: "host " + host + ", which has no start URL of its own"})
		}
	}
	s.outside = "matches no pattern of scope.include"
	if len(s.include) == 0 {
		s.outside = "not below " + strings.Join(roots, " or ")
	}
}

// A last segment with such an ending names a file, not a directory: "/docs/index.html", but not "/docs/v1.2".
var fileName = regexp.MustCompile(`\.[A-Za-z][A-Za-z0-9]{1,4}$`)

// directory returns the path below which a start URL puts everything into scope: its own if that ends with a slash or
// has no file name, as in "/hc/en-us"; else that of its parent.
func directory(path string) string {
	if strings.HasSuffix(path, "/") {
		return path
	}
	if fileName.MatchString(path) {
		return path[:strings.LastIndexByte(path, '/')+1]
	}
	return path + "/"
}

// Decide says whether a canonical URL belongs to the site. The first that applies decides: the host, exclude,
// follow_only, include. Without include, everything below the directories of the start URLs is in, and all of a host that
// is listed without a start URL. With include, a start URL that it leaves out is still read for its links, because nothing
// would be found otherwise. The scheme makes no difference but in patterns that name it.
func (s *Scope) Decide(canonicalURL string) Verdict {
	host := hostOf(canonicalURL)
	if !slices.Contains(s.hosts, host) {
		return Verdict{Why: s.hostsWhy}
	}
	if r := firstMatch(s.exclude, canonicalURL); r != nil {
		return Verdict{Why: r.why}
	}
	if r := firstMatch(s.followOnly, canonicalURL); r != nil {
		return Verdict{In: true, FollowOnly: true, Why: r.why}
	}
	if len(s.include) > 0 {
		return s.decideInclude(canonicalURL)
	}
	_, path := splitOrigin(canonicalURL)
	path, _, _ = strings.Cut(path, "?")
	for i := range s.below {
		a := &s.below[i]
		if a.host != host {
			continue
		}
		if strings.HasPrefix(path, a.prefix) {
			return Verdict{In: true, Why: a.why}
		}
		if path == a.path {
			return Verdict{In: true, Why: a.pageWhy}
		}
	}
	return Verdict{Why: s.outside, Beside: true}
}

func (s *Scope) decideInclude(canonicalURL string) Verdict {
	if r := firstMatch(s.include, canonicalURL); r != nil {
		return Verdict{In: true, Why: r.why}
	}
	for i := range s.below {
		if s.below[i].page == canonicalURL {
			return Verdict{In: true, FollowOnly: true, Why: "start URL, which matches no pattern of scope.include"}
		}
	}
	return Verdict{Why: s.outside, Beside: true}
}

func firstMatch(rules []rule, canonicalURL string) *rule {
	for i := range rules {
		if rules[i].pattern.Match(canonicalURL) {
			return &rules[i]
		}
	}
	return nil
}

// Hosts returns the hosts of the site as they stand in canonical URLs, in the order of the config.
func (s *Scope) Hosts() []string { return slices.Clone(s.hosts) }

// hostOf returns the host of a canonical URL, with its port if that is not the default.
func hostOf(u string) string {
	_, host, _ := strings.Cut(origin(u), "://")
	return host
}
