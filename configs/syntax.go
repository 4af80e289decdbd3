package configs

import (
	"errors"
	"strings"

	"github.com/goccy/go-yaml"
)

// reportSyntax reports an error of the YAML parser in words of this program: the parser's own speak of tokens.
func (d *decoder) reportSyntax(err error) {
	var ye yaml.Error
	if !errors.As(err, &ye) || ye.GetToken() == nil {
		d.reportFile("the file is not valid YAML")
		return
	}
	tk := ye.GetToken()
	line, column, text := tk.Position.Line, tk.Position.Column, strings.TrimSpace(tk.Value)
	problem := syntaxAdvice(ye.GetMessage(), text)
	if ye.GetMessage() == misplacedMapping {
		line, column, problem = d.src.misplaced(line, column, text)
	}
	if problem == "" {
		problem = "not valid YAML"
		if !d.src.secret(line) {
			problem += ": " + ye.GetMessage()
		}
	}
	d.reportAt(line, column, "", problem)
}

// misplacedMapping is what the parser says of a key where there can be none. Its token is the value before the colon,
// joined with what was taken for the continuation of that value.
const misplacedMapping = "mapping value is not allowed in this context"

// misplaced finds the line at fault: this one if the value on it holds a colon, else the one that was taken for its
// continuation.
func (s *source) misplaced(line, column int, value string) (int, int, string) {
	if line < 1 || line > len(s.lines) || strings.Contains(s.lines[line-1], value) {
		return line, column, `a value that contains ": " must be in quotes`
	}
	for i, text := range s.lines[line:] {
		if body := strings.TrimLeft(text, " "); body != "" && body[0] != '#' {
			return line + i + 1, len(text) - len(body) + 1,
				"this line is indented like a part of the one above; give it the indentation of the keys it belongs to"
		}
	}
	return line, column, "a key cannot begin here; check the indentation"
}

// syntaxAdvice translates the common messages of the parser; "" if it does not know the message.
func syntaxAdvice(message, tok string) string {
	switch {
	case strings.Contains(message, "cannot start any token"):
		return "indented with a tab; YAML allows only spaces"
	case message == "unexpected scalar value type" && strings.HasPrefix(tok, "*"):
		return `a value that begins with * must be in quotes, such as "**/archive/*"`
	case strings.HasSuffix(message, "is a reserved character"):
		return "a value that begins with " + strings.TrimSuffix(message, " is a reserved character") + " must be in quotes"
	case strings.Contains(message, "unexpected directive value"):
		return "a value that begins with % must be in quotes"
	case strings.HasPrefix(message, "could not find end character"):
		return "the quote that opens here is never closed"
	case message == "sequence end token ']' not found":
		return "the [ that opens here is never closed"
	case message == "could not find flow mapping end token '}'":
		return "the { that opens here is never closed"
	case strings.HasPrefix(message, "',' or"):
		return "a comma or a closing bracket is missing before this"
	case message == "block sequence entries are not allowed in this context":
		return `a list cannot begin on the line of its key; put each "- item" on a line of its own below it`
	case message == "unexpected key name":
		return "a colon is missing on this line, or an indentation is wrong"
	case message == "value is not allowed in this context":
		return "this is out of place; check the indentation and the brackets before it"
	}
	return ""
}
