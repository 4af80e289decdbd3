package browse

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// sample is a report with something of everything.
func sample() *Report {
	began := time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)
	r := &Report{Site: "help.acme.com_hc_en-us", Destination: "Intercom workspace abc123 (Acme), source 1234", Program: "pageferry v1.2.3",
		Made: began.Add(2 * time.Minute), Run: 117, Started: began, Took: 81234 * time.Millisecond, Exit: 4, Reason: "held",
		Messages:     []string{"3 changes are held, and listed below: look at them, and let them through with --accept 117 if they are right"},
		LastComplete: began.Add(81 * time.Second), InTarget: 4957,
		Outcomes: []Count{{"created", 3}, {"updated", 12}, {"unchanged", 840}, {"not_modified", 4102}, {"redirected", 9}, {"noindex", 2}, {"held", 3}, {"failed", 2}},
		Accept:   "pageferry sync /etc/pageferry/acme.yaml --accept 117",
		Notes:    []string{"https://help.acme.com/search?q= has endlessly many addresses; they were not followed"},
		Held: []Held{
			{"https://help.acme.com/hc/en-us/articles/4405/billing", "update", "its text shrank from 5120 to 210 bytes"},
			{"https://help.acme.com/hc/en-us/articles/4406/refunds", "update", "its text shrank from 3300 to 210 bytes"},
			{"https://help.acme.com/hc/en-us/articles/77", "delete", "the site shows its page for unknown addresses: <b>Not found</b>"}},
		Failures: []Problem{{URL: "https://help.acme.com/hc/en-us/articles/9000-a-rather-long-address-that-has-to-be-broken-somewhere-on-a-narrow-screen", Outcome: "failed", Class: "http_5xx", Detail: "503 after 3 tries"},
			{URL: "javascript:alert(1)", Outcome: "failed", Class: "parse"}},
		Stale:      []Problem{{URL: "https://help.acme.com/hc/en-us/articles/1", Outcome: "login", Detail: "a form that asks for a password", Since: began.Add(-48 * time.Hour)}},
		Gone:       []Problem{{URL: "https://help.acme.com/hc/en-us/articles/2", Outcome: "gone", Detail: "HTTP 404", Since: began.Add(-20 * time.Hour)}},
		OutOfScope: []Count{{"https://help.acme.com/blog/", 214}},
	}
	pages := func(n int) (all []Page) {
		for i := range n {
			all = append(all, Page{URL: fmt.Sprintf("https://help.acme.com/hc/en-us/articles/%d", 5000+i), Title: fmt.Sprintf("How to set up <single sign-on>, part %d", i+1)})
		}
		return all
	}
	r.Changes = []Change{{"Created", 3, pages(3)}, {"Updated", 1200, pages(40)},
		{"Taken out", 1, []Page{{"https://help.acme.com/hc/en-us/articles/3", "Fax support", "gone HTTP 404"}}}}
	for i := range 30 {
		run := Run{ID: int64(117 - i), Started: began.Add(-time.Duration(i) * 24 * time.Hour), Took: time.Duration(70+i%7*6) * time.Second, Ended: true,
			Outcomes: map[string]int{"not_modified": 4100 - 20*i, "unchanged": 840, "created": 3 + i%4, "updated": 12 + i*i%17, "redirected": 9, "noindex": 190},
			TakenOut: i % 3}
		switch i {
		case 0:
			run.Exit, run.Reason, run.Outcomes["held"], run.Outcomes["failed"] = 4, "held", 3, 2
		case 5:
			run.Exit, run.Reason, run.Outcomes["failed"] = 3, "failed", 31
		case 9:
			run = Run{ID: run.ID, Started: run.Started, Exit: 1, Reason: "abandoned"}
		}
		r.Runs = append(r.Runs, run)
	}
	return r
}

func page(t *testing.T, r *Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The page has what a person needs, runs nothing, and loads nothing.
func TestReport(t *testing.T) {
	text := page(t, sample())
	if err := os.WriteFile(filepath.Join(t.ArtifactDir(), "report.html"), []byte(text), 0o600); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"A person must look at this", "--accept 117", "its text shrank", "503 after 3 tries", "<code>http_5xx</code>", "21 Nov 02:00",
		"4,957", "part 40", "and 1,160 more", "&lt;single sign-on&gt;", "unfinished", "https://help.acme.com/blog/", "default-src &#39;none&#39;"} {
		if !strings.Contains(text, want) && !strings.Contains(text, strings.ReplaceAll(want, "&#39;", "'")) {
			t.Errorf("no %q", want)
		}
	}
	for _, never := range []string{"<script", `href="javascript`, "<single", "<b>Not found", "http://", "url(", "@import", "<no value>"} {
		if strings.Contains(text, never) {
			t.Errorf("%q is in the page", never)
		}
	}
}

func TestReportOfARunThatDidNotBegin(t *testing.T) {
	text := page(t, &Report{Site: "acme", Exit: 1, Reason: "token_refused", Messages: []string{"the token is refused"}})
	if !strings.Contains(text, "token refused") || strings.Contains(text, "<section") {
		t.Error(text)
	}
}

// Each chart is well formed, and what it draws lies in its frame.
func TestCharts(t *testing.T) {
	for _, svg := range regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAllString(page(t, sample()), -1) {
		d := xml.NewDecoder(strings.NewReader(svg))
		for {
			if _, err := d.Token(); err != nil {
				if err.Error() != "EOF" {
					t.Errorf("%v in\n%s", err, svg)
				}
				break
			}
		}
	}
	charts := sample().Charts()
	if len(charts) != 3 {
		t.Fatalf("%d charts", len(charts))
	}
	for _, c := range charts {
		if n := len(c.Lines); n < 2 || n > 6 {
			t.Errorf("%s: %d lines", c.Title, n)
		}
		for _, b := range c.Bars {
			if b.Y < 0 || b.Y+b.H > chartHeight-chartBottom+0.2 || b.X < chartLeft || b.X+b.W > chartWidth || b.H < 0 {
				t.Errorf("%s: a bar at %+v", c.Title, b)
			}
		}
	}
	if (&Report{Runs: sample().Runs[:1]}).Charts() != nil {
		t.Error("a chart of one run")
	}
}

func TestScale(t *testing.T) {
	for _, test := range []struct{ most, least, top, step float64 }{
		{0, 1, 1, 1}, {1, 1, 1, 1}, {3, 1, 3, 1}, {7, 1, 8, 2}, {12, 1, 15, 5}, {4957, 1, 5000, 1000}, {50_001, 1, 60_000, 20_000}, {110, 1, 150, 50},
	} {
		if top, step := scale(test.most, test.least); top != test.top || step != test.step {
			t.Errorf("%v: %v in steps of %v, want %v in %v", test.most, top, step, test.top, test.step)
		}
	}
}

func TestTook(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0s", 40 * time.Millisecond: "40ms", 3140 * time.Millisecond: "3.1s", 150 * time.Second: "2m30s",
		2 * time.Minute: "2m", time.Hour: "1h0m", time.Hour + 5*time.Second: "1h0m5s"} {
		if got := took(d); got != want {
			t.Errorf("%v: %s, want %s", int64(d), got, want)
		}
	}
}

func TestNumber(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000"} {
		if got := number(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}
