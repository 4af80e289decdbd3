package ingest

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// AnyLocale is the Config.Locale that keeps pages of every language.
const AnyLocale = "any"

// maxSite bounds Config.Site: file names may have 255 bytes, and state files append suffixes to it.
const maxSite = 100

// Config names the site and its language, and says what is taken out of Fin: the top-level keys site, locale,
// delete and notify.
type Config struct {
	// Name of the site's state files and of the site in results. Default: host and path of the first start URL.
	Site string `yaml:"site"`
	// Language of the pages to keep, as a BCP 47 tag: pages whose language is known and different are skipped. A tag
	// without a region matches every region: en keeps en-GB. "any" keeps all pages.
	Locale string `yaml:"locale"`
	// Delete says what becomes of pages in Fin that the site no longer has, or no longer wants there.
	Delete DeleteConfig `yaml:"delete"`
	// Notify says who is told how the runs end.
	Notify NotifyConfig `yaml:"notify"`
}

// DefaultConfig returns the settings of a config that names none of the keys.
func DefaultConfig() Config {
	return Config{Locale: "en", Delete: DeleteConfig{Action: ActionDelete, After: 24 * time.Hour, Max: Share{10, true}}}
}

// siteName is what every file system takes as the beginning of a file name.
var siteName = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

// languageTag is the shape of a BCP 47 tag (RFC 5646 section 2.1); whether the subtags are registered is not checked.
var languageTag = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$`)

// Validate reports every mistake with the YAML path of its key.
func (c *Config) Validate(report func(path, problem string)) {
	if c.Site != "" {
		if problem := checkSite(c.Site); problem != "" {
			report("site", problem)
		}
	}
	c.Delete.validate(report)
	c.Notify.validate(report)
	if !languageTag.MatchString(c.Locale) {
		problem := fmt.Sprintf(`%q is not a language tag; write one such as en or pt-BR, or "any" to keep every language`, c.Locale)
		if tag := strings.ReplaceAll(c.Locale, "_", "-"); languageTag.MatchString(tag) {
			problem = fmt.Sprintf("%q is not a language tag; write %s", c.Locale, tag)
		}
		report("locale", problem)
	}
}

func checkSite(site string) string {
	switch {
	case len(site) > maxSite:
		return fmt.Sprintf("the name has %d characters; it is part of file names and may have %d", len(site), maxSite)
	case !siteName.MatchString(site):
		return fmt.Sprintf("%q becomes part of file names; use only letters A-Z and a-z, digits, and . _ -", site)
	case site[0] == '.':
		return fmt.Sprintf("%q begins with a dot, which hides its files; begin with a letter or digit", site)
	case strings.EqualFold(site, "sandbox"):
		return fmt.Sprintf("%q is taken: the sandbox keeps its own pages in a file of that name; choose another", site)
	}
	return ""
}
