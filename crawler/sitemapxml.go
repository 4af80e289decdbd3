package crawler

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	xhtml "golang.org/x/net/html"
)

// readXML reads a document of elements with the tokenizer for HTML, which never fails and reads nothing twice.
func (p *sitemapParser) readXML(src io.Reader) error {
	z := xhtml.NewTokenizer(src)
	z.SetMaxBuf(maxSitemapToken)
	z.AllowCDATA(true)
	for !p.complete {
		kind := z.Next()
		var err error
		switch kind {
		case xhtml.ErrorToken:
			return p.end(z.Err())
		case xhtml.DoctypeToken:
			p.declares(z.Raw())
		case xhtml.CommentToken: // what follows the first declaration in a document type
			p.declares(z.Raw())
		case xhtml.TextToken:
			p.more(z.Raw())
		case xhtml.StartTagToken, xhtml.SelfClosingTagToken:
			t := z.Token()
			z.NextIsNotRawText() // <title> and the like are nothing special in XML
			if t.Data == "html" && p.Kind == "" {
				return nil
			}
			if err = p.start(t); err == nil && kind == xhtml.SelfClosingTagToken {
				err = p.close(t.Data)
			}
		case xhtml.EndTagToken:
			name, _ := z.TagName()
			err = p.close(string(name))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// declares notes whether a markup declaration declares entities.
func (p *sitemapParser) declares(raw []byte) {
	if p.Kind == "" && bytes.Contains(bytes.ToLower(raw), []byte("<!entity")) {
		p.entities = true
	}
}

// more adds to the text that is being read. One that is too long says nothing.
func (p *sitemapParser) more(raw []byte) {
	if p.field == "" {
		return
	}
	if p.text == "" {
		raw = bytes.TrimLeft(raw, " \t\r\n")
	}
	if len(p.text)+len(raw) > maxSitemapField {
		p.field = ""
		return
	}
	p.text += xmlText(string(raw))
}

// end takes what the document's last complete elements said.
func (p *sitemapParser) end(err error) error {
	if p.Kind == "" {
		return nil
	}
	p.field, p.other = "", "" // the text may be cut off, and a loc may have been to come
	p.Incomplete = "ends before its root element does"
	if errors.Is(err, xhtml.ErrBufferExceeded) {
		p.Incomplete = fmt.Sprintf("has a tag or text of more than %d bytes", maxSitemapToken)
	}
	return p.finish()
}

var sitemapRoots = map[string]string{
	"urlset": sitemapURLSet, "sitemapindex": sitemapIndex, "rss": sitemapRSS, "rdf": sitemapRSS, "feed": sitemapAtom,
}

// start reads a start tag. Elements in the namespace of the document have the prefix of its root or, in RSS 1.0, none; so
// an image:loc is no loc.
func (p *sitemapParser) start(t xhtml.Token) error {
	prefix, name := splitName(t.Data)
	if p.Kind == "" {
		if p.Kind = sitemapRoots[name]; p.Kind != "" {
			p.prefix, p.feedBase = prefix, attr(t, "xml:base")
		}
		return nil
	}
	p.take()
	if name == "link" && p.inEntry && p.Kind == sitemapURLSet {
		return p.translation(t) // a prefix may stand for XHTML, or be forgotten
	}
	if prefix != "" && prefix != p.prefix {
		return nil
	}
	if p.isEntry(name) {
		err := p.finish()
		p.inEntry = true
		if p.isSitemap() {
			p.read("bare") // some forget the loc
		}
		p.entry = sitemapEntry{Sitemap: name == "sitemap", Base: joinBase(p.feedBase, attr(t, "xml:base"))}
		return err
	}
	switch name {
	case "loc", "lastmod", "pubdate", "updated", "guid":
		p.read(name)
	case "link":
		p.link(t)
	}
	return nil
}

// isSitemap tells sitemaps and indexes, whose entries some mix up, from feeds.
func (p *sitemapParser) isSitemap() bool { return p.Kind == sitemapURLSet || p.Kind == sitemapIndex }

// isEntry reports whether elements of a name are entries. In a feed, a url is that of its picture.
func (p *sitemapParser) isEntry(name string) bool {
	switch p.Kind {
	case sitemapRSS:
		return name == "item"
	case sitemapAtom:
		return name == "entry"
	}
	return name == "url" || name == "sitemap"
}

func (p *sitemapParser) read(field string) {
	if p.inEntry {
		p.field = field
		p.text = ""
	}
}

// link reads the link of an RSS item, whose URL is its text, or of an Atom entry, whose URL is an attribute.
func (p *sitemapParser) link(t xhtml.Token) {
	switch rel := attr(t, "rel"); {
	case !p.inEntry:
	case p.Kind == sitemapRSS:
		p.read("loc")
	case p.Kind == sitemapAtom && (rel == "" || strings.EqualFold(rel, "alternate")) && len(p.locs) <= maxSitemapURLs:
		p.locs = append(p.locs, trimLoc(attr(t, "href")))
	}
}

// maxTranslations is how many translations of one page are given out after the page; more come before it.
const maxTranslations = 1000

// translation reads an xhtml:link, which names a page in another language if it has a hreflang. Others name the same page
// for telephones.
func (p *sitemapParser) translation(t xhtml.Token) error {
	rel := attr(t, "rel")
	if attr(t, "hreflang") == "" || rel != "alternate" && !slices.Contains(strings.Fields(strings.ToLower(rel)), "alternate") {
		return nil
	}
	href := trimLoc(attr(t, "href"))
	if p.undeclared(href) {
		return nil
	}
	e := sitemapEntry{Loc: href, Base: p.entry.Base}
	if len(p.translations) < maxTranslations {
		p.translations = append(p.translations, e) // after the page itself
		return nil
	}
	return p.emit(e, true)
}

// undeclared reports whether a text has entities that the document may declare. They are not expanded: that is how a few
// bytes become gigabytes.
func (p *sitemapParser) undeclared(text string) bool {
	return p.entities && entityReference.MatchString(text)
}

// close reads an end tag. That of the root makes the document complete, whatever follows it.
func (p *sitemapParser) close(tag string) error {
	prefix, name := splitName(tag)
	p.take()
	switch {
	case p.Kind == "" || prefix != "" && prefix != p.prefix:
		return nil
	case p.isEntry(name):
		return p.finish()
	case prefix == p.prefix && sitemapRoots[name] == p.Kind:
		p.complete = true
		return p.finish()
	}
	return nil
}

var entityReference = regexp.MustCompile(`&[A-Za-z_][\w.-]*;`)

// take ends the text that is being read.
func (p *sitemapParser) take() {
	text := trimLoc(p.text)
	switch p.field {
	case "loc":
		if !p.undeclared(text) && len(p.locs) <= maxSitemapURLs {
			p.locs = append(p.locs, text)
		}
	case "guid", "bare":
		if (strings.HasPrefix(text, "http://") || strings.HasPrefix(text, "https://")) && !p.undeclared(text) {
			p.other = text
		}
	case "lastmod", "pubdate", "updated":
		p.entry.LastMod = text
	}
	p.field = ""
}

// finish gives out the entry that is being read.
func (p *sitemapParser) finish() error {
	locs, entry := p.locs, p.entry
	if len(locs) == 0 && p.other != "" {
		locs = []string{p.other}
	}
	translations := p.translations
	p.inEntry, p.locs, p.translations, p.other, p.entry = false, nil, nil, "", sitemapEntry{}
	for _, loc := range locs {
		entry.Loc = loc
		if err := p.emit(entry, false); err != nil {
			return err
		}
	}
	if len(locs) > maxSitemapURLs { // in one entry
		return errSitemapFull
	}
	for _, e := range translations {
		if err := p.emit(e, true); err != nil {
			return err
		}
	}
	return nil
}
