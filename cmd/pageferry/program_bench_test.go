//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/pageferry/pageferry/ingest"
)

// moreGoroutines is how many goroutines a run may have beside its fetchers and deliverers, however large the site is.
const moreGoroutines = 100

// benchProbes is how many URLs that do not exist a run may ask for, to see how the site answers: one for the articles.
const benchProbes = 1

// BenchmarkProgram runs the program as a user does, in a process of its own, over a site of 10,000 pages: cold without
// state, then warm with that of the first run, where every page answers 304. Run it with -benchtime 1x. It fails where
// a page is asked for twice, where an upsert is missing or one too many, and where goroutines grow with the site.
func BenchmarkProgram(b *testing.B) {
	pages := benchSitePages()
	f := newBench(b, pages)
	dir, cold := b.TempDir(), 0
	state := func() string { return filepath.Join(dir, strconv.Itoa(cold)) }
	b.Run("cold", func(b *testing.B) {
		for range b.N {
			cold++
			p := f.runProgram(b, state())
			p.check(b, pages, ingest.Created, pages)
			p.report(b, pages)
		}
	})
	b.Run("warm", func(b *testing.B) {
		if cold == 0 { // only this one was asked for
			f.runProgram(b, state())
		}
		for range b.N {
			p := f.runProgram(b, state())
			p.check(b, pages, ingest.NotModified, 0)
			p.report(b, pages)
		}
	})
}

// programRun is one run of the program.
type programRun struct {
	result     ingest.Result
	wall, cpu  time.Duration
	peak       int64 // bytes of memory
	goroutines int
	site       siteCounts
	sink       sinkCounts
}

// runProgram syncs once and waits for the end of the process.
func (f *bench) runProgram(b *testing.B, state string) programRun {
	b.Helper()
	readCounts[siteCounts](b, f.site+siteCountsPath)
	readCounts[sinkCounts](b, f.sink+sinkCountsPath)
	goroutines := filepath.Join(b.TempDir(), "goroutines")
	cmd := exec.Command(os.Args[0], "--state", state, "--no-progress", "sync", f.config, "--json")
	cmd.Env = append(os.Environ(), asChild+"=1", goroutinesFile+"="+goroutines, benchToken+"=dG9rOnRlc3Q")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	began := time.Now()
	err := cmd.Run()
	p := programRun{wall: time.Since(began)}
	if jerr := json.Unmarshal(out.Bytes(), &p.result); err != nil || jerr != nil {
		b.Fatalf("%v, %v\n%s%s", err, jerr, &out, &errs)
	}
	p.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	p.peak = peak(cmd.ProcessState.SysUsage().(*syscall.Rusage))
	// On Linux the peak of a process begins with the memory of the one that started it.
	var own runtime.MemStats
	if runtime.ReadMemStats(&own); int64(own.Sys) >= p.peak {
		b.Logf("the peak memory may be that of the benchmark itself: run BenchmarkProgram alone")
	}
	text, err := os.ReadFile(goroutines)
	if err != nil {
		b.Fatal(err)
	}
	if p.goroutines, err = strconv.Atoi(string(text)); err != nil {
		b.Fatal(err)
	}
	p.site = readCounts[siteCounts](b, f.site+siteCountsPath)
	p.sink = readCounts[sinkCounts](b, f.sink+sinkCountsPath)
	return p
}

// peak returns the largest memory that a process had, in bytes.
func peak(r *syscall.Rusage) int64 {
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return int64(r.Maxrss)
	}
	return int64(r.Maxrss) << 10
}

// check holds what must be exact.
func (p programRun) check(b *testing.B, pages int, outcome string, upserts int) {
	b.Helper()
	if n := p.result.Pages[outcome]; n != pages || p.result.Exit != ingest.ExitOK {
		b.Errorf("exit %d, pages %v; want %d %s", p.result.Exit, p.result.Pages, pages, outcome)
	}
	if s := p.site; s.Distinct != pages || s.Requests != pages || s.Most != 1 || s.Missing > benchProbes {
		b.Errorf("the site was asked for %+v, want each of %d pages once and no other", s, pages)
	}
	if p.sink.Upserts != upserts || p.sink.Distinct != pages {
		b.Errorf("the API was sent %+v, want %d upserts, of %d pages in all", p.sink, upserts, pages)
	}
	if limit := benchFetchers + benchDeliverers + moreGoroutines; p.goroutines > limit {
		b.Errorf("%d goroutines, want at most %d", p.goroutines, limit)
	}
	if b.Failed() { // then no metrics are printed
		b.Logf("%s, %s CPU, peak memory %d MiB, %d goroutines", p.wall, p.cpu, p.peak>>20, p.goroutines)
	}
}

func (p programRun) report(b *testing.B, pages int) {
	b.ReportMetric(0, "ns/op") // pages/s says it
	b.ReportMetric(float64(pages)/p.wall.Seconds(), "pages/s")
	b.ReportMetric(p.cpu.Seconds()/float64(pages)*1000, "cpu-s/kpage")
	b.ReportMetric(float64(p.peak)/(1<<20), "peak-MiB")
	b.ReportMetric(float64(p.goroutines), "goroutines")
	b.ReportMetric(float64(p.site.Requests)/float64(p.site.Distinct), "requests/page")
	b.ReportMetric(float64(p.site.Other), "other-requests")
	b.ReportMetric(float64(p.sink.Upserts), "upserts")
}
