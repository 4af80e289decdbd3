package configs

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// excerptWidth is how many characters of a long line an excerpt shows.
const excerptWidth = 100

// source is the text of a config file, for excerpts.
type source struct {
	text    string
	lines   []string
	secrets map[int]int // how much of a line may be shown, in bytes, by index; lines without secrets are not in it
}

func newSource(data []byte) *source {
	text := strings.TrimPrefix(string(data), "\ufeff")
	text = strings.ReplaceAll(text, "\r\n", "\n") // the parser counts \r\n as two lines in places
	s := &source{text: text, lines: strings.Split(text, "\n"), secrets: map[int]int{}}
	s.findSecrets()
	return s
}

// secretKey matches a key whose value may be a secret, anywhere but in a path or host name. The key may be misspelt,
// lack its colon, or stand after a stray character: that is what the error may be about.
var secretKey = regexp.MustCompile(`(?i)(?:^|[^\w./:])[\w.-]*` +
	`(?:auth|token|passw|secret|proxy|header|cookie|credential|api_?key|webhook)[\w.-]*["']?:?`)

// userInfo matches the user and password of a URL.
var userInfo = regexp.MustCompile(`://[^/\s]*@`)

// findSecrets finds the lines whose value may be secret, and those that may continue such a value. It reads the text,
// not the tree, because a file that is not YAML has no tree. It hides too much rather than too little.
func (s *source) findSecrets() {
	var names []string
	for _, key := range allKeys() {
		_, name := split(key)
		names = append(names, name)
	}
	inside, indent, open := false, 0, 0
	for i, line := range s.lines {
		body := strings.TrimLeft(line, " \t")
		comment := strings.HasPrefix(body, "#")
		key := startsKey.FindStringSubmatch(line)
		switch {
		case inside && (open > 0 || body == "" || len(line)-len(body) > indent):
			s.secrets[i] = 0
			open += unclosed(line)
			continue
		case inside && !comment && (key == nil || !slices.Contains(names, key[1])):
			// A header that lost its indentation does not end the secret part: only a key that exists does.
			s.secrets[i] = 0
			continue
		}
		inside = inside && comment
		if m := secretKey.FindStringIndex(line); m != nil {
			s.secrets[i] = m[1]
			inside, indent, open = true, len(line)-len(body), unclosed(line[m[1]:])
		}
	}
}

// startsKey matches a line that begins with a key.
var startsKey = regexp.MustCompile(`^\s*["']?(\w[\w.-]*)["']?\s*:(?:\s|$)`)

// unclosed returns how many brackets and quotes of a line stay open.
func unclosed(line string) int {
	open := strings.Count(line, "{") + strings.Count(line, "[") - strings.Count(line, "}") - strings.Count(line, "]")
	return open + strings.Count(line, `"`)%2 + strings.Count(line, "'")%2
}

// secret says whether a line, counted from 1, has a value that may be secret.
func (s *source) secret(line int) bool {
	_, ok := s.secrets[line-1]
	return ok
}

// excerpt returns the line and below it a caret at the column, both counted from 1; "" for a line that is not there.
func (s *source) excerpt(line, column int) string {
	if line < 1 || line > len(s.lines) || s.text == "" {
		return ""
	}
	text := s.lines[line-1]
	if show, ok := s.secrets[line-1]; ok {
		indent := len(text) - len(strings.TrimLeft(text, " "))
		text = text[:max(show, indent)] + " …"
	}
	return point(line, column, userInfo.ReplaceAllStringFunc(text, func(m string) string {
		return "://" + strings.Repeat("*", len([]rune(m))-4) + "@" // as long as before: the caret must fit
	}))
}

// keyExcerpt is excerpt for a place where a key with a secret value is: it shows the key only.
func (s *source) keyExcerpt(line, column int, name string) string {
	if line < 1 || line > len(s.lines) {
		return ""
	}
	before := []rune(s.lines[line-1])
	before = before[:min(max(column-1, 0), len(before))]
	if strings.Trim(string(before), " -") != "" {
		before = []rune("… ")
	}
	return point(line, len(before)+1, string(before)+shownKey(name)+": …")
}

// point puts a caret below a column of a line. The caret stays within the line, and what a terminal might obey, or
// show with another width, is replaced.
func point(line, column int, text string) string {
	runes := []rune(strings.Map(printable, text))
	column = min(max(column, 1), len(runes)+1)
	if start := column - excerptWidth/2; len(runes) > excerptWidth && start > 0 {
		runes = append([]rune("…"), runes[start:]...)
		column += 1 - start
	}
	if len(runes) > excerptWidth {
		runes = append(runes[:excerptWidth:excerptWidth], '…')
	}
	return fmt.Sprintf("%5d | %s\n%s^", line, string(runes), strings.Repeat(" ", 7+column))
}

func printable(r rune) rune {
	switch {
	case r == '\t':
		return '→'
	case !unicode.IsPrint(r):
		return '?'
	}
	return r
}

// oddInKey matches what no key and no path of one holds.
var oddInKey = regexp.MustCompile(`[^\pL\pN_.\-\[\]]`)

// shownKey returns a key or path as an error shows it: up to the first odd character. A key with one is often a key
// and its value, as in basic_auth=user:password.
func shownKey(key string) string {
	if odd := oddInKey.FindStringIndex(key); odd != nil {
		return key[:odd[0]] + "…"
	}
	return key
}
