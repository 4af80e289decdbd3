package demo

import (
	"fmt"
	"io/fs"
	"strings"
	"time"
)

// Paths with a meaning of their own.
const (
	homePath     = "/"
	internalPath = "/internal/" // disallowed by robots.txt
	searchPath   = "/search"    // disallowed by robots.txt
	feedbackPath = "/feedback"  // where the feedback form is posted; no page links to it
)

// library is the content of the site before it is rendered.
type library struct {
	all        []*source
	categories []*source
	articles   []*source
	bySlug     map[string]*source // articles only
}

func newLibrary(files fs.FS) (*library, error) {
	all, err := readSources(files, "pages")
	if err != nil {
		return nil, err
	}
	lib := &library{all: all, bySlug: make(map[string]*source)}
	for _, p := range all {
		switch {
		case strings.HasPrefix(p.Path, "/categories/"):
			lib.categories = append(lib.categories, p)
		case strings.HasPrefix(p.Path, "/articles/"):
			lib.articles = append(lib.articles, p)
			lib.bySlug[p.slug()] = p
		}
	}
	return lib, lib.check()
}

// check reports the first name in a header that stands for nothing.
func (l *library) check() error {
	for _, p := range l.articles {
		if l.categoryOf(p) == nil {
			return fmt.Errorf("page %s: unknown category %q", p.Path, p.Category)
		}
		for _, slug := range p.Related {
			if l.bySlug[slug] == nil {
				return fmt.Errorf("page %s: unknown related article %q", p.Path, slug)
			}
		}
	}
	return nil
}

// categoryOf returns nil for a page that belongs to no category.
func (l *library) categoryOf(p *source) *source {
	for _, c := range l.categories {
		if c.slug() == p.Category {
			return c
		}
	}
	return nil
}

// listed returns the articles that a category shows.
func (l *library) listed(category *source) []*source {
	var list []*source
	for _, p := range l.articles {
		if p.Category == category.slug() && !p.Unlisted {
			list = append(list, p)
		}
	}
	return list
}

// modified is the date of the page, or of the newest article that it lists.
func (l *library) modified(p *source) time.Time {
	newest := p.Updated
	for _, a := range l.articles {
		lists := p.Path == homePath || p.Path == "/categories/"+a.Category && !a.Unlisted
		if lists && a.Updated.After(newest) {
			newest = a.Updated
		}
	}
	return newest
}

// inSitemap returns the pages that the site wants to be found: no duplicates, and none that says noindex.
func (l *library) inSitemap() []*source {
	var list []*source
	for _, p := range l.all {
		switch p.Path {
		case internalPath, searchPath, feedbackPath:
			continue
		}
		if p.deliverable() {
			list = append(list, p)
		}
	}
	return list
}

// search returns the listed articles whose title, summary or text has all the words, whatever their case.
func (l *library) search(query string) []*source {
	words := strings.Fields(strings.ToLower(query))
	var found []*source
	for _, p := range l.articles {
		if p.Unlisted || !p.deliverable() {
			continue
		}
		text := strings.ToLower(p.Title + " " + p.Summary + " " + string(p.Body))
		hits := 0
		for _, word := range words {
			if strings.Contains(text, word) {
				hits++
			}
		}
		if len(words) > 0 && hits == len(words) {
			found = append(found, p)
		}
	}
	return found
}

// byPath returns nil if there is no such page.
func (l *library) byPath(path string) *source {
	for _, p := range l.all {
		if p.Path == path {
			return p
		}
	}
	return nil
}
