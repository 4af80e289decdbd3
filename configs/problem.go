package configs

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// Error lists everything that is wrong with one config file.
type Error struct {
	File     string
	Problems []Problem // sorted by place; at least one
}

// Problem is one mistake in a config file.
type Problem struct {
	Line, Column int    // from 1; of the key or value that is wrong, or of the block that lacks it
	Key          string // YAML path, such as scope.include[2]; empty if the file could not be parsed that far
	Message      string // what is wrong, and what to do
	Excerpt      string // the line and, below it, a caret at the column; without values that may be secret
}

// Error returns the text for people: a line per problem in the form FILE:LINE:COLUMN: KEY: MESSAGE, each followed by
// the excerpt of the file.
func (e *Error) Error() string {
	var b strings.Builder
	for i, p := range e.Problems {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s:%d:%d: ", e.File, p.Line, p.Column)
		if p.Key != "" {
			b.WriteString(p.Key + ": ")
		}
		b.WriteString(p.Message)
		if p.Excerpt != "" {
			b.WriteString("\n" + p.Excerpt)
		}
	}
	return b.String()
}

// failure returns the problems found, one for each place.
func (d *decoder) failure(file string) *Error {
	slices.SortStableFunc(d.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	// The first report of a place is the most basic one; keys that are absent all have the place of their block.
	problems := slices.CompactFunc(d.problems, func(a, b Problem) bool {
		return a.Line == b.Line && a.Column == b.Column && a.Key == b.Key
	})
	for i := range problems {
		problems[i].Message = d.mask(problems[i].Message)
	}
	return &Error{File: file, Problems: problems}
}

// reportFile reports a problem of the whole file.
func (d *decoder) reportFile(message string) {
	d.problems = append(d.problems, Problem{Line: 1, Column: 1, Message: message})
}

// reportAt reports a problem at a place in the file. The message may come from anywhere: failure masks it.
func (d *decoder) reportAt(line, column int, key, message string) {
	excerpt := ""
	if isSecret(key) {
		_, name := split(key)
		excerpt = d.src.keyExcerpt(line, column, name)
	} else {
		excerpt = d.src.excerpt(line, column)
	}
	d.problems = append(d.problems, Problem{
		Line: line, Column: column, Key: shownKey(key), Message: message, Excerpt: excerpt,
	})
}

// reportNode reports a problem with the value at path.
func (d *decoder) reportNode(node ast.Node, path, message string) {
	tk := node.GetToken()
	if key := d.places[path].key; key != nil && (node.Type() == ast.NullType || isSecret(path)) {
		tk = key
	}
	if entries, ok := mapping(node); ok && len(entries) > 0 && tk.Value != "{" {
		tk = entries[0].Key.GetToken() // the token of a block is its first colon
	}
	d.reportAt(tk.Position.Line, tk.Position.Column, path, message)
}

// reportPath reports a problem with the value at path, or if the file does not have it with the block that lacks it.
func (d *decoder) reportPath(path, message string) {
	if at, ok := d.places[path]; ok {
		if at.value != nil {
			d.reportNode(at.value, path, message)
		} else {
			d.reportAt(at.key.Position.Line, at.key.Position.Column, path, message)
		}
		return
	}
	for parent := above(path); parent != ""; parent = above(parent) {
		if at, ok := d.places[parent]; ok && at.key != nil {
			d.reportAt(at.key.Position.Line, at.key.Position.Column, path, message)
			return
		}
	}
	d.problems = append(d.problems, Problem{Line: 1, Column: 1, Key: path, Message: message})
}

// above cuts the last key or index from a path.
func above(path string) string {
	return path[:max(strings.LastIndexAny(path, ".["), 0)]
}

// reportUnknown reports a key that the block at path does not have.
func (d *decoder) reportUnknown(key *token.Token, path string) {
	at := join(path, key.Value)
	if d.unknown[at] {
		return // the same key once more
	}
	d.unknown[at] = true
	problem, meant := unknownKey(path, key.Value)
	d.meant = append(d.meant, meant...)
	d.reportAt(key.Position.Line, key.Position.Column, at, problem)
	line, column := key.Position.Line, key.Position.Column
	if path == "fetch" || d.src.secret(line) || slices.ContainsFunc(meant, isSecret) || strings.Contains(d.src.lines[line-1], "${") {
		d.problems[len(d.problems)-1].Excerpt = d.src.keyExcerpt(line, column, key.Value)
	}
}

// shown quotes a value for a message, unless it may be secret.
func (d *decoder) shown(path, text string) string {
	if isSecret(path) {
		return "this value"
	}
	if runes := []rune(text); len(runes) > 40 {
		text = string(runes[:40]) + "…"
	}
	return strconv.Quote(text)
}
