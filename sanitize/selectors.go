package sanitize

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/andybalholm/cascadia"
)

// rule is a compiled Rule: the selectors of the pages that match.
type rule struct {
	match     func(url string) bool
	selectors selectors
}

// selectors say where the parts of an article are.
type selectors struct {
	content     []cascadia.SelectorGroup
	contentText []string // as configured
	contentPath string   // where they are configured
	title       []cascadia.SelectorGroup
	remove      []cascadia.SelectorGroup
}

func compileSelectors(path string, r Rule) (selectors, error) {
	s := selectors{contentText: r.Content, contentPath: path + ".content"}
	for _, list := range []struct {
		name string
		from []string
		to   *[]cascadia.SelectorGroup
	}{{"content", r.Content, &s.content}, {"title", r.Title, &s.title}, {"remove", r.Remove, &s.remove}} {
		for i, text := range list.from {
			group, err := compileSelector(text)
			if err != nil {
				return selectors{}, fmt.Errorf("%s.%s[%d]: %w", path, list.name, i, err)
			}
			*list.to = append(*list.to, group)
		}
	}
	return s, nil
}

// override returns s with the lists that a rule gives in the place of its own.
func (s selectors) override(own selectors, r Rule) selectors {
	if r.Content != nil {
		s.content, s.contentText, s.contentPath = own.content, own.contentText, own.contentPath
	}
	if r.Title != nil {
		s.title = own.title
	}
	if r.Remove != nil {
		s.remove = own.remove
	}
	return s
}

// sign hashes what an article depends on besides the page. A rule's list that is left out and one that is empty mean
// different things; of Config they mean the same.
func sign(cfg Config) (string, error) {
	for _, list := range []*[]string{&cfg.Content, &cfg.Title, &cfg.Remove} {
		if *list == nil {
			*list = []string{}
		}
	}
	if len(cfg.Rules) == 0 {
		cfg.Rules = nil
	}
	canonical, err := json.Marshal(struct {
		Pipeline int
		Config   Config
	}{PipelineVersion, cfg})
	if err != nil {
		return "", fmt.Errorf("sign the configuration: %w", err)
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:]), nil
}

func (x *Extractor) selectorsFor(pageURL string) selectors {
	for i := range x.rules {
		if x.rules[i].match(pageURL) {
			return x.rules[i].selectors
		}
	}
	return x.selectors
}

// compileSelector compiles a CSS selector. goquery would take a broken one for a selector that matches nothing.
func compileSelector(s string) (cascadia.SelectorGroup, error) {
	if strings.TrimSpace(s) == "" {
		return nil, fmt.Errorf("is empty: give a CSS selector, or delete the entry")
	}
	group, err := cascadia.ParseGroup(s)
	if err != nil {
		return nil, fmt.Errorf("%q is not a CSS selector: %w", s, err)
	}
	return group, nil
}
