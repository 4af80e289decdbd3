package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/pageferry/pageferry/ingest"
	"github.com/pageferry/pageferry/ingest/intercom"
)

// shownProblems is how many pages of a kind the text result lists; --json and `status` have all.
const shownProblems = 10

const shownOutOfScope = 5

// order is how outcomes are listed: what is in Fin first, then what stays out, then what went wrong.
var inFin = []string{ingest.Created, ingest.Updated, ingest.Unchanged, ingest.NotModified}
var notInFin = []string{ingest.Redirected, ingest.Canonicalized, ingest.Gone, ingest.NoIndex, ingest.Excluded, ingest.Locale,
	ingest.NotHTML, ingest.FollowOnly, ingest.Listing, ingest.Trap, ingest.TooDeep, ingest.Soft404, ingest.Robots, ingest.Login,
	ingest.Challenge, ingest.NeedsJS, ingest.Empty, ingest.TooLarge, ingest.Held}

// printResult writes a result for people: errors to stderr, where they are not lost in a pipe, the rest to stdout.
func printResult(c *console, res ingest.Result) error {
	if res.Exit == ingest.ExitUsage || res.Exit == ingest.ExitLocked || (res.Exit == ingest.ExitStopped && res.Run == 0) {
		c.errorf("%s", named(res))
		for _, n := range res.Notes {
			c.printf("  note: %s", n)
		}
		return nil
	}
	b := &strings.Builder{}
	head := "done"
	switch {
	case res.Exit == ingest.ExitInterrupted:
		head = "interrupted"
	case res.Exit == ingest.ExitStopped:
		head = "stopped: " + res.Reason
	case res.Exit == ingest.ExitLook:
		head = "look at this: " + res.Reason
	case !res.Complete:
		head = "incomplete"
	case res.Exit != ingest.ExitOK:
		head = "done, with problems: " + res.Reason
	}
	resumed := ""
	if res.Resumed {
		resumed = ", resumed"
	}
	fmt.Fprintf(b, "%s: %s (run %d%s, %s)\n", res.Site, head, res.Run, resumed, (time.Duration(res.DurationMS) * time.Millisecond).Round(10*time.Millisecond))
	fmt.Fprintf(b, "  %s   %d pages%s\n", now(res.Destination.Kind), res.InTarget, breakdown(res, inFin))
	if out := breakdown(res, notInFin); out != "" {
		fmt.Fprintf(b, "  left out    %s\n", strings.TrimPrefix(out, ":"))
	}
	if n := len(res.Failures); n > 0 {
		fmt.Fprintf(b, "  failed       %d\n", n)
	}
	if res.Deleted > 0 {
		fmt.Fprintf(b, "  taken out    %d (%d of them have moved)\n", res.Deleted, res.Moved)
	}
	fmt.Fprintf(b, "  requests     %d to the site, %d to the API (%d upserts, %d retries)\n", res.Fetches, res.APIRequests, res.Upserts, res.Retries)
	for i, o := range res.OutOfScope {
		if i == shownOutOfScope {
			break
		}
		if i == 0 {
			b.WriteString("  out of scope, though linked (add to scope.include what belongs to the site):\n")
		}
		fmt.Fprintf(b, "    %s  %d\n", o.Under, o.URLs)
	}
	for _, n := range res.Notes {
		fmt.Fprintf(b, "  note: %s\n", n)
	}
	for _, m := range res.Messages {
		fmt.Fprintf(b, "  → %s\n", m)
	}
	list(b, "failed", res.Failures)
	if res.Exit != ingest.ExitInterrupted {
		list(b, "delivered before, but not confirmed by this run", except(res.Stale, res.Failures))
		list(b, "taken out of Fin", res.Removed)
		list(b, "in Fin, but no longer on the site, or not to be there", notHeld(res))
		heldList(b, res)
	}
	if res.Exit != ingest.ExitOK {
		fmt.Fprintf(b, "  exit %d\n", res.Exit)
	}
	_, err := io.WriteString(c.out, b.String())
	return err
}

// now says where the pages are, in as many columns as the other labels have.
func now(kind string) string {
	if kind == string(intercom.Sandbox) {
		return "in sandbox"
	}
	return "in Fin now"
}

// except returns the pages that are not among others: each is listed once.
func except(pages, others []ingest.PageProblem) []ingest.PageProblem {
	listed := map[string]bool{}
	for _, p := range others {
		listed[p.URL] = true
	}
	return slices.DeleteFunc(slices.Clone(pages), func(p ingest.PageProblem) bool { return listed[p.URL] })
}

func breakdown(res ingest.Result, outcomes []string) string {
	var parts []string
	for _, o := range outcomes {
		if n := res.Pages[o]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, strings.ReplaceAll(o, "_", " ")))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, ", ")
}

func list(b *strings.Builder, what string, pages []ingest.PageProblem) {
	if len(pages) == 0 {
		return
	}
	fmt.Fprintf(b, "  %s:\n", what)
	for i, p := range pages {
		if i == shownProblems {
			fmt.Fprintf(b, "    and %d more: `pageferry status CONFIG --all`, or --json\n", len(pages)-i)
			return
		}
		why := p.Outcome
		if p.Class != "" {
			why += " " + p.Class
		}
		if p.Detail != "" {
			why += ", " + p.Detail
		}
		if p.Since != nil {
			why += ", since " + p.Since.Local().Format("2006-01-02 15:04")
		}
		fmt.Fprintf(b, "    %s\n      %s\n", p.URL, why)
	}
}

// notHeld returns the pages on their way out that are not listed as held.
func notHeld(res ingest.Result) []ingest.PageProblem {
	held := make([]ingest.PageProblem, 0, len(res.Held))
	for _, h := range res.Held {
		held = append(held, ingest.PageProblem{URL: h.URL})
	}
	return except(res.Gone, held)
}

// heldList lists everything that is held: it waits for a person.
func heldList(b *strings.Builder, res ingest.Result) {
	for i, h := range res.Held {
		if i == 0 {
			fmt.Fprintf(b, "  held, until a run is told to let it through (pageferry sync CONFIG --accept %d):\n", res.Run)
		}
		fmt.Fprintf(b, "    %s %s\n      %s\n", h.Action, h.URL, h.Why)
	}
}

// named is the first message with the site that it is about, unless it names the config file already.
func named(res ingest.Result) string {
	if m := firstMessage(res); res.Reason == ingest.ReasonConfigInvalid && strings.Contains(m, res.Site) {
		return m
	}
	return res.Site + ": " + firstMessage(res)
}

func firstMessage(res ingest.Result) string {
	if len(res.Messages) == 0 {
		return res.Reason
	}
	return res.Messages[0]
}
