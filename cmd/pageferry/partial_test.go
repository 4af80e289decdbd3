package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pageferry/pageferry/ingest"
)

// A run whose time is over ends as after Ctrl-C, but with exit 3, and the next one goes on where it stopped.
func TestTimeBudget(t *testing.T) {
	f := newFixture(t, "fetch: {allow_private: true, rate: 0, retries: 0, concurrency: 1}\n")
	smallSite(f)
	over := make(chan struct{})
	b := article("Beta", "How to go on with beta.", "/a")
	f.site.set("/b", answer{raw: func(w http.ResponseWriter, r *http.Request) {
		<-over // the time is over before this page is there
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte(b.body)) //nolint:errcheck // the client says so
	}})
	log := &signalWriter{on: "the time budget", seen: over}
	var out strings.Builder
	code := run(t.Context(), []string{"--state", f.state, "sync", f.config, "--max-duration", "1s"}, f.world(&out, log))
	if code != ingest.ExitIncomplete || !strings.Contains(out.String(), "incomplete") || !strings.Contains(out.String(), "time budget (--max-duration) is over") {
		t.Fatalf("exit %d:\n%s", code, out.String())
	}
	if f.has("/c") {
		t.Error("a page was taken after the time was over")
	}
	f.site.set("/b", b)
	f.site.requests()
	res := f.sync("--max-duration", "1h")
	f.want(res, 0, counts{"created": 4})
	if !res.Resumed || !res.Complete || f.site.requests()["/a"] != 0 {
		t.Errorf("the next run: resumed %v, complete %v", res.Resumed, res.Complete)
	}
}

// signalWriter closes a channel when a text is written.
type signalWriter struct {
	on   string
	seen chan struct{}
	done bool
}

func (w *signalWriter) Write(p []byte) (int, error) {
	if !w.done && strings.Contains(string(p), w.on) {
		w.done = true
		close(w.seen)
	}
	return len(p), nil
}

func TestOnly(t *testing.T) {
	f := newFixture(t, soon)
	smallSite(f)
	f.site.set("/d", article("Delta", "How to rest with delta.", "/a2"))
	f.site.set("/a2", article("Alpha two", "How to begin again."))
	f.site.set("/", article("Home", "Welcome to the help center.", "/a", "/b", "/d"))
	// Of a new site: the start page is read for its links.
	res := f.sync("--only", "/a*")
	f.want(res, 3, counts{"created": 1})
	if res.Complete || !f.has("/a") || f.has("/") || !strings.Contains(strings.Join(res.Messages, " "), `--only "/a*"`) {
		t.Errorf("complete %v, in Fin %v, %v", res.Complete, f.inFin(), res.Messages)
	}
	if asked := strings.Join(f.site.asked(), " "); asked != "/ /a" {
		t.Errorf("asked for %s", asked)
	}
	f.want(f.sync(), 0, counts{"not_modified": 1, "created": 5})
	// Of a known one: what does not match is not asked for, and keeps what is known of it.
	f.site.set("/a", article("Alpha", "Alpha has changed.", "/b", "/c"))
	f.site.remove("/a2")
	f.site.remove("/c")
	f.site.requests()
	for range 2 {
		res = f.sync("--only", "/a*")
		if res.Exit != 3 || res.Deleted != 0 || len(res.Stale) != 0 || len(res.Held) != 0 {
			t.Errorf("exit %d, %d deleted, stale %v, held %v", res.Exit, res.Deleted, res.Stale, res.Held)
		}
	}
	if hits := f.site.requests(); hits["/b"]+hits["/c"]+hits["/d"] != 0 || hits["/a2"] != 2 {
		t.Errorf("requests %v", hits)
	}
	if !strings.Contains(f.inFin()["/a"], "Alpha has changed.") || !f.has("/a2") || !f.has("/c") {
		t.Errorf("in Fin: %v", f.inFin())
	}
	f.want(f.sync(), 0, counts{"not_modified": 4, "gone": 2})
	res = f.sync()
	if f.want(res, 0, counts{"not_modified": 4, "gone": 2}); res.Deleted != 2 {
		t.Errorf("%d deleted by the second complete run, want 2", res.Deleted)
	}
}

func TestOnlyFollowsWhereItsPagesLead(t *testing.T) {
	f := newFixture(t, "")
	smallSite(f)
	f.site.set("/a", answer{status: 301, location: "/moved"})
	f.site.set("/moved", article("Alpha", "It has moved here."))
	f.want(f.sync("--only", "/a"), 3, counts{"redirected": 1, "created": 1})
	if !f.has("/moved") || len(f.inFin()) != 1 {
		t.Errorf("in Fin: %v", f.inFin())
	}
}

func TestFlagsThatAreWrong(t *testing.T) {
	f := newFixture(t, "")
	for _, args := range [][]string{{"--only", "a b"}, {"--only", "/(/"}, {"--max-duration", "-1s"}, {"--max-duration", "5"}, {"--limit", "-1"}} {
		code, out, errs := f.run(append([]string{"sync", f.config}, args...)...)
		if code != ingest.ExitUsage || out != "" || !strings.Contains(errs, args[0]) {
			t.Errorf("%v: exit %d\n%s%s", args, code, out, errs)
		}
	}
}
