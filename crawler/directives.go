package crawler

import (
	"net/http"
	"strings"
	"time"
	"unicode"
)

// directives are what a page tells robots about itself, in its header and its markup. What forbids wins: nothing that
// another directive says takes a noindex or nofollow back, as with the search engines whose directives these are.
type directives struct {
	token string    // our own product token
	now   time.Time // decides whether an unavailable_after is past

	noIndex  string // the directive, quoted where it was found; empty: none
	noFollow bool
	until    time.Time // the earliest unavailable_after to come; zero: none
	found    []string  // each place with directives in force, once, as found

	place, whole, quote string // of the list that is being read; quote is made when it is needed
}

// obeyedAgent is the agent besides our own whose directives are obeyed: what an owner hides from it, the owner hides.
const obeyedAgent = "googlebot"

// Bounds of what is quoted of a page that says more than it need.
const (
	maxDirectives     = 16
	maxDirectiveQuote = 500 // bytes
)

// unavailableAfter is the directive that makes a page noindex from a date on.
const unavailableAfter = "unavailable_after"

// valueDirectives have a colon of their own, which names no agent.
var valueDirectives = map[string]bool{
	unavailableAfter: true, "max-snippet": true, "max-image-preview": true, "max-video-preview": true,
}

// readHeader reads the X-Robots-Tag headers: for all agents, and for our own or obeyedAgent ("googlebot: noindex"). An
// agent holds for what follows it in its header, up to the next one.
func (d *directives) readHeader(h http.Header) {
	for _, value := range h["X-Robots-Tag"] {
		d.read(value, "X-Robots-Tag", true)
	}
}

// readMeta reads a <meta name=… content=…> if its name is robots, our own token or obeyedAgent.
func (d *directives) readMeta(name, content string) {
	name = strings.TrimSpace(name)
	if strings.EqualFold(name, "robots") || d.obeys(name) {
		d.read(content, "meta "+strings.ToLower(name), false)
	}
}

// obeys reports whether an agent is one that we answer to.
func (d *directives) obeys(agent string) bool {
	return strings.EqualFold(agent, obeyedAgent) || d.token != "" && strings.EqualFold(agent, d.token)
}

// read reads a list of directives. With agents, a word and a colon before a directive say whom it is for.
func (d *directives) read(list, place string, agents bool) {
	d.place, d.whole, d.quote = place, list, ""
	mine := true
	rest := list
	for more := true; more; {
		var part string
		part, rest, more = strings.Cut(rest, ",")
		name, value, named := cutName(part)
		if agents && named && !valueDirectives[strings.ToLower(name)] {
			if strings.ContainsFunc(name, unicode.IsSpace) {
				continue // the rest of a date that could not be read, or an agent that nobody is
			}
			mine = name == "" || name == "*" || d.obeys(name)
			part = value
			name, value, named = cutName(part)
		}
		if named && strings.EqualFold(name, unavailableAfter) {
			end, ok := parseExpiry(value)
			if !ok && more { // the comma after the day of the week
				if next, after, left := strings.Cut(rest, ","); true {
					if end, ok = parseExpiry(value + "," + next); ok {
						rest, more = after, left
					}
				}
			}
			if ok && mine {
				d.expire(end)
			}
			continue
		}
		if mine {
			d.words(part)
		}
	}
}

// cutName cuts what may be an agent or a directive with a value at its colon.
func cutName(part string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(part, ":")
	return strings.TrimSpace(name), value, ok
}

// words obeys the directives of a part. Also where its words are only parted by spaces or semicolons there is no doubt
// what the owner of "noindex nofollow" wants.
func (d *directives) words(part string) {
	for word := range strings.FieldsFuncSeq(part, func(r rune) bool { return r == ';' || unicode.IsSpace(r) }) {
		none := strings.EqualFold(word, "none")
		if none || strings.EqualFold(word, "noindex") {
			d.forbid()
		}
		if none || strings.EqualFold(word, "nofollow") {
			d.noFollow = true
			d.inForce()
		}
	}
}

// forbid notes a noindex.
func (d *directives) forbid() {
	if quote := d.inForce(); d.noIndex == "" {
		d.noIndex = quote
	}
}

// expire notes an unavailable_after: one that is past is a noindex.
func (d *directives) expire(end time.Time) {
	switch {
	case !end.After(d.now):
		d.forbid()
	case d.until.IsZero() || end.Before(d.until):
		d.until = end
	}
}

// inForce notes that the list being read has a directive in force, and returns the list as it is quoted.
func (d *directives) inForce() string {
	if d.quote == "" {
		d.quote = d.note(d.place, `"`+oneLine(d.whole[:min(len(d.whole), maxDirectiveQuote)])+`"`)
	}
	return d.quote
}

// note keeps what is said in a place, and returns it with the place.
func (d *directives) note(place, said string) string {
	note := place + " " + strings.ToValidUTF8(said, "")
	if len(d.found) < maxDirectives {
		d.found = append(d.found, note)
	}
	return note
}
