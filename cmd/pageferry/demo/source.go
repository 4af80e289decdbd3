package demo

import (
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// source is one file under pages: header lines "key: value", an empty line, and an HTML fragment.
type source struct {
	Path     string // of the page on the site: pages/articles/x.html is /articles/x
	Title    string // text, not HTML
	Summary  string
	Category string // slug of the category; empty for pages that belong to none
	Order    int    // place among the pages of the same kind
	Updated  time.Time
	Related  []string // slugs of articles

	NoIndex   bool // says noindex in a meta element
	RobotsTag bool // says noindex in an X-Robots-Tag header
	Unlisted  bool // no page links to it; it is in the sitemap only
	Printable bool // has a duplicate under /print/

	Body template.HTML
}

func (s *source) slug() string { return path.Base(s.Path) }

// deliverable reports whether a search engine, or a crawl for Fin, may take the article.
func (s *source) deliverable() bool { return !s.NoIndex && !s.RobotsTag }

// readSources reads every page under root, in order of kind, category and place.
func readSources(files fs.FS, root string) ([]*source, error) {
	var all []*source
	err := fs.WalkDir(files, root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		s, err := parseSource(string(text))
		if err != nil {
			return fmt.Errorf("read page %s: %w", name, err)
		}
		s.Path = strings.TrimSuffix(strings.TrimPrefix(name, root), ".html")
		if s.slug() == "index" {
			s.Path = strings.TrimSuffix(s.Path, "index")
		}
		all = append(all, s)
		return nil
	})
	slices.SortStableFunc(all, func(a, b *source) int { return a.Order - b.Order })
	return all, err
}

func parseSource(text string) (*source, error) {
	header, body, found := strings.Cut(text, "\n\n")
	if !found {
		return nil, fmt.Errorf("no empty line after the header")
	}
	s := &source{Body: template.HTML(body)}
	for line := range strings.Lines(header) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		if err := s.set(key, strings.TrimSpace(value)); err != nil {
			return nil, fmt.Errorf("header %q: %w", key, err)
		}
	}
	if s.Title == "" || s.Updated.IsZero() {
		return nil, fmt.Errorf("header has no title or no date")
	}
	return s, nil
}

func (s *source) set(key, value string) (err error) {
	switch key {
	case "title":
		s.Title = value
	case "summary":
		s.Summary = value
	case "category":
		s.Category = value
	case "order":
		s.Order, err = strconv.Atoi(value)
	case "updated":
		s.Updated, err = time.Parse(time.DateOnly, value)
		s.Updated = s.Updated.Add(9 * time.Hour)
	case "related":
		s.Related = strings.Fields(value)
	case "flags":
		for flag := range strings.FieldsSeq(value) {
			if err := s.setFlag(flag); err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("unknown key")
	}
	return err
}

func (s *source) setFlag(flag string) error {
	switch flag {
	case "noindex":
		s.NoIndex = true
	case "x-robots-tag":
		s.RobotsTag = true
	case "unlisted":
		s.Unlisted = true
	case "printable":
		s.Printable = true
	default:
		return fmt.Errorf("unknown flag %q", flag)
	}
	return nil
}

// heading is an entry of the list "On this page".
type heading struct{ ID, Text string }

// sectionHeading matches the second-level headings as our pages write them: an id, and text without markup.
var sectionHeading = regexp.MustCompile(`<h2 id="([a-z0-9-]+)">([^<]+)</h2>`)

func (s *source) headings() []heading {
	var hs []heading
	for _, m := range sectionHeading.FindAllStringSubmatch(string(s.Body), -1) {
		hs = append(hs, heading{ID: m[1], Text: m[2]})
	}
	return hs
}

// minutes is how long the article takes to read at 200 words a minute, rounded up.
func (s *source) minutes() int {
	return (len(strings.Fields(string(s.Body))) + 199) / 200
}
