package sanitize

import (
	"fmt"
	"strings"
)

// Config is the extract block: where the article of a page is. Selectors are CSS selectors as cascadia reads them.
type Config struct {
	// Content: the first selector that matches wins, with all of its matches in document order. Empty: automatic.
	Content []string `yaml:"content"`
	// Title: the first selector that matches an element with text wins. Of a meta element, its content attribute counts.
	Title []string `yaml:"title"`
	// Remove: everything in the content that one of these matches is left out. The title is read before.
	Remove []string `yaml:"remove"`
	// Listings says what becomes of pages that only list other pages: indexes, such as a category. Default: skip.
	Listings Listings `yaml:"listings"`
	// Rules override the selectors for some pages. The first rule whose pattern fits the page's URL wins.
	Rules []Rule `yaml:"rules"`
}

// Rule overrides the selectors for the pages that match a pattern. A list that is left out falls back to Config's; a
// list that is given but empty stands for itself: content: [] asks for automatic extraction.
type Rule struct {
	Match   string   `yaml:"match"`
	Content []string `yaml:"content"`
	Title   []string `yaml:"title"`
	Remove  []string `yaml:"remove"`
}

// Listings is skip or deliver.
type Listings string

// The two values of a Listings.
const (
	SkipListings    Listings = "skip"    // they have no answers of their own; what they lead to has
	DeliverListings Listings = "deliver" // they are articles like any other
)

// DefaultConfig extracts automatically.
func DefaultConfig() Config { return Config{Listings: SkipListings} }

// Validate reports every mistake with its path from the root of the configuration. compile says whether a rule's
// pattern is well formed; nil leaves the patterns unchecked.
func (c *Config) Validate(report func(path, problem string), compile func(pattern string) error) {
	validateSelectors("extract.content", c.Content, report)
	validateSelectors("extract.title", c.Title, report)
	validateSelectors("extract.remove", c.Remove, report)
	if c.Listings != SkipListings && c.Listings != DeliverListings {
		report("extract.listings", fmt.Sprintf("%q is neither skip nor deliver", string(c.Listings)))
	}
	for i, r := range c.Rules {
		path := fmt.Sprintf("extract.rules[%d]", i)
		if strings.TrimSpace(r.Match) == "" {
			report(path+".match", "is empty: give the pattern of the pages that this rule is for")
		} else if compile != nil {
			if err := compile(r.Match); err != nil {
				report(path+".match", err.Error())
			}
		}
		if r.Content == nil && r.Title == nil && r.Remove == nil {
			report(path, "changes nothing: give it content, title or remove, or delete it")
		}
		validateSelectors(path+".content", r.Content, report)
		validateSelectors(path+".title", r.Title, report)
		validateSelectors(path+".remove", r.Remove, report)
	}
}

func validateSelectors(path string, selectors []string, report func(path, problem string)) {
	for i, s := range selectors {
		if _, err := compileSelector(s); err != nil {
			report(fmt.Sprintf("%s[%d]", path, i), err.Error())
		}
	}
}
