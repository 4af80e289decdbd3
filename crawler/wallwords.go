package crawler

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// plain returns text in lower case with single spaces and straight apostrophes, as phrases are written.
func plain(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	space := false
	for _, r := range text {
		switch {
		case unicode.IsSpace(r):
			space = b.Len() > 0
			continue
		case r == '’' || r == '‘' || r == '`':
			r = '\''
		case r == '\u00AD' || r == '\u200B' || r == '\u200C' || r == '\u200D' || r == '\uFEFF':
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// headline returns the text of a title or heading; what goes beyond a line is no headline.
func headline(n *html.Node) string {
	var b strings.Builder
	for c := n; c != nil && b.Len() < 300; c = following(c, n) {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
			b.WriteByte(' ')
		}
	}
	return strings.TrimSpace(clip(b.String(), 300))
}

// following returns the node after n in document order, below root.
func following(n, root *html.Node) *html.Node {
	if n.FirstChild != nil {
		return n.FirstChild
	}
	for n != root && n.NextSibling == nil {
		n = n.Parent
	}
	if n == root {
		return nil
	}
	return n.NextSibling
}

// phrases are turns of speech in the form of plain, in several languages.
type phrases struct {
	list []string
}

// in returns the first phrase that stands in text as whole words, or "".
func (p *phrases) in(text string) string {
	for _, phrase := range p.list {
		if hasPhrase(text, phrase) {
			return phrase
		}
	}
	return ""
}

// hasPhrase reports whether phrase stands in text, not inside of a word. Scripts without spaces have no such borders.
func hasPhrase(text, phrase string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], phrase)
		if i < 0 {
			return false
		}
		start, end := from+i, from+i+len(phrase)
		before, _ := utf8.DecodeLastRuneInString(text[:start])
		after, _ := utf8.DecodeRuneInString(text[end:])
		first, _ := utf8.DecodeRuneInString(phrase)
		last, _ := utf8.DecodeLastRuneInString(phrase)
		if !(spaced(first) && spaced(before)) && !(spaced(last) && spaced(after)) {
			return true
		}
		from = end
	}
}

// spaced reports whether r is a letter or digit of a script that puts spaces between words.
func spaced(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z'
	}
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) && !dense(r)
}

// dense reports whether r belongs to a script without spaces between words, in which about two runes make a word.
func dense(r rune) bool {
	return r >= 0x0E00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// countWords returns the number of words in text.
func countWords(text string) int {
	words, runes, inside := 0, 0, false
	for _, r := range text {
		switch {
		case spaced(r):
			if !inside {
				words++
			}
			inside = true
		case dense(r):
			runes++
			inside = false
		case r == '\'' || r == '’' || r == '-':
		default:
			inside = false
		}
	}
	return words + (runes+1)/2
}

// segments returns the parts of a plain title, such as "page not found" and "acme" of "page not found | acme".
func segments(title string) []string {
	parts := strings.FieldsFunc(title, func(r rune) bool { return strings.ContainsRune("|·•»«›‹—–:!.。！¦", r) })
	var trimmed []string
	for _, part := range parts {
		for s := range strings.SplitSeq(part, " - ") {
			if s = strings.Trim(s, " ,;-~*#()[]"); s != "" {
				trimmed = append(trimmed, s)
			}
		}
	}
	return trimmed
}

// Words that begin or mark titles of articles about a subject, where the subject's own words say nothing.
var (
	askingStarts = []string{"how", "why", "what", "when", "which", "can", "resolve", "resolving", "solve", "about", "understanding", "configure",
		"configuring", "setting up", "set up", "enable", "enabling", "customize", "customizing", "create", "creating", "add", "adding", "use", "using",
		"change", "changing", "manage", "managing", "wie", "warum", "was ist", "comment", "pourquoi", "cómo", "por qué", "come", "perché", "como", "hoe",
		"waarom"}
	askingWords = phrases{[]string{"how to", "fix", "fixing", "troubleshoot", "troubleshooting", "guide", "tutorial", "faq"}}
)

// asks reports whether a plain title is that of an article about its subject.
func asks(title string) bool {
	if strings.ContainsAny(title, "?？") || askingWords.in(title) != "" {
		return true
	}
	for _, part := range segments(title) {
		for _, start := range askingStarts {
			if rest, ok := strings.CutPrefix(part, start); ok && (rest == "" || rest[0] == ' ') {
				return true
			}
		}
	}
	return false
}

// clip cuts text to at most n bytes, at a rune.
func clip(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

// quoted is text in a line for a person.
func quoted(text string) string { return strconv.Quote(clip(oneLine(text), 80)) }

func statusOf(status int) string {
	return strings.TrimSpace(strconv.Itoa(status) + " " + http.StatusText(status))
}

// parseStart parses the first part of a page; nil if it is no HTML.
func parseStart(body []byte) *html.Node {
	if len(body) == 0 {
		return nil
	}
	root, err := html.ParseWithOptions(bytes.NewReader(body), html.ParseOptionEnableScripting(false))
	if err != nil {
		return nil
	}
	return root
}
