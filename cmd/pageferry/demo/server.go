package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// readHeaderTimeout ends connections that never finish a request; the only client is a crawler on the same machine.
const readHeaderTimeout = 10 * time.Second

// Serve serves the site on a free port of the loopback address until ctx ends or stop is called. proxyURL is to be used
// as an HTTP proxy; opened in a browser it shows the site as well. stop closes all connections and returns when the
// server has ended; it may be called more than once.
func Serve(ctx context.Context) (proxyURL string, stop func(), err error) {
	if ctx.Err() != nil {
		return "", nil, context.Cause(ctx)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("listen for the sample help center: %w", err)
	}
	srv := &http.Server{
		Handler:           Handler(),
		ReadHeaderTimeout: readHeaderTimeout,
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			slog.ErrorContext(ctx, "sample help center stopped", "err", err)
		}
	})
	// Close returns the error of closing the listener, which is of no use to anyone here.
	unhook := context.AfterFunc(ctx, func() { _ = srv.Close() })
	stop = func() {
		unhook()
		_ = srv.Close()
		serving.Wait()
	}
	return "http://" + l.Addr().String(), stop, nil
}
