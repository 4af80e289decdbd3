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
	"time"

	"github.com/pageferry/pageferry/configs"
	"github.com/pageferry/pageferry/ingest"
	"github.com/pageferry/pageferry/ingest/ledger"
)

type checkCmd struct {
	Config  string `arg:"" help:"Config file."`
	Repair  bool   `help:"Bring the ledger in line with what is in Fin. Nothing is sent to Fin: the next sync sends what is missing."`
	JSON    bool   `name:"json" help:"Print the result as one JSON object on stdout, and nothing else there."`
	All     bool   `help:"List every page that differs, not only the first ten of a kind."`
	Sandbox bool   `help:"Check the sandbox, whatever target.kind says."`
}

// Help says what is compared, and what a repair does.
func (checkCmd) Help() string {
	return `Compares what the last run saw of the site, what the ledger says was delivered, and what the API lists. Nothing is crawled, and
without --repair nothing is changed.

  missing      in the ledger, not in Fin: deleted in Intercom. Sent again when target.verify is due, or after --repair
  extra        in this site's source, not in the ledger. --repair takes over those that this config would have made
  edited       the title or text is not what was delivered. It stays until the site's page changes
  hidden       switched off in Intercom. It stays off
  duplicates   several pages of the source with one external id: delete those that are too many in Intercom
  foreign      pages of other sources about the same site, such as Intercom's own website sync. Never touched
  not in Fin, outdated, no longer on the site, not confirmed: what the last run could not bring in line

--repair is for a ledger that was lost, or restored from a backup, and for pages that were deleted in Intercom. It adopts only pages
of this site's source that are in scope and whose external id is the hash of their URL, so that the next sync sends only what
differs, and what was switched in Intercom stays.

Exit codes:
    0  nothing differs, or all that differs was repaired
    1  it could not be compared; the reason is printed
    2  usage or config wrong
    3  the listing could not be read to its end, or contradicts itself; nothing was changed
    4  something differs
    5  another run holds the lock
  130  interrupted`
}

// Run compares, and prints what differs.
func (c *checkCmd) Run(e *runEnv) error {
	res := c.check(e.ctx, e)
	if err := c.print(e, res); err != nil {
		return fmt.Errorf("print result: %w", err)
	}
	if res.Exit != ingest.ExitOK {
		return &exitError{code: res.Exit}
	}
	return nil
}

// check opens the site and compares; whatever goes wrong is in the result.
func (c *checkCmd) check(ctx context.Context, e *runEnv) ingest.CheckResult {
	cfg, err := configs.Load(c.Config, e.world.getenv)
	if err != nil {
		return uncheckable(c.Config, &exitError{ingest.ExitUsage, err})
	}
	name, dir := cfg.SiteName(), e.stateDir(c.Config)
	// Without a state directory there is no run to wait for, and a check shall not make one.
	if _, err := os.Stat(dir); c.Repair || !errors.Is(err, fs.ErrNotExist) {
		held, err := lock(dir, name)
		if err != nil {
			return uncheckable(name, err)
		}
		defer held.Unlock() //nolint:errcheck // the kernel releases it when the process ends
	}
	res, err := c.compare(ctx, e, cfg, dir)
	if err != nil {
		return uncheckable(name, err)
	}
	return res
}

func (c *checkCmd) compare(ctx context.Context, e *runEnv, cfg *configs.Config, dir string) (res ingest.CheckResult, err error) {
	open := ledger.Open
	if !c.Repair {
		scratch, err := os.MkdirTemp("", "pageferry-check-*")
		if err != nil {
			return res, fmt.Errorf("make a directory for the copy of the ledger: %w; name another place with TMPDIR", err)
		}
		defer func() {
			if rerr := os.RemoveAll(scratch); rerr != nil {
				e.console.log.Warn("the copy of the ledger is left behind", "err", rerr)
			}
		}()
		open = func(ctx context.Context, path string) (*ledger.Ledger, error) {
			return ledger.OpenCopy(ctx, path, scratch)
		}
	}
	o, err := e.openSiteWith(ctx, cfg, dir, c.Sandbox, open)
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, o.close()) }()
	return ingest.Check(ctx, o.site, c.Repair), nil
}

// uncheckable is the result of a check that did not come to be.
func uncheckable(site string, err error) ingest.CheckResult {
	f := failed(site, err, ingest.ReasonStateUnusable)
	res := ingest.NewCheckResult(site, time.Now())
	res.Exit, res.Reason, res.Messages = f.Exit, f.Reason, f.Messages
	return res
}

func (c *checkCmd) print(e *runEnv, res ingest.CheckResult) error {
	bad := res.Exit != ingest.ExitOK && res.Exit != ingest.ExitLook
	if bad && len(res.Messages) > 0 {
		message := res.Messages[0]
		if res.Reason != ingest.ReasonConfigInvalid {
			message = res.Site + ": " + message
		}
		e.console.errorf("%s", message)
	}
	if c.JSON {
		enc := json.NewEncoder(e.console.out)
		enc.SetEscapeHTML(false)
		return enc.Encode(res)
	}
	if bad {
		return nil
	}
	return c.text(e.console.out, res)
}

// text writes a result for people.
func (c *checkCmd) text(w io.Writer, res ingest.CheckResult) error {
	b := &strings.Builder{}
	head := "nothing differs"
	switch {
	case res.Exit != ingest.ExitOK:
		head = "look at this"
	case res.Repaired != nil:
		head = "done"
	}
	fmt.Fprintf(b, "%s: %s\n", res.Site, head)
	fmt.Fprintf(b, "  in Fin       %d pages of source %d; the ledger has %d of them (%s)\n", res.Pages, res.Destination.SourceID, res.Known, res.Destination.State)
	for _, l := range []struct {
		what string
		list []ingest.Difference
	}{
		{"missing: in the ledger, not in Fin", res.Missing}, {"extra: in the source, not in the ledger", res.Extra},
		{"edited in Intercom", res.Edited}, {"hidden in Intercom", res.Hidden}, {"duplicates: one external id, several pages", res.Duplicates},
		{"foreign: pages of other sources about this site", res.Foreign}, {"not in Fin yet", res.NotInFin},
		{"outdated: the site has another version", res.Outdated}, {"in Fin, but no longer on the site, or not to be there", res.NotOnSite},
		{"in Fin, but not confirmed by the last run", res.Stale},
	} {
		c.differences(b, l.what, l.list)
	}
	for _, m := range res.Messages {
		fmt.Fprintf(b, "  → %s\n", strings.ReplaceAll(m, "`pageferry check --repair`", "`pageferry check "+filepath.ToSlash(c.Config)+" --repair`"))
	}
	if res.Exit != ingest.ExitOK {
		fmt.Fprintf(b, "  exit %d\n", res.Exit)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (c *checkCmd) differences(b *strings.Builder, what string, list []ingest.Difference) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(b, "  %s: %d\n", what, len(list))
	for i, d := range list {
		if i == shownProblems && !c.All {
			fmt.Fprintf(b, "    and %d more: --all, or --json\n", len(list)-i)
			return
		}
		id := ""
		if d.ID != "" {
			id = " (" + d.ID + ")"
		}
		fmt.Fprintf(b, "    %s%s\n      %s\n", d.URL, id, d.Detail)
	}
}
