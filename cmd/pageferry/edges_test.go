package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// Where redirects and canonicals lead decides under which URL a page is in Fin, in the first run and in those after it.
func TestWherePagesStand(t *testing.T) {
	noindex := article("Hidden", "It does not want to be found.")
	noindex.body = strings.Replace(noindex.body, "<head>", `<head><meta name="robots" content="noindex">`, 1)
	german := article("Hilfe", "So geht das.")
	german.body = strings.Replace(german.body, `lang="en"`, `lang="de"`, 1)
	for name, c := range map[string]struct {
		site map[string]answer
		in   []string // of what "/" links to
	}{
		"canonical that redirects back": {map[string]answer{
			"/a/": canonical(article("A", "With a slash."), "/a"), "/a": {status: 301, location: "/a/"}}, []string{"/a/"}},
		"redirect to a page whose canonical is the redirect": {map[string]answer{
			"/a": {status: 301, location: "/b"}, "/b": canonical(article("B", "It names the old address."), "/a")}, []string{"/b"}},
		"canonical is noindex": {map[string]answer{
			"/a": canonical(article("A", "A page."), "/n"), "/n": noindex}, []string{"/a"}},
		"canonical is in another language": {map[string]answer{
			"/a": canonical(article("A", "A page."), "/de"), "/de": german}, []string{"/a"}},
		"canonical redirects to a dead page": {map[string]answer{
			"/a": canonical(article("A", "A page."), "/r"), "/r": {status: 302, location: "/dead"}}, []string{"/a"}},
		"canonical is a login": {map[string]answer{
			"/a": canonical(article("A", "A page."), "/in"), "/in": {body: loginForm}}, []string{"/a"}},
		"canonical is a trap": {map[string]answer{
			"/a": canonical(article("A", "A page."), "/x/y/x/y/x/y"), "/x/y/x/y/x/y": article("X", "Again and again.")}, []string{"/a"}},
		"chain of canonicals": {map[string]answer{
			"/a": canonical(article("A", "First."), "/b"), "/b": canonical(article("B", "Second."), "/c"), "/c": article("C", "Third.")}, []string{"/c"}},
		"chain of canonicals to a dead page": {map[string]answer{
			"/a": canonical(article("A", "First."), "/b"), "/b": canonical(article("B", "Second."), "/dead")}, []string{"/b"}},
		"canonical into a circle": {map[string]answer{
			"/a": canonical(article("A", "First."), "/b"), "/b": canonical(article("B", "Second."), "/c"),
			"/c": canonical(article("C", "Third."), "/b")}, []string{"/a", "/b", "/c"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, "")
			f.site.set("/", article("Home", welcome, slices.Sorted(maps.Keys(c.site))...))
			for path, a := range c.site {
				f.site.set(path, a)
			}
			for run := range 2 {
				res := f.sync()
				in := f.inFin()
				delete(in, "/")
				if got := slices.Sorted(maps.Keys(in)); !slices.Equal(got, c.in) || len(res.Gone) > 0 || len(res.Stale) > 0 {
					t.Errorf("run %d: %q in Fin, want %q; gone %v, stale %v, pages %v", run+1, got, c.in, res.Gone, res.Stale, res.Pages)
				}
			}
		})
	}
}

// A site that gives every page another canonical is not followed without end, and the pages that were read are in Fin.
func TestEndlessCanonicals(t *testing.T) {
	f := newFixture(t, "")
	f.site.set("/", article("Home", welcome, "/c0"))
	for i := range 60 {
		f.site.set(fmt.Sprintf("/c%d", i), canonical(article(fmt.Sprint("C", i), fmt.Sprint("Text ", i)), fmt.Sprintf("/c%d", i+1)))
	}
	res := f.sync()
	f.want(res, 0, counts{"created": 12})
	if res.Fetches > 2*12 {
		t.Errorf("%d requests", res.Fetches)
	}
}

// A move that is not for ever anywhere on its way is no move.
func TestTemporaryOnTheWay(t *testing.T) {
	f := newFixture(t, "")
	smallSite(f)
	f.sync()
	f.site.set("/c", answer{status: 301, location: "/between"})
	f.site.set("/between", answer{status: 302, location: "/c2"})
	f.site.set("/c2", article("Gamma", "How to end with gamma, elsewhere."))
	res := f.sync()
	if len(res.Gone) != 0 || len(res.Stale) != 1 || len(f.inFin()) != 5 {
		t.Errorf("gone %v, stale %v, %d in Fin; want /c stale", res.Gone, res.Stale, len(f.inFin()))
	}
}

// Several articles that are merged into one have moved there; several that lead home have not.
func TestMerge(t *testing.T) {
	for target, gone := range map[string]int{"/merged": 3, "/": 0} {
		t.Run(target, func(t *testing.T) {
			f := newFixture(t, "")
			var links []string
			for i := range 12 {
				links = append(links, fmt.Sprintf("/p%d", i))
				f.site.set(links[i], article(fmt.Sprint("Page ", i), fmt.Sprint("The text of ", i)))
			}
			f.site.set("/", article("Home", welcome, append(links, "/merged")...))
			f.site.set("/merged", article("Merged", "All that was said of it."))
			f.sync()
			for _, path := range links[:3] {
				f.site.set(path, answer{status: 301, location: target})
			}
			res := f.sync()
			if len(res.Gone) != gone || len(res.Stale) != 3-gone {
				t.Errorf("gone %v, stale %v; want %d gone", res.Gone, res.Stale, gone)
			}
		})
	}
}

// A template that names one article as the canonical of all others does not keep them out.
func TestCanonicalsThatAreAllAlike(t *testing.T) {
	f := newFixture(t, "")
	var links []string
	for i := range 15 {
		links = append(links, fmt.Sprintf("/p%d", i))
		f.site.set(links[i], canonical(article(fmt.Sprint("Page ", i), fmt.Sprint("The text of ", i)), "/p0"))
	}
	f.site.set("/", article("Home", welcome, append(links, "/p0?page=2")...))
	f.site.set("/p0?page=2", canonical(article("Page 0", "The text of 0"), "/p0"))
	for _, upserts := range []int64{17, 0} {
		res := f.sync()
		if res.Exit != 0 || res.Upserts != upserts || len(f.inFin()) != 17 || len(res.Notes) == 0 {
			t.Errorf("exit %d, %d upserts, %d in Fin, pages %v, notes %q", res.Exit, res.Upserts, len(f.inFin()), res.Pages, res.Notes)
		}
	}
}
