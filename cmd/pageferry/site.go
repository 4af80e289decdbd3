package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/pageferry/pageferry/configs"
	"github.com/pageferry/pageferry/crawler"
	"github.com/pageferry/pageferry/ingest"
	"github.com/pageferry/pageferry/ingest/intercom"
	"github.com/pageferry/pageferry/ingest/ledger"
	"github.com/pageferry/pageferry/ingest/sandbox"
	"github.com/pageferry/pageferry/sanitize"
)

// stateDir returns where the state of a config is kept.
func (e *runEnv) stateDir(configPath string) string {
	if e.cli.State != "" {
		return e.cli.State
	}
	return filepath.Join(filepath.Dir(configPath), ".pageferry")
}

// lock takes the site's lock. The error has exit code 5 where another run holds it.
func lock(dir, site string) (*flock.Flock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, &exitError{ingest.ExitStopped, fmt.Errorf("make the state directory: %w; give one that can be written with --state", err)}
	}
	path := filepath.Join(dir, site+".lock")
	l := flock.New(path, flock.SetPermissions(0o600))
	ok, err := l.TryLock()
	if err != nil {
		return nil, &exitError{ingest.ExitStopped, fmt.Errorf("lock %s: %w; give a state directory that can be written with --state", path, err)}
	}
	if !ok {
		holder, rerr := os.ReadFile(path)
		if rerr != nil {
			holder = []byte("unknown")
		}
		return nil, &exitError{ingest.ExitLocked, fmt.Errorf("another run of site %s holds the lock %s (%s)", site, path, strings.TrimSpace(string(holder)))}
	}
	note := fmt.Sprintf("process %d since %s\n", os.Getpid(), time.Now().UTC().Format(time.RFC3339))
	if err := os.WriteFile(path, []byte(note), 0o600); err != nil {
		return nil, &exitError{ingest.ExitStopped, errors.Join(fmt.Errorf("write %s: %w", path, err), l.Unlock())}
	}
	return l, nil
}

// opened is a site with everything that was opened for it.
type opened struct {
	site  ingest.Site
	close func() error
}

// closers are closed in reverse order.
type closers []func() error

func (c closers) close() error {
	var errs []error
	for i := len(c) - 1; i >= 0; i-- {
		errs = append(errs, c[i]())
	}
	return errors.Join(errs...)
}

// openSite opens the ledger, the crawler and the target of a config. The caller holds the lock.
func (e *runEnv) openSite(ctx context.Context, cfg *configs.Config, dir string, intoSandbox bool) (*opened, error) {
	return e.openSiteWith(ctx, cfg, dir, intoSandbox, ledger.Open)
}

// openSiteWith is openSite with a ledger that is opened in another way.
func (e *runEnv) openSiteWith(ctx context.Context, cfg *configs.Config, dir string, intoSandbox bool,
	openLedger func(context.Context, string) (*ledger.Ledger, error)) (_ *opened, err error) {
	var open closers
	defer func() {
		if err != nil {
			err = errors.Join(err, open.close())
		}
	}()
	c, x, err := e.reader(cfg)
	if err != nil {
		return nil, err
	}
	open = append(open, func() error { c.Close(); return nil })
	l, err := openLedger(ctx, filepath.Join(dir, cfg.SiteName()+".db"))
	if err != nil {
		if errors.Is(err, ledger.ErrReadOnly) {
			err = fmt.Errorf("%w; give a state directory that can be written with --state", err)
		}
		return nil, &exitError{ingest.ExitStopped, err}
	}
	open = append(open, l.Close)
	target := cfg.Target
	token := "sandbox"
	if intoSandbox || target.Kind == intercom.Sandbox {
		server, closeSandbox, err := openSandbox(dir, e)
		if err != nil {
			return nil, err
		}
		open = append(open, closeSandbox)
		target.Kind, target.BaseURL, target.SourceID = intercom.Sandbox, server.URL, 0
	} else if token, err = e.token(cfg); err != nil {
		return nil, &exitError{ingest.ExitUsage, err}
	}
	api, err := intercom.New(target, intercom.Options{Token: token, UserAgent: "pageferry/" + programVersion(), Log: e.console.log})
	if err != nil {
		return nil, &exitError{ingest.ExitUsage, err}
	}
	open = append(open, func() error { api.Close(); return nil })
	return &opened{close: open.close, site: ingest.Site{Name: cfg.SiteName(), Config: cfg.Ingest, Crawl: cfg.Crawler, Target: target,
		Signature: cfg.RunSignature(), Crawler: c, Extract: x, API: api, Ledger: l, Log: e.console.log}}, nil
}

// reader makes what reads a site's pages.
func (e *runEnv) reader(cfg *configs.Config) (*crawler.Crawler, *sanitize.Extractor, error) {
	x, err := sanitize.New(cfg.Extract, func(pattern string) (func(string) bool, error) {
		p, err := crawler.CompilePattern(pattern)
		return p.Match, err
	})
	if err != nil {
		return nil, nil, &exitError{ingest.ExitUsage, err}
	}
	c, err := crawler.New(cfg.Crawler, crawler.Options{Version: programVersion(), Log: e.console.log})
	if err != nil {
		return nil, nil, &exitError{ingest.ExitUsage, err}
	}
	return c, x, nil
}

// token reads the access token of a config. A relative token_file is beside the config file, as the state is: cron
// starts programs elsewhere.
func (e *runEnv) token(cfg *configs.Config) (string, error) {
	target := cfg.Target
	if f := target.TokenFile; f != "" && !filepath.IsAbs(f) {
		target.TokenFile = filepath.Join(filepath.Dir(cfg.Path()), f)
	}
	return target.Token(e.lookup)
}

// lookup is getenv for those who do not ask whether a variable is set.
func (e *runEnv) lookup(name string) string {
	v, _ := e.world.getenv(name)
	return v
}

const sandboxCloseTimeout = 5 * time.Second

// openSandbox serves the sandbox of a state directory on a free loopback port.
func openSandbox(dir string, e *runEnv) (*sandbox.Server, func() error, error) {
	store, err := sandbox.Open(filepath.Join(dir, "sandbox.db"))
	if err != nil {
		return nil, nil, &exitError{ingest.ExitStopped, err}
	}
	server, err := sandbox.Serve(store, sandbox.Options{Log: e.console.log}, "")
	if err != nil {
		return nil, nil, &exitError{ingest.ExitStopped, errors.Join(err, store.Close())}
	}
	return server, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), sandboxCloseTimeout)
		defer cancel()
		return errors.Join(server.Close(ctx), store.Close())
	}, nil
}
