package crawler

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// maxErrorBody is how much is read of the body of a redirect or an error: enough to see what it says, and for its
// connection to be kept.
const maxErrorBody = 32 << 10

// exchange is one request and what came back.
type exchange struct {
	limit       int64 // of the body that is of use, in bytes
	conditional bool  // validators were sent
	tries       int
	held        bool // there was no request: the host asked to be left alone

	asked       time.Time // when the request began, after all waiting
	answered    time.Time // zero: no answer
	status      int
	header      http.Header
	contentType string // as sent, the last one that is one; Colly sees another
	body        []byte // at most limit bytes; of an error, at most maxErrorBody; empty for a redirect. Valid until free
	read        int64  // of body, also if it broke off, and more than limit if there was more; not of redirects and errors
	buffer      *bytes.Buffer

	retryAfter time.Duration // the pause that the host asks for; 0: none

	notHTML string   // why the body was not read
	refused *Failure // why the answer is not used
	err     error    // of the request, or of reading the body
}

// exchangeKey is the context key of the *exchange of a request.
type exchangeKey struct{}

// recorder is the http.RoundTripper in front of a crawl's transport. It reads the body by itself: Colly does not pass on
// how that ended, and reads it into a new buffer that it doubles again and again.
type recorder struct {
	next     http.RoundTripper
	decoders *decoders
	unwanted func(*exchange) bool // notes why a body is not to be read; nil: all are
}

// bodies lends buffers of up to maxLentBody bytes for bodies.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

const maxLentBody = 1 << 20

// RoundTrip implements http.RoundTripper. The request's context carries its *exchange, and what came back: the response has
// neither body nor headers. http.Client would fail on a Location that it cannot parse, and Colly on one outside of the
// allowed domains, before they ask whether to follow; and Colly would decode what it takes for another charset.
func (r recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	x, ok := req.Context().Value(exchangeKey{}).(*exchange)
	if !ok {
		return nil, errors.New("request without exchange")
	}
	res, err := r.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	x.answered = time.Now()
	x.status, x.header, x.contentType = res.StatusCode, res.Header, contentTypeOf(res.Header)
	defer func() { res.Header = http.Header{} }() // for Colly; x keeps them
	r.decoders.decodeBody(res, x.limit)
	switch {
	case res.StatusCode >= http.StatusMultipleChoices:
		x.body = errorBody(res)
	case r.unwanted == nil || !r.unwanted(x):
		x.readFrom(res)
	}
	_ = res.Body.Close() // what was read decides
	res.Body = http.NoBody
	return res, nil
}

// readFrom reads the body of an answer, and one byte more than its limit allows, which shows that there is too much.
func (x *exchange) readFrom(res *http.Response) {
	x.buffer = bodies.Get().(*bytes.Buffer)
	x.buffer.Grow(int(min(max(res.ContentLength, 0), x.limit)) + bytes.MinRead)
	x.read, x.err = x.buffer.ReadFrom(io.LimitReader(res.Body, x.limit+1))
	x.body = x.buffer.Bytes()[:min(x.read, x.limit)]
	if x.err == nil && x.read <= x.limit && endsByClosing(res) && isHTML(x.contentType) && endsInTag(x.body) {
		x.err = errEndsInTag
	}
}

// errEndsInTag means that a page was cut off though nothing in HTTP shows it.
var errEndsInTag = errors.New("it ends within a tag, and the server did not say how long it is")

// endsByClosing reports whether nothing but the end of the connection tells where the body of res ends (RFC 9112 section
// 6.3), so that a page that is whole and one that was cut off look alike.
func endsByClosing(res *http.Response) bool {
	return res.ProtoMajor == 1 && len(res.TransferEncoding) == 0 && res.Header.Get("Content-Length") == ""
}

// endsInTag reports whether HTML ends after a < that begins a tag and before its >.
func endsInTag(body []byte) bool {
	open := bytes.LastIndexByte(body, '<')
	if open < 0 || bytes.IndexByte(body[open:], '>') >= 0 {
		return false
	}
	return open+1 == len(body) || body[open+1] == '/' || isLetter(body[open+1])
}

// free gives back the memory of the body.
func (x *exchange) free() {
	if x.buffer != nil && x.buffer.Cap() <= maxLentBody {
		x.buffer.Reset()
		bodies.Put(x.buffer)
	}
	x.buffer, x.body = nil, nil
}

// errorBody reads the body of a redirect or an error as far as it is of use. How that ends does not matter:
// the status is the answer.
func errorBody(res *http.Response) []byte {
	if res.StatusCode < http.StatusBadRequest {
		_, _ = io.CopyN(io.Discard, res.Body, maxErrorBody)
		return nil
	}
	body, _ := io.ReadAll(io.LimitReader(res.Body, maxErrorBody))
	return body
}
