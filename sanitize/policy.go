package sanitize

import (
	"regexp"
	"strings"

	"github.com/microcosm-cc/bluemonday"
)

// languageClass is the only class that stays: the language of code, which Fin and its readers can use.
var languageClass = regexp.MustCompile(`^(?:language|lang)-[\w+#.-]+$`)

// isLanguageClass reports whether s is such a class. It is languageClass written out: every element with a class is asked.
func isLanguageClass(s string) bool {
	rest, ok := strings.CutPrefix(s, "lang")
	if !ok {
		return false
	}
	rest, ok = strings.CutPrefix(strings.TrimPrefix(rest, "uage"), "-")
	for i := 0; i < len(rest); i++ {
		switch c := rest[i]; {
		case c|0x20 >= 'a' && c|0x20 <= 'z', c >= '0' && c <= '9', c == '_', c == '+', c == '#', c == '.', c == '-':
		default:
			return false
		}
	}
	return ok && rest != ""
}

// newPolicy builds the policy that everything passes last. It holds no matchers of overlapping element names and none
// of bluemonday's ready-made sets: those lose alt texts and code languages, and add rel="nofollow" to every link. It
// does not allow svg, math, style, noscript or title, which would open the door to mutation. Building one is costly;
// a built one is safe for concurrent use.
func newPolicy() *bluemonday.Policy {
	digits := regexp.MustCompile(`^[0-9]{1,5}$`)
	signed := regexp.MustCompile(`^-?[0-9]{1,9}$`)
	p := bluemonday.NewPolicy()
	p.AllowElements("h1", "h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "div", "blockquote", "pre", "figure", "figcaption",
		"details", "summary", "ul", "ol", "li", "dl", "dt", "dd",
		"table", "caption", "colgroup", "col", "thead", "tbody", "tfoot", "tr", "th", "td",
		"code", "kbd", "samp", "var", "sub", "sup", "b", "strong", "i", "em", "u", "s", "del", "ins", "mark", "small",
		"abbr", "q", "cite")

	p.AllowAttrs("href", "title").OnElements("a")
	p.AllowAttrs("src", "alt", "title").OnElements("img")
	p.AllowAttrs("width", "height").Matching(digits).OnElements("img")
	p.AllowAttrs("title").OnElements("abbr")
	p.AllowAttrs("class").Matching(languageClass).OnElements("code", "pre")
	p.AllowAttrs("start").Matching(signed).OnElements("ol")
	p.AllowAttrs("type").Matching(regexp.MustCompile(`^[1aAiI]$`)).OnElements("ol")
	p.AllowAttrs("type").Matching(regexp.MustCompile(`^(?:disc|circle|square)$`)).OnElements("ul")
	p.AllowAttrs("reversed").Matching(regexp.MustCompile(`^$`)).OnElements("ol")
	p.AllowAttrs("value").Matching(signed).OnElements("li")
	p.AllowAttrs("span").Matching(digits).OnElements("col", "colgroup")
	p.AllowAttrs("colspan", "rowspan").Matching(digits).OnElements("td", "th")
	p.AllowAttrs("scope").Matching(regexp.MustCompile(`^(?:row|col|rowgroup|colgroup)$`)).OnElements("th", "td")
	p.AllowAttrs("align").Matching(regexp.MustCompile(`^(?:left|right|center|justify)$`)).OnElements("td", "th", "tr")

	p.AllowURLSchemes("http", "https", "mailto", "tel")
	p.AllowRelativeURLs(false)
	p.RequireParseableURLs(true)
	p.RequireNoFollowOnLinks(false) // last: several of the Allow methods switch it on
	return p
}
