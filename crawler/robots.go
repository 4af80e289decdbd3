package crawler

import (
	"bytes"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// maxRobotsLine is how much of a line counts, in bytes; Google's parser, whose reading of the standard is the one that
// owners test against, cuts there too. No URL that is fetched comes near it.
const maxRobotsLine = 16 << 10

// robotsRules is a parsed robots.txt (RFC 9309). It is immutable, so safe for concurrent use.
type robotsRules struct {
	groups   map[string]*robotsGroup // by product token in lower case; "*" for all others
	sitemaps []string                // values of the Sitemap lines, as written
}

// robotsGroup holds the rules for one product token, of all groups that name it (RFC 9309 section 2.2.1).
type robotsGroup struct {
	rules []robotsRule
	delay time.Duration // the longest Crawl-delay; 0: none
}

// robotsRule is one Allow or Disallow line.
type robotsRule struct {
	allow    bool
	pattern  string // normalized; * is any text
	anchored bool   // the pattern ended with $
	length   int    // in octets, which decides between rules (RFC 9309 section 2.2.2)
	number   int    // of the line
	line     string // as written
}

// parseRobots reads the body of a robots.txt. What it does not understand, it skips; it never fails. The caller limits
// the size.
func parseRobots(body []byte) *robotsRules {
	p := robotsParser{rules: &robotsRules{groups: make(map[string]*robotsGroup)}}
	text := string(bytes.TrimPrefix(body, []byte("\xEF\xBB\xBF")))
	number := 0
	for text != "" {
		number++
		end := strings.IndexAny(text, "\r\n")
		if end < 0 {
			p.line(number, text)
			break
		}
		p.line(number, text[:end])
		if strings.HasPrefix(text[end:], "\r\n") {
			end++
		}
		text = text[end+1:]
	}
	return p.rules
}

// robotsParser holds the groups that the next rule belongs to.
type robotsParser struct {
	rules   *robotsRules
	current []*robotsGroup
	inRules bool // a rule has come since the last User-agent line, so the next one begins another group

	// The same for Crawl-delay. As no line of RFC 9309 it must not end a group of rules (section 2.2.4), but whoever writes
	// one for each crawler does not mean the later ones for the earlier crawlers.
	delayed []*robotsGroup
	inDelay bool
}

func (p *robotsParser) line(number int, line string) {
	if len(line) > maxRobotsLine {
		line = line[:maxRobotsLine]
	}
	line, _, _ = strings.Cut(line, "#")
	line = strings.TrimSpace(line)
	key, value := cutRobotsLine(line)
	switch robotsKey(key) {
	case "user-agent":
		p.userAgent(value)
	case "allow":
		p.rule(robotsRule{allow: true, number: number, line: line}, value)
	case "disallow":
		p.rule(robotsRule{number: number, line: line}, value)
	case "crawl-delay":
		p.crawlDelay(value)
	case "sitemap":
		if value != "" {
			p.rules.sitemaps = append(p.rules.sitemaps, value)
		}
	}
}

// cutRobotsLine splits a line at its colon or, if somebody forgot that, between its two words.
func cutRobotsLine(line string) (key, value string) {
	if key, value, ok := strings.Cut(line, ":"); ok {
		return strings.TrimSpace(key), strings.TrimSpace(value)
	}
	if words := strings.Fields(line); len(words) == 2 {
		return words[0], words[1]
	}
	return "", ""
}

// robotsKey returns the name of a line in lower case, with frequent misspellings put right (those that Google's parser
// accepts: owners see there that the line works).
func robotsKey(key string) string {
	switch key = strings.ToLower(key); key {
	case "useragent", "user agent":
		return "user-agent"
	case "dissallow", "dissalow", "disalow", "diasllow", "disallaw":
		return "disallow"
	case "site-map":
		return "sitemap"
	}
	return key
}

func (p *robotsParser) userAgent(value string) {
	if p.inRules {
		p.current = nil
	}
	if p.inRules || p.inDelay {
		p.delayed = nil
	}
	p.inRules, p.inDelay = false, false
	for _, token := range robotsTokens(value) {
		g := p.rules.groups[token]
		if g == nil {
			g = &robotsGroup{}
			p.rules.groups[token] = g
		}
		p.current = append(p.current, g)
		p.delayed = append(p.delayed, g)
	}
}

// robotsTokens returns the product tokens that a User-agent value names, in lower case. A token ends at the first
// character that RFC 9309 does not allow in one, so that "FooBot/1.2" is foobot. Digits and dots are not allowed, but some
// crawlers have them in their names, so a value that goes on with those counts under the longer name too.
func robotsTokens(value string) []string {
	if value == "*" || strings.HasPrefix(value, "* ") || strings.HasPrefix(value, "*\t") {
		return []string{"*"}
	}
	strict := strings.IndexFunc(value, func(r rune) bool { return !isTokenRune(r) })
	long := strings.IndexFunc(value, func(r rune) bool { return !isTokenRune(r) && r != '.' && (r < '0' || r > '9') })
	if strict < 0 {
		strict = len(value)
	}
	if long < 0 {
		long = len(value)
	}
	value = strings.ToLower(value)
	var tokens []string
	if strict > 0 {
		tokens = append(tokens, value[:strict])
	}
	if long > strict {
		tokens = append(tokens, value[:long])
	}
	return tokens
}

func isTokenRune(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r == '-' || r == '_'
}

func (p *robotsParser) rule(r robotsRule, value string) {
	p.inRules = true
	if value == "" { // "Disallow:" forbids nothing
		return
	}
	r.pattern, r.anchored = strings.CutSuffix(value, "$")
	r.pattern = normalizeRobots(r.pattern, true)
	r.length = len(r.pattern)
	if r.anchored {
		r.length++
	}
	p.add(r)
	// Google reads "Allow: /a/index.html" as allowing /a/ too.
	if i := strings.LastIndexByte(r.pattern, '/'); r.allow && i >= 0 && strings.HasPrefix(r.pattern[i+1:], "index.htm") {
		r.pattern, r.anchored, r.length = r.pattern[:i+1], true, i+2
		p.add(r)
	}
}

func (p *robotsParser) add(r robotsRule) {
	for _, g := range p.current {
		g.rules = append(g.rules, r)
	}
}

func (p *robotsParser) crawlDelay(value string) {
	p.inDelay = true
	value = strings.TrimSpace(strings.TrimSuffix(strings.ToLower(value), "s"))
	seconds, err := strconv.ParseFloat(value, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) || !(seconds > 0) {
		return
	}
	delay := time.Duration(math.MaxInt64)
	if seconds < delay.Seconds() {
		delay = time.Duration(seconds * float64(time.Second))
	}
	for _, g := range p.delayed {
		g.delay = max(g.delay, delay)
	}
}
