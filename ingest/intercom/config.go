package intercom

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Config is the target block: which API, which workspace and source, and what is sent with every page.
type Config struct {
	// Kind is sandbox (nothing is sent to Intercom) or intercom. Required: there is no default.
	Kind Kind `yaml:"kind"`
	// Region is where the workspace is hosted: us, eu or au.
	Region string `yaml:"region"`
	// BaseURL is the API's address where it is not the one of Region. Plain http is for loopback addresses only.
	BaseURL string `yaml:"base_url"`
	// APIVersion is sent as Intercom-Version: 2.12 or later, or Preview.
	APIVersion string `yaml:"api_version"`
	// TokenEnv names the environment variable that holds the access token.
	TokenEnv string `yaml:"token_env"`
	// TokenFile is a file that holds the access token and nothing else, instead of TokenEnv.
	TokenFile string `yaml:"token_file"`
	// Workspace is the id_code of the workspace; empty: the one of the first run.
	Workspace string `yaml:"workspace"`
	// SourceID is the content import source that holds the pages; 0: the source whose URL is SourceURL, created if
	// there is none.
	SourceID int64 `yaml:"source_id"`
	// SourceURL is the URL of that source; empty: the first start URL.
	SourceURL string `yaml:"source_url"`
	// Locale is sent with every page.
	Locale string `yaml:"locale"`
	// Concurrency is the number of requests in flight.
	Concurrency int `yaml:"concurrency"`
	// Verify is how often a run compares what was delivered with the API's listing; 0: never.
	Verify       time.Duration `yaml:"verify"`
	Availability Availability  `yaml:"availability"`
}

// Kind is sandbox or intercom.
type Kind string

// The kinds of target.
const (
	Sandbox  Kind = "sandbox"
	Intercom Kind = "intercom"
)

// Availability says which of Fin's products see the pages, and when the API is told so.
type Availability struct {
	AIAgent   bool `yaml:"ai_agent"`
	AICopilot bool `yaml:"ai_copilot"`
	// Apply is on_create (an operator's later choice stays) or always.
	Apply string `yaml:"apply"`
}

// The values of Availability.Apply.
const (
	ApplyOnCreate = "on_create"
	ApplyAlways   = "always"
)

const (
	defaultTokenEnv = "INTERCOM_ACCESS_TOKEN"
	maxConcurrency  = 64 // more brings nothing: at 200 ms an answer it reaches the API's default rate limit
)

// DefaultConfig returns the defaults. Kind has none.
func DefaultConfig() Config {
	return Config{
		Region:       "us",
		APIVersion:   "2.14",
		TokenEnv:     defaultTokenEnv,
		Locale:       "en",
		Concurrency:  8,
		Verify:       7 * 24 * time.Hour,
		Availability: Availability{AIAgent: true, AICopilot: true, Apply: ApplyOnCreate},
	}
}

// regionURL returns the API's address for a region, empty if there is no such region.
func regionURL(region string) string {
	switch region {
	case "us":
		return "https://api.intercom.io"
	case "eu":
		return "https://api.eu.intercom.io"
	case "au":
		return "https://api.au.intercom.io"
	}
	return ""
}

// Endpoint returns the API's base URL without a slash at its end: BaseURL, else the address of Region. It is empty if
// there is no such region.
func (c *Config) Endpoint() string {
	if c.BaseURL != "" {
		return strings.TrimRight(c.BaseURL, "/")
	}
	return regionURL(c.Region)
}

// Host returns the host of Endpoint, with its port if it names one.
func (c *Config) Host() string {
	u, err := url.Parse(c.Endpoint())
	if err != nil {
		return ""
	}
	return u.Host
}

var (
	versionPattern  = regexp.MustCompile(`^(2\.(1[2-9]|[2-9][0-9])|Preview)$`)
	variablePattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// Validate reports every mistake with its YAML path and what to do about it. It changes nothing.
func (c *Config) Validate(report func(path, problem string)) {
	switch c.Kind {
	case Sandbox, Intercom:
	case "":
		report("target.kind", "is required: sandbox (to try; nothing is sent to Intercom) or intercom")
	default:
		report("target.kind", fmt.Sprintf("%q is no kind of target: "+
			"use sandbox (nothing is sent to Intercom) or intercom", c.Kind))
	}
	if regionURL(c.Region) == "" {
		report("target.region", fmt.Sprintf("%q is no region: use us, eu or au", c.Region))
	}
	if c.BaseURL != "" {
		if err := checkBaseURL(c.BaseURL); err != nil {
			report("target.base_url", err.Error())
		}
	}
	if !versionPattern.MatchString(c.APIVersion) {
		report("target.api_version", fmt.Sprintf(
			`%q is no version that has this API: use "2.12" or later (quoted), or Preview`, c.APIVersion))
	}
	c.validateToken(report)
	c.validateSource(report)
	if strings.TrimSpace(c.Locale) == "" {
		report("target.locale", "is empty: give the language of the pages, such as en")
	}
	if c.Concurrency < 1 || c.Concurrency > maxConcurrency {
		report("target.concurrency", fmt.Sprintf("%d is out of range: use 1 to %d", c.Concurrency, maxConcurrency))
	}
	if c.Verify < 0 {
		report("target.verify", "must not be negative; 0 is never")
	}
	if a := c.Availability.Apply; a != ApplyOnCreate && a != ApplyAlways {
		report("target.availability.apply", fmt.Sprintf("%q is unknown: use on_create or always", a))
	}
}

// validateToken never repeats the value of token_env: it may be a token that was put there by mistake.
func (c *Config) validateToken(report func(path, problem string)) {
	switch {
	case c.TokenFile != "" && c.TokenEnv != "" && c.TokenEnv != defaultTokenEnv:
		report("target.token_file", "is set beside token_env: keep one of them")
	case c.TokenFile != "" && c.TokenEnv == "":
	case !variablePattern.MatchString(c.TokenEnv), strings.HasPrefix(c.TokenEnv, tokenPrefix):
		report("target.token_env", "is not the name of an environment variable: "+
			"give the name of the variable that holds the token, such as "+defaultTokenEnv+", never the token itself")
	}
}

func (c *Config) validateSource(report func(path, problem string)) {
	if c.SourceID < 0 {
		report("target.source_id", fmt.Sprintf(
			"%d is negative: give the ID of a source, or 0 to find or create it", c.SourceID))
	}
	if c.SourceURL == "" {
		return
	}
	u, err := url.Parse(c.SourceURL)
	if err != nil || !isHTTP(u) || u.User != nil {
		report("target.source_url", "is not an absolute http or https URL without user name: "+
			"give the root of the site, such as https://help.example.com/")
	}
}

// checkBaseURL says why a base URL cannot be used. The text does not repeat the URL, which may hold a password.
func checkBaseURL(raw string) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil || !isHTTP(u):
		return errors.New("is not an absolute http or https URL, such as https://api.intercom.io")
	case u.User != nil:
		return errors.New("holds a user name or password: the API takes a token only, see token_env")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return errors.New("has a query or fragment: give scheme, host and path only")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return errors.New("is plain http: the token would cross the network in clear; " +
			"use https (http is for loopback addresses)")
	}
	return nil
}

func isHTTP(u *url.URL) bool {
	return (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""
}

// isLoopback reports whether a host stands for this machine: localhost and names below it (RFC 6761 section 6.3), or a
// loopback address.
func isLoopback(host string) bool {
	host = strings.ToLower(host)
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
