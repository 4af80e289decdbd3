package crawler

import (
	"fmt"
	"strings"
)

// Limits of the addresses that links may lead to. Real sites stay far below them; where they do not, a sitemap or a
// start URL names the page.
const (
	maxTrapLength   = 2000 // bytes
	maxTrapSegments = 25
	maxTrapParams   = 20
	maxSameName     = 10 // parameters of one name, such as the choices of a filter

	repeatedPath    = 3  // times that the same segments may not follow each other
	repeatedNumbers = 10 // the same for segments that are numbers, of which dates and shards consist

	maxChain = 500   // links from the start along addresses that differ only in numbers and values
	maxDepth = 1_000 // links from the start along any
)

// Kinds of traps.
const (
	trapPath = iota
	trapDeep
	trapQuery
	trapCalendar
	trapChain
	trapOrder
	trapVariants
	trapSame
	trapKinds
)

// Trap returns why a link that a page names, or a redirect or canonical, shall not be followed: because it is one of
// endlessly many that a site makes up. Empty: it may be followed. Only what the crawl itself found is judged: start URLs,
// entries of sitemaps and known pages are somebody's choice. A URL that is not in the frontier may be asked about any
// number of times; one that may be followed is expected to be added to it.
//
// What Trap remembers is bounded, and it is safe for concurrent use.
func (c *Crawler) Trap(l Link) string {
	switch l.Via {
	case ViaLink, ViaRedirect, ViaCanonical:
	default:
		return ""
	}
	kind, why := c.traps.judge(l)
	if why != "" {
		c.traps.count(kind, l.URL, why)
	}
	return why
}

func (t *traps) judge(l Link) (kind int, why string) {
	if len(l.URL) > maxTrapLength {
		return trapDeep, fmt.Sprintf("its URL has %d bytes, more than %d", len(l.URL), maxTrapLength)
	}
	if strings.Contains(l.URL, "%252525") {
		return trapQuery, "its URL holds a URL in a URL in a URL"
	}
	a := parseTrapAddress(l.URL)
	if why = a.pathTrap(); why != "" {
		return trapPath, why
	}
	if a.segments > maxTrapSegments {
		return trapDeep, fmt.Sprintf("its path has more than %d segments", maxTrapSegments)
	}
	if why = a.queryTrap(); why != "" {
		return trapQuery, why
	}
	if why = chainTrap(l); why != "" {
		return trapChain, why
	}
	return t.remember(l, &a)
}

// chainTrap judges by how far away a link is.
func chainTrap(l Link) string {
	switch {
	case l.Depth > maxDepth:
		return fmt.Sprintf("it is more than %d links away from the start", maxDepth)
	case l.Depth > maxChain && sameTemplate(l.From, l.URL):
		return fmt.Sprintf("it is more than %d links away from the start, in a chain of addresses like the one before", maxChain)
	}
	return ""
}

// trapAddress is a canonical URL in parts.
type trapAddress struct {
	host, path, query string
	segment           [maxTrapSegments]string // without the empty one that a trailing slash leaves
	segments          int                     // one more than fit: there are more
	dirs              int                     // segments that are directories
	params            int
}

func parseTrapAddress(u string) (a trapAddress) {
	a.host, a.path = splitOrigin(u)
	a.path, a.query, _ = strings.Cut(a.path, "?")
	if a.query != "" {
		a.params = strings.Count(a.query, "&") + 1
	}
	rest := strings.TrimPrefix(a.path, "/")
	for rest != "" {
		var segment string
		var more bool
		segment, rest, more = strings.Cut(rest, "/")
		if a.segments == maxTrapSegments {
			a.segments++
			break
		}
		a.segment[a.segments] = segment
		a.segments++
		if more {
			a.dirs++
		}
	}
	return a
}

// pathTrap looks for segments that follow each other again and again, as links that are relative by mistake pile up:
// /a/b/a/b/a/b, and with numbers that count /page/2/page/3/page/4.
func (a *trapAddress) pathTrap() string {
	n := min(a.segments, maxTrapSegments)
	for length := 1; length*repeatedPath <= n; length++ {
		same := 0 // segments in a row that are as those before
		for i := length; i < n; i++ {
			if !sameSegment(a.segment[i], a.segment[i-length]) {
				same = 0
				continue
			}
			same++
			block := a.segment[i+1-length : i+1]
			need := repeatedPath
			if allNumbers(block) {
				need = repeatedNumbers
			}
			if same >= (need-1)*length {
				return fmt.Sprintf("its path repeats %q", "/"+strings.Join(block, "/"))
			}
		}
	}
	return ""
}

func sameSegment(a, b string) bool { return a == b || isNumber(a) && isNumber(b) }

func isNumber(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func allNumbers(segments []string) bool {
	for _, s := range segments {
		if !isNumber(s) {
			return false
		}
	}
	return true
}

// queryTrap looks for parameters that pile up.
func (a *trapAddress) queryTrap() string {
	if a.params < repeatedPath {
		return ""
	}
	if a.params > maxTrapParams {
		return fmt.Sprintf("its query has %d parameters, more than %d", a.params, maxTrapParams)
	}
	var all [maxTrapParams]string
	n := 0
	for param := range strings.SplitSeq(a.query, "&") {
		name, _, _ := strings.Cut(param, "=")
		same, named := 1, 1
		for _, other := range all[:n] {
			if other == param {
				same++
			}
			if other, _, _ := strings.Cut(other, "="); other == name {
				named++
			}
		}
		switch {
		case same >= repeatedPath:
			return fmt.Sprintf("its query repeats %q", param)
		case named > maxSameName:
			return fmt.Sprintf("its query has %q more than %d times", name, maxSameName)
		}
		all[n] = param
		n++
	}
	return ""
}
