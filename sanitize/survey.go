package sanitize

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// What belongs to an entry, and what is beside them, in letters: see letters.
const (
	maxLink    = 400 // in the link of an entry: a title, or a title with a description
	maxLabel   = 16  // beside the link on its line: a number, a count, a date
	maxTeaser  = 240 // on the lines below: an author, a date, one or two lines of text
	maxExcerpt = 900 // the same, where it breaks off with an ellipsis or a link to go on reading
	maxRows    = 5   // lines below
	minSaying  = 20  // on a line beside entries that is no label
	minDigits  = 7   // on such a line: a telephone number
	maxSaying  = 200 // on all such lines: an introduction of one or two lines
)

// survey counts what a reader sees of a page: entries, which are lines that hold hardly more than a link to another page
// of the site, with the few lines below each; and all that is beside them.
type survey struct {
	site string // of the page: see siteOf
	self string // the page's URL without fragment

	entries  int      // links to other pages that have a line to themselves, or share it with none but their like
	targets  []string // of the entries, some twice, and of the links of the current row
	teased   int      // entries with text below
	linked   int      // letters on the lines of entries
	teasers  int      // letters below them, without those that break off
	excerpts int      // letters below them that break off
	told     bool     // some line below one is more than a label
	beside   int      // letters of all other text, headings without a link aside
	saying   int      // those of beside on lines that are no labels
	says     bool     // something is beside the entries that may be what the page is for: a sentence, a contact
	data     int      // lines of text in tables and lists of definitions
	headings int      // headings without a link
	images   int      // outside of links
	article  bool     // something was found that no listing holds; the survey ended there

	row    row
	entry  entry
	inLink bool // to another page
}

// row is what was seen since the last break of a line.
type row struct {
	linked, rest int    // letters in links to other pages, and beside them
	digits       int    // among rest
	lead         int    // letters before the first such link
	links        int    // such links: the last targets of the survey
	block        bool   // the last of them holds blocks
	last         string // text of rest
}

// entry is what text may still belong to.
type entry struct {
	target     string // empty: there is none
	rows, text int    // lines below, and their letters
	broken     bool   // one of them breaks off
	says       bool   // one of them is more than a label
}

// takeSurvey walks a tidy tree once. It ends early at what only articles have.
func takeSurvey(tree *html.Node, urls *resolver) *survey {
	s := &survey{site: siteOf(urls.page), self: urls.page}
	s.children(tree, false)
	s.endRow(false, false)
	s.endEntry()
	// A text below one link of many is no teaser.
	if s.teased*2 < s.entries {
		s.outside(s.teasers+s.excerpts, s.told)
		s.teased, s.teasers, s.excerpts = 0, 0, 0
	}
	return s
}

// listed returns the letters of the entries.
func (s *survey) listed() int { return s.linked + s.teasers + s.excerpts }

// pages counts the different pages that the entries link to.
func (s *survey) pages() int {
	seen := make(map[string]struct{}, len(s.targets))
	for _, t := range s.targets {
		seen[t] = struct{}{}
	}
	return len(seen)
}

// children walks what is below n. apart says that no text in there belongs to an entry: it is data or a definition.
func (s *survey) children(n *html.Node, apart bool) {
	for c := n.FirstChild; c != nil && !s.article; c = c.NextSibling {
		if c.Type == html.TextNode {
			s.text(c.Data)
			continue
		}
		switch a := c.DataAtom; {
		case a == atom.A:
			s.link(c, apart)
		case a == atom.Img:
			if !s.inLink {
				s.images++
			}
		case a == atom.Pre, a == atom.Figcaption:
			s.article = true
		case a == atom.Br:
			s.endRow(false, apart)
		case isBlock(a):
			s.row.block = s.row.block || s.inLink
			within := apart || a == atom.Table || a == atom.Dl || a == atom.Blockquote
			s.endRow(false, apart)
			s.children(c, within)
			s.endRow(isHeading(a) || a == atom.Summary, within)
		default:
			s.children(c, apart)
		}
	}
}

func (s *survey) text(t string) {
	n, digits := letters(t)
	if s.inLink {
		s.row.linked += n
		return
	}
	s.row.rest += n
	s.row.digits += digits
	if t = strings.TrimRight(t, " \n])"); t != "" {
		s.row.last = t
	}
}

// link walks a link. One to a place on the page itself, as in a table of contents, says nothing and is left out.
func (s *survey) link(n *html.Node, apart bool) {
	target, _, _ := strings.Cut(attr(n, "href"), "#")
	switch {
	case target == s.self && !s.inLink:
	case s.inLink || siteOf(target) != s.site || isFile(target):
		s.says = s.says || strings.HasPrefix(target, "mailto:") || strings.HasPrefix(target, "tel:")
		s.children(n, apart)
	default:
		if s.row.links == 0 {
			s.row.lead = s.row.rest
		}
		s.targets = append(s.targets, target)
		s.row.links++
		s.inLink = true
		s.children(n, apart)
		s.inLink = false
		if s.row.block {
			s.endRow(false, apart)
		}
	}
}

// endRow ends a line and decides what it was. heading says that it is a heading, apart is as in children.
func (s *survey) endRow(heading, apart bool) {
	if s.inLink {
		return
	}
	r := s.row
	s.row = row{}
	first := len(s.targets) - r.links
	all := r.linked + r.rest
	if r.isEntry() {
		s.linked += r.linked
		if s.targets[first] == s.entry.target { // "Read more", or a part of the page
			s.entry.broken = true
			s.targets = s.targets[:first]
			return
		}
		s.endEntry()
		s.entry.target = s.targets[first]
		s.entries += r.links
		return
	}
	s.targets = s.targets[:first]
	switch {
	case all == 0:
	case heading:
		s.endEntry()
		s.headings++
	case apart:
		s.data++
		s.outside(all, r.says())
	case s.entry.target == "":
		s.outside(all, r.says())
	default:
		s.entry.rows++
		s.entry.text += all
		s.entry.broken = s.entry.broken || r.breaksOff()
		s.entry.says = s.entry.says || r.says()
	}
}

// isEntry reports whether a line holds hardly more than links to other pages. "Open Settings." is a step, not an entry.
func (r *row) isEntry() bool {
	return r.linked > 0 && r.linked <= maxLink*r.links && r.lead*3 <= r.linked && (r.rest*3 <= r.linked || r.rest <= maxLabel) && (r.lead == 0 || !r.ends())
}

// says reports whether a line is more than a label: a sentence, or as long as one, or a telephone number.
func (r *row) says() bool {
	return r.linked+r.rest >= minSaying || r.digits >= minDigits || r.ends()
}

// ends reports whether the text beside the links ends as a sentence does.
func (r *row) ends() bool {
	return strings.HasSuffix(r.last, ".") || strings.HasSuffix(r.last, "。") || strings.HasSuffix(r.last, "।")
}

func (r *row) breaksOff() bool {
	return strings.HasSuffix(r.last, "…") || strings.HasSuffix(r.last, "...")
}

func (s *survey) endEntry() {
	e := s.entry
	s.entry = entry{}
	s.told = s.told || e.says
	switch {
	case e.rows == 0:
	case e.broken && e.rows <= maxRows && e.text <= maxExcerpt:
		s.teased++
		s.excerpts += e.text
	case e.rows <= maxRows && e.text <= maxTeaser:
		s.teased++
		s.teasers += e.text
	default:
		s.outside(e.text, true)
	}
}

// outside counts text that belongs to no entry. says is as in row.
func (s *survey) outside(n int, says bool) {
	s.beside += n
	if says && n > 0 {
		s.says = true
		s.saying += n
	}
	s.article = s.article || s.saying > maxSaying
}

// letters counts the letters and digits of s, and the digits among them. One that stands for a syllable or a word counts
// twice; signs and spaces do not count.
func letters(s string) (n, digits int) {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			n++
		case c >= '0' && c <= '9':
			n++
			digits++
		case c < 0xc3, c == 0xe2: // ASCII, further bytes of a character, Latin-1 signs; U+2000 to U+2FFF
		case c < 0xe0:
			n++
		default:
			n += 2
		}
	}
	return n, digits
}
