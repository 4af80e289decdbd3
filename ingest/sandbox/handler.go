package sandbox

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxBody is the largest request body that is read: 8 MiB. The API's limit is not documented.
const maxBody = 8 << 20

// Options are how the API over a store behaves. The zero value accepts any token and answers at once.
type Options struct {
	Token     string        // the bearer token; empty: any that is not empty
	Latency   time.Duration // before every answer
	RateLimit int           // requests per window of 10 s, over all tokens; 0: no limit
	Faults    []Fault       // see Handler.SetFaults

	// OnRequest, when set, gets every request once its answer is settled and before the answer is sent: whoever has the
	// answer finds the record. It is called concurrently.
	OnRequest func(Record)
	Log       *slog.Logger // nil: nothing is logged
}

// Record is a request as a test wants to see it.
type Record struct {
	Method     string
	Path       string
	ExternalID string // of the page that was written, read or deleted; empty when there was none
	Status     int    // 0: no answer, because of a fault or because the client went
	At         time.Time
}

// Handler serves the API over a store. It may be used concurrently.
type Handler struct {
	store *Store
	opts  Options
	log   *slog.Logger
	rate  rateLimit
	fault faults
}

// NewHandler returns the API over store.
func NewHandler(store *Store, opts Options) *Handler {
	h := &Handler{store: store, opts: opts, log: opts.Log, rate: rateLimit{limit: opts.RateLimit}}
	if h.log == nil {
		h.log = slog.New(slog.DiscardHandler)
	}
	h.SetFaults(opts.Faults...)
	return h
}

// call is one request on its way to its answer.
type call struct {
	*http.Request
	writer     http.ResponseWriter // its headers only; the answer goes out in ServeHTTP
	version    version
	externalID string // for the Record
}

// ServeHTTP answers r, or panics with http.ErrAbortHandler where a fault says that the connection breaks.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{Request: r, writer: w}
	fault := h.fault.take(r)
	if !wait(r.Context(), h.opts.Latency+fault.Delay) {
		h.settle(c, 0)
		return
	}
	ans, err := h.answer(c, fault)
	if err != nil {
		ans = h.errorAnswer(c, err)
	}
	if fault.DropBefore || fault.DropAfterApply {
		h.settle(c, 0)
		panic(http.ErrAbortHandler)
	}
	h.settle(c, ans.status)
	h.send(w, r, ans, fault.Truncate)
}

// errorAnswer is the answer to a request that ended with err: a refusal, or a failure of the store.
func (h *Handler) errorAnswer(c *call, err error) answer {
	status, problems := http.StatusInternalServerError, []problem{defaultProblem(http.StatusInternalServerError)}
	if refused := (*refusal)(nil); errors.As(err, &refused) {
		status, problems = refused.status, refused.problems
	} else if c.Context().Err() == nil { // otherwise the client went, and that is no failure
		h.log.Error("sandbox: request failed", "method", c.Method, "path", c.URL.Path, "error", err)
	}
	ans, err := errorList(status, problems...)
	if err != nil {
		return answer{status: status}
	}
	return ans
}

// answer carries the request out, unless fault prevents it, and returns what shall be sent.
func (h *Handler) answer(c *call, fault Fault) (answer, error) {
	if fault.DropBefore {
		return answer{}, nil
	}
	if fault.Status == 0 {
		return h.handle(c)
	}
	if fault.Apply {
		if ans, err := h.handle(c); err != nil {
			return ans, err // what was not applied is not hidden by the fault
		}
	} else if fault.Status == http.StatusTooManyRequests {
		h.rate.take(c.writer.Header())
		c.writer.Header().Set("X-RateLimit-Remaining", "0")
	}
	return fault.answer()
}

// handle is the API: what it checks, in this order, and then the operation. It sets the rate headers.
func (h *Handler) handle(c *call) (answer, error) {
	if !h.authorized(c.Header.Get("Authorization")) {
		return answer{}, refuse(http.StatusUnauthorized, problem{Code: codeUnauthorized, Message: "Access Token Invalid"})
	}
	if !h.rate.take(c.writer.Header()) {
		return answer{}, h.rate.exceeded()
	}
	operation := h.route(c)
	if operation == nil {
		return answer{}, refuse(http.StatusNotFound, problem{Code: codeNotFound, Message: "Resource Not Found"})
	}
	if !acceptsJSON(c.Header.Values("Accept")) {
		return answer{}, refuse(http.StatusNotAcceptable, problem{Code: codeClientError,
			Message: "The Accept header must allow application/json"})
	}
	v, problem := versionOf(c.Header)
	if problem != nil {
		return answer{}, refuse(http.StatusBadRequest, *problem)
	}
	c.version = v
	return operation(c)
}

// route returns the operation for the method and path, or nil: a wrong method is documented to give 404 as well.
func (h *Handler) route(c *call) func(*call) (answer, error) {
	const pages, sources = "/ai/external_pages", "/ai/content_import_sources"
	path := c.URL.Path
	if id, ok := strings.CutPrefix(path, pages+"/"); ok {
		return h.pageOperation(c.Method, id)
	}
	if id, ok := strings.CutPrefix(path, sources+"/"); ok {
		return h.sourceOperation(c.Method, id)
	}
	switch c.Method + " " + path {
	case "GET /me":
		return h.me
	case "GET " + pages:
		return h.listExternalPages
	case "POST " + pages:
		return h.upsertExternalPage
	case "GET " + sources:
		return h.listContentImportSources
	case "POST " + sources:
		return h.createContentImportSource
	}
	return nil
}

// authorized says whether the Authorization header carries the token.
func (h *Handler) authorized(header string) bool {
	scheme, token, _ := strings.Cut(header, " ")
	if token = strings.TrimSpace(token); !strings.EqualFold(scheme, "Bearer") || token == "" {
		return false
	}
	return h.opts.Token == "" || subtle.ConstantTimeCompare([]byte(token), []byte(h.opts.Token)) == 1
}

// acceptsJSON says whether one of the media ranges in the Accept headers covers application/json. No header does not.
func acceptsJSON(values []string) bool {
	for _, value := range values {
		for item := range strings.SplitSeq(value, ",") {
			typ, params, err := mime.ParseMediaType(item)
			if err != nil || params["q"] == "0" {
				continue
			}
			if typ == "application/json" || typ == "application/*" || typ == "*/*" {
				return true
			}
		}
	}
	return false
}

// body reads the JSON object that the request carries.
func (c *call) body() (*fields, error) {
	typ, _, err := mime.ParseMediaType(c.Header.Get("Content-Type"))
	if err != nil || typ != "application/json" {
		return nil, refuse(http.StatusBadRequest, problem{Code: codeParameterInvalid,
			Message: "The Content-Type header must be application/json"})
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.writer, c.Body, maxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return nil, refuse(http.StatusRequestEntityTooLarge, problem{Code: codeClientError,
			Message: fmt.Sprintf("The request body is larger than %d bytes", tooLarge.Limit)})
	}
	if err != nil {
		return nil, refuse(http.StatusBadRequest, problem{Code: codeParameterInvalid,
			Message: fmt.Sprintf("The request body could not be read: %v", err)})
	}
	f, err := parseFields(body)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, problem{Code: codeParameterInvalid, Message: err.Error()})
	}
	return f, nil
}

// settle reports how the request ended.
func (h *Handler) settle(c *call, status int) {
	h.log.Debug("sandbox: request", "method", c.Method, "path", c.URL.Path, "external_id", c.externalID, "status", status)
	if h.opts.OnRequest != nil {
		h.opts.OnRequest(Record{Method: c.Method, Path: c.URL.Path, ExternalID: c.externalID, Status: status,
			At: time.Now()})
	}
}

// send writes the answer; truncated, it declares the whole body, sends half of it and breaks the connection.
func (h *Handler) send(w http.ResponseWriter, r *http.Request, ans answer, truncate bool) {
	for name, values := range ans.header {
		w.Header()[name] = values
	}
	if ans.status != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(len(ans.body)))
	}
	w.WriteHeader(ans.status)
	body := ans.body
	if truncate {
		body = body[:len(body)/2]
	}
	if _, err := w.Write(body); err != nil && len(body) > 0 {
		h.log.Debug("sandbox: answer not sent", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	if truncate {
		if err := http.NewResponseController(w).Flush(); err != nil {
			h.log.Debug("sandbox: flush half an answer", "error", err)
		}
		panic(http.ErrAbortHandler)
	}
}
