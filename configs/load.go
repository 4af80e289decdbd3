package configs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Limits of a config file. The parser takes time in the square of the nesting depth, so a damaged file could hang it.
const (
	maxSize   = 256 << 10 // bytes
	maxFlow   = 50        // brackets within brackets; the deepest config has 4
	maxColumn = 200       // where a list item may begin
)

// Load reads and checks the config file at path. Mistakes in it come as an *Error; a file that cannot be read as an
// error that wraps the one of the os package. getenv answers ${NAME} as os.LookupEnv does; nil knows no name.
func Load(path string, getenv func(string) (string, bool)) (*Config, error) {
	if path == "-" {
		return nil, errors.New("read config: standard input is not supported; name a file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read config: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("read config: %w", err)
	}
	return Parse(path, data, getenv)
}

// Parse checks the text of a config file; name stands for it in errors. The error is always an *Error and lists every
// mistake, except that a file which is not YAML has only the first. A ${NAME} in the headers, basic_auth and proxy of
// fetch, and in notify.webhook, is replaced by what getenv says; nil knows no name. An error never holds a value of these keys.
func Parse(name string, data []byte, getenv func(string) (string, bool)) (*Config, error) {
	if getenv == nil {
		getenv = func(string) (string, bool) { return "", false }
	}
	d := &decoder{src: newSource(data), getenv: getenv, places: map[string]place{}, unknown: map[string]bool{}}
	cfg := Default()
	cfg.path = name
	if root, ok := d.parse(data); ok {
		d.read(root, &cfg)
	}
	if len(d.problems) > 0 {
		return nil, d.failure(name)
	}
	return &cfg, nil
}

// read decodes root over the defaults in cfg and validates the whole.
func (d *decoder) read(root ast.Node, cfg *Config) {
	d.survey(root, "")
	surveyed := d.problems
	d.problems = nil
	d.decode(root, "", reflect.ValueOf(cfg).Elem())
	// What is wrong with the value of an unknown key does not matter.
	surveyed = slices.DeleteFunc(surveyed, func(p Problem) bool { return d.ofUnknown(p.Key) })
	d.problems = append(surveyed, d.problems...)
	found := len(d.problems)
	cfg.validate(func(path, problem string) {
		// A key that was not understood has its default now; what Validate makes of that would only mislead.
		for _, p := range d.problems[:found] {
			if related(p.Key, path) || slices.ContainsFunc(d.meant, func(k string) bool { return related(k, path) }) {
				return
			}
		}
		d.reportPath(path, problem)
	})
}

// ofUnknown says whether a path is that of an unknown key, or of something in its value.
func (d *decoder) ofUnknown(path string) bool {
	for ; path != ""; path = above(path) {
		if d.unknown[path] {
			return true
		}
	}
	return false
}

// related says whether one of two keys is the other or holds it.
func related(a, b string) bool { return within(a, b) || within(b, a) }

// within says whether inner is outer or a key in it.
func within(outer, inner string) bool {
	rest, ok := strings.CutPrefix(inner, outer)
	return ok && outer != "" && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// parse returns the only document of data. False: there is none, and the problem is reported.
func (d *decoder) parse(data []byte) (ast.Node, bool) {
	if problem := unreadable(data); problem != "" {
		d.reportFile(problem)
		return nil, false
	}
	tokens := lexer.Tokenize(d.src.text)
	if tk := tooDeep(tokens); tk != nil {
		d.reportAt(tk.Position.Line, tk.Position.Column, "", "nested deeper than any config is; is this the right file?")
		return nil, false
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		d.reportSyntax(err)
		return nil, false
	}
	return d.onlyDocument(file)
}

// unreadable says why data cannot be the text of a config, or returns "".
func unreadable(data []byte) string {
	switch {
	case len(data) > maxSize:
		return fmt.Sprintf("the file is larger than %d KiB; is this a config?", maxSize>>10)
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return "the file is in UTF-16; save it as UTF-8"
	case !utf8.Valid(data):
		return "the file is not in UTF-8; save it as UTF-8"
	}
	return ""
}

// tooDeep returns the first token beyond the depth that a config may have, or nil.
func tooDeep(tokens token.Tokens) *token.Token {
	depth := 0
	for _, tk := range tokens {
		switch tk.Type {
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.SequenceEntryType, token.MappingKeyType:
			if tk.Position.Column > maxColumn {
				return tk
			}
		}
		if depth > maxFlow {
			return tk
		}
	}
	return nil
}

func (d *decoder) onlyDocument(file *ast.File) (ast.Node, bool) {
	var root ast.Node
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil || doc.Body.Type() == ast.NullType || doc.Body.Type() == ast.DirectiveType:
		case root == nil:
			root = doc.Body
		default:
			tk := doc.Body.GetToken()
			if doc.Start != nil {
				tk = doc.Start
			}
			d.reportAt(tk.Position.Line, tk.Position.Column, "",
				"a second document begins here; one file configures one site, so put this into a file of its own")
			return nil, false
		}
	}
	if root == nil {
		d.reportFile("there is no setting in this file; a config needs at least\n" +
			"    start: [https://help.example.com/]\n    target: {kind: sandbox}")
		return nil, false
	}
	if _, ok := mapping(root); !ok {
		tk := root.GetToken()
		d.reportAt(tk.Position.Line, tk.Position.Column, "",
			`a config is a list of lines such as "site: acme", with a space after the colon; found `+kindOf(root))
		return nil, false
	}
	return root, true
}
