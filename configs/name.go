package configs

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"

	"github.com/pageferry/pageferry/crawler"
)

// maxDerivedName is the longest name that SiteName makes of a URL; it is also the longest that the key site may have.
const maxDerivedName = 100

// SiteName returns the name of the site's state and results: the key site, else host and path of the first start URL,
// with _ for what a file name may not hold, such as help.acme.com_hc_en-us. A derived name is the same in every
// version, because a site whose name changed would have lost its state. The config must be valid.
func (c *Config) SiteName() string {
	switch {
	case c.Ingest.Site != "":
		return c.Ingest.Site
	case len(c.Crawler.Start) == 0:
		return ""
	}
	return deriveName(c.Crawler.Start[0])
}

func deriveName(start string) string {
	name := start
	if canon, err := crawler.NewCanonicalizer([]string{start}, nil); err == nil {
		if canonical, err := canon.Canonical(start); err == nil {
			name = canonical
		}
	}
	if u, err := url.Parse(name); err == nil {
		name = u.Host + u.EscapedPath()
	}
	name = strings.Map(func(r rune) rune {
		if r < 0x80 && (isAlphanumeric(byte(r)) || r == '-' || r == '.' || r == '_') {
			return r
		}
		return '_'
	}, strings.TrimRight(name, "/"))
	if name == "" || name[0] == '.' || strings.EqualFold(name, "sandbox") { // the sandbox has its own file of that name
		name = "_" + name
	}
	if len(name) > maxDerivedName {
		sum := sha256.Sum256([]byte(name))
		name = name[:maxDerivedName-9] + "-" + hex.EncodeToString(sum[:4])
	}
	return name
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}
