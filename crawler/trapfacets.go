package crawler

import (
	"fmt"
	"hash/maphash"
	"math/bits"
)

const (
	minRoaming    = 3     // places in paths where a segment was seen that has none of its own; and such segments in a row
	maxRoamed     = 1_000 // URLs that end with so many of them
	maxSegments   = 1_000 // remembered of one directory
	maxFacetRoots = 256
)

// facets are the segments below a directory, each with the places in paths where it was seen.
type facets struct {
	places map[uint64]uint32
	n      int // URLs that end with minRoaming segments that are at home nowhere
}

// facetTrap judges a path that is a combination of filters, as in /shop/red/new/cotton. What a segment of a real path
// means depends on where it stands, and each page has a name of its own; a filter may stand anywhere. The caller holds the
// lock.
func (t *traps) facetTrap(a *trapAddress) string {
	n := min(a.segments, maxTrapSegments)
	if n <= minRoaming {
		return ""
	}
	key := maphash.String(t.seed, a.host)*3 + maphash.String(t.seed, a.segment[0])
	f := t.facets[key]
	if f == nil {
		if len(t.facets) == maxFacetRoots {
			return ""
		}
		f = &facets{places: make(map[uint64]uint32)}
		t.facets[key] = f
	}
	roaming := 0 // segments in a row, up to the last
	for i, segment := range a.segment[1:n] {
		h := maphash.String(t.seed, segment)
		places, known := f.places[h]
		places |= 1 << i
		if known || len(f.places) < maxSegments {
			f.places[h] = places
		}
		roaming++
		if bits.OnesCount32(places) < minRoaming || isNumber(segment) {
			roaming = 0
		}
	}
	switch {
	case roaming < minRoaming:
		return ""
	case f.n >= maxRoamed:
		return fmt.Sprintf("%d combinations of the same segments below %q are known already", f.n, "/"+a.segment[0])
	}
	f.n++
	return ""
}
