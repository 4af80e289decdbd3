package configs

import (
	"reflect"
	"strings"
	"sync"

	"github.com/goccy/go-yaml/ast"
)

// field is one key of a block and the variable behind it.
type field struct {
	name  string
	value reflect.Value
}

// fieldsOf returns the keys of a config struct in order, those of inlined structs in their place.
func fieldsOf(v reflect.Value) []field {
	var fields []field
	for i := range v.NumField() {
		tag, ok := v.Type().Field(i).Tag.Lookup("yaml")
		switch {
		case !ok || tag == "-":
		case strings.HasSuffix(tag, ",inline"):
			fields = append(fields, fieldsOf(v.Field(i))...)
		default:
			fields = append(fields, field{tag, v.Field(i)})
		}
	}
	return fields
}

// allKeys returns the path of every key that a config may hold, blocks before what is in them: scope, scope.hosts, …
// Keys of list items have the form extract.rules[].match. Callers share the slice and must not change it.
var allKeys = sync.OnceValue(func() []string { return keysBelow("", reflect.ValueOf(Config{})) })

func keysBelow(path string, v reflect.Value) []string {
	var keys []string
	for _, f := range fieldsOf(v) {
		at := join(path, f.name)
		keys = append(keys, at)
		switch t := f.value.Type(); {
		case t.Kind() == reflect.Struct:
			keys = append(keys, keysBelow(at, f.value)...)
		case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
			keys = append(keys, keysBelow(at+"[]", reflect.Zero(t.Elem()))...)
		}
	}
	return keys
}

// keysAt returns the names of the keys in the block at path.
func keysAt(path string) []string {
	var names []string
	for _, key := range allKeys() {
		if parent, name := split(key); parent == withoutIndexes(path) {
			names = append(names, name)
		}
	}
	return names
}

// join appends a key to a path.
func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// split is the inverse of join for the keys of allKeys.
func split(key string) (parent, name string) {
	i := strings.LastIndexByte(key, '.')
	return key[:max(i, 0)], key[i+1:]
}

// withoutIndexes turns extract.rules[3].match into extract.rules[].match.
func withoutIndexes(path string) string {
	var b strings.Builder
	in := false
	for _, r := range path {
		in = in && r != ']'
		if !in {
			b.WriteRune(r)
		}
		in = in || r == '['
	}
	return b.String()
}

// mapping returns the entries of a block of keys.
func mapping(node ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := node.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

// scalar returns the text of a single value: of a number or boolean what is written in the file.
func scalar(node ast.Node) (string, bool) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return node.GetToken().Value, true
	}
	return "", false
}

// kindOf names what a node is, for the end of "must be …, not …".
func kindOf(node ast.Node) string {
	switch node.(type) {
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a block of keys"
	case *ast.AnchorNode, *ast.AliasNode:
		return "an anchor or alias"
	case *ast.TagNode:
		return "a tag"
	case *ast.NullNode:
		return "nothing"
	}
	return "a single value"
}
