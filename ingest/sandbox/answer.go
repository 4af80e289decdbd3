package sandbox

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
)

// answer is what a request gets: the handler computes it whole before the first byte is sent, so that a fault can take
// its place.
type answer struct {
	status int
	header http.Header // may be nil
	body   []byte      // nil: none
}

// problem is one entry of an error.list.
type problem struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Field   string `json:"field,omitempty"`
}

// The codes of error.list, from the documentation's list of codes.
const (
	codeUnauthorized      = "unauthorized"
	codeNotFound          = "not_found"
	codeParameterMissing  = "parameter_missing"
	codeParameterInvalid  = "parameter_invalid"
	codeTypeMismatch      = "type_mismatch"
	codeConflict          = "resource_conflict"
	codeClientError       = "client_error"
	codeServerError       = "server_error"
	codeRateLimitExceeded = "rate_limit_exceeded"
	codeVersionInvalid    = "intercom_version_invalid"
)

// jsonAnswer is the answer with the JSON of v. HTML in it stays readable.
func jsonAnswer(status int, v any) (answer, error) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return answer{}, fmt.Errorf("encode answer: %w", err)
	}
	return answer{
		status: status,
		header: http.Header{"Content-Type": {"application/json; charset=utf-8"}},
		body:   body.Bytes(),
	}, nil
}

// errorList is the answer with an error.list of problems.
func errorList(status int, problems ...problem) (answer, error) {
	return jsonAnswer(status, struct {
		Type      string    `json:"type"`
		RequestID string    `json:"request_id"`
		Errors    []problem `json:"errors"`
	}{"error.list", requestID(), problems})
}

// refusal is the error of an operation that the API refuses; it is answered with an error.list.
type refusal struct {
	status   int
	problems []problem
}

func (r *refusal) Error() string {
	return fmt.Sprintf("refused with %d: %v", r.status, r.problems)
}

// refuse returns a refusal.
func refuse(status int, problems ...problem) error {
	return &refusal{status: status, problems: problems}
}

// requestID is a random UUID (RFC 9562, version 4).
func requestID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails: see crypto/rand
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// defaultProblem is what an injected fault says in its error.list when it has no body of its own.
func defaultProblem(status int) problem {
	code := codeClientError
	switch {
	case status == http.StatusUnauthorized:
		code = codeUnauthorized
	case status == http.StatusForbidden:
		code = "action_forbidden"
	case status == http.StatusNotFound:
		code = codeNotFound
	case status == http.StatusRequestTimeout:
		code = "request_timeout"
	case status == http.StatusUnprocessableEntity:
		code = codeParameterInvalid
	case status == http.StatusTooManyRequests:
		code = codeRateLimitExceeded
	case status == http.StatusServiceUnavailable:
		code = "service_unavailable"
	case status >= 500:
		code = codeServerError
	}
	return problem{Code: code, Message: http.StatusText(status)}
}
