package intercom

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"
)

// looseString decodes a JSON string, number or null. The API documents IDs of pages as strings and IDs of sources as
// integers; either form is read.
type looseString string

// UnmarshalJSON implements json.Unmarshaler.
func (s *looseString) UnmarshalJSON(b []byte) error {
	switch {
	case b[0] == '"' && bytes.IndexByte(b, '\\') < 0 && utf8.Valid(b): // nearly always, and much quicker
		*s = looseString(b[1 : len(b)-1])
		return nil
	case b[0] == '"':
		return json.Unmarshal(b, (*string)(s))
	case b[0] == '-' || b[0] >= '0' && b[0] <= '9':
		*s = looseString(b)
		return nil
	case b[0] == 'n':
		*s = ""
		return nil
	}
	return fmt.Errorf("%.20q is neither a string nor a number", b)
}

// looseInt decodes a JSON integer, a string that holds one, or null.
type looseInt int64

// UnmarshalJSON implements json.Unmarshaler.
func (n *looseInt) UnmarshalJSON(b []byte) error {
	var s looseString
	if err := s.UnmarshalJSON(b); err != nil {
		return err
	}
	if s == "" {
		*n = 0
		return nil
	}
	v, err := strconv.ParseInt(string(s), 10, 64)
	if err != nil {
		return fmt.Errorf("%.20q is not an integer", string(s))
	}
	*n = looseInt(v)
	return nil
}

// looseTime decodes Unix seconds as a number or string, or an RFC 3339 string: the API's description gives integers
// the format date-time. Null and whatever is no time become the zero time, which means unknown: no answer is refused
// for a time stamp.
type looseTime time.Time

// UnmarshalJSON implements json.Unmarshaler.
func (t *looseTime) UnmarshalJSON(b []byte) error {
	*t = looseTime{}
	var s looseString
	if s.UnmarshalJSON(b) != nil {
		return nil
	}
	if sec, err := strconv.ParseInt(string(s), 10, 64); err == nil {
		if sec > 0 && sec < 1<<36 {
			*t = looseTime(time.Unix(sec, 0).UTC())
		}
		return nil
	}
	if v, err := time.Parse(time.RFC3339, string(s)); err == nil {
		*t = looseTime(v.UTC())
	}
	return nil
}

// errorList is the API's error object ("HTTP responses", "Error codes").
type errorList struct {
	Type      string      `json:"type"`
	RequestID looseString `json:"request_id"`
	Errors    []struct {
		Code    looseString `json:"code"`
		Message looseString `json:"message"`
		Field   looseString `json:"field"`
	} `json:"errors"`
}

const errorListType = "error.list"

// parseErrorList reads an error.list; false if body is something else.
func parseErrorList(body []byte) (errorList, bool) {
	var list errorList
	if json.Unmarshal(body, &list) != nil || list.Type != errorListType {
		return errorList{}, false
	}
	return list, true
}
