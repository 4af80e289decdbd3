package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/pageferry/pageferry/ingest"
	"github.com/pageferry/pageferry/ingest/intercom"
)

// planned is what a plan does, as its last lines and its summary say it.
var planned = []struct{ action, total string }{
	{ingest.PlanCreate, "to create"},
	{ingest.PlanUpdate, "to update"},
	{ingest.PlanShow, "to switch on again"},
	{ingest.PlanHide, "to hide"},
	{ingest.PlanDelete, "to delete"},
	{ingest.PlanHold, "held"},
}

// printPlan writes a plan for people, page by page. file is where it is kept; empty: nowhere.
func printPlan(ctx context.Context, w io.Writer, p *ingest.Plan, file string) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%s: plan (%s); nothing was sent or recorded\n", p.Site, (time.Duration(p.DurationMS) * time.Millisecond).Round(10*time.Millisecond))
	for _, line := range summary(p) {
		fmt.Fprintf(b, "  %s\n", line)
	}
	for _, it := range p.Items {
		if err := printItem(ctx, b, p, it); err != nil {
			return err
		}
	}
	var totals []string
	for _, t := range planned {
		if n := p.Totals[t.action]; n > 0 {
			totals = append(totals, thousands(n)+" "+t.total)
		}
	}
	if len(totals) == 0 {
		totals = []string{"nothing to do"}
	}
	same := p.Pages[ingest.Unchanged] + p.Pages[ingest.NotModified]
	fmt.Fprintf(b, "\n  totals       %s; %s as they are\n", strings.Join(totals, ", "), thousands(same))
	if out := breakdown(p.Result, notInFin); out != "" {
		fmt.Fprintf(b, "  left out    %s\n", strings.TrimPrefix(out, ":"))
	}
	fmt.Fprintf(b, "  requests     %d to the site, %d to the API\n", p.Fetches, p.APIRequests)
	var text strings.Builder
	for _, n := range p.Notes {
		fmt.Fprintf(&text, "  note: %s\n", n)
	}
	for _, m := range p.Messages {
		fmt.Fprintf(&text, "  → %s\n", m)
	}
	list(&text, "failed", p.Failures)
	list(&text, "in Fin, and could not be confirmed", except(p.Stale, p.Failures))
	list(&text, "in Fin, but no longer on the site, or not to be there (they go when delete.after has passed, unless delete.action is keep)", going(p))
	b.WriteString(text.String())
	if file != "" {
		fmt.Fprintf(b, "  kept in %s: `pageferry sync CONFIG --plan %s` delivers what it lists and nothing else\n", file, file)
	}
	if p.Exit != ingest.ExitOK {
		fmt.Fprintf(b, "  exit %d, as a sync would\n", p.Exit)
	}
	return b.Flush()
}

// summary says what a reader should know before the pages.
func summary(p *ingest.Plan) []string {
	var lines []string
	if p.NewSource {
		lines = append(lines, fmt.Sprintf("the source %s does not exist yet and would be created", p.Destination.SourceURL))
	}
	if p.FirstSync {
		line := fmt.Sprintf("first sync: creates %s, visible to customers: %s", countOf(p.Totals[ingest.PlanCreate], "page"), yesNo(p.Visible.Agent))
		if !p.Visible.Agent {
			line += " (target.availability.ai_agent is false)"
		}
		lines = append(lines, line)
	}
	for _, s := range p.OtherSources {
		how := "through the API"
		if s.SyncBehavior != intercom.SyncAPI {
			how = "by Intercom's own website sync"
		}
		lines = append(lines, fmt.Sprintf("source %d (%s) already syncs this host, %s: what both have, Fin has twice", s.ID, s.URL, how))
	}
	return lines
}

// printItem writes what would be done with one page.
func printItem(ctx context.Context, w io.Writer, p *ingest.Plan, it ingest.PlanItem) error {
	action := it.Action
	if it.Action == ingest.PlanHold {
		action += " " + it.Holds
	}
	fmt.Fprintf(w, "\n  %s %s\n", action, it.URL)
	fmt.Fprintf(w, "    %s%s\n", it.Why, size(it))
	if it.Title != "" {
		fmt.Fprintf(w, "    title: %s\n", it.Title)
	}
	diff, err := p.Diff(ctx, it)
	if err != nil {
		return err
	}
	for line := range strings.Lines(diff) {
		fmt.Fprintf(w, "    %s\n", strings.TrimSuffix(line, "\n"))
	}
	if diff == "" && it.Action == ingest.PlanUpdate && it.Before > 0 {
		fmt.Fprintln(w, "    the text is the same; what differs is the title, markup, a link or an image")
	}
	return nil
}

func size(it ingest.PlanItem) string {
	switch {
	case it.Before > 0 && it.After > 0:
		return fmt.Sprintf("; %s → %s", thousands(it.Before), countOf(it.After, "byte"))
	case it.After > 0:
		return "; " + countOf(it.After, "byte")
	}
	return ""
}

// going returns the pages that are on their way out and that the plan does not take out or hold.
func going(p *ingest.Plan) []ingest.PageProblem {
	var listed []ingest.PageProblem
	for _, it := range p.Items {
		listed = append(listed, ingest.PageProblem{URL: it.URL})
	}
	return except(p.Gone, listed)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// countOf is count with commas between the thousands.
func countOf(n int, noun string) string {
	return strings.Replace(count(n, noun), strconv.Itoa(n), thousands(n), 1)
}

func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
