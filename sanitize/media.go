package sanitize

import (
	"path"
	"strconv"
	"strings"

	neturl "net/url"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// lazySources are the attributes in which scripts find the real source of an image, the likeliest first.
var lazySources = []string{"data-src", "data-original", "data-lazy-src", "data-lazy", "data-original-src"}

// lazySets are the same for lists of candidates.
var lazySets = []string{"srcset", "data-srcset", "data-lazy-srcset"}

// image gives an image its real, absolute source, or leaves its alt text. Tracking pixels go.
func (c *cleaner) image(n *html.Node) {
	if isPixel(n) {
		remove(n)
		return
	}
	src, ok := c.source(n)
	if !ok {
		src, ok = c.noscriptSource(n)
	}
	if !ok {
		alt := strings.TrimSpace(printable(attr(n, "alt")))
		if blank(alt) {
			remove(n)
			return
		}
		replaceWith(n, textNode(alt))
		return
	}
	setAttr(n, "src", src)
	pruneAttrs(n)
}

func isPixel(n *html.Node) bool {
	tiny := func(s string) bool {
		v, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(s), "px"))
		return err == nil && v <= 1
	}
	return tiny(attr(n, "width")) && tiny(attr(n, "height"))
}

// source resolves the source of an image: what a lazy loader would load, else src, else the first candidate of a set.
func (c *cleaner) source(n *html.Node) (string, bool) {
	for _, key := range lazySources {
		if u, ok := c.urls.image(attr(n, key)); ok {
			return u, true
		}
	}
	if u, ok := c.urls.image(attr(n, "src")); ok {
		return u, true
	}
	for _, key := range lazySets {
		if u, ok := c.urls.image(firstCandidate(attr(n, key))); ok {
			return u, true
		}
	}
	return "", false
}

// firstCandidate returns the first URL of a srcset (HTML 4.8.4.2.1): up to white space, and not its trailing comma.
func firstCandidate(set string) string {
	set = strings.TrimLeft(set, " \t\n\f\r,")
	if i := strings.IndexAny(set, " \t\n\f\r"); i >= 0 {
		set = set[:i]
	}
	return strings.TrimRight(set, ",")
}

// noscriptSource takes the source of the image in the noscript element that follows a lazy image, or what wraps it.
func (c *cleaner) noscriptSource(n *html.Node) (string, bool) {
	for p, up := n, 0; p != nil && p != c.root && up < 3; p, up = p.Parent, up+1 {
		next := nextElement(p)
		if next == nil {
			continue
		}
		if next.DataAtom != atom.Noscript {
			return "", false
		}
		img := find(next, func(d *html.Node) bool { return d.DataAtom == atom.Img })
		if img == nil {
			return "", false
		}
		return c.source(img)
	}
	return "", false
}

// noscript drops what is for browsers without scripts, except an image that stands nowhere else.
func (c *cleaner) noscript(n *html.Node) {
	img := find(n, func(d *html.Node) bool { return d.DataAtom == atom.Img })
	if prev := prevElement(n); prev != nil && (prev.DataAtom == atom.Img || hasElement(prev, isImg)) {
		img = nil
	}
	if img == nil || isPixel(img) || hidden(img) {
		remove(n)
		return
	}
	img.Parent.RemoveChild(img)
	replaceWith(n, img)
	c.image(img)
}

// fillPicture gives the image of a picture element the first source of the picture if it has none of its own.
func fillPicture(n *html.Node) {
	img := find(n, func(d *html.Node) bool { return d.DataAtom == atom.Img })
	if img == nil || attr(img, "src") != "" || attr(img, "srcset") != "" {
		return
	}
	src := find(n, func(d *html.Node) bool { return d.DataAtom == atom.Source })
	if src == nil {
		return
	}
	for _, key := range lazySets {
		if set := attr(src, key); set != "" {
			setAttr(img, "srcset", set)
			return
		}
	}
}

// media replaces an embedded video or sound by a link with its title, and drops other embedded pages.
func (c *cleaner) media(n *html.Node) {
	link := c.mediaLink(n)
	if link != nil && !takesInlineOnly(n.Parent.DataAtom) && !isPlainInline(n.Parent.DataAtom) {
		p := element(atom.P)
		p.AppendChild(link)
		link = p
	}
	replaceWith(n, link)
}

// mediaLink returns a link to what n embeds, or nil if it is no video, sound or titled page, or would not be seen.
func (c *cleaner) mediaLink(n *html.Node) *html.Node {
	raw := attr(n, "src")
	for _, key := range []string{"data-src", "data-lazy-src", "data"} {
		if raw == "" || strings.HasPrefix(raw, "about:") {
			raw = attr(n, key)
		}
	}
	if raw == "" {
		if s := find(n, func(d *html.Node) bool { return d.DataAtom == atom.Source }); s != nil {
			raw = attr(s, "src")
		}
	}
	to, ok := c.urls.image(raw)
	if !ok || isPixel(n) {
		return nil
	}
	title := strings.Join(strings.Fields(printable(attr(n, "title"))), " ")
	if title == "" {
		title = strings.Join(strings.Fields(printable(attr(n, "aria-label"))), " ")
	}
	u, err := neturl.Parse(to)
	if err != nil {
		return nil
	}
	plays := n.DataAtom == atom.Video || n.DataAtom == atom.Audio
	if !plays && !isVideoHost(u.Hostname()) && (title == "" || n.DataAtom != atom.Iframe) {
		return nil
	}
	if title == "" {
		title = to
		if name := path.Base(u.Path); plays && name != "/" && name != "." {
			title = printable(name)
		}
	}
	a := element(atom.A, html.Attribute{Key: "href", Val: to})
	a.AppendChild(textNode(title))
	return a
}

// isVideoHost reports whether a host, or a domain above it, serves embedded videos.
func isVideoHost(host string) bool {
	for {
		switch host {
		case "youtube.com", "youtube-nocookie.com", "youtu.be", "vimeo.com", "wistia.com", "wistia.net", "loom.com",
			"vidyard.com", "dailymotion.com", "brightcove.net", "kaltura.com", "twitch.tv", "bilibili.com", "vzaar.com",
			"cloudflarestream.com", "jwplayer.com", "sproutvideo.com", "screencast.com", "tella.tv", "guidde.com":
			return true
		}
		_, rest, ok := strings.Cut(host, ".")
		if !ok {
			return false
		}
		host = rest
	}
}
