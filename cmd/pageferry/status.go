package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/pageferry/pageferry/configs"
	"github.com/pageferry/pageferry/ingest"
	"github.com/pageferry/pageferry/ingest/ledger"
)

type statusCmd struct {
	Configs []string `arg:"" optional:"" name:"config" help:"Config files. Without one: every ledger of the state directory."`
	All     bool     `help:"List every failing and stale page, not only the first ten."`
	Runs    int      `default:"5" help:"How many runs to show."`
}

// Run prints the state of each site. It reads only, so it can be used while a run goes on.
func (c *statusCmd) Run(e *runEnv) error {
	paths, err := c.ledgers(e)
	if err != nil {
		return err
	}
	for i, path := range paths {
		if i > 0 {
			fmt.Fprintln(e.console.out)
		}
		if err := c.one(e.ctx, e.console.out, path); err != nil {
			return err
		}
	}
	return nil
}

func (c *statusCmd) ledgers(e *runEnv) ([]string, error) {
	if len(c.Configs) == 0 {
		dir := e.cli.State
		if dir == "" {
			dir = ".pageferry"
		}
		all, err := filepath.Glob(filepath.Join(dir, "*.db"))
		if err != nil {
			return nil, fmt.Errorf("look for ledgers in %s: %w", dir, err)
		}
		var found []string
		for _, p := range all {
			if filepath.Base(p) != "sandbox.db" {
				found = append(found, p)
			}
		}
		if len(found) == 0 {
			return nil, &exitError{ingest.ExitUsage, fmt.Errorf("no ledger in %s: name a config, or give the directory with --state", dir)}
		}
		return found, nil
	}
	var found []string
	for _, path := range c.Configs {
		cfg, err := configs.Load(path, e.world.getenv)
		if err != nil {
			return nil, &exitError{ingest.ExitUsage, err}
		}
		found = append(found, filepath.Join(e.stateDir(path), cfg.SiteName()+".db"))
	}
	return found, nil
}

func (c *statusCmd) one(ctx context.Context, w io.Writer, path string) error {
	site := strings.TrimSuffix(filepath.Base(path), ".db")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		_, err := fmt.Fprintf(w, "%s: no run yet (%s does not exist); begin with `pageferry sync`\n", site, path)
		return err
	}
	l, err := ledger.OpenReadOnly(ctx, path)
	if err != nil {
		return err
	}
	defer l.Close()
	runs, err := l.Runs(ctx, c.Runs)
	if err != nil {
		return err
	}
	if len(runs) == 0 {
		_, err := fmt.Fprintf(w, "%s: no run yet\n", site)
		return err
	}
	last := runs[0]
	in, err := l.InTarget(ctx, last.Destination.ID)
	if err != nil {
		return err
	}
	complete, err := l.LastComplete(ctx, last.Destination.ID)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s: %d pages in Fin (%s, source %d); last complete run %s\n", site, in, place(last.Destination), last.Destination.SourceID, when(complete))
	if err := c.table(ctx, w, l, runs); err != nil {
		return err
	}
	for _, list := range []struct {
		what string
		of   ledger.Condition
	}{{"failed in the last run", ledger.Failed}, {"in Fin, but not confirmed", ledger.Stale}, {"in Fin, but gone from the site", ledger.Gone}} {
		if err := c.pages(ctx, w, l, last, list.what, list.of); err != nil {
			return err
		}
	}
	return nil
}

func place(d ledger.Destination) string {
	if d.Kind == "sandbox" {
		return "sandbox"
	}
	return "workspace " + d.Workspace
}

func when(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Local().Format("2006-01-02 15:04")
}

func (c *statusCmd) table(ctx context.Context, w io.Writer, l *ledger.Ledger, runs []ledger.RunInfo) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "  RUN\tSTARTED\tTOOK\tEXIT\tTO\tPAGES")
	for _, r := range runs {
		counts, err := l.Counts(ctx, r.ID)
		if err != nil {
			return err
		}
		res := ingest.Result{Pages: counts}
		what := strings.TrimPrefix(breakdown(res, append(append([]string{}, inFin...), append(notInFin, ingest.Failed)...)), ": ")
		exit, took := fmt.Sprint(r.Exit), r.Ended.Sub(r.Started).Round(time.Second).String()
		switch {
		case r.Ended.IsZero():
			exit, took = "-", "unfinished"
		case r.Reason != "":
			exit += " " + r.Reason
		}
		fmt.Fprintf(t, "  %d\t%s\t%s\t%s\t%s\t%s\n", r.ID, when(r.Started), took, exit, r.Destination.Kind, what)
	}
	return t.Flush()
}

func (c *statusCmd) pages(ctx context.Context, w io.Writer, l *ledger.Ledger, last ledger.RunInfo, what string, of ledger.Condition) error {
	n := 0
	for p, err := range l.Pages(ctx, last.Destination.ID, last.ID, of) {
		if err != nil {
			return err
		}
		if n++; n > shownProblems && !c.All {
			continue
		}
		if n == 1 {
			fmt.Fprintf(w, "  %s:\n", what)
		}
		fmt.Fprintf(w, "    %s\n      %s\n", p.URL, strings.TrimSpace(p.Outcome+" "+p.Class+" "+p.Detail))
	}
	if n > shownProblems && !c.All {
		fmt.Fprintf(w, "    and %d more: --all\n", n-shownProblems)
	}
	return nil
}
