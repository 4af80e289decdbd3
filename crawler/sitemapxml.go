package crawler

import (
	"errors"
	"fmt"
	"html"
	"io"
	"regexp"
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
			p.entities = strings.Contains(strings.ToLower(string(z.Raw())), "<!entity")
		case xhtml.TextToken:
			if p.field != "" {
				p.text += xmlText(string(z.Raw()))
			}
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

// end takes what the document's last complete elements said.
func (p *sitemapParser) end(err error) error {
	if p.Kind == "" {
		return nil
	}
	p.field = "" // its text may be cut off
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
	if prefix != "" && prefix != p.prefix {
		return nil
	}
	switch name {
	case "url", "sitemap", "item", "entry":
		err := p.finish()
		p.inEntry = true
		p.entry = sitemapEntry{Sitemap: name == "sitemap", Base: joinBase(p.feedBase, attr(t, "xml:base"))}
		return err
	case "loc", "lastmod", "pubdate", "updated", "guid":
		p.read(name)
	case "link":
		p.link(t)
	}
	return nil
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
	case p.Kind == sitemapAtom && (rel == "" || strings.EqualFold(rel, "alternate")):
		p.locs = append(p.locs, trimLoc(attr(t, "href")))
	}
}

// close reads an end tag. That of the root makes the document complete, whatever follows it.
func (p *sitemapParser) close(tag string) error {
	prefix, name := splitName(tag)
	p.take()
	switch {
	case p.Kind == "" || prefix != "" && prefix != p.prefix:
		return nil
	case name == "url" || name == "sitemap" || name == "item" || name == "entry":
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
		// Entities that a document declares are not expanded: that is how a few bytes become gigabytes.
		if !p.entities || !entityReference.MatchString(text) {
			p.locs = append(p.locs, text)
		}
	case "guid":
		if strings.HasPrefix(text, "http://") || strings.HasPrefix(text, "https://") {
			p.guid = text
		}
	case "lastmod", "pubdate", "updated":
		p.entry.LastMod = text
	}
	p.field = ""
}

// finish gives out the entry that is being read.
func (p *sitemapParser) finish() error {
	locs, entry := p.locs, p.entry
	if len(locs) == 0 && p.guid != "" {
		locs = []string{p.guid}
	}
	p.inEntry, p.locs, p.guid, p.entry = false, nil, "", sitemapEntry{}
	for _, loc := range locs {
		entry.Loc = loc
		if err := p.emit(entry); err != nil {
			return err
		}
	}
	return nil
}

// splitName splits the name of an element after its prefix.
func splitName(s string) (prefix, name string) {
	i := strings.IndexByte(s, ':') + 1
	return s[:i], s[i:]
}

func attr(t xhtml.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// joinBase returns the base of an entry in a feed. One that is relative to another relative one is not worth a parser.
func joinBase(feed, entry string) string {
	if entry == "" {
		return feed
	}
	return entry
}

// trimLoc removes white space around a URL, also what Unicode and byte order marks add to it.
func trimLoc(s string) string {
	return strings.Trim(s, " \t\r\n\v\f\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009"+
		"\u200a\u200b\u2028\u2029\u202f\u205f\u3000\ufeff")
}

// xmlText returns the characters that a text or CDATA section stands for. Only what ends in a semicolon is a reference:
// in "?a=1&copy=2", where somebody forgot to escape the ampersand, HTML would find one.
func xmlText(raw string) string {
	if section, ok := strings.CutPrefix(raw, "<![CDATA["); ok {
		return strings.TrimSuffix(section, "]]>")
	}
	if !strings.Contains(raw, "&") {
		return raw
	}
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(raw, "&")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		raw = rest
		name, after, ok := strings.Cut(rest, ";")
		if ok && len(name) <= maxEntityName && !strings.ContainsAny(name, "& \t\r\n") {
			if text := html.UnescapeString("&" + name + ";"); !strings.HasSuffix(text, ";") || name == "semi" {
				b.WriteString(text)
				raw = after
				continue
			}
		}
		b.WriteByte('&')
	}
}

// maxEntityName is the length of the longest name of a character in HTML.
const maxEntityName = len("CounterClockwiseContourIntegral")
