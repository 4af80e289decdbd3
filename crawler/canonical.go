package crawler

import (
	"errors"
	"fmt"
	"strings"

	whatwg "github.com/nlnwa/whatwg-url/url"
)

// maxURLLength is the longest URL, in bytes, that is taken for a page's address, as found and in canonical form. Web
// servers refuse request lines beyond about 8 KiB, and what is longer is a trap or carries data.
const maxURLLength = 8 << 10

// maxURLAts is how often @ may stand in a URL. For each one before the path the parser goes over the user name again, so
// that a page full of them would keep it busy for minutes.
const maxURLAts = 100

// maxSettle bounds how often a URL is normalized until it stays the same. One round is enough for nearly all, two for
// those where decoding uncovers a dot segment; a host that needs more has no stable form.
const maxSettle = 4

// Canonicalizer brings the URLs of a site into the one form that identifies a page. It is safe for concurrent use.
//
// The canonical form is what the WHATWG URL parser makes of the URL, without user name, password and fragment; with
// https for http where the start URL of that host (and port) is https; with the percent-encoding of RFC 3986 section
// 6.2.2, for which octets that may not stand in a URL are encoded too; without tracking parameters; and without an empty
// query. Case of the path, repeated slashes, escaped slashes, a trailing slash and the order of parameters are kept:
// servers may tell such URLs apart.
type Canonicalizer struct {
	parser  whatwg.Parser
	https   map[string]bool // hosts, with a port that is not the default, whose start URL is https
	origins []string        // scheme and host of each start URL, in canonical form
	drop    paramSet
}

// NewCanonicalizer returns a Canonicalizer for the site of the start URLs. The parameters named by dropParams are
// dropped like tracking parameters; a trailing * stands for any ending.
func NewCanonicalizer(start []string, dropParams []string) (*Canonicalizer, error) {
	drop, err := newParamSet(append(append([]string{}, trackingParams...), dropParams...))
	if err != nil {
		return nil, err
	}
	c := &Canonicalizer{parser: whatwg.NewParser(), https: make(map[string]bool), drop: drop}
	var urls []string
	for i, raw := range start {
		u, err := c.Canonical(raw)
		if err != nil {
			return nil, fmt.Errorf("start URL %d: %w", i+1, err)
		}
		urls = append(urls, u)
		if host, ok := strings.CutPrefix(origin(u), "https://"); ok {
			c.https[host] = true
		}
	}
	for _, u := range urls {
		if o := origin(u); !c.upgrades(o) {
			c.origins = append(c.origins, o)
		}
	}
	return c, nil
}

// Why a URL has no canonical form. The errors do not show the URL, which may hold a password.
var (
	errNotHTTP    = errors.New("not an absolute http or https URL")
	errURLTooLong = fmt.Errorf("longer than %d bytes", maxURLLength)
	errBadURL     = errors.New("not a valid absolute http or https URL")
	errUnstable   = errors.New("URL without a stable normal form")
)

// Canonical returns the canonical form of an absolute URL. It is idempotent. The error says why the URL cannot be that
// of a page, and does not show it.
func (c *Canonicalizer) Canonical(raw string) (string, error) {
	for _, o := range c.origins {
		if u, ok := c.fastAbsolute(raw, o); ok {
			return u, nil
		}
	}
	if u, ok := c.fastAbsolute(raw, ""); ok {
		return u, nil
	}
	return c.slowCanonical(raw)
}

func (c *Canonicalizer) slowCanonical(raw string) (string, error) {
	if err := refuse(raw); err != nil {
		return "", err
	}
	u, err := c.parser.Parse(raw)
	if err != nil {
		return "", errBadURL
	}
	return c.settle(u)
}

// refuse returns why raw, absolute or relative, need not be given to the parser; nil: it must be.
func refuse(raw string) error {
	switch {
	case len(raw) > maxURLLength:
		return errURLTooLong
	case otherScheme(raw):
		return errNotHTTP
	case strings.Count(raw, "@") > maxURLAts:
		return errBadURL
	}
	return nil
}

// settle normalizes u until it stays the same.
func (c *Canonicalizer) settle(u *whatwg.Url) (string, error) {
	last, err := c.normalize(u)
	if err != nil {
		return "", err
	}
	for range maxSettle {
		if _, ok := c.fastAbsolute(last, ""); ok {
			return last, nil
		}
		u, err := c.parser.Parse(last)
		if err != nil {
			return "", errUnstable
		}
		next, err := c.normalize(u)
		if err != nil {
			return "", err
		}
		if next == last {
			return last, nil
		}
		last = next
	}
	return "", errUnstable
}

// normalize writes u in canonical form, but for what decoding may have uncovered.
func (c *Canonicalizer) normalize(u *whatwg.Url) (string, error) {
	scheme, host := u.Scheme(), u.Host()
	if scheme != "http" && scheme != "https" || host == "" {
		return "", errNotHTTP
	}
	if c.https[host] {
		scheme = "https"
	}
	path, query := u.Pathname(), u.Query()
	b := make([]byte, 0, len(scheme)+len("://")+len(host)+len(path)+1+len(query))
	b = append(b, scheme...)
	b = append(b, "://"...)
	b = append(b, host...)
	b = appendNormalized(b, path)
	if query != "" {
		mark := len(b)
		b = append(b, '?')
		b = appendNormalized(b, query)
		kept := c.drop.drop(string(b[mark+1:]))
		b = append(b[:mark+1], kept...)
		if kept == "" {
			b = b[:mark]
		}
	}
	if len(b) > maxURLLength {
		return "", errURLTooLong
	}
	return string(b), nil
}

// Resolve returns the canonical URL that href, as it stands in a page, refers to. base is an absolute URL: that of the
// page, or its <base href> as resolved. It returns false for what is not an http or https URL (such as mailto:,
// javascript:, tel: and data:) and for what cannot be parsed. Whoever resolves many hrefs of one page calls Base once.
func (c *Canonicalizer) Resolve(base, href string) (string, bool) {
	return c.Base(base).Resolve(href)
}

// origin returns scheme and host of a canonical URL.
func origin(u string) string {
	o, _ := splitOrigin(u)
	return o
}

// splitOrigin cuts a canonical URL before its path. What is no URL is all path.
func splitOrigin(u string) (origin, path string) {
	host := strings.Index(u, "://")
	if host < 0 {
		return "", u
	}
	host += len("://")
	if i := strings.IndexByte(u[host:], '/'); i >= 0 {
		return u[:host+i], u[host+i:]
	}
	return u, ""
}

// upgrades reports whether URLs of an origin are read as https although it is http.
func (c *Canonicalizer) upgrades(origin string) bool {
	host, ok := strings.CutPrefix(origin, "http://")
	return ok && c.https[host]
}
