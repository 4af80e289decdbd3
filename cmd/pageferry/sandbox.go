package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pageferry/pageferry/ingest"
	"github.com/pageferry/pageferry/ingest/sandbox"
)

type sandboxCmd struct {
	Addr string `default:"127.0.0.1:4180" help:"Address to serve at."`
}

// Run serves the sandbox of the state directory until it is interrupted.
func (c *sandboxCmd) Run(e *runEnv) error {
	dir := e.cli.State
	if dir == "" {
		dir = ".pageferry"
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return &exitError{ingest.ExitStopped, fmt.Errorf("make the state directory: %w; give one that can be written with --state", err)}
	}
	path := filepath.Join(dir, "sandbox.db")
	store, err := sandbox.Open(path)
	if err != nil {
		return err
	}
	server, err := sandbox.Serve(store, sandbox.Options{Log: e.console.log}, c.Addr)
	if err != nil {
		return errors.Join(err, store.Close())
	}
	fmt.Fprintf(e.console.out, `sandbox: serving %s at %s, until Ctrl-C
Any bearer token will do:
  curl -H 'Authorization: Bearer x' -H 'Accept: application/json' %s/ai/external_pages
To deliver there from a config: target: {kind: intercom, base_url: %s}
`, path, server.URL, server.URL, server.URL)
	<-e.ctx.Done()
	ctx, cancel := context.WithTimeout(context.Background(), sandboxCloseTimeout)
	defer cancel()
	return errors.Join(server.Close(ctx), store.Close())
}
