package ingest

import (
	"cmp"
	"hash/maphash"
	"slices"
	"strings"
	"sync"
)

// Bounds of a tally: a site can link to any number of pages beside its scope, and the result needs only to show where
// they are.
const (
	maxBesideURLs  = 100_000
	maxBesidePaths = 50
)

// Beside is a part of the site's hosts that pages link to and the scope leaves out, though no rule excludes it.
type Beside struct {
	Under string `json:"under"` // URL of the directory
	URLs  int    `json:"urls"`  // distinct, as far as they were counted
}

// tally counts the URLs beside the scope by the first directory of their path. It may be used concurrently.
type tally struct {
	mu    sync.Mutex
	seed  maphash.Seed
	seen  map[uint64]struct{}
	under map[string]int
}

func (t *tally) add(urls []string) {
	if len(urls) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.seen == nil {
		t.seed, t.seen, t.under = maphash.MakeSeed(), map[uint64]struct{}{}, map[string]int{}
	}
	for _, u := range urls {
		if len(t.seen) == maxBesideURLs {
			return
		}
		key := maphash.String(t.seed, u)
		if _, ok := t.seen[key]; ok {
			continue
		}
		t.seen[key] = struct{}{}
		dir := firstDirectory(u)
		if _, ok := t.under[dir]; ok || len(t.under) < maxBesidePaths {
			t.under[dir]++
		}
	}
}

// list returns the parts, the largest first.
func (t *tally) list() []Beside {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]Beside, 0, len(t.under))
	for dir, n := range t.under {
		all = append(all, Beside{dir, n})
	}
	slices.SortFunc(all, func(a, b Beside) int {
		return cmp.Or(cmp.Compare(b.URLs, a.URLs), cmp.Compare(a.Under, b.Under))
	})
	return all
}

// firstDirectory returns a canonical URL up to the end of its first directory: https://h/a/ of https://h/a/b, and
// https://h/ of https://h/a.
func firstDirectory(u string) string {
	u, _, _ = strings.Cut(u, "?")
	scheme, rest, _ := strings.Cut(u, "://")
	host, path, _ := strings.Cut(rest, "/")
	if dir, _, ok := strings.Cut(path, "/"); ok {
		return scheme + "://" + host + "/" + dir + "/"
	}
	return scheme + "://" + host + "/"
}

// maxTrapped is how many traps get an outcome of their own; a site has as many as it is asked for.
const maxTrapped = 100

// trapped remembers the traps that have an outcome. It may be used concurrently.
type trapped struct {
	mu   sync.Mutex
	urls map[string]struct{}
}

// first reports whether a trap shall get an outcome: it has none yet, and there are not too many.
func (t *trapped) first(url string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.urls[url]; ok || len(t.urls) == maxTrapped {
		return false
	}
	if t.urls == nil {
		t.urls = map[string]struct{}{}
	}
	t.urls[url] = struct{}{}
	return true
}
