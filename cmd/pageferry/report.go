package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/pageferry/pageferry/ingest"
	"github.com/pageferry/pageferry/ingest/browse"
	"github.com/pageferry/pageferry/ingest/ledger"
)

// writeReport writes the result of a run as an HTML page.
func writeReport(w io.Writer, res ingest.Result, p past, from source) error {
	r := &browse.Report{Site: res.Site, Destination: delivered(res.Destination, from.kind), Program: "pageferry " + programVersion(),
		Made: time.Now(), Run: res.Run, Resumed: res.Resumed, Started: res.StartedAt, Took: time.Duration(res.DurationMS) * time.Millisecond,
		Exit: res.Exit, Reason: res.Reason, Messages: res.Messages, Notes: res.Notes, LastComplete: p.Complete, InTarget: res.InTarget,
		Failures: problems(res.Failures), Stale: problems(except(res.Stale, res.Failures)), Gone: problems(res.Gone)}
	if from.plan == "" {
		r.Accept = fmt.Sprintf("pageferry sync %s --accept %d", shellQuote(from.config), res.Run)
	}
	for _, o := range slices.Concat(inFin, notInFin, []string{ingest.Failed}) {
		if n := res.Pages[o]; n > 0 {
			r.Outcomes = append(r.Outcomes, browse.Count{Name: o, N: n})
		}
	}
	r.Changes = []browse.Change{changed("Created", res.Pages[ingest.Created], p.created), changed("Updated", res.Pages[ingest.Updated], p.updated),
		changed("Taken out", max(res.Deleted, len(p.takenOut)), p.takenOut)}
	for _, h := range res.Held {
		r.Held = append(r.Held, browse.Held{URL: h.URL, Action: h.Action, Why: h.Why})
	}
	for _, o := range res.OutOfScope {
		r.OutOfScope = append(r.OutOfScope, browse.Count{Name: o.Under, N: o.URLs})
	}
	for _, info := range p.runs {
		run, err := historic(info)
		if err != nil {
			return err
		}
		r.Runs = append(r.Runs, run)
	}
	return r.Write(w)
}

// historic is a run as the report shows it among others.
func historic(info ledger.RunInfo) (browse.Run, error) {
	run := browse.Run{ID: info.ID, Started: info.Started, Ended: !info.Ended.IsZero(), Exit: info.Exit, Reason: info.Reason}
	if info.Result == "" {
		run.Took = max(0, info.Ended.Sub(info.Started))
		return run, nil
	}
	var res ingest.Result
	if err := json.Unmarshal([]byte(info.Result), &res); err != nil {
		return run, fmt.Errorf("read the result of run %d: %w", info.ID, err)
	}
	run.Took, run.Outcomes, run.TakenOut = time.Duration(res.DurationMS)*time.Millisecond, res.Pages, res.Deleted
	return run, nil
}

func problems(all []ingest.PageProblem) []browse.Problem {
	shown := make([]browse.Problem, len(all))
	for i, p := range all {
		shown[i] = browse.Problem{URL: p.URL, Outcome: p.Outcome, Class: p.Class, Detail: p.Detail}
		if p.Since != nil {
			shown[i].Since = *p.Since
		}
	}
	return shown
}

func changed(what string, total int, pages []ledger.Change) browse.Change {
	c := browse.Change{What: what, Total: total}
	for _, p := range pages {
		c.Pages = append(c.Pages, browse.Page{URL: p.URL, Title: p.Title, Why: p.Why})
	}
	return c
}

// delivered says where a run delivers, as far as it came to know.
func delivered(d ingest.Destination, kind string) string {
	switch {
	case kind == "sandbox":
		return "the sandbox; nothing is sent to Intercom"
	case d.Workspace == "":
		return "Intercom"
	}
	return fmt.Sprintf("Intercom workspace %s, source %d", strings.TrimSpace(d.Workspace+" "+d.WorkspaceName), d.SourceID)
}

// shellQuote writes an argument so that a shell reads it as one.
func shellQuote(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r == '/' || r == '.' || r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z')
	}) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
