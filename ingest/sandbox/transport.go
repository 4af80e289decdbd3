package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Transport is an http.RoundTripper that lets a Handler answer in the process, without a connection. A test in a
// testing/synctest bubble needs it, since a connection would hold the bubble's clock still. Where the Handler breaks the
// connection the error is io.ErrUnexpectedEOF, from RoundTrip or from reading the body.
type Transport struct {
	Handler http.Handler
}

// RoundTrip answers r. It blocks as long as the Handler does, which heeds r's context.
func (t Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r = r.Clone(r.Context())
		r.Body = http.NoBody
	}
	defer r.Body.Close()
	in := r.Clone(r.Context())
	in.RequestURI = r.URL.RequestURI()
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	w := &memoryWriter{header: http.Header{}}
	broken := serve(t.Handler, w, in)
	if r.Context().Err() != nil {
		return nil, context.Cause(r.Context())
	}
	if broken && w.status == 0 {
		return nil, fmt.Errorf("sandbox broke the connection: %w", io.ErrUnexpectedEOF)
	}
	if w.status == 0 {
		w.status = http.StatusOK
	}
	w.header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	body := io.Reader(&w.body)
	length := int64(w.body.Len())
	if broken {
		body, length = io.MultiReader(body, brokenReader{}), -1
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, Body: io.NopCloser(body), ContentLength: length, Request: r,
	}, nil
}

// serve calls h and says whether it broke the connection.
func serve(h http.Handler, w http.ResponseWriter, r *http.Request) (broken bool) {
	defer func() {
		if p := recover(); p != nil {
			if err, ok := p.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			broken = true
		}
	}()
	h.ServeHTTP(w, r)
	return false
}

// memoryWriter is an http.ResponseWriter that keeps the answer.
type memoryWriter struct {
	header http.Header
	status int // 0: none yet
	body   bytes.Buffer
}

func (w *memoryWriter) Header() http.Header { return w.header }

func (w *memoryWriter) WriteHeader(status int) { w.status = status }

func (w *memoryWriter) Write(p []byte) (int, error) { return w.body.Write(p) }

func (w *memoryWriter) FlushError() error { return nil }

// brokenReader is the end of a body that breaks off.
type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
