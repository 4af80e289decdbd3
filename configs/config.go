// Package configs reads the config file of a site: strict YAML over defaults, with errors that point at the place.
package configs

import (
	_ "embed" // for demo.yaml

	"github.com/pageferry/pageferry/crawler"
	"github.com/pageferry/pageferry/ingest"
	"github.com/pageferry/pageferry/ingest/intercom"
	"github.com/pageferry/pageferry/sanitize"
)

// Config is one config file. Each package owns its part; the two without a block of their own share the top level.
type Config struct {
	Ingest  ingest.Config  `yaml:",inline"`
	Crawler crawler.Config `yaml:",inline"`
	// Extract says where the article of a page is. With nothing here it is found by itself.
	Extract sanitize.Config `yaml:"extract"`
	// Target says where the articles go.
	Target intercom.Config `yaml:"target"`

	path string
}

// Default returns the settings that a config file is read over. It lacks the keys without a default: start and
// target.kind.
func Default() Config {
	return Config{
		Ingest:  ingest.DefaultConfig(),
		Crawler: crawler.DefaultConfig(),
		Extract: sanitize.DefaultConfig(),
		Target:  intercom.DefaultConfig(),
	}
}

// Path returns the name of the file that the config was read from, as it was given to Load or Parse.
func (c *Config) Path() string { return c.path }

// validate reports every mistake of every block.
func (c *Config) validate(report func(path, problem string)) {
	c.Ingest.Validate(report)
	c.Crawler.Validate(report)
	c.Extract.Validate(report, func(pattern string) error {
		_, err := crawler.CompilePattern(pattern)
		return err
	})
	c.Target.Validate(report)
}

//go:embed demo.yaml
var demo []byte

// Demo returns the config file of the bundled sample help center. The caller sets Crawler.Fetch.Proxy to the address
// where that site is served.
func Demo() []byte { return append([]byte(nil), demo...) }
