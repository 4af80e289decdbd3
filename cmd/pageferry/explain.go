package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/pageferry/pageferry/configs"
	"github.com/pageferry/pageferry/crawler"
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

// rows prints names and what there is to say of them, in two columns.
type rows struct{ *tabwriter.Writer }

func (r rows) add(name, format string, args ...any) {
	fmt.Fprintf(r, "%s\t%s\n", name, fmt.Sprintf(format, args...))
}

func printExplanation(e *runEnv, x ingest.Explanation) error {
	t := rows{tabwriter.NewWriter(e.console.out, 0, 0, 2, ' ', 0)}
	t.add("URL", "%s", x.URL)
	t.add("external id", "%s", x.ExternalID)
	in := "out of scope: "
	if x.Scope.In {
		in = "in scope: "
	}
	t.add("scope", "%s%s", in, x.Scope.Why)
	t.robots(x.Robots)
	for i, s := range x.Steps {
		t.step(i, s)
	}
	if x.Probe != nil {
		t.add("unknown URLs", "%s (asked %s)", x.Probe.Answer, x.Probe.URL)
	}
	if x.Trap != "" {
		t.add("links to it", "are not followed: %s", x.Trap)
	}
	t.state(x)
	t.decision(x)
	return t.Flush()
}

func (t rows) robots(r crawler.RobotsDecision) {
	switch {
	case r.File == "":
		return // nothing was asked
	case r.Failure != nil:
		t.add("robots.txt", "cannot be had (%s): nothing may be crawled", r.Failure.Detail)
	case r.Line != "" && r.Allowed:
		t.add("robots.txt", "allows it, %s (%s)", r.Line, r.File)
	case r.Line != "":
		t.add("robots.txt", "forbids it, %s (%s)", r.Line, r.File)
	default:
		t.add("robots.txt", "allows it: no rule matches (%s answers %s)", r.File, r.Answer)
	}
	if r.CrawlDelay > 0 {
		t.add("", "asks for %s between requests; a run waits %s", r.CrawlDelay, r.Pace)
	}
}

// step prints the answer for a page.
func (t rows) step(i int, s ingest.Step) {
	p := s.Page
	name := "answer"
	if i > 0 {
		name = "then"
		t.add(name, "%s", p.Item.URL)
		name = ""
	}
	switch {
	case p.Disallowed != "":
		t.add(name, "robots.txt forbids it: %s", p.Disallowed)
		return
	case p.Failure != nil:
		t.add(name, "%s: %s", p.Failure.Class, p.Failure.Detail)
		return
	case p.Redirect != "":
		t.add(name, "HTTP %d, leads to %s", p.Status, p.Redirect)
	case p.Doc == nil:
		t.add(name, "HTTP %d %s", p.Status, http.StatusText(p.Status))
	default:
		t.add(name, "HTTP %d %s, %s, %s, %d of them to follow", p.Status, p.ContentType, count(int(p.Bytes), "byte"), count(len(p.Links), "link"), s.Decision.Links)
	}
	if p.Instead != nil {
		t.add("", "not the page: %s", p.Instead.Evidence)
	}
	switch {
	case p.Canonical == p.Item.URL:
		t.add("canonical", "itself")
	case p.Canonical != "":
		t.add("canonical", "%s", p.Canonical)
	}
	for i, d := range p.Directives {
		name := ""
		if i == 0 {
			name = "directives"
		}
		t.add(name, "%s", d)
	}
	if p.Lang != "" {
		t.add("language", "%s", p.Lang)
	}
	if v := p.Validators; v.ETag != "" || v.LastModified != "" {
		t.add("validators", "%s", validators(v))
	} else if p.Doc != nil {
		t.add("validators", "the site sends none: the next run reads the page and compares it")
	}
}

func validators(v crawler.Validators) string {
	var parts []string
	if v.ETag != "" {
		parts = append(parts, "ETag "+v.ETag)
	}
	if v.LastModified != "" {
		parts = append(parts, "Last-Modified "+v.LastModified)
	}
	return strings.Join(parts, ", ")
}

// state prints what the ledger has.
func (t rows) state(x ingest.Explanation) {
	k := x.Known
	if k == nil {
		t.add("ledger", "does not know it")
		return
	}
	found := k.Via
	if k.From != "" {
		found += " on " + k.From
	}
	t.add("found", "%s, %s from the start", found, count(k.Depth, "link"))
	if k.RemoteID != "" {
		t.add("in Fin", "%q, id %s, delivered %s, confirmed %s (%s)", k.Title, k.RemoteID, when(k.Delivered), when(k.Confirmed), place(*x.Destination))
	} else {
		t.add("in Fin", "no (%s)", place(*x.Destination))
	}
	switch {
	case k.Intent != "":
		t.add("open", "its %s was not acknowledged; the next run fetches and sends it", k.Intent)
	case x.Stored.ETag != "" || x.Stored.LastModified != "":
		t.add("next run", "asks whether it has changed since %s", validators(x.Stored))
	case x.Stored.BodyHash != "":
		t.add("next run", "reads it and compares it with the last answer, byte by byte")
	default:
		t.add("next run", "reads it anew")
	}
	for i, h := range x.History {
		name := ""
		if i == 0 {
			name = "last runs"
		}
		t.add(name, "%d, %s: %s", h.Run, when(h.Started), strings.TrimSpace(strings.Join([]string{h.Outcome, h.Class, h.Detail}, " ")))
	}
}

// decision prints what a run would make of the page now.
func (t rows) decision(x ingest.Explanation) {
	d := x.Decision
	switch {
	case d.Outcome == "":
		t.add("decision", "it would not be crawled: %s", d.Detail)
	case d.Outcome == ingest.Created:
		t.add("decision", "a run would deliver it for the first time")
	case d.Outcome == ingest.Updated && x.Known != nil && x.Known.Intent != "":
		t.add("decision", "a run would send it again, because nobody knows whether its last version arrived")
	case d.Outcome == ingest.Updated:
		t.add("decision", "a run would deliver it again, because the article is another than what was delivered")
	default:
		t.add("decision", "%s", strings.TrimSpace(strings.Join([]string{d.Outcome, d.Class, d.Detail}, " ")))
	}
	if k := x.Known; k != nil && k.Outcome == ingest.Held {
		t.add("", "but run %d held it (%s); `pageferry sync CONFIG --accept %d` lets it through, if it is still the same", k.OutcomeRun, k.Detail, k.OutcomeRun)
	}
	if d.ForeignCanonical != "" {
		t.add("", "its canonical URL %s is out of scope and does not count", d.ForeignCanonical)
	}
	if d.Alone != "" {
		t.add("", "its canonical URL does not count, because that page is %s", d.Alone)
	}
	if d.Advice != "" {
		t.add("what to do", "%s", d.Advice)
	}
	if d.Title != "" {
		t.add("title", "%s", d.Title)
		t.add("article", "%s, from %s: %s", count(len(strings.Fields(d.Text)), "word"), d.Source, begin(d.Text, 160))
	}
}

func begin(text string, n int) string {
	s := strings.Join(strings.Fields(text), " ")
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
