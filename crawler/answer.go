package crawler

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// read makes of an answer what it says about the page.
func (c *Crawler) read(page *Page, u *url.URL, x *exchange) {
	wall := x.wall()
	switch {
	case x.refused != nil || x.err != nil:
		page.Failure, _ = x.failure()
	case x.status == http.StatusNotModified && x.conditional:
		c.unchanged(page, x)
		page.Validators = page.Item.Validators
	case wall.any():
		page.Instead = wall.instead
	case x.status == http.StatusNotFound || x.status == http.StatusGone:
	case x.status >= 400, x.status < 100:
		page.Failure, _ = x.failure()
	case isRedirect(x.status):
		c.redirect(page, x)
		judgeRedirect(page)
	case x.status < 200 || x.status >= 300:
		page.Failure = &Failure{Class: FailHTTP4xx, Detail: statusLine(x) + ", which answers no such request"}
	case x.notHTML != "":
		page.NotHTML = x.notHTML
	default:
		c.readBody(page, u, x)
	}
}

// readBody compares a body with the one known, and parses it if it is another.
func (c *Crawler) readBody(page *Page, u *url.URL, x *exchange) {
	sum := sha256.Sum256(x.body)
	found := Validators{
		ETag:         x.header.Get("ETag"),
		LastModified: x.header.Get("Last-Modified"),
		BodyHash:     hex.EncodeToString(sum[:]),
	}
	if found.BodyHash == page.Item.Validators.BodyHash {
		c.unchanged(page, x)
		page.Validators = found // with the old ones, a site that renews its ETags would send each body for ever
		return
	}
	if page.NotHTML = sniff(x.body, x.contentType); page.NotHTML != "" {
		return
	}
	if err := c.parse(page, u, x.header, decode(x.body, x.contentType)); err != nil {
		page.Failure = &Failure{Class: FailParse, Detail: cause(err)}
		return
	}
	judgeRedirect(page)
	// What ends on a day must be read anew on that day, though nothing of it changes.
	if page.Doc != nil && page.Until.IsZero() {
		page.Validators = found
	}
}

// unchanged records that the page is the one known. The directives of its headers may be new.
func (c *Crawler) unchanged(page *Page, x *exchange) {
	page.NotModified = true
	d := directives{token: c.token, now: page.At}
	d.readHeader(x.header)
	page.direct(&d)
}

// redirect records where a 3xx leads to.
func (c *Crawler) redirect(page *Page, x *exchange) {
	target, ok := c.resolveOne(c.canon.Base(page.Item.URL), page.Item.URL, location(x.header))
	switch {
	case manyLocations(x.header):
		page.Failure = &Failure{Class: FailHTTP4xx, Detail: statusLine(x) + " with several Locations"}
	case location(x.header) == "":
		page.Failure = &Failure{Class: FailHTTP4xx, Detail: statusLine(x) + " without Location"}
	case !ok:
		page.Failure = &Failure{Class: FailHTTP4xx, Detail: statusLine(x) + " to a Location that is no web address"}
	case target == page.Item.URL:
		page.Failure = &Failure{Class: FailRedirectLoop, Detail: statusLine(x) + " to itself"}
	default:
		page.Redirect = target
		page.Permanent = x.status == http.StatusMovedPermanently || x.status == http.StatusPermanentRedirect
	}
}

// location returns the Location of an answer. Bytes that are not UTF-8 are escaped, as browsers do, since in a URL they
// would be lost.
func location(h http.Header) string {
	raw := strings.TrimSpace(h.Get("Location"))
	if utf8.ValidString(raw) {
		return raw
	}
	var b strings.Builder
	for i := range len(raw) {
		if raw[i] < utf8.RuneSelf {
			b.WriteByte(raw[i])
		} else {
			fmt.Fprintf(&b, "%%%02X", raw[i])
		}
	}
	return b.String()
}

// manyLocations reports whether an answer leads to several places, which may be the work of somebody who wrote into its
// header. Browsers follow none of them.
func manyLocations(h http.Header) bool {
	all := h["Location"]
	return slices.ContainsFunc(all, func(l string) bool { return l != all[0] })
}

// isRedirect reports whether a status says that the page is elsewhere. 300 offers a choice, 304 answers a condition,
// 305 and 306 are out of use (RFC 9110 section 15.4).
func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect,
		http.StatusPermanentRedirect:
		return true
	}
	return false
}
