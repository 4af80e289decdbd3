package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/pageferry/pageferry/configs"
	"github.com/pageferry/pageferry/ingest"
	"github.com/pageferry/pageferry/ingest/ledger"
)

type explainCmd struct {
	Config string `arg:"" help:"Config file."`
	URL    string `arg:"" name:"url" help:"The URL to explain; it need not be canonical."`
}

// Run asks the site for the page and shows what a run would make of it. It changes nothing.
func (c *explainCmd) Run(e *runEnv) error {
	cfg, err := configs.Load(c.Config, e.world.getenv)
	if err != nil {
		return &exitError{ingest.ExitUsage, err}
	}
	crawl, extract, err := e.reader(cfg)
	if err != nil {
		return err
	}
	defer crawl.Close()
	site := ingest.Site{Name: cfg.SiteName(), Config: cfg.Ingest, Crawl: cfg.Crawler, Crawler: crawl, Extract: extract, Log: e.console.log}
	path := filepath.Join(e.stateDir(c.Config), cfg.SiteName()+".db")
	if _, err := os.Stat(path); err == nil {
		l, err := ledger.OpenReadOnly(e.ctx, path)
		if err != nil {
			return err
		}
		defer l.Close()
		site.Ledger = l
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("open ledger: %w", err)
	}
	if _, err := crawl.Canonicalizer().Canonical(c.URL); err != nil {
		return &exitError{ingest.ExitUsage, fmt.Errorf("%s cannot be crawled: %w", c.URL, err)}
	}
	x, err := ingest.Explain(e.ctx, site, c.URL)
	if e.ctx.Err() != nil {
		return &exitError{ingest.ExitInterrupted, errors.New("interrupted")}
	}
	if err != nil {
		return err
	}
	return printExplanation(e, x)
}

func printExplanation(e *runEnv, x ingest.Explanation) error {
	t := tabwriter.NewWriter(e.console.out, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) { fmt.Fprintf(t, "%s\t%s\n", name, fmt.Sprintf(format, args...)) }
	row("URL", "%s", x.URL)
	row("external id", "%s", x.ExternalID)
	in := "out of scope: "
	if x.Scope.In {
		in = "in scope: "
	}
	row("scope", "%s%s", in, x.Scope.Why)
	explainAnswer(row, x)
	explainState(row, x)
	d := x.Decision
	switch {
	case d.Outcome == "":
		row("now", "it would not be crawled (%s)", d.Detail)
	case d.Outcome == ingest.Created:
		row("now", "a run would deliver it for the first time")
	case d.Outcome == ingest.Updated && x.Known != nil && x.Known.Intent != "":
		row("now", "a run would send it again, because nobody knows whether its last version arrived")
	case d.Outcome == ingest.Updated:
		row("now", "a run would deliver it again, because the article is another than what was delivered")
	default:
		row("now", "%s", strings.TrimSpace(strings.Join([]string{d.Outcome, d.Class, d.Detail}, " ")))
	}
	if d.ForeignCanonical != "" {
		row("", "its canonical URL %s is out of scope and does not count", d.ForeignCanonical)
	}
	if d.Title != "" {
		row("title", "%s", d.Title)
		row("article", "%d words: %s", len(strings.Fields(d.Text)), begin(d.Text, 160))
	}
	return t.Flush()
}

func explainAnswer(row func(string, string, ...any), x ingest.Explanation) {
	p := x.Page
	if p == nil {
		return
	}
	switch {
	case p.Disallowed != "":
		row("robots.txt", "%s", p.Disallowed)
	case p.Failure != nil:
		row("answer", "%s: %s", p.Failure.Class, p.Failure.Detail)
	case p.Redirect != "":
		row("answer", "HTTP %d, leads to %s", p.Status, p.Redirect)
	case p.Status != 0:
		row("answer", "HTTP %d %s, %d bytes, %d links", p.Status, p.ContentType, p.Bytes, len(p.Links))
	}
	if p.Canonical != "" {
		row("canonical", "%s", p.Canonical)
	}
	if p.NoIndex != "" {
		row("directive", "%s", p.NoIndex)
	}
	if p.Lang != "" {
		row("language", "%s", p.Lang)
	}
}

func explainState(row func(string, string, ...any), x ingest.Explanation) {
	k := x.Known
	if k == nil {
		row("ledger", "does not know it")
		return
	}
	found := k.Via
	if k.From != "" {
		found += " on " + k.From
	}
	row("found", "%s, %d links from the start", found, k.Depth)
	if k.RemoteID != "" {
		row("in Fin", "%q, id %s, delivered %s, confirmed %s (%s)", k.Title, k.RemoteID, when(k.Delivered), when(k.Confirmed), place(*x.Destination))
	} else {
		row("in Fin", "no (%s)", place(*x.Destination))
	}
	if k.Intent != "" {
		row("open", "its %s was not acknowledged; the next run fetches and sends it", k.Intent)
	}
	for i, h := range x.History {
		name := ""
		if i == 0 {
			name = "last runs"
		}
		row(name, "%d, %s: %s", h.Run, when(h.Started), strings.TrimSpace(strings.Join([]string{h.Outcome, h.Class, h.Detail}, " ")))
	}
}

func begin(text string, n int) string {
	s := strings.Join(strings.Fields(text), " ")
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}
