package configs

import (
	"cmp"
	"encoding"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// decoder reads one file. It decodes by itself, and not with yaml.Unmarshal, because that stops at the first mistake,
// forgets where a value came from, and turns an unquoted 2.10 into 2.1 on its way into a string.
type decoder struct {
	src      *source
	getenv   func(string) (string, bool)
	places   map[string]place // by YAML path
	problems []Problem
	unknown  map[string]bool // paths of unknown keys
	meant    []string        // keys that an unknown key was probably meant to be
	secrets  []string        // values that no error may hold
}

// place says where a key or a list item is. The key of a list item is nil.
type place struct {
	key   *token.Token
	value ast.Node
}

// decode stores node in v. A null leaves v as it is. What does not fit is reported, and v stays as it is.
func (d *decoder) decode(node ast.Node, path string, v reflect.Value) {
	if node == nil || node.Type() == ast.NullType {
		return
	}
	switch dst := v.Addr().Interface().(type) {
	case interface{ UnmarshalYAML(func(any) error) error }:
		if err := dst.UnmarshalYAML(d.unmarshal(node, path)); err != nil {
			d.reportNode(node, path, err.Error())
		}
		return
	case encoding.TextUnmarshaler:
		text, ok := scalar(node)
		if !ok {
			d.reportNode(node, path, "must be one value, not "+kindOf(node))
		} else if err := dst.UnmarshalText([]byte(text)); err != nil {
			d.reportNode(node, path, err.Error())
		}
		return
	case *time.Duration:
		d.decodeDuration(node, path, dst)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.decodeStruct(node, path, v)
	case reflect.Slice:
		d.decodeList(node, path, v)
	case reflect.Map:
		d.decodeMap(node, path, v)
	default:
		d.decodeScalar(node, path, v)
	}
}

func (d *decoder) decodeStruct(node ast.Node, path string, v reflect.Value) {
	entries, ok := mapping(node)
	if !ok {
		d.reportNode(node, path, "must be a block of keys ("+strings.Join(keysAt(path), ", ")+"), not "+kindOf(node))
		return
	}
	fields := fieldsOf(v)
	for _, e := range entries {
		tk := e.Key.GetToken()
		i := slices.IndexFunc(fields, func(f field) bool { return f.name == tk.Value })
		if i < 0 {
			d.reportUnknown(tk, path)
			continue
		}
		d.decode(e.Value, join(path, tk.Value), fields[i].value)
	}
}

func (d *decoder) decodeList(node ast.Node, path string, v reflect.Value) {
	seq, ok := node.(*ast.SequenceNode)
	if !ok {
		problem := "must be a list, not " + kindOf(node)
		if text, ok := scalar(node); ok {
			problem = "must be a list: put the value in brackets"
			if !isSecret(path) {
				problem += ", [" + strconv.Quote(text) + "]"
			}
		}
		d.reportNode(node, path, problem)
		return
	}
	list := reflect.Zero(v.Type())
	if strings.Contains(path, "[") {
		// In a rule, [] overrides the list that it would fall back to. Anywhere else it is the same as no list.
		list = reflect.MakeSlice(v.Type(), 0, len(seq.Values))
	}
	for i, item := range seq.Values {
		at := fmt.Sprintf("%s[%d]", path, i)
		elem := reflect.New(v.Type().Elem()).Elem()
		if item == nil || item.Type() == ast.NullType {
			d.reportNode(cmp.Or(item, node), at, "this item is empty; write a value or remove it")
		} else {
			d.decode(item, at, elem)
		}
		list = reflect.Append(list, elem)
	}
	v.Set(list)
}

func (d *decoder) decodeMap(node ast.Node, path string, v reflect.Value) {
	entries, ok := mapping(node)
	if !ok {
		d.reportNode(node, path, `must be lines of "Name: value", not `+kindOf(node))
		return
	}
	m := reflect.MakeMap(v.Type())
	for _, e := range entries {
		elem := reflect.New(v.Type().Elem()).Elem()
		name := e.Key.GetToken().Value
		d.decode(e.Value, join(path, name), elem)
		m.SetMapIndex(reflect.ValueOf(name), elem)
	}
	v.Set(m)
}

func (d *decoder) decodeScalar(node ast.Node, path string, v reflect.Value) {
	text, ok := scalar(node)
	want := map[reflect.Kind]string{
		reflect.String: "text", reflect.Bool: "true or false",
		reflect.Int: "a whole number, such as 4", reflect.Int64: "a whole number, such as 4",
		reflect.Float64: "a number, such as 5 or 0.5",
	}[v.Kind()]
	if !ok {
		d.reportNode(node, path, "must be "+want+", not "+kindOf(node))
		return
	}
	if d.setScalar(node, path, text, v) {
		return
	}
	if tk := node.GetToken(); tk.Type == token.DoubleQuoteType || tk.Type == token.SingleQuoteType {
		d.reportNode(node, path, "must be "+want+", without quotes")
	} else {
		d.reportNode(node, path, "must be "+want+", not "+d.shown(path, text))
	}
}

// setScalar stores text in v. False: it does not fit.
func (d *decoder) setScalar(node ast.Node, path, text string, v reflect.Value) bool {
	switch n := node.(type) {
	case *ast.BoolNode:
		if v.Kind() == reflect.Bool {
			v.SetBool(n.Value)
			return true
		}
	case *ast.IntegerNode:
		switch number := toFloat(n.Value); {
		case v.Kind() == reflect.Float64 && !math.IsNaN(number):
			v.SetFloat(number)
			return true
		case v.CanInt() && math.Abs(number) < 1<<53:
			v.SetInt(int64(number))
			return true
		}
	case *ast.FloatNode:
		if v.Kind() == reflect.Float64 {
			v.SetFloat(n.Value)
			return true
		}
	}
	if v.Kind() != reflect.String {
		return false
	}
	if isSecret(path) {
		text = d.expand(node, path, text)
	}
	v.SetString(text)
	return true
}

func (d *decoder) decodeDuration(node ast.Node, path string, dst *time.Duration) {
	text, ok := scalar(node)
	if !ok {
		d.reportNode(node, path, "must be a duration such as 30s, not "+kindOf(node))
		return
	}
	duration, err := parseDuration(text)
	switch {
	case err == nil && (duration != 0 || text == "0" || text == "0s" || text == "0d"):
		*dst = duration
	case node.Type() == ast.IntegerType || node.Type() == ast.FloatType:
		d.reportNode(node, path, fmt.Sprintf("needs a unit: write %ss for seconds, or use ms, m, h or d", text))
	default:
		d.reportNode(node, path, fmt.Sprintf("must be a duration such as 30s, 1m30s, 500ms, 36h or 7d, not %q", text))
	}
}

const day = 24 * time.Hour

// parseDuration is time.ParseDuration with days of 24 hours, which come first: 7d, 1d12h, 1.5d.
func parseDuration(text string) (time.Duration, error) {
	days, rest, ok := strings.Cut(text, "d")
	if !ok {
		return time.ParseDuration(text)
	}
	number, negative := strings.CutPrefix(days, "-")
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || strings.Trim(number, "0123456789.") != "" || n > float64(math.MaxInt64/day) {
		return 0, fmt.Errorf("%q is not a number of days", days)
	}
	duration := time.Duration(n * float64(day))
	if rest != "" {
		more, err := time.ParseDuration(rest)
		if err != nil || more < 0 || strings.ContainsAny(rest, "+-") || duration > math.MaxInt64-more {
			return 0, fmt.Errorf("%q is not a duration", rest)
		}
		duration += more
	}
	if negative {
		duration = -duration
	}
	return duration, nil
}

// unmarshal returns what an UnmarshalYAML method calls to decode node into a variable of its choice.
func (d *decoder) unmarshal(node ast.Node, path string) func(any) error {
	return func(dst any) error {
		v := reflect.ValueOf(dst)
		if v.Kind() != reflect.Pointer || v.IsNil() {
			return fmt.Errorf("decode %s: want a pointer, have %T", path, dst)
		}
		trial := &decoder{src: d.src, getenv: d.getenv, places: d.places, unknown: d.unknown}
		if trial.decode(node, path, v.Elem()); len(trial.problems) > 0 {
			return fmt.Errorf("%s", trial.problems[0].Message)
		}
		return nil
	}
}

func toFloat(n any) float64 {
	switch n := n.(type) {
	case int64:
		return float64(n)
	case uint64:
		return float64(n)
	}
	return math.NaN()
}
