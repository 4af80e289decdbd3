package crawler

import (
	"errors"
	"fmt"
	"io"
)

// Limits of a sitemap. The first two are those of the protocol (sitemaps.org).
const (
	maxSitemapURLs  = 50_000
	maxSitemapBytes = 50 << 20 // after decompression
	maxSitemapToken = 8 << 20  // one tag, text or comment, which is held in memory
)

// Kinds of sitemap.
const (
	sitemapURLSet = "urlset"
	sitemapIndex  = "sitemapindex"
	sitemapText   = "text"
	sitemapRSS    = "rss"
	sitemapAtom   = "atom"
)

// sitemapEntry is one address that a sitemap names.
type sitemapEntry struct {
	Loc     string // as written, without white space around it and with entities replaced; it may be relative
	Base    string // xml:base that Loc is relative to; empty: the sitemap's URL. It may be relative to that itself
	LastMod string // as written; empty if there is none
	Sitemap bool   // Loc is another sitemap, not a page
}

// resolve returns the canonical URL of an entry of the sitemap at sitemapURL, or false: see Canonicalizer.Resolve.
func (e sitemapEntry) resolve(c *Canonicalizer, sitemapURL string) (string, bool) {
	base := sitemapURL
	if e.Base != "" {
		if b, ok := c.Resolve(sitemapURL, e.Base); ok {
			base = b
		}
	}
	return c.Resolve(base, e.Loc)
}

// sitemapSummary says what a sitemap was.
type sitemapSummary struct {
	Kind       string // one of the kinds
	Entries    int    // given to each
	Incomplete string // why there may be more entries than were read; empty: there are not
}

// errNotSitemap means that a document is none of the kinds, such as an HTML page that says "not found" with status 200.
var errNotSitemap = errors.New("neither an XML sitemap, nor a feed, nor a list of URLs")

// readSitemap reads the sitemap, sitemap index, RSS or Atom feed or list of URLs in r and gives its entries to each, in
// order and as soon as they are read. r holds the document as it was sent, gzip or not; contentType is its Content-Type,
// for the charset.
//
// The reader is lenient, because what is wrong with one entry must not hide the others: namespaces, white space, raw
// ampersands, missing end tags and text around the document do not matter. It reads neither entities nor documents from
// elsewhere. What is cut off, too large or broken is read as far as it goes, and Incomplete says so. The error is that of
// each, which stops the reading, wraps errNotSitemap, or says why r could not be read before it was plain what it holds.
func readSitemap(r io.Reader, contentType string, each func(sitemapEntry) error) (sitemapSummary, error) {
	src, err := openSitemap(r, contentType)
	if err != nil {
		return sitemapSummary{}, err
	}
	p := &sitemapParser{each: each}
	if src.xml {
		err = p.readXML(src)
	} else {
		err = p.readText(src)
	}
	switch {
	case errors.Is(err, errSitemapFull):
		p.Incomplete = fmt.Sprintf("has more than %d URLs", maxSitemapURLs)
	case err != nil:
		return p.sitemapSummary, err
	case p.Kind == "" && src.err() != nil:
		return p.sitemapSummary, fmt.Errorf("read sitemap: %w", src.err())
	case p.Kind == "":
		return p.sitemapSummary, errNotSitemap
	case src.err() != nil && !p.complete:
		p.Incomplete = "cannot be read to its end: " + src.err().Error()
	}
	return p.sitemapSummary, nil
}

// errSitemapFull means that a sitemap goes on after as many URLs as the protocol allows.
var errSitemapFull = errors.New("sitemap is full")

// sitemapParser gives the entries of one sitemap to each.
type sitemapParser struct {
	sitemapSummary
	each func(sitemapEntry) error

	prefix   string // of the root element's name, with its colon
	feedBase string // xml:base of an Atom feed
	entities bool   // the document declares entities of its own
	complete bool   // the end tag of the root was read

	inEntry bool // within url, sitemap, item or entry
	entry   sitemapEntry
	locs    []string // of the entry
	guid    string   // of an RSS item, if it is a URL
	field   string   // element whose text is being read; empty: none
	text    string
}

func (p *sitemapParser) emit(e sitemapEntry) error {
	if e.Loc == "" {
		return nil
	}
	if p.Entries == maxSitemapURLs {
		return errSitemapFull
	}
	p.Entries++
	return p.each(e)
}
