package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// fields reads the members of a JSON object and collects what is wrong with them, so that an answer names every
// mistake. Members nobody asks for are ignored, as the API ignores them. Names are matched exactly.
type fields struct {
	raw      map[string]json.RawMessage
	problems []problem
}

// parseFields reads body, which must be one JSON object.
func parseFields(body []byte) (*fields, error) {
	f := &fields{}
	if !utf8.Valid(body) {
		return nil, errors.New("parse request body: not UTF-8")
	}
	if err := json.Unmarshal(body, &f.raw); err != nil {
		return nil, fmt.Errorf("parse request body: %w", err)
	}
	if f.raw == nil {
		return nil, errors.New("parse request body: null is no object")
	}
	return f, nil
}

func (f *fields) add(code, field, message string) {
	f.problems = append(f.problems, problem{Code: code, Field: field, Message: message})
}

// decode puts the member name into v and says whether there was one. The description declares no member nullable, so
// null is a wrong type, and not the same as an absent member.
func (f *fields) decode(name, typ string, v any) bool {
	raw, ok := f.raw[name]
	if !ok {
		return false
	}
	if isNull(raw) || json.Unmarshal(raw, v) != nil {
		f.add(codeTypeMismatch, name, name+" must be "+typ)
		return false
	}
	return true
}

// required notes an absent member.
func (f *fields) required(name string) {
	if _, ok := f.raw[name]; !ok {
		f.add(codeParameterMissing, name, name+" is required")
	}
}

// text returns the string name, or "" when it is absent.
func (f *fields) text(name string) (s string) {
	f.decode(name, "a string", &s)
	return s
}

// requiredText returns the string name, which must be there and not be blank. That it must not be blank is not
// documented.
func (f *fields) requiredText(name string) (s string) {
	f.required(name)
	if f.decode(name, "a string", &s) && strings.TrimSpace(s) == "" {
		f.add(codeParameterInvalid, name, name+" must not be blank")
	}
	return s
}

// enum returns the string name, or "" when it is absent; it must be one of values.
func (f *fields) enum(name string, values ...string) (s string) {
	if f.decode(name, "a string", &s) && !slices.Contains(values, s) {
		f.add(codeParameterInvalid, name, name+" must be one of: "+strings.Join(values, ", "))
	}
	return s
}

// requiredID returns the integer name, a JSON number.
func (f *fields) requiredID(name string) (n int64) {
	f.required(name)
	f.decode(name, "an integer", &n)
	return n
}

// flag returns the boolean name, or nil when it is absent.
func (f *fields) flag(name string) *bool {
	var b bool
	if !f.decode(name, "a boolean", &b) {
		return nil
	}
	return &b
}

// ids returns the member name, one integer, a list of them, or null for none. It is nil when the member is absent.
func (f *fields) ids(name string) []int64 {
	raw, ok := f.raw[name]
	if !ok {
		return nil
	}
	if isNull(raw) {
		return []int64{}
	}
	if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		return []int64{n}
	}
	var list []*int64
	if f.decode(name, "an integer or a list of integers", &list) && slices.Contains(list, nil) {
		f.add(codeTypeMismatch, name, name+" must be an integer or a list of integers")
		return nil
	}
	ids := make([]int64, len(list))
	for i, id := range list {
		ids[i] = *id
	}
	return ids
}

func isNull(raw json.RawMessage) bool {
	return bytes.Equal(raw, []byte("null"))
}
