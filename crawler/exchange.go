package crawler

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// maxErrorBody is how much is read of a body that is not used, so that its connection can be kept.
const maxErrorBody = 16 << 10

// exchange is one request and what came back.
type exchange struct {
	conditional bool // validators were sent
	tries       int

	answered    time.Time // zero: no answer
	status      int
	header      http.Header
	contentType string // as sent; Colly sees another one
	body        []byte
	read        int64 // of body, also if it broke off

	notHTML string   // why the body was not read
	refused *Failure // why the answer is not used
	err     error    // of the request, or of reading the body
}

// exchangeKey is the context key of the *exchange of a request.
type exchangeKey struct{}

// recorder is the http.RoundTripper in front of a crawl's transport: it notes what Colly does not pass on, above all
// how the reading of the body ended.
type recorder struct {
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper. The request's context carries its *exchange.
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
	x.status, x.header, x.contentType = res.StatusCode, res.Header.Clone(), res.Header.Get("Content-Type")
	// http.Client fails on a Location that it cannot parse, and Colly on one outside of the allowed domains, before
	// they ask whether to follow. x.header keeps it.
	res.Header.Del("Location")
	if res.StatusCode >= http.StatusMultipleChoices {
		// The body of a redirect or an error is not used; a small one is read so that the connection can be kept,
		// and how that ends does not matter.
		_, _ = io.CopyN(io.Discard, res.Body, maxErrorBody)
		_ = res.Body.Close()
		res.Body = http.NoBody
		return res, nil
	}
	res.Body = &watchedBody{ReadCloser: res.Body, x: x}
	return res, nil
}

// watchedBody counts what is read and keeps the error that ends it early.
type watchedBody struct {
	io.ReadCloser
	x *exchange
}

func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.x.read += int64(n)
	if err != nil && err != io.EOF {
		b.x.err = err
	}
	return n, err
}
