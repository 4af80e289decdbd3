package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/pageferry/pageferry/configs"
	"github.com/pageferry/pageferry/crawler"
	"github.com/pageferry/pageferry/ingest"
	"github.com/pageferry/pageferry/ingest/intercom"
)

type removeCmd struct {
	Config   string   `arg:"" help:"Config file."`
	Patterns []string `arg:"" optional:"" name:"pattern" help:"Pages to take out, as in scope.include: '/a/**', a whole URL, or '**' for all."`
	Yes      bool     `help:"Do not ask."`
	Undo     bool     `help:"Let in again what these patterns keep out; without a pattern, list what is kept out."`
	JSON     bool     `name:"json" help:"Print the result as one JSON object on stdout, and nothing else there."`
	Sandbox  bool     `help:"Take pages out of the sandbox, whatever target.kind says."`
}

// Help says what removing does.
func (removeCmd) Help() string {
	return `Takes pages out of Fin at once, and keeps them out: later runs still follow their links, but do not deliver them, and give them the
outcome "excluded". Only pages of this config's own source are touched. Put patterns in quotes, or the shell expands them.

  pageferry remove acme.yaml '/hc/en-us/articles/1234-*'   takes out one article
  pageferry remove acme.yaml '**'                          takes out all, such as after a bad first sync
  pageferry remove acme.yaml '**' --undo                   the next sync delivers them again

Interrupted or killed, it goes on where it was when it is run again.

` + exitHelp
}

// Run takes pages out, or lets them in again.
func (c *removeCmd) Run(e *runEnv) error {
	if err := c.check(); err != nil {
		return &exitError{ingest.ExitUsage, err}
	}
	cfg, err := configs.Load(c.Config, e.world.getenv)
	if err != nil {
		return &exitError{ingest.ExitUsage, err}
	}
	name, dir := cfg.SiteName(), e.stateDir(c.Config)
	held, err := lock(dir, name)
	if err != nil {
		return err
	}
	defer held.Unlock() //nolint:errcheck // the kernel releases it when the process ends
	o, err := e.openSite(e.ctx, cfg, dir, c.Sandbox)
	if err != nil {
		return err
	}
	var res ingest.Removal
	if c.Undo {
		res = ingest.LetIn(e.ctx, o.site, c.Patterns)
	} else {
		where := "Fin"
		if o.site.Target.Kind == intercom.Sandbox {
			where = "the sandbox"
		}
		res = ingest.Remove(e.ctx, o.site, c.Patterns, func(pages int, examples []string) error {
			return c.confirm(e.ctx, e, name, fmt.Sprintf("takes %s out of %s, such as", countOf(pages, "page"), where), examples)
		})
	}
	if err := errors.Join(c.print(e, res), o.close()); err != nil {
		return err
	}
	if res.Exit != ingest.ExitOK {
		return &exitError{code: res.Exit}
	}
	return nil
}

func (c *removeCmd) check() error {
	if len(c.Patterns) == 0 && !c.Undo {
		return errors.New("remove: say which pages, by a pattern such as '/articles/**', or '**' for all")
	}
	for _, p := range c.Patterns {
		if _, err := crawler.CompilePattern(p); err != nil {
			return fmt.Errorf("remove: %w", err)
		}
	}
	return nil
}

// confirm asks whether to go on. The error says that the answer was no, or that there is nobody to ask.
func (c *removeCmd) confirm(ctx context.Context, e *runEnv, site, what string, examples []string) error {
	if c.Yes {
		return nil
	}
	text := fmt.Sprintf("%s\n  %s\nThey are deleted there now, and stay out until `pageferry remove %s %s --undo`.", what, strings.Join(examples, "\n  "),
		c.Config, strings.Join(quoted(c.Patterns), " "))
	if !e.world.interactive || e.cli.Quiet {
		return refusal(text + "\nNothing was changed: there is no terminal to ask at. If it is meant, say so with --yes")
	}
	fmt.Fprintf(e.console.err, "%s: %s\nGo on? [y/N] ", site, text)
	answer := make(chan string, 1)
	go func() { // ends with the process, where nobody answers
		line, err := bufio.NewReader(e.world.stdin).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			line = ""
		}
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case a := <-answer:
		if a != "y" && a != "yes" {
			return refusal("nothing was changed")
		}
		return nil
	}
}

// refusal ends a removal before anything is changed.
func refusal(why string) error {
	return &ingest.StopError{Exit: ingest.ExitUsage, Reason: ingest.ReasonNotConfirmed, Err: errors.New(why)}
}

func quoted(patterns []string) []string {
	var all []string
	for _, p := range patterns {
		all = append(all, "'"+strings.ReplaceAll(p, "'", `'\''`)+"'")
	}
	return all
}

func (c *removeCmd) print(e *runEnv, res ingest.Removal) error {
	quiet := res.Exit == ingest.ExitOK || res.Exit == ingest.ExitIncomplete
	if !quiet {
		for _, m := range res.Messages {
			e.console.errorf("%s: %s", res.Site, m)
		}
	}
	if c.JSON {
		enc := json.NewEncoder(e.console.out)
		enc.SetEscapeHTML(false)
		return enc.Encode(res)
	}
	b := &strings.Builder{}
	if !c.Undo && res.Matched > 0 && res.Reason != ingest.ReasonNotConfirmed {
		fmt.Fprintf(b, "%s: %s taken out, of %s that match", res.Site, countOf(res.Removed, "page"), thousands(res.Matched))
		if res.NotThere > 0 {
			fmt.Fprintf(b, "; %s not there any more", thousands(res.NotThere))
		}
		fmt.Fprintf(b, "; %s left\n", countOf(res.InTarget, "page"))
	}
	if quiet {
		for _, m := range res.Messages {
			fmt.Fprintf(b, "  → %s\n", m)
		}
	}
	for i, p := range res.Failures { // all of them: each is still in Fin
		if i == 0 {
			b.WriteString("  failed, and still there:\n")
		}
		fmt.Fprintf(b, "    %s\n      %s\n", p.URL, p.Detail)
	}
	for i, k := range res.KeptOut {
		if i == 0 {
			b.WriteString("  kept out, until remove --undo:\n")
		}
		fmt.Fprintf(b, "    %s  since %s\n", k.Pattern, k.Since.Local().Format("2006-01-02 15:04"))
	}
	_, err := io.WriteString(e.console.out, b.String())
	return err
}
