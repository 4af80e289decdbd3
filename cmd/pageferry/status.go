package main

import (
	"context"
	"encoding/json"
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
	Outcome string   `placeholder:"NAME" help:"List every URL that the last run gave this outcome, such as gone or robots, and why."`
	Runs    int      `default:"5" help:"How many runs to show."`

	MaxAge time.Duration `placeholder:"D" help:"Exit with 3 if the last complete run of a site is older, such as 36h."`
}

// Run prints the state of each site. It reads only, so it can be used while a run goes on.
func (c *statusCmd) Run(e *runEnv) error {
	if c.MaxAge < 0 {
		return &exitError{ingest.ExitUsage, fmt.Errorf("--max-age %s: give a time greater than 0, such as 36h", c.MaxAge)}
	}
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
	if c.MaxAge > 0 {
		return tooOld(e.ctx, paths, c.MaxAge, time.Now())
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
	fmt.Fprintf(w, "%s: %d pages in %s; last complete run %s\n", site, in, place(last.Destination), when(complete))
	if err := others(ctx, w, l, runs); err != nil {
		return err
	}
	if err := c.table(ctx, w, l, runs); err != nil {
		return err
	}
	if err := say(w, last); err != nil {
		return err
	}
	holds, err := l.Holds(ctx, last.Destination.ID, last.ID)
	if err != nil {
		return err
	}
	res := ingest.Result{Run: last.ID}
	for _, h := range holds {
		res.Held = append(res.Held, ingest.HeldItem{URL: h.URL, Action: h.Action, Why: h.Why})
	}
	b := &strings.Builder{}
	heldList(b, res)
	fmt.Fprint(w, b.String())
	if c.Outcome != "" {
		for p, err := range l.WithOutcome(ctx, last.ID, c.Outcome) {
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "  %s\n    %s\n", p.URL, strings.TrimSpace(p.Class+" "+p.Detail))
		}
		return nil
	}
	for _, list := range []struct {
		what string
		of   ledger.Condition
	}{{"failed in the last run", ledger.Failed}, {"delivered before, but not confirmed", ledger.Stale}, {"delivered, but no longer on the site, or not to be delivered", ledger.Gone}} {
		if err := c.pages(ctx, w, l, last, list.what, list.of); err != nil {
			return err
		}
	}
	return nil
}

func place(d ledger.Destination) string {
	if d.Kind == "sandbox" {
		return "the sandbox"
	}
	return fmt.Sprintf("Fin (workspace %s, source %d)", d.Workspace, d.SourceID)
}

// others names the destinations beside that of the last run: a trial in the sandbox must not hide what is in Fin.
func others(ctx context.Context, w io.Writer, l *ledger.Ledger, runs []ledger.RunInfo) error {
	seen := map[int64]bool{runs[0].Destination.ID: true}
	for _, r := range runs[1:] {
		if seen[r.Destination.ID] {
			continue
		}
		seen[r.Destination.ID] = true
		in, err := l.InTarget(ctx, r.Destination.ID)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "  and %d pages in %s, run %d\n", in, place(r.Destination), r.ID)
	}
	return nil
}

// say prints what the last run said of itself.
func say(w io.Writer, last ledger.RunInfo) error {
	if last.Open && last.Ended.IsZero() {
		_, err := fmt.Fprintf(w, "  → run %d is going on, or was killed; in that case the next sync goes on where it was\n", last.ID)
		return err
	}
	if last.Result == "" {
		return nil
	}
	var res ingest.Result
	if err := json.Unmarshal([]byte(last.Result), &res); err != nil {
		return fmt.Errorf("read the result of run %d: %w", last.ID, err)
	}
	for _, m := range res.Messages {
		fmt.Fprintf(w, "  → %s\n", m)
	}
	return nil
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
