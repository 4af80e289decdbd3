package crawler

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// memNetwork is a network in memory on which one HTTP server answers for every host, in the clear on any port but 443.
type memNetwork struct {
	conns, secure chan net.Conn
	closed        chan struct{}
	dialled       func(addr string) error
	bytes         atomic.Int64 // that clients read
	opened        atomic.Int64 // connections

	mu    sync.Mutex
	asked []string // URLs
}

// newMemNetwork starts the server, which ends with the test.
func newMemNetwork(t *testing.T, serve http.HandlerFunc) *memNetwork {
	n := &memNetwork{conns: make(chan net.Conn), secure: make(chan net.Conn), closed: make(chan struct{})}
	var running sync.WaitGroup
	srv := &http.Server{
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			running.Add(1)
			defer running.Done()
			n.mu.Lock()
			n.asked = append(n.asked, r.Host+r.URL.RequestURI())
			n.mu.Unlock()
			serve(w, r)
		}),
	}
	running.Go(func() { _ = srv.Serve(memListener{n, n.conns}) })
	running.Go(func() { _ = srv.Serve(tls.NewListener(memListener{n, n.secure}, testTLS().server)) })
	t.Cleanup(func() {
		close(n.closed)
		_ = srv.Close()
		running.Wait() // the clock goes on while handlers sleep
	})
	return n
}

// replace makes t dial into n. Addresses are not guarded here: no address is behind these names.
func (n *memNetwork) replace(t *http.Transport) {
	t.TLSClientConfig = testTLS().client
	t.ForceAttemptHTTP2 = false // the server is not set up for it
	t.DialContext = func(ctx context.Context, _, addr string) (net.Conn, error) {
		if n.dialled != nil {
			if err := n.dialled(addr); err != nil {
				return nil, err
			}
		}
		queue := n.conns
		if strings.HasSuffix(addr, ":443") {
			queue = n.secure
		}
		here, there := net.Pipe()
		select {
		case queue <- there:
			n.opened.Add(1)
			return countedConn{here, &n.bytes}, nil
		case <-n.closed:
			return nil, net.ErrClosed
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// requests returns the URLs that were asked for, without their scheme, in order.
func (n *memNetwork) requests() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.asked)
}

type countedConn struct {
	net.Conn
	n *atomic.Int64
}

func (c countedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.n.Add(int64(n))
	return n, err
}

type memListener struct {
	n     *memNetwork
	conns chan net.Conn
}

func (l memListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.n.closed:
		return nil, net.ErrClosed
	}
}

func (l memListener) Close() error   { return nil }
func (l memListener) Addr() net.Addr { return &net.TCPAddr{} }

// tlsPair is what a server with a certificate of httptest and its clients need. No tickets: over a pipe without a
// buffer, sending one would wait for a reader.
type tlsPair struct{ server, client *tls.Config }

var testTLS = sync.OnceValue(func() tlsPair {
	srv := httptest.NewUnstartedServer(http.NotFoundHandler())
	srv.StartTLS()
	defer srv.Close()
	client := srv.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	client.ServerName = "example.com"
	return tlsPair{
		server: &tls.Config{Certificates: srv.TLS.Certificates, NextProtos: []string{"http/1.1"}, SessionTicketsDisabled: true},
		client: client,
	}
})

// hijack takes the connection of a request away from the server and writes raw bytes to it.
func hijack(w http.ResponseWriter, raw string) net.Conn {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	_, _ = io.WriteString(conn, raw) // the client may have had enough
	return conn
}

// rawAnswer is a handler that answers every page with raw bytes and closes the connection. There is no robots.txt.
func rawAnswer(raw string) func(http.ResponseWriter, *http.Request) {
	return page(func(w http.ResponseWriter, _ *http.Request) { _ = hijack(w, raw).Close() })
}

// page is a handler that has no robots.txt, and answers everything else by answer.
func page(answer http.HandlerFunc) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		answer(w, r)
	}
}
