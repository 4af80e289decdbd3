package crawler

import "strings"

// Resolver resolves the hrefs of one page. It is a value that may be copied and used concurrently. The zero value
// resolves nothing.
//
// A page has some 60 links, and a parser costs more than a microsecond and 25 allocations for each. So hrefs that are in
// canonical form apart from a relative beginning and a fragment, which are nearly all, are put together without one.
// Everything else goes through the parser; a fuzz test holds that both agree.
type Resolver struct {
	c      *Canonicalizer
	base   string // canonical; empty if there is none, and then only absolute hrefs resolve
	origin int    // base[:origin] is scheme and host
	dir    int    // base[:dir] ends with the last slash of the path
	path   int    // base[:path] ends with the path
}

// Base prepares to resolve hrefs against base, an absolute URL. If base has no canonical form, only absolute hrefs
// resolve.
func (c *Canonicalizer) Base(base string) Resolver {
	r := Resolver{c: c}
	u, err := c.Canonical(base)
	if err != nil {
		return r
	}
	r.base, r.origin, r.path = u, len(origin(u)), len(u)
	if i := strings.IndexByte(u, '?'); i >= 0 {
		r.path = i
	}
	r.dir = strings.LastIndexByte(u[:r.path], '/') + 1
	return r
}

// Resolve returns the canonical URL that href refers to, or false: see Canonicalizer.Resolve.
func (r Resolver) Resolve(href string) (string, bool) {
	if r.c == nil {
		return "", false
	}
	if u, ok := r.fast(href); ok {
		return u, true
	}
	return r.slow(href)
}

func (r Resolver) slow(href string) (string, bool) {
	if refuse(href) != nil {
		return "", false
	}
	if r.base == "" {
		u, err := r.c.slowCanonical(href)
		return u, err == nil
	}
	ref, err := r.c.parser.ParseRef(r.base, href)
	if err != nil {
		return "", false
	}
	u, err := r.c.settle(ref)
	return u, err == nil
}

// fast resolves an href if it can tell the result without a parser.
func (r Resolver) fast(href string) (string, bool) {
	if r.base == "" || len(r.base)+len(href) > maxURLLength {
		return "", false
	}
	if i := strings.IndexByte(href, '#'); i >= 0 {
		href = href[:i]
	}
	if href == "" {
		return r.base, true
	}
	switch {
	case strings.HasPrefix(href, "http"):
		if u, ok := r.c.fastAbsolute(href, r.base[:r.origin]); ok {
			return u, true
		}
		if u, ok := r.c.fastAbsolute(href, ""); ok {
			return u, true
		}
	case href[0] == '/':
		if len(href) > 1 && href[1] == '/' || !r.c.clean(href) {
			return "", false
		}
		return r.base[:r.origin] + href, true
	case href[0] == '?':
		if !r.c.clean(href) {
			return "", false
		}
		return r.base[:r.path] + href, true
	}
	return r.fastRelative(href)
}

// fastRelative resolves an href that is relative to the directory of the base.
func (r Resolver) fastRelative(href string) (string, bool) {
	dir := r.dir
	rest := href
	for strings.HasPrefix(rest, "./") || strings.HasPrefix(rest, "../") {
		if rest[1] == '/' {
			rest = rest[len("./"):]
			continue
		}
		rest = rest[len("../"):]
		if dir > r.origin+1 { // above the root is the root
			dir = strings.LastIndexByte(r.base[:dir-1], '/') + 1
		}
	}
	if strings.HasPrefix(rest, ".") || !r.c.clean(rest) {
		return "", false
	}
	// A colon in the first segment makes what precedes it a scheme.
	if segment, _, _ := strings.Cut(rest, "/"); len(rest) == len(href) && strings.Contains(segment, ":") {
		return "", false
	}
	return r.base[:dir] + rest, true
}

// fastAbsolute returns the canonical form of an absolute URL if that is s itself, apart from its fragment or a missing
// path. known is the canonical origin that s may begin with, or empty for any whose form is plain to see.
func (c *Canonicalizer) fastAbsolute(s, known string) (string, bool) {
	if len(s) >= maxURLLength {
		return "", false
	}
	if i := strings.IndexByte(s, '#'); i >= 0 {
		s = s[:i]
	}
	n := len(known)
	if known == "" {
		if n = plainOrigin(s); n == 0 || c.upgrades(s[:n]) {
			return "", false
		}
	} else if !strings.HasPrefix(s, known) {
		return "", false
	}
	if len(s) == n {
		return s + "/", true
	}
	return s, s[n] == '/' && c.clean(s[n:])
}

// plainOrigin returns the length of the http or https origin that s begins with, or 0 if it takes a parser to say:
// unless the host is a lower-case ASCII name, with neither port nor a chance of being a number or Punycode.
func plainOrigin(s string) int {
	start := len("https://")
	if !strings.HasPrefix(s, "https://") {
		start = len("http://")
		if !strings.HasPrefix(s, "http://") {
			return 0
		}
	}
	label := start // where the present label begins
	i := start
	for ; i < len(s) && s[i] != '/'; i++ {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		case c == '.' && i > label:
			label = i + 1
		case c == '-' && i > label && s[i-1] != '-':
		default:
			return 0
		}
	}
	if i == label || s[label] < 'a' {
		return 0
	}
	return i
}

// clean reports whether s, the end of a URL from within its path or from its question mark on, is in canonical form.
func (c *Canonicalizer) clean(s string) bool {
	i := 0
	for ; i < len(s) && s[i] != '?'; i++ {
		switch {
		case s[i] == '%':
			if !keptEscape(s[i:]) {
				return false
			}
		case byteClass[s[i]]&isPlain == 0, s[i] == '.' && i > 0 && s[i-1] == '/':
			return false
		}
	}
	if i == len(s) {
		return true
	}
	query := s[i+1:]
	for j := range len(query) {
		if byteClass[query[j]]&isQueryPlain == 0 && !(query[j] == '%' && keptEscape(query[j:])) {
			return false
		}
	}
	return query != "" && !c.drop.any(query)
}

// keptEscape reports whether s begins with an escape that normalization leaves as it is.
func keptEscape(s string) bool {
	octet, ok := escape(s)
	return ok && byteClass[octet]&isUnreserved == 0 && s[1] < 'a' && s[2] < 'a'
}

// otherScheme reports whether s begins with a scheme that is neither http nor https (RFC 3986 section 3.1).
func otherScheme(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		case i > 0 && ('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.'):
		case i > 0 && c == ':':
			return !strings.EqualFold(s[:i], "http") && !strings.EqualFold(s[:i], "https")
		default:
			return false
		}
	}
	return false
}
