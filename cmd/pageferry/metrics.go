package main

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pageferry/pageferry/ingest"
)

// writeMetrics writes a result in Prometheus' text format, for the textfile collector of its node exporter. What the run
// did not come to know, because it ended before it began to crawl, is left out. A time of 0: never.
func writeMetrics(w io.Writer, res ingest.Result, p past, now time.Time) error {
	m := &metrics{site: res.Site}
	m.gauge("last_run_timestamp_seconds", "When the last run ended.", seconds(now))
	m.gauge("last_success_timestamp_seconds", "When the last run with exit code 0 ended.", seconds(p.Success))
	m.gauge("last_complete_timestamp_seconds", "When the last complete run ended.", seconds(p.Complete))
	m.gauge("exit_code", "Exit code of the last run.", float64(res.Exit))
	m.gauge("run_duration_seconds", "How long the last run took.", float64(res.DurationMS)/1000)
	if res.Run == 0 {
		_, err := w.Write(m.b.Bytes())
		return err
	}
	m.head("pages", "URLs of the last run by outcome.")
	for _, o := range slices.Concat(inFin, notInFin, []string{ingest.Failed}) {
		m.sample("pages", fmt.Sprintf(`,outcome="%s"`, label(o)), float64(res.Pages[o]))
	}
	var oldest time.Duration
	for _, s := range res.Stale {
		if s.Since != nil {
			oldest = max(oldest, now.Sub(*s.Since))
		}
	}
	m.gauge("pages_in_target", "Pages that Fin has of this site.", float64(res.InTarget))
	m.gauge("stale_pages", "Pages in Fin that the last run could not confirm.", float64(len(res.Stale)))
	m.gauge("stale_seconds_max", "For how long the longest of them could not be confirmed.", oldest.Seconds())
	m.gauge("held", "Changes that wait for a person.", float64(len(res.Held)))
	m.gauge("failures", "Pages that failed in the last run.", float64(len(res.Failures)))
	m.gauge("deleted", "Pages that the last run took out of Fin.", float64(res.Deleted))
	m.gauge("upserts", "Pages that the last run sent.", float64(res.Upserts))
	resumed := 0.0
	if res.Resumed {
		resumed = 1
	}
	m.gauge("resumed", "1 if the last run resumed an interrupted one.", resumed)
	_, err := w.Write(m.b.Bytes())
	return err
}

type metrics struct {
	b    bytes.Buffer
	site string
}

func (m *metrics) gauge(name, help string, value float64) {
	m.head(name, help)
	m.sample(name, "", value)
}

func (m *metrics) head(name, help string) {
	fmt.Fprintf(&m.b, "# HELP pageferry_%s %s\n# TYPE pageferry_%s gauge\n", name, help, name)
}

func (m *metrics) sample(name, labels string, value float64) {
	fmt.Fprintf(&m.b, "pageferry_%s{site=\"%s\"%s} %s\n", name, label(m.site), labels, strconv.FormatFloat(value, 'f', -1, 64))
}

// label escapes the value of a label.
func label(s string) string { return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) }

func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.Unix())
}
