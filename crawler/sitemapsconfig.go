package crawler

import "strings"

// The values of Sitemaps.Mode.
const (
	SitemapsAuto = "auto" // those that robots.txt names, and /sitemap.xml
	SitemapsNone = "none" // none
)

// Sitemaps says which sitemaps to read. In YAML it is auto, none, or a list of URLs.
type Sitemaps struct {
	Mode string   // SitemapsAuto or SitemapsNone; empty if URLs are given. Any other value is for Validate to report.
	URLs []string // absolute http or https URLs; read instead of those that auto finds
}

// UnmarshalYAML reads a word or a list.
func (s *Sitemaps) UnmarshalYAML(unmarshal func(any) error) error {
	var word string
	if unmarshal(&word) == nil {
		*s = Sitemaps{Mode: word}
		return nil
	}
	var urls []string
	if err := unmarshal(&urls); err != nil {
		return err
	}
	*s = Sitemaps{URLs: urls}
	return nil
}

// MarshalYAML returns what UnmarshalYAML reads.
func (s Sitemaps) MarshalYAML() (any, error) {
	if len(s.URLs) > 0 {
		return s.URLs, nil
	}
	return s.Mode, nil
}

func (s Sitemaps) validate(report func(path, problem string)) {
	switch {
	case len(s.URLs) > 0 && s.Mode != "":
		report("sitemaps", "must be auto, none or a list of URLs, not both")
	case len(s.URLs) == 0 && strings.Contains(s.Mode, "://"):
		report("sitemaps", "must be auto, none or a list of URLs; write the one URL as a list: [URL]")
	case len(s.URLs) == 0 && s.Mode != SitemapsAuto && s.Mode != SitemapsNone:
		report("sitemaps", "must be auto, none or a list of URLs that is not empty")
	}
	for i, u := range s.URLs {
		if problem := urlProblem(u); problem != "" {
			report(indexed("sitemaps", i), problem)
		}
	}
}
