package main

import (
	"bytes"
	"context"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"testing"
)

// BenchmarkPage is the whole way of a page: crawl, extract, ledger, upsert. A run over a few hundred pages in this
// process, the site and the API being others; the figures are for one page. new begins without state, not_modified
// with that of a run before.
func BenchmarkPage(b *testing.B) {
	const pages = 500
	f := newBench(b, pages)
	defer debug.SetGCPercent(debug.SetGCPercent(200)) // as start does
	sync := func(b *testing.B, state string) {
		var out, errs bytes.Buffer
		w := &world{stdout: &out, stderr: &errs, width: func() int { return 80 }, getenv: func(k string) (string, bool) { return "dG9rOnRlc3Q", k == benchToken }}
		if code := run(context.Background(), []string{"--state", state, "-q", "--no-progress", "sync", f.config}, w); code != 0 {
			b.Fatalf("exit %d\n%s%s", code, &out, &errs)
		}
	}
	bench := func(name string, state func(n int) string, upserts int) {
		b.Run(name, func(b *testing.B) {
			readCounts[sinkCounts](b, f.sink+sinkCountsPath)
			readCounts[siteCounts](b, f.site+siteCountsPath)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			n := 0
			for ; b.Loop(); n++ {
				sync(b, state(n))
			}
			runtime.ReadMemStats(&after)
			if c := readCounts[sinkCounts](b, f.sink+sinkCountsPath); c.Upserts != n*upserts {
				b.Errorf("%d upserts in %d runs, want %d each", c.Upserts, n, upserts)
			}
			if c := readCounts[siteCounts](b, f.site+siteCountsPath); c.Requests != n*pages || c.Distinct != pages || c.Missing != 0 {
				b.Errorf("%d runs: the site was asked for %+v, want each of %d pages once a run", n, c, pages)
			}
			b.ReportMetric(0, "ns/op") // of a whole run, which says nothing
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n*pages), "ns/page")
			b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(n*pages), "B/page")
			b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(n*pages), "allocs/page")
		})
	}
	dir := b.TempDir()
	bench("new", func(n int) string { return filepath.Join(dir, strconv.Itoa(n)) }, pages)
	known := filepath.Join(dir, "known")
	sync(b, known)
	bench("not_modified", func(int) string { return known }, 0)
}
