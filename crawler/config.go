package crawler

import "time"

// Config says where to crawl and how: the top-level keys start and sitemaps, and the blocks scope and fetch.
type Config struct {
	// Start holds the absolute http or https URLs where the crawl begins. Required. Their hosts and directories are
	// the default scope.
	Start []string `yaml:"start"`
	// Sitemaps says which sitemaps to read. Default: auto.
	Sitemaps Sitemaps `yaml:"sitemaps"`
	// Scope says which URLs belong to the site.
	Scope ScopeConfig `yaml:"scope"`
	// Fetch says how pages are requested.
	Fetch FetchConfig `yaml:"fetch"`
}

// ScopeConfig says which URLs belong to the site and what identifies a page. The syntax of patterns is that of
// CompilePattern.
type ScopeConfig struct {
	// Hosts holds the hosts of the site, as host or host:port. Default: the hosts of the start URLs.
	Hosts []string `yaml:"hosts"`
	// Include holds patterns of the URLs to deliver. Empty: everything below the directories of the start URLs.
	Include []string `yaml:"include"`
	// Exclude holds patterns of URLs that are neither fetched nor delivered. It wins over Include and FollowOnly.
	Exclude []string `yaml:"exclude"`
	// FollowOnly holds patterns of URLs that are fetched for their links and never delivered. It wins over Include.
	FollowOnly []string `yaml:"follow_only"`
	// Canonical says whether rel=canonical is obeyed. Default: obey.
	Canonical Obedience `yaml:"canonical"`
	// NoIndex says whether noindex is obeyed. Default: obey.
	NoIndex Obedience `yaml:"noindex"`
	// DropParams names query parameters that do not identify a page; a trailing * stands for any ending. They are
	// added to the built-in list of tracking parameters.
	DropParams []string `yaml:"drop_params"`
	// MaxDepth is how many links away from a start URL or sitemap a page may be. 0, the default: no limit.
	MaxDepth int `yaml:"max_depth"`
	// MaxPages is how many pages a run fetches before it is cut, at least 1. Default: 100000.
	MaxPages int `yaml:"max_pages"`
}

// FetchConfig says how pages are requested.
type FetchConfig struct {
	// UserAgent is sent with each request and begins with the product token that robots.txt is read for.
	// Empty: pageferry/VERSION, with the contact.
	UserAgent string `yaml:"user_agent"`
	// Contact is a URL or an e-mail address that the default user agent shows.
	Contact string `yaml:"contact"`
	// Rate is the number of requests a second to one host. 0: no limit. Default: 5.
	Rate float64 `yaml:"rate"`
	// Concurrency is the number of requests in flight, 1 to 64. Default: 4.
	Concurrency int `yaml:"concurrency"`
	// Timeout bounds one request from the dial to the last byte of the body, at most 10m. Default: 30s.
	Timeout time.Duration `yaml:"timeout"`
	// MaxBody is the largest body that is read, after content decoding, at most 256MiB. Default: 10MiB.
	MaxBody ByteSize `yaml:"max_body"`
	// Retries is how often a failed request is made again, 0 to 10. Default: 3.
	Retries int `yaml:"retries"`
	// Robots says whether robots.txt is obeyed. Default: obey.
	Robots Obedience `yaml:"robots"`
	// AllowPrivate permits connections to private, loopback and link-local addresses. Default: false.
	AllowPrivate bool `yaml:"allow_private"`
	// BasicAuth is user:password for hosts in scope. It is a secret.
	BasicAuth string `yaml:"basic_auth"`
	// Headers are sent to hosts in scope only. Their values are secrets.
	Headers map[string]string `yaml:"headers"`
	// Proxy is the URL of an http, https or socks5 proxy. It may hold a password, so it is a secret.
	Proxy string `yaml:"proxy"`
}

// Obedience is obey or ignore.
type Obedience string

// The two values of an Obedience.
const (
	Obey   Obedience = "obey"
	Ignore Obedience = "ignore"
)

// DefaultConfig returns a Config in which everything but Start is set.
func DefaultConfig() Config {
	return Config{
		Sitemaps: Sitemaps{Mode: SitemapsAuto},
		Scope: ScopeConfig{
			Canonical: Obey,
			NoIndex:   Obey,
			MaxPages:  100_000,
		},
		Fetch: FetchConfig{
			Rate:        5,
			Concurrency: 4,
			Timeout:     30 * time.Second,
			MaxBody:     10 << 20,
			Retries:     3,
			Robots:      Obey,
		},
	}
}
