package sanitize

import (
	"fmt"
	neturl "net/url"
	"strings"

	whatwg "github.com/nlnwa/whatwg-url/url"
)

// maxURL is the greatest length of a reference in bytes. No server takes longer URLs, and the standard's parser takes
// quadratic time for them.
const maxURL = 8 << 10

// resolver makes the URLs of one page absolute, as the WHATWG URL standard resolves them. It keeps fragments. A parse
// by the standard costs about 17 µs, so what is clean already takes a fast path; both give the same result.
// A resolver belongs to one goroutine.
type resolver struct {
	page   string      // URL of the page without fragment; empty if unknown
	base   string      // what relative URLs refer to; empty if unknown
	origin string      // scheme and host of base, without trailing slash
	dir    string      // path of base up to its last slash
	parsed *whatwg.Url // base, once it was needed
}

// newResolver takes the URL of the page and its base URL. An empty or unusable base is the page's URL; without a page
// URL every relative reference is unresolvable.
func newResolver(pageURL, base string) (*resolver, error) {
	r := &resolver{}
	if pageURL != "" {
		page, ok := absolute(pageURL)
		if !ok {
			return nil, fmt.Errorf("%q is not an http or https URL", pageURL)
		}
		r.page, _, _ = strings.Cut(page, "#")
	}
	r.base = r.page
	if base != "" && base != pageURL {
		if b, ok := absolute(base); ok {
			r.base, _, _ = strings.Cut(b, "#")
		}
	}
	if r.base != "" {
		scheme := strings.Index(r.base, "://") + len("://")
		slash := scheme + strings.IndexByte(r.base[scheme:], '/')
		path, _, _ := strings.Cut(r.base[slash:], "?")
		r.origin, r.dir = r.base[:slash], path[:strings.LastIndexByte(path, '/')+1]
	}
	return r, nil
}

// absolute brings an absolute http(s) URL into its normal form.
func absolute(raw string) (string, bool) {
	if cleanAbsolute(raw) {
		return raw, true
	}
	u, err := whatwg.Parse(raw)
	if err != nil || u.Scheme() != "http" && u.Scheme() != "https" {
		return "", false
	}
	return parsable(u.Href(false))
}

// link resolves the target of a link. false: not http, https, mailto or tel, too long, or no URL at all.
func (r *resolver) link(ref string) (string, bool) {
	if ref = trim(ref); len(ref) > maxURL {
		return "", false
	}
	if strings.HasPrefix(ref, "#") {
		// A fragment names a place on the page itself, whatever <base> says; a lone # is a handle for scripts.
		if r.page == "" || ref == "#" {
			return "", false
		}
		if cleanFragment(ref[1:]) {
			return r.page + ref, true
		}
		return parsable(r.page + "#" + escapeFragment(ref[1:]))
	}
	if u, ok := r.fast(ref); ok {
		return u, true
	}
	return r.slow(ref)
}

// image resolves the source of an image: as link, but only http and https, and never the page itself.
func (r *resolver) image(ref string) (string, bool) {
	ref = trim(ref)
	if ref == "" || ref[0] == '#' || len(ref) > 5 && strings.EqualFold(ref[:5], "data:") {
		return "", false
	}
	u, ok := r.link(ref)
	return u, ok && strings.HasPrefix(u, "http")
}

// self reports whether a resolved URL names a place on the page itself.
func (r *resolver) self(resolved string) bool {
	return r.page != "" && len(resolved) > len(r.page) && resolved[len(r.page)] == '#' && resolved[:len(r.page)] == r.page
}

// fast resolves references that need no decoding, encoding or dot segment work beyond leading ones.
func (r *resolver) fast(ref string) (string, bool) {
	switch {
	case ref == "":
		return "", false
	case strings.HasPrefix(ref, "http"):
		if cleanAbsolute(ref) || r.sameOrigin(ref) && cleanPath(ref[len(r.origin):]) {
			return ref, true
		}
	case r.base == "":
		return "", false
	case ref[0] == '/':
		if len(ref) > 1 && ref[1] == '/' {
			return "", false
		}
		if cleanPath(ref) {
			return r.origin + ref, true
		}
		return "", false
	}
	dir, rest := r.dir, ref
	for {
		switch {
		case strings.HasPrefix(rest, "./"):
			rest = rest[2:]
			continue
		case strings.HasPrefix(rest, "../"):
			rest = rest[3:]
			if dir != "/" {
				dir = dir[:strings.LastIndexByte(dir[:len(dir)-1], '/')+1]
			}
			continue
		}
		break
	}
	// A colon in the first segment makes it a scheme; a slash, an empty segment.
	first, _, _ := strings.Cut(rest, "/")
	if r.base == "" || rest == "" || strings.IndexByte("/?#", rest[0]) >= 0 || strings.Contains(first, ":") {
		return "", false
	}
	if !cleanPath(rest) {
		return "", false
	}
	return r.origin + dir + rest, true
}

// sameOrigin reports whether an absolute URL begins with the origin of base, which is in normal form.
func (r *resolver) sameOrigin(ref string) bool {
	return r.origin != "" && len(ref) > len(r.origin) && ref[len(r.origin)] == '/' && strings.HasPrefix(ref, r.origin)
}

// slow resolves a reference by the standard.
func (r *resolver) slow(ref string) (string, bool) {
	u, err := r.parse(ref)
	if err != nil {
		return "", false
	}
	switch u.Scheme() {
	case "http", "https", "mailto", "tel":
		return parsable(u.Href(false))
	}
	return "", false
}

func (r *resolver) parse(ref string) (*whatwg.Url, error) {
	if r.base == "" {
		return whatwg.Parse(ref)
	}
	if r.parsed == nil {
		base, err := whatwg.Parse(r.base)
		if err != nil {
			return nil, err
		}
		r.parsed = base
	}
	return r.parsed.Parse(ref)
}

// parsable brings a URL into a form that net/url, with which the policy checks it, reads and writes unchanged. The
// standard leaves stray percent signs and, in opaque paths, spaces alone.
func parsable(s string) (string, bool) {
	s = escapeStray(s)
	u, err := neturl.Parse(s)
	if err != nil {
		return "", false
	}
	return u.String(), true
}

func escapeStray(s string) string {
	stray := func(i int) bool { return s[i] == '%' && !isEscape(s, i) }
	clean := true
	for i := 0; i < len(s) && clean; i++ {
		clean = s[i] != ' ' && !stray(i)
	}
	if clean {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == ' ':
			b.WriteString("%20")
		case stray(i):
			b.WriteString("%25")
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// escapeFragment applies the standard's fragment percent-encode set.
func escapeFragment(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\t' || c == '\n' || c == '\r':
		case c <= ' ' || c >= 0x7f || c == '"' || c == '<' || c == '>' || c == '`':
			fmt.Fprintf(&b, "%%%02X", c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return r <= ' ' })
}
