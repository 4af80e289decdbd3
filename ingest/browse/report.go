// Package browse shows people what pageferry has done: for now the report of one run, as an HTML page that needs nothing
// beside itself.
package browse

import (
	_ "embed" // for the template and its style
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"
)

// Report is what the page shows of one run. Times may be in any zone; they are shown in UTC.
type Report struct {
	Site        string
	Destination string // a phrase, such as "Intercom workspace abc (EU), source 12"
	Program     string // name and version
	Made        time.Time

	Run      int64 // 0: the run did not come to begin
	Resumed  bool
	Started  time.Time
	Took     time.Duration
	Exit     int
	Reason   string
	Messages []string
	Notes    []string

	LastComplete time.Time // zero: never
	InTarget     int
	Outcomes     []Count // of the URLs of this run, in the order in which they are shown
	Changes      []Change
	Held         []Held
	Accept       string // the command that lets through what is held; empty: there is none
	Failures     []Problem
	Stale        []Problem
	Gone         []Problem
	OutOfScope   []Count

	Runs []Run // to the same destination, the latest first
}

// Count is a number of something.
type Count struct {
	Name string
	N    int
}

// Change is what a run has done to some pages.
type Change struct {
	What  string // such as "Created"
	Total int
	Pages []Page // the first of them, by URL
}

// Page is one page with its title and, if need be, why something was done to it.
type Page struct{ URL, Title, Why string }

// Held is a change that waits for a person.
type Held struct{ URL, Action, Why string }

// Problem is a page that is not in Fin as the site has it.
type Problem struct {
	URL, Outcome, Class, Detail string
	Since                       time.Time // zero: this run
}

// Run is one run of the history.
type Run struct {
	ID       int64
	Started  time.Time
	Took     time.Duration
	Exit     int
	Reason   string
	Ended    bool
	Outcomes map[string]int // nil: the run was killed, and nobody counted
	TakenOut int
}

//go:embed report.html
var reportHTML string

//go:embed style.css
var styleCSS string

// shownPages is how many pages a list of the page has at the most; the rest is counted.
const shownPages = 1000

// Write writes the page.
func (r *Report) Write(w io.Writer) error {
	t, err := template.New("report").Funcs(template.FuncMap{
		"style": func() template.CSS { return template.CSS(styleCSS) }, //nolint:gosec // our own file
		"when":  when, "day": day, "words": words, "took": took, "count": number,
		"first": func(all []Problem) []Problem { return all[:min(len(all), shownPages)] },
		"more":  func(total, shown int) int { return max(0, total-shown) },
		"limit": func() int { return shownPages },
	}).Parse(reportHTML)
	if err != nil {
		return fmt.Errorf("report template: %w", err)
	}
	if err := t.Execute(w, r); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// Verdict is the result in one line, and how serious it is: good, warn or bad.
func (r *Report) Verdict() (v struct{ Line, Level string }) {
	switch r.Exit {
	case 0:
		v.Line, v.Level = "Fin has what the site has", "good"
	case 3:
		v.Line, v.Level = "Not everything could be brought up to date", "warn"
	case 4:
		v.Line, v.Level = "A person must look at this", "bad"
	case 130:
		v.Line, v.Level = "The run was interrupted", "warn"
	default:
		v.Line, v.Level = "The run could not go on", "bad"
	}
	return v
}

// Tiles are the figures at the top.
func (r *Report) Tiles() []Count {
	tiles := []Count{{"in Fin now", r.InTarget}}
	for _, c := range r.Changes {
		tiles = append(tiles, Count{strings.ToLower(c.What), c.Total})
	}
	return append(tiles, Count{"held", len(r.Held)}, Count{"failed", len(r.Failures)}, Count{"not confirmed", len(r.Stale)})
}

// Charts are those over the last runs. With a single run there is nothing to compare.
func (r *Report) Charts() []Chart {
	if len(r.Runs) < 2 {
		return nil
	}
	return []Chart{everything(r.Runs), changes(r.Runs), durations(r.Runs)}
}

func when(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format("2 Jan 2006, 15:04 UTC")
}

func day(t time.Time) string { return t.UTC().Format("2 Jan 15:04") }

// words makes a phrase of the name of an outcome or a reason.
func words(s string) string { return strings.ReplaceAll(s, "_", " ") }

// took says how long something took, to what matters of it.
func took(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	}
	text := d.Round(time.Second).String()
	if short, ok := strings.CutSuffix(text, "m0s"); ok {
		return short + "m"
	}
	return text
}

// number writes a number with a comma between its thousands.
func number(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Same returns how many pages of a run are in Fin as they were.
func (r Run) Same() int { return r.Outcomes["unchanged"] + r.Outcomes["not_modified"] }
