package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Server is the API on a network address.
type Server struct {
	URL     string // http://host:port
	Handler *Handler

	http   *http.Server
	served chan error
}

// Serve begins to serve store at addr; empty, it is a free port of the loopback address. The store stays the caller's:
// close it after the server.
func Serve(store *Store, opts Options, addr string) (*Server, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("serve sandbox: %w", err)
	}
	h := NewHandler(store, opts)
	s := &Server{
		URL:     "http://" + listener.Addr().String(),
		Handler: h,
		http: &http.Server{
			Handler:           h,
			ReadHeaderTimeout: 10 * time.Second,
			ReadTimeout:       time.Minute,
			IdleTimeout:       2 * time.Minute,
			ErrorLog:          slog.NewLogLogger(h.log.Handler(), slog.LevelWarn),
		},
		served: make(chan error, 1),
	}
	go func() { s.served <- s.http.Serve(listener) }()
	return s, nil
}

// SetFaults is Handler.SetFaults.
func (s *Server) SetFaults(list ...Fault) { s.Handler.SetFaults(list...) }

// Close stops taking requests and waits for those in work until ctx ends, when their connections are closed. A second
// call does nothing.
func (s *Server) Close(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(fmt.Errorf("stop sandbox: %w", err), s.http.Close())
	}
	if served, ok := <-s.served; ok {
		close(s.served)
		if !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, fmt.Errorf("serve sandbox: %w", served))
		}
	}
	return err
}
