package crawler

import (
	"errors"
	"fmt"
	"hash/maphash"
	"io"
)

// Limits of a sitemap. The first two are those of the protocol (sitemaps.org).
const (
	maxSitemapURLs  = 50_000
	maxSitemapBytes = 50 << 20 // after decompression
	maxSitemapToken = 8 << 20  // one tag, text or comment, which is held in memory
	maxSitemapField = 64 << 10 // what an element says, in several texts and with escapes; no URL that is taken comes near it
	maxSitemapSeen  = 1 << 18  // URLs remembered, so that each is given out once; some 10 MB
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
	Entries    int    // given to each: distinct ones, unless there are more than maxSitemapSeen
	Incomplete string // why there may be more entries than were read; empty: there are not
}

// errNotSitemap means that a document is none of the kinds, such as an HTML page that says "not found" with status 200.
var errNotSitemap = errors.New("neither an XML sitemap, nor a feed, nor a list of URLs")

// readSitemap reads the sitemap, sitemap index, RSS or Atom feed or list of URLs in r and gives its entries to each, in
// order and as soon as they are read. r holds the document as it was sent, gzip or not; contentType is its Content-Type,
// for the charset.
//
// A page's translations (xhtml:link with hreflang) are entries too: some sites list each page once, in one language, and
// the rest only so. Whether a language is wanted is for others to decide.
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
	p := &sitemapParser{each: each, seed: maphash.MakeSeed(), seen: make(map[uint64]bool)}
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

	seed   maphash.Seed
	seen   map[uint64]bool // hashes of entries that were given out; true: as an entry of its own, not only as a translation
	listed int             // entries of their own

	prefix   string // of the root element's name, with its colon
	feedBase string // xml:base of an Atom feed
	entities bool   // the document declares entities of its own
	complete bool   // the end tag of the root was read

	inEntry      bool // within url, sitemap, item or entry
	entry        sitemapEntry
	locs         []string // of the entry
	other        string   // the guid of an RSS item or the text of an entry, if it is a URL; counts if there are no locs
	translations []sitemapEntry
	field        string // element whose text is being read; empty: none
	text         string
}

// emit gives out an entry unless it was before. translation says that the entry is that of another page.
//
// The limit of the protocol is for the pages that a sitemap lists, so neither translations count nor what is listed
// twice: one of 2,000 pages in 20 languages, in which each of 40,000 entries names the other 19, is in order, and to call it incomplete would keep every page of that site from being deleted. What bounds translations is
// the size of the document.
func (p *sitemapParser) emit(e sitemapEntry, translation bool) error {
	if e.Loc == "" {
		return nil
	}
	key := maphash.Comparable(p.seed, sitemapEntry{Loc: e.Loc, Base: e.Base, Sitemap: e.Sitemap})
	own, known := p.seen[key]
	if !translation && !own {
		if p.listed == maxSitemapURLs {
			return errSitemapFull
		}
		p.listed++
	}
	if known || len(p.seen) < maxSitemapSeen {
		p.seen[key] = own || !translation
	}
	if known {
		return nil
	}
	p.Entries++
	return p.each(e)
}
