package crawler

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
)

// read makes of an answer what it says about the page.
func (c *Crawler) read(page *Page, u *url.URL, x *exchange) {
	switch {
	case x.refused != nil || x.err != nil:
		page.Failure, _ = x.failure()
	case x.status == http.StatusNotModified && x.conditional:
		c.unchanged(page, x)
		page.Validators = page.Item.Validators
	case x.status == http.StatusNotFound || x.status == http.StatusGone:
	case x.status >= 400:
		page.Failure, _ = x.failure()
	case isRedirect(x.status):
		c.redirect(page, x)
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
	if page.Doc != nil {
		page.Validators = found
	}
}

// unchanged records that the page is the one known. The directives of its headers may be new.
func (c *Crawler) unchanged(page *Page, x *exchange) {
	page.NotModified = true
	var d directives
	d.readHeader(x.header, c.token)
	page.NoIndex, page.NoFollow = d.noIndex, d.noFollow
}

// redirect records where a 3xx leads to.
func (c *Crawler) redirect(page *Page, x *exchange) {
	target, ok := c.canon.Resolve(page.Item.URL, x.header.Get("Location"))
	switch {
	case x.header.Get("Location") == "":
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
