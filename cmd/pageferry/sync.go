package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/pageferry/pageferry/configs"
	"github.com/pageferry/pageferry/crawler"
	"github.com/pageferry/pageferry/ingest"
	"github.com/pageferry/pageferry/ingest/intercom"
	"github.com/pageferry/pageferry/ingest/ledger"
)

type syncCmd struct {
	Configs []string `arg:"" name:"config" help:"Config files; run one after the other."`
	JSON    bool     `name:"json" help:"Print the result as one JSON object a site on stdout, and nothing else there."`
	Sandbox bool     `help:"Deliver into the sandbox, whatever target.kind says. Nothing is sent to Intercom."`
	Limit   int      `placeholder:"N" help:"Crawl N URLs at the most, to try. The run counts as incomplete."`
	Refetch bool     `help:"Read every page again, whatever the site says of changes."`
	Restart bool     `help:"Begin a new run instead of resuming an interrupted one."`
	Accept  int64    `placeholder:"RUN" help:"Let through what that run held, if it is still the same."`
	Plan    string   `placeholder:"FILE" help:"Deliver what this plan lists and nothing else; what has changed since is held. See plan -o."`

	Only string `placeholder:"PATTERN" help:"Crawl and deliver only the pages that match, as in scope.include. Deletes nothing, and is never a complete run."`
	outputFlags
	MaxDuration time.Duration `placeholder:"D" help:"Stop the run of a site after that time, such as 2h, as after Ctrl-C. The next run goes on where it stopped."`
}

// Help adds the exit codes to `sync --help`.
func (syncCmd) Help() string { return exitHelp }

// precedence orders the exit codes of several configs: the call exits with the first that occurred.
var precedence = []int{ingest.ExitInterrupted, ingest.ExitUsage, ingest.ExitStopped, ingest.ExitLook, ingest.ExitIncomplete,
	ingest.ExitLocked, ingest.ExitOK}

// Run syncs the configs one after the other.
func (c *syncCmd) Run(e *runEnv) error {
	if _, err := c.flags(); err != nil {
		return &exitError{ingest.ExitUsage, err}
	}
	if err := c.check(len(c.Configs)); err != nil {
		return &exitError{ingest.ExitUsage, err}
	}
	code := ingest.ExitOK
	for _, path := range c.Configs {
		res := c.syncOne(e.ctx, e, path)
		if err := c.print(e, res); err != nil {
			return fmt.Errorf("print result: %w", err)
		}
		if slices.Index(precedence, res.Exit) < slices.Index(precedence, code) {
			code = res.Exit
		}
		if res.Exit == ingest.ExitInterrupted {
			break
		}
	}
	if code != ingest.ExitOK {
		return &exitError{code: code}
	}
	return nil
}

// syncOne loads one config and runs it; whatever goes wrong is in the result.
func (c *syncCmd) syncOne(ctx context.Context, e *runEnv, path string) ingest.Result {
	cfg, err := configs.Load(path, e.world.getenv)
	if err != nil {
		return failed(path, &exitError{ingest.ExitUsage, err}, ingest.ReasonStateUnusable)
	}
	return c.syncConfig(ctx, e, cfg, e.stateDir(path))
}

// syncConfig runs a config that is loaded.
func (c *syncCmd) syncConfig(ctx context.Context, e *runEnv, cfg *configs.Config, dir string) ingest.Result {
	name := cfg.SiteName()
	flags, err := c.flags()
	if err != nil {
		return failed(name, &exitError{ingest.ExitUsage, err}, ingest.ReasonConfigInvalid)
	}
	held, err := lock(dir, name)
	if err != nil {
		return failed(name, err, ingest.ReasonStateUnusable)
	}
	defer held.Unlock() //nolint:errcheck // the kernel releases it when the process ends
	from := source{config: cfg.Path(), ledger: filepath.Join(dir, name+".db"), kind: string(cfg.Target.Kind), plan: c.Plan}
	if c.Sandbox {
		from.kind = string(intercom.Sandbox)
	}
	res := c.syncLocked(ctx, e, cfg, dir, flags)
	if !c.trial() {
		notify(ctx, cfg, from, &res)
	}
	if err := c.write(context.WithoutCancel(ctx), res, from); err != nil {
		if res.Exit == ingest.ExitOK {
			res.Exit, res.Reason = ingest.ExitStopped, ingest.ReasonOutputFailed
		}
		res.Messages = append(res.Messages, err.Error())
	}
	return res
}

// syncLocked runs a config whose lock is held.
func (c *syncCmd) syncLocked(ctx context.Context, e *runEnv, cfg *configs.Config, dir string, flags ingest.Flags) ingest.Result {
	name := cfg.SiteName()
	o, err := e.openSite(ctx, cfg, dir, c.Sandbox)
	if err != nil {
		return failed(name, err, ingest.ReasonStateUnusable)
	}
	o.site.Connected = func(d ingest.Destination) {
		if e.cli.LogFormat == "json" {
			e.console.log.Info("delivers", "site", name, "kind", d.Kind, "host", d.Host, "workspace", d.Workspace, "region", d.Region,
				"source_id", d.SourceID, "in_target", d.InTarget, "state", d.State)
		} else {
			e.console.printf("%s", deliversTo(name, d))
		}
		for _, line := range warnings(cfg) {
			e.console.log.Warn(line, "site", name)
		}
	}
	defer context.AfterFunc(ctx, func() {
		e.console.printf("%s: stopping; requests in flight may finish, for ten seconds at most. Ctrl-C again stops at once", name)
	})()
	var progress ingest.Progress
	stop := watch(ctx, e, name, &progress)
	res := ingest.Sync(ctx, o.site, flags, &progress)
	stop()
	if err := o.close(); err != nil {
		if res.Exit == ingest.ExitOK {
			res.Exit, res.Reason, res.Complete = ingest.ExitStopped, ingest.ReasonInternal, false
		}
		res.Messages = append(res.Messages, err.Error())
	}
	return res
}

// warnings are the settings that every run says aloud, because they set aside what the site asks for.
func warnings(cfg *configs.Config) []string {
	var w []string
	if cfg.Crawler.Fetch.Robots == crawler.Ignore {
		w = append(w, "fetch.robots: ignore: robots.txt is not read")
	}
	if cfg.Crawler.Scope.NoIndex == crawler.Ignore {
		w = append(w, "scope.noindex: ignore: pages that ask not to be indexed are delivered")
	}
	return w
}

// deliversTo is the first line of every run.
func deliversTo(site string, d ingest.Destination) string {
	pages := fmt.Sprintf("%d pages in it", d.InTarget)
	if d.InTarget == 1 {
		pages = "1 page in it"
	}
	if d.Adopted > 0 {
		pages += fmt.Sprintf(", %d of them found in its listing", d.Adopted)
	}
	if d.Kind == string(intercom.Sandbox) {
		return fmt.Sprintf("%s: delivers to the sandbox; nothing is sent to Intercom (%s; state %s)", site, pages, d.State)
	}
	return fmt.Sprintf("%s: delivers to Intercom workspace %s (%s, region %s), source %d (%s), %s; state %s", site, d.Workspace,
		d.WorkspaceName, d.Region, d.SourceID, d.SourceURL, pages, d.State)
}

// failed is the result of a run that did not come to be; reason is that of exit code 1.
func failed(site string, err error, reason string) ingest.Result {
	code := ingest.ExitStopped
	var ee *exitError
	if errors.As(err, &ee) {
		code = ee.code
	}
	switch {
	case errors.Is(err, ledger.ErrDiskFull):
		reason = ingest.ReasonDiskFull
	case code == ingest.ExitUsage:
		reason = ingest.ReasonConfigInvalid
	case code == ingest.ExitLocked:
		reason = ingest.ReasonLocked
	}
	return ingest.Result{Site: site, Exit: code, Reason: reason, Messages: []string{err.Error()}, StartedAt: time.Now().UTC().Truncate(time.Second),
		Pages: map[string]int{}, Notes: []string{}, Incomplete: []string{}, Failures: []ingest.PageProblem{}, Stale: []ingest.PageProblem{},
		Held: []ingest.HeldItem{}, Gone: []ingest.PageProblem{}, Removed: []ingest.PageProblem{}, OutOfScope: []ingest.Beside{}}
}

func (c *syncCmd) print(e *runEnv, res ingest.Result) error {
	if c.JSON {
		enc := json.NewEncoder(e.console.out)
		enc.SetEscapeHTML(false)
		if res.Exit == ingest.ExitStopped || res.Exit == ingest.ExitUsage || res.Exit == ingest.ExitLocked {
			e.console.errorf("%s", named(res)) // those who read the log should not need the JSON
		}
		return enc.Encode(res)
	}
	return printResult(e.console, res)
}
