package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/pageferry/pageferry/configs"
	"github.com/pageferry/pageferry/crawler"
	"github.com/pageferry/pageferry/ingest"
	"github.com/pageferry/pageferry/ingest/intercom"
	"github.com/pageferry/pageferry/ingest/ledger"
)

type planCmd struct {
	Config      string        `arg:"" help:"Config file."`
	Out         string        `short:"o" placeholder:"FILE" help:"Keep the plan in a file, as JSON, for sync --plan FILE."`
	JSON        bool          `name:"json" help:"Print the plan as one JSON object on stdout, and nothing else there."`
	Sandbox     bool          `help:"Plan a delivery into the sandbox, whatever target.kind says."`
	Limit       int           `placeholder:"N" help:"Crawl N URLs at the most."`
	Only        string        `placeholder:"PATTERN" help:"Crawl only the pages that match, as in scope.include."`
	Refetch     bool          `help:"Read every page again, whatever the site says of changes."`
	Restart     bool          `help:"Plan a new run, even where a sync would resume an interrupted one."`
	MaxDuration time.Duration `placeholder:"D" help:"Give up after that time, such as 2h."`
}

// Help says what a plan is.
func (planCmd) Help() string {
	return `Does all that sync does, up to delivery, on a copy of the ledger: the site is crawled, the articles are extracted and compared, the
guards judge them. Nothing is sent, and nothing is recorded. It prints each page that a sync would create, update, switch on, hide,
delete or hold, with the reason, and what changes in the text.

A plan that is kept with -o can be carried out: sync --plan FILE delivers what it lists and nothing else.

The exit code is the one that a sync would have.

` + exitHelp
}

// Run plans a sync and prints what it would do.
func (c *planCmd) Run(e *runEnv) error {
	flags, err := (&syncCmd{Limit: c.Limit, Only: c.Only, Refetch: c.Refetch, Restart: c.Restart, MaxDuration: c.MaxDuration}).flags()
	if err != nil {
		return &exitError{ingest.ExitUsage, err}
	}
	cfg, err := configs.Load(c.Config, e.world.getenv)
	if err != nil {
		return c.print(e.ctx, e, &ingest.Plan{Result: failed(c.Config, &exitError{ingest.ExitUsage, err}, ingest.ReasonStateUnusable)})
	}
	scratch, err := os.MkdirTemp("", "pageferry-plan-*")
	if err != nil {
		return fmt.Errorf("make a directory for the copy of the ledger: %w; name another place with TMPDIR", err)
	}
	defer func() {
		if rerr := os.RemoveAll(scratch); rerr != nil {
			e.console.log.Warn("the copy of the ledger is left behind", "err", rerr)
		}
	}()
	return c.plan(e.ctx, e, cfg, scratch, flags)
}

// plan opens the site on a copy of its ledger. It takes no lock: a run that is under way goes on.
func (c *planCmd) plan(ctx context.Context, e *runEnv, cfg *configs.Config, scratch string, flags ingest.Flags) (err error) {
	name, dir := cfg.SiteName(), e.stateDir(c.Config)
	if c.Sandbox || cfg.Target.Kind == intercom.Sandbox { // it is a destination like another, and may be a new one
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("make the state directory: %w; give one that can be written with --state", err)
		}
	}
	o, err := e.openSiteWith(ctx, cfg, dir, c.Sandbox, func(ctx context.Context, path string) (*ledger.Ledger, error) {
		return ledger.OpenCopy(ctx, path, scratch)
	})
	if err != nil {
		return c.print(ctx, e, &ingest.Plan{Result: failed(name, err, ingest.ReasonStateUnusable)})
	}
	defer func() { err = errors.Join(err, o.close()) }()
	o.site.Connected = func(d ingest.Destination) {
		e.console.printf("%s: plans only, nothing is sent or recorded. A sync %s", name, deliversTo(name, d)[len(name)+2:])
		for _, line := range warnings(cfg) {
			e.console.log.Warn(line, "site", name)
		}
	}
	var progress ingest.Progress
	stop := watch(ctx, e, name, &progress)
	p := ingest.MakePlan(ctx, o.site, flags, &progress)
	stop()
	// What was read before an interruption may still be looked up.
	ctx = context.WithoutCancel(ctx)
	if c.Out != "" && p.Done() {
		if err := keepPlan(ctx, c.Out, p); err != nil {
			return err
		}
	}
	return c.print(ctx, e, p)
}

// keepPlan writes a plan under another name and renames it when it is whole. Only the user may read it: it holds text of
// the site, which may be private.
func keepPlan(ctx context.Context, path string, p *ingest.Plan) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("write the plan to %s: %w", path, err)
		}
	}()
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	err = errors.Join(p.WriteJSON(ctx, f), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// print prints the plan and returns its exit code as an error.
func (c *planCmd) print(ctx context.Context, e *runEnv, p *ingest.Plan) error {
	var err error
	switch {
	case c.JSON:
		err = p.WriteJSON(ctx, e.console.out)
		if p.Exit == ingest.ExitStopped || p.Exit == ingest.ExitUsage {
			e.console.errorf("%s", named(p.Result))
		}
	case !p.Done():
		e.console.errorf("%s", named(p.Result))
	default:
		err = printPlan(ctx, e.console.out, p, c.Out)
	}
	if err != nil {
		return fmt.Errorf("print the plan: %w", err)
	}
	if p.Exit != ingest.ExitOK {
		return &exitError{code: p.Exit}
	}
	return nil
}

// loadPlan reads a plan that was kept with -o.
func loadPlan(path string) (*ingest.Plan, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("--plan: %w", err)
	}
	defer f.Close()
	p, err := ingest.ReadPlan(bufio.NewReader(io.Reader(f)))
	if err != nil {
		return nil, fmt.Errorf("--plan %s: %w", path, err)
	}
	return p, nil
}

// adopt takes over what decided which pages a plan saw, so that the run sees the same.
func adopt(f ingest.Flags, p *ingest.Plan) (ingest.Flags, error) {
	if f.Limit != 0 || f.Only != nil || f.Accept != 0 {
		return f, errors.New("--plan takes --limit and --only from the plan, and delivers only what the plan lists: leave out --limit, --only and --accept")
	}
	f.Plan, f.Limit, f.Refetch = p, p.Limit, f.Refetch || p.Refetch
	if p.Only != "" {
		only, err := crawler.CompilePattern(p.Only)
		if err != nil {
			return f, fmt.Errorf("--plan: %w", err)
		}
		f.Only = &only
	}
	return f, nil
}
