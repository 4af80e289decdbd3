package main

import (
	"fmt"
	"math/rand"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/pageferry/pageferry/ingest"
	"github.com/pageferry/pageferry/ingest/sandbox"
)

// asChild makes the test binary the program itself, so that tests can kill it, or one of the servers of a benchmark.
const asChild = "PAGEFERRY_TEST_CHILD"

func TestMain(m *testing.M) {
	switch file := os.Getenv(goroutinesFile); {
	case os.Getenv(asChild) == "":
		os.Exit(m.Run())
	case os.Getenv(asChild) == asBenchSite:
		os.Exit(serveBench(newBenchSite(benchSitePages())))
	case os.Getenv(asChild) == asBenchSink:
		os.Exit(serveBench(newBenchSink()))
	case file != "":
		os.Exit(sampled(file, start))
	}
	os.Exit(start())
}

// child is a running pageferry process.
type child struct {
	cmd  *exec.Cmd
	done chan struct{}
	out  strings.Builder
}

func (f *fixture) startChild(args ...string) *child {
	f.t.Helper()
	c := &child{cmd: exec.Command(os.Args[0], append([]string{"--state", f.state}, args...)...), done: make(chan struct{})}
	c.cmd.Env = append(os.Environ(), asChild+"=1")
	for k, v := range f.env {
		c.cmd.Env = append(c.cmd.Env, k+"="+v)
	}
	c.cmd.Stdout, c.cmd.Stderr = &c.out, &c.out
	if err := c.cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	go func() { c.cmd.Wait(); close(c.done) }() //nolint:errcheck // the state of the process says how it ended
	return c
}

// kill kills the process after a while, or when when is closed; false: it had ended by itself.
func (c *child) kill(after time.Duration, when <-chan struct{}) bool {
	t := time.NewTimer(after)
	defer t.Stop()
	select {
	case <-c.done:
	case <-when:
	case <-t.C:
	}
	c.cmd.Process.Kill() //nolint:errcheck // it may have ended, which the state says
	<-c.done
	return !c.cmd.ProcessState.Exited()
}

const (
	crashPages = 500
	crashKills = 200
	// crashSpan is within which time a process is killed: a little more than an undisturbed run takes.
	crashSpan = 700 * time.Millisecond
	// Pages without children that the site loses in the end.
	firstGone, crashGone = 300, 20
)

// crashSite fills a site with pages; versions says which text each has.
func crashSite(f *fixture, versions []int) {
	path := func(i int) string {
		if i == 0 {
			return "/"
		}
		return fmt.Sprintf("/p/%d", i)
	}
	for i, v := range versions {
		var links []string
		for k := 1; k <= 5; k++ {
			if c := i*5 + k; c < len(versions) {
				links = append(links, path(c))
			}
		}
		a := article(fmt.Sprintf("Page %d", i), fmt.Sprintf("This is text number %d of page %d.", v, i))
		// In the navigation, so that a new child does not change its parent's article.
		a.body = strings.Replace(a.body, "</nav>", `<a href="`+strings.Join(append(links, path(i/2)), `">x</a><a href="`)+`">x</a></nav>`, 1)
		f.site.set(path(i), a)
	}
	// Pages that are fetched twice, to stand alone, and edges that are not.
	for i := range 20 {
		dead, live, moved := fmt.Sprintf("/dead/%d", i), fmt.Sprintf("/live/%d", i), fmt.Sprintf("/moved/%d", i)
		f.site.set(live, canonical(article("Copy", "A copy."), path(i+1)))
		f.site.set(moved, answer{status: 301, location: path(i + 1)})
		p := path(100 + i)
		f.site.mu.Lock()
		a := f.site.pages[p]
		f.site.mu.Unlock()
		a.body = strings.Replace(a.body, "</nav>", `<a href="`+live+`">x</a><a href="`+moved+`">x</a></nav>`, 1)
		f.site.set(p, canonical(a, dead))
	}
}

// Whenever the process is killed, the next run goes on: the destination ends with what the site has, no page is there
// twice, and no more upserts are repeated than were in flight.
func TestKilledAtRandomPoints(t *testing.T) {
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewSource(seed))
	kills, resumed := 0, 0
	for kills < crashKills {
		f := newFixture(t, soon)
		f.api.SetFaults(sandbox.Fault{Delay: 4 * time.Millisecond})
		versions := make([]int, crashPages)
		gone := 0
		// Two complete runs have to see that a page is gone; which of the runs are killed too late is left to chance.
		for _, phase := range []string{"cold", "warm", "changed", "gone", "deleted"} {
			want := crashPages
			switch phase {
			case "warm", "deleted":
				want = 0
			case "gone":
				want, gone = 0, crashGone
			case "changed":
				want = 0
				for i := range versions {
					if rnd.Intn(5) == 0 { // a site in which more than 30 % change is not believed
						versions[i]++
						want++
					}
				}
				for range 20 {
					versions = append(versions, 0)
					want++
				}
			}
			crashSite(f, versions)
			for i := range gone {
				f.site.remove(fmt.Sprintf("/p/%d", firstGone+i))
			}
			f.upserts()
			hit := 0
			for range 4 {
				if f.startChild("sync", f.config).kill(time.Duration(rnd.Int63n(int64(crashSpan))), nil) {
					hit++
				}
			}
			kills += hit
			res := f.sync()
			if res.Exit != 0 || !res.Complete {
				t.Fatalf("%s: exit %d, %s: %v", phase, res.Exit, res.Reason, res.Messages)
			}
			if res.Resumed {
				resumed++
			}
			if phase != "gone" {
				checkCrash(f, phase, versions, gone, want, hit)
			}
			if t.Failed() {
				return
			}
		}
	}
	t.Logf("%d kills, %d runs resumed", kills, resumed)
}

func checkCrash(f *fixture, phase string, versions []int, gone, want, kills int) {
	f.t.Helper()
	ids := f.upserts()
	distinct := map[string]bool{}
	for _, id := range ids {
		distinct[id] = true
	}
	if len(distinct) != want {
		f.t.Errorf("%s: %d pages were sent, want %d", phase, len(distinct), want)
	}
	const workers = 8 // target.concurrency
	if repeated := len(ids) - len(distinct); repeated > kills*workers {
		f.t.Errorf("%s: %d upserts were repeated after %d kills, want at most %d each", phase, repeated, kills, workers)
	}
	got := f.inFin()
	if len(got) != len(versions)-gone {
		f.t.Errorf("%s: %d pages in Fin, want %d", phase, len(got), len(versions)-gone)
	}
	for i, v := range versions {
		if i >= firstGone && i < firstGone+gone {
			continue // that it is gone, the number says
		}
		path := fmt.Sprintf("/p/%d", i)
		if i == 0 {
			path = "/"
		}
		if text := fmt.Sprintf("This is text number %d of page %d.", v, i); !strings.Contains(got[path], text) {
			f.t.Errorf("%s: %s in Fin is %q, want %q", phase, path, got[path], text)
			return
		}
	}
}

// What was delivered, was not acknowledged, and was taken back on the site ends as the site has it.
func TestRevertedBeforeAcknowledgement(t *testing.T) {
	f := newFixture(t, "")
	smallSite(f)
	f.sync()
	f.site.set("/b", article("Beta", "A bad edit.", "/a"))
	f.api.SetFaults(sandbox.Fault{Method: http.MethodPost, PathPrefix: "/ai/external_pages", DropAfterApply: true})
	applied := f.when(func(r sandbox.Record) bool {
		return r.Method == http.MethodPost && r.ExternalID == ingest.ExternalID(f.site.URL+"/b")
	})
	if !f.startChild("sync", f.config).kill(time.Minute, applied) {
		t.Fatal("the process ended before it could be killed")
	}
	if got := f.inFin()["/b"]; !strings.Contains(got, "A bad edit.") {
		t.Fatalf("the edit did not arrive: %q", got)
	}
	f.api.SetFaults()
	f.site.set("/b", article("Beta", "How to go on with beta.", "/a"))
	res := f.sync()
	if !res.Resumed || res.Exit != 0 {
		t.Errorf("resumed %v, exit %d, want a resumed run that ends well", res.Resumed, res.Exit)
	}
	if got := f.inFin()["/b"]; !strings.Contains(got, "How to go on with beta.") {
		t.Errorf("in Fin: %q, want what the site has", got)
	}
}
