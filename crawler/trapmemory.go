package crawler

import (
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"sync"
)

// Limits of what links of one kind may lead to.
const (
	maxDates        = 200    // of a calendar, found only from its own pages
	firstYear       = 1990   // before, there is no page that a calendar could list
	maxPathOrders   = 12     // of the same directories, each of them once
	maxRepeatOrders = 5      // with one of them again; counted apart, so that these do not keep real ones out
	maxParamOrders  = 2      // of the same parameters of a path
	minCombinations = 2_000  // URLs of a path, from which on its parameters are looked at
	maxShare        = 20     // URLs of a path for each value that its parameters have
	maxVariants     = 20_000 // queries of a path
	maxDrawn        = 1_000  // URLs that look drawn by lot, found only from others like them
)

// Bounds of what is remembered. What comes when they are reached is not judged by what was before.
const (
	maxCalendars    = 1 << 10
	maxOrderSets    = 64 << 10
	maxVariantPaths = 8 << 10
	maxPairs        = 1_000     // values of a path; with more, they say what the page is
	maxAllPairs     = 128 << 10 // of all paths
	maxDrawnForms   = 1 << 10
)

// traps is what a crawl remembers of links, to see that a site makes them up. The zero value is ready. It is safe for
// concurrent use.
type traps struct {
	mu        sync.Mutex
	seed      maphash.Seed
	calendars map[uint64]*calendar // by template
	orders    map[uint64]orders    // by the set of directories, or path and set of parameters
	variants  map[uint64]*variants // by path
	pairs     int                  // in variants
	drawn     map[uint64]int       // by template
	same      map[uint64]sameText  // by form
	facets    map[uint64]*facets   // by first segment
	cut       [trapKinds]cutLinks
}

// calendar is what is known of URLs that differ only in their date.
type calendar struct {
	padded bool                  // a month was written 01 to 09, so that it is no other number
	dates  map[[2]int16]struct{} // year and day of it, found from others
}

// orders are the orders in which the same things stand.
type orders struct {
	seen [maxPathOrders]uint32
	n    int32
}

// variants are the queries of one path. In a list that can be filtered and sorted, few values make many URLs; where a
// parameter says what the page is, each page has its own.
type variants struct {
	n     int
	pairs map[uint64]struct{} // names with values; nil: there are more than maxPairs
}

// remember judges a link by those before it, and adds it to them if it may be followed.
func (t *traps) remember(l Link, a *trapAddress) (kind int, why string) {
	date, dated := a.date()
	drawn := a.isDrawn() && sameTemplate(l.From, l.URL)
	if !dated && !drawn && a.dirs < 2 && a.params == 0 && !a.hasToken() {
		return 0, ""
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.begin()
	if why = t.sameTrap(l, a); why != "" {
		return trapSame, why
	}
	if drawn {
		if why = t.drawnTrap(a); why != "" {
			return trapChain, why
		}
	}
	if dated {
		if why = t.calendarTrap(l, a, date); why != "" {
			return trapCalendar, why
		}
	}
	if why = t.pathOrder(a); why == "" {
		why = t.paramOrder(a)
	}
	if why != "" {
		return trapOrder, why
	}
	if why = t.facetTrap(a); why == "" && a.query != "" {
		why = t.variantTrap(a)
	}
	return trapVariants, why
}

// begin makes what the zero value lacks. The caller holds the lock.
func (t *traps) begin() {
	if t.orders == nil {
		t.seed = maphash.MakeSeed()
		t.calendars, t.orders, t.variants, t.drawn = map[uint64]*calendar{}, map[uint64]orders{}, map[uint64]*variants{}, map[uint64]int{}
		t.same, t.facets = map[uint64]sameText{}, map[uint64]*facets{}
	}
}

// drawnTrap judges a URL that looks drawn by lot. A page that is made up leads to more that are; real ones with such
// names are found from lists too.
func (t *traps) drawnTrap(a *trapAddress) string {
	key := maphash.String(t.seed, a.template())
	n, known := t.drawn[key]
	switch {
	case n >= maxDrawn:
		return fmt.Sprintf("%d addresses that look drawn by lot were found only from others like them", maxDrawn)
	case known || len(t.drawn) < maxDrawnForms:
		t.drawn[key] = n + 1
	}
	return ""
}

// pathOrder judges the directories of a path: links that are relative by mistake, and filters in the path, put the same
// ones in ever other orders.
func (t *traps) pathOrder(a *trapAddress) string {
	if a.dirs < 2 {
		return ""
	}
	var hashes [maxTrapSegments]uint64
	n, limit := 0, maxPathOrders
	set, order := maphash.String(t.seed, a.host), uint64(1)
	for _, segment := range a.segment[:a.dirs] {
		if isNumber(segment) {
			continue
		}
		h := maphash.String(t.seed, segment)
		order = order*31 + h
		if slices.Contains(hashes[:n], h) {
			limit = maxRepeatOrders
			continue
		}
		hashes[n] = h
		n++
		set += h
	}
	if n == 0 || t.order(set+uint64(limit), order, limit) {
		return ""
	}
	return fmt.Sprintf("%d orders of the same directories are known already", limit)
}

// paramOrder judges the order of parameters, which no server minds.
func (t *traps) paramOrder(a *trapAddress) string {
	if a.params < 2 {
		return ""
	}
	set, order := maphash.String(t.seed, a.host)*3+maphash.String(t.seed, a.path), uint64(1)
	for param := range strings.SplitSeq(a.query, "&") {
		h := maphash.String(t.seed, param)
		order = order*31 + h
		set += h
	}
	if t.order(set, order, maxParamOrders) {
		return ""
	}
	return fmt.Sprintf("%d orders of the same parameters are known already", maxParamOrders)
}

// order reports whether the set may stand in this order too, and remembers it.
func (t *traps) order(set, order uint64, limit int) bool {
	o, known := t.orders[set]
	short := uint32(order >> 32)
	if slices.Contains(o.seen[:o.n], short) {
		return true
	}
	if int(o.n) >= limit {
		return false
	}
	if known || len(t.orders) < maxOrderSets {
		o.seen[o.n] = short
		o.n++
		t.orders[set] = o
	}
	return true
}

// variantTrap judges the queries of a path by their number.
func (t *traps) variantTrap(a *trapAddress) string {
	key := maphash.String(t.seed, a.host)*3 + maphash.String(t.seed, a.path)
	v := t.variants[key]
	if v == nil {
		if len(t.variants) == maxVariantPaths {
			return ""
		}
		v = &variants{pairs: make(map[uint64]struct{}, 1)}
		t.variants[key] = v
	}
	switch {
	case v.n >= maxVariants:
		return fmt.Sprintf("%d queries of its path are known already", maxVariants)
	case v.pairs != nil && v.n >= max(minCombinations, maxShare*len(v.pairs)):
		return fmt.Sprintf("%d combinations of %d values in the query of its path are known already", v.n, len(v.pairs))
	}
	v.n++
	if v.pairs == nil {
		return ""
	}
	for param := range strings.SplitSeq(a.query, "&") {
		h := maphash.String(t.seed, param)
		if _, ok := v.pairs[h]; !ok {
			v.pairs[h] = struct{}{}
			t.pairs++
		}
	}
	if len(v.pairs) > maxPairs || t.pairs > maxAllPairs {
		t.pairs -= len(v.pairs)
		v.pairs = nil
	}
	return ""
}
