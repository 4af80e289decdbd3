package intercom

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// What is wrong with an answer that cannot be used. They are wrapped by Error.
var (
	// ErrNotJSON says that the body was not the JSON it should be, such as the HTML page of a load balancer.
	ErrNotJSON = errors.New("the answer is not JSON")
	// ErrTooLarge says that the answer was cut off because it is larger than this client reads.
	ErrTooLarge = errors.New("the answer is too large")
	// ErrUnexpected says that the answer is JSON, but not the answer to what was asked.
	ErrUnexpected = errors.New("unexpected answer")
)

// Error is a request that failed: refused by the API, answered by something unusable, or not answered. Its questions
// say what that means for the caller; an error to which none of them says yes concerns this request only.
type Error struct {
	Op        string // method and path, such as "POST /ai/external_pages"
	Status    int    // HTTP status; 0 without an answer
	Code      string // of the first error of the API's error.list; empty if there is none
	Message   string // as Code
	Field     string // as Code
	RequestID string // as Code
	Attempts  int    // requests made
	Err       error  // what failed apart from the API's words; nil if there is nothing to add

	list     bool     // the body was an error.list
	more     []string // the further errors of the list
	upsert   bool     // Op is the upsert of a page
	source   bool     // an error of the list names the source
	unusable bool     // answered, but what became of the request is unknown
	third    bool     // the third 403 in a row

	after time.Duration // how long the API asked to wait; 0: it did not say
}

// Error gives operation, status, the API's words and the number of tries.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	b.WriteByte(':')
	if e.Status != 0 {
		b.WriteString(" " + strconv.Itoa(e.Status))
		if e.Code == "" {
			b.WriteString(" " + strings.ToLower(http.StatusText(e.Status)))
		}
	}
	if e.Code != "" {
		b.WriteString(" " + e.Code)
	}
	sep := " "
	if e.Status != 0 || e.Code != "" {
		sep = ": "
	}
	for _, s := range append([]string{e.Message, errText(e.Err)}, e.more...) {
		if s != "" {
			b.WriteString(sep + shorten(s))
			sep = "; "
		}
	}
	var notes []string
	if e.Field != "" {
		notes = append(notes, "field "+e.Field)
	}
	if e.RequestID != "" {
		notes = append(notes, "request "+e.RequestID)
	}
	if e.Attempts > 1 {
		notes = append(notes, strconv.Itoa(e.Attempts)+" tries")
	}
	if len(notes) > 0 {
		b.WriteString(" (" + strings.Join(notes, ", ") + ")")
	}
	return b.String()
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// maxWords is how much of each of the API's messages is repeated in an error: ledgers and logs keep them.
const maxWords = 500

func shorten(s string) string {
	if len(s) <= maxWords {
		return s
	}
	return strings.ToValidUTF8(s[:maxWords], "") + fmt.Sprintf("… (%d bytes in all)", len(s))
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Temporary reports whether the same request may succeed later: 408, 429, 5xx, no answer, or an answer from which it
// cannot be told what became of the request. The client has tried again as often as it may before it returns one.
func (e *Error) Temporary() bool {
	if e.Unauthorized() {
		return false
	}
	return e.rateLimited() || e.unusable || e.Status == 0 || e.Status == http.StatusRequestTimeout || e.Status >= 500
}

// Unauthorized reports whether the API refuses the token or what it may do, so that no other request will do better:
// 401, 403 with an error.list, an error.list with a code that concerns the token, or the third 403 in a row. One 403
// without an error.list is the work of something between: see Forbidden.
func (e *Error) Unauthorized() bool {
	if e.rateLimited() {
		return false
	}
	switch e.Code {
	case "unauthorized", "token_not_found", "token_revoked", "token_suspended", "token_unauthorized":
		return true
	}
	return e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden && (e.list || e.third)
}

// Forbidden reports a 403, whoever it came from.
func (e *Error) Forbidden() bool { return e.Status == http.StatusForbidden }

// NotFound reports a 404.
func (e *Error) NotFound() bool { return e.Status == http.StatusNotFound }

// Rejected reports whether the API refuses this page and may take others: 400, 404, 413 or 422, unless SourceUnknown
// or Unauthorized.
func (e *Error) Rejected() bool {
	switch e.Status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return !e.SourceUnknown() && !e.Unauthorized() && !e.rateLimited()
	}
	return false
}

// SourceUnknown reports whether an upsert failed because of its source, so that every other upsert will too: 404, or
// 400 or 422 that names the source.
func (e *Error) SourceUnknown() bool {
	if !e.upsert || e.rateLimited() || e.Unauthorized() {
		return false
	}
	switch e.Status {
	case http.StatusNotFound:
		return true
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return e.source
	}
	return false
}

// sourceWords finds the source in a message, but not the HTML element. The API's messages for it are not documented.
var sourceWords = regexp.MustCompile(`(?i)(^|[^</\w])(source|source_id|content_import_source)\b`)

func namesSource(field, message string) bool {
	switch field {
	case "source_id", "source", "content_import_source":
		return true
	case "title", "html", "url", "locale", "external_id":
		return false // a message about the page may well have the word in it
	}
	return sourceWords.MatchString(message)
}

// rateLimited reports whether the request was not carried out because there were too many.
func (e *Error) rateLimited() bool {
	return e.Status == http.StatusTooManyRequests || e.Code == "rate_limit_exceeded" || e.Code == "too_many_requests"
}

// fill takes over the API's words.
func (e *Error) fill(list errorList, redact func(string) string) {
	e.list = true
	e.RequestID = redact(string(list.RequestID))
	for i, d := range list.Errors {
		code, message, field := redact(string(d.Code)), redact(string(d.Message)), redact(string(d.Field))
		e.source = e.source || namesSource(field, message)
		if i == 0 {
			e.Code, e.Message, e.Field = code, message, field
			continue
		}
		if i == maxListed {
			e.more = append(e.more, fmt.Sprintf("and %d more errors", len(list.Errors)-i))
			break
		}
		e.more = append(e.more, strings.TrimSpace(code+" "+field+" "+message))
	}
}

// maxListed is how many errors of one list are kept.
const maxListed = 5
