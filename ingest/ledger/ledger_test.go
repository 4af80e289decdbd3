package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pageferry/pageferry/crawler"
)

var day = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)

// mustOpen opens a ledger in a temporary directory, with a destination.
func mustOpen(t testing.TB, path string) (*Ledger, Destination) {
	t.Helper()
	l, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	d, err := l.BindDestination(t.Context(), Destination{Kind: "sandbox", Host: "sandbox", Workspace: "w", SourceID: 1, SourceCreated: 2, SourceURL: "https://x/"})
	if err != nil {
		t.Fatal(err)
	}
	return l, d
}

func mustRun(t testing.TB, l *Ledger, o RunOptions) *Run {
	t.Helper()
	if o.Now.IsZero() {
		o.Now = day
	}
	if o.Reading == nil {
		o.Reading = reading("")
	}
	r, err := l.OpenRun(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// reading is a signature that is the same for every URL.
func reading(signature string) func(string) string { return func(string) string { return signature } }

func start(url string) crawler.Link { return crawler.Link{URL: url, Via: crawler.ViaStart} }

func mustAdd(t testing.TB, r *Run, links ...crawler.Link) {
	t.Helper()
	if err := r.Add(t.Context(), links); err != nil {
		t.Fatal(err)
	}
}

func mustNext(t testing.TB, r *Run) crawler.Item {
	t.Helper()
	it, ok, err := r.Next(t.Context())
	if err != nil || !ok {
		t.Fatalf("Next: %v, %v; want an item", ok, err)
	}
	return it
}

// settled records a visit and waits until it is committed.
func settled(t testing.TB, r *Run, v Visit) {
	t.Helper()
	r.Record(v, nil)
	if err := r.Flush(); err != nil {
		t.Fatal(err)
	}
}

// deliver stages an article for the next item and acknowledges it.
func deliver(t testing.TB, r *Run, it crawler.Item, intent, hash string, outlinks ...string) {
	t.Helper()
	staged := make(chan Intent, 1)
	r.Record(Visit{Item: it, ExternalID: "id-" + it.URL, At: day, Intent: intent, Title: "T", Hash: hash, HTML: "<p>" + hash + "</p>",
		Signature: "a", Validators: crawler.Validators{ETag: hash}, Outlinks: outlinks, Read: true}, func(in Intent) { staged <- in })
	given := <-staged
	stored, err := r.Intents(t.Context(), []int64{given.Page})
	if err != nil {
		t.Fatal(err)
	}
	in := stored[0]
	given.Delivered, given.Alike = in.Delivered, in.Alike // only what is read has them
	if in != given {
		t.Fatalf("the intent is stored as %+v, handed over as %+v", in, given)
	}
	if want := "<p>" + hash + "</p>"; in.HTML != want || in.Action != intent {
		t.Fatalf("intent is %s of %q, want %s of %q", in.Action, in.HTML, intent, want)
	}
	outcome := map[string]string{IntentCreate: "created", IntentUpdate: "updated"}[intent]
	if err := r.Settle(in, "r-"+it.URL, outcome, day); err != nil {
		t.Fatal(err)
	}
}

func TestFrontierHandsOutEachURLOnce(t *testing.T) {
	l, d := mustOpen(t, filepath.Join(t.TempDir(), "x.db"))
	r := mustRun(t, l, RunOptions{Destination: d.ID})
	var links []crawler.Link
	for i := range 1000 {
		links = append(links, start(fmt.Sprintf("https://x/%d", i%500)))
	}
	mustAdd(t, r, links...)
	mustAdd(t, r, links...)
	var got []string
	for {
		it, ok, err := r.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			break
		}
		got = append(got, it.URL)
		// A page that leads to one which is known, and to one new page each.
		v := Visit{Item: it, At: day, Outcome: "unchanged"}
		if len(got) <= 500 {
			v.Follow = []crawler.Link{start("https://x/1"), start(it.URL + "/child")}
		}
		r.Record(v, nil)
	}
	if len(got) != 1000 || got[0] != "https://x/0" || got[499] != "https://x/499" || got[500] != "https://x/0/child" {
		t.Errorf("%d items, beginning with %q; want 1000, the given ones first", len(got), got[:min(3, len(got))])
	}
	slices.Sort(got)
	if n := len(slices.Compact(got)); n != 1000 {
		t.Errorf("%d distinct items, want 1000", n)
	}
	counts, err := r.Counts(t.Context())
	if err != nil || counts["unchanged"] != 1000 {
		t.Errorf("counts %v, %v; want 1000 unchanged", counts, err)
	}
}

func TestNextEnds(t *testing.T) {
	l, d := mustOpen(t, filepath.Join(t.TempDir(), "x.db"))
	t.Run("WithContext", func(t *testing.T) {
		r := mustRun(t, l, RunOptions{Destination: d.ID, Restart: true})
		mustAdd(t, r, start("https://x/"))
		mustNext(t, r)
		cause := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(cause)
		if _, _, err := r.Next(ctx); !errors.Is(err, cause) {
			t.Errorf("error %v, want the context's cause", err)
		}
	})
	t.Run("WithStop", func(t *testing.T) {
		r := mustRun(t, l, RunOptions{Destination: d.ID, Restart: true})
		mustAdd(t, r, start("https://x/"), start("https://x/2"))
		mustNext(t, r)
		r.Stop()
		if _, ok, err := r.Next(t.Context()); ok || err != nil {
			t.Errorf("Next after Stop: %v, %v; want false", ok, err)
		}
		if n := r.Left(); n != 1 {
			t.Errorf("%d left, want 1", n)
		}
	})
	t.Run("WithLimit", func(t *testing.T) {
		r := mustRun(t, l, RunOptions{Destination: d.ID, Restart: true, MaxItems: 1})
		mustAdd(t, r, start("https://x/"), start("https://x/2"))
		settled(t, r, Visit{Item: mustNext(t, r), At: day, Outcome: "unchanged"})
		if _, ok, err := r.Next(t.Context()); ok || err != nil {
			t.Errorf("Next over the limit: %v, %v; want false", ok, err)
		}
		if !r.Full() {
			t.Error("the run does not say that it is full")
		}
	})
}

// A run that was killed goes on where it was: what is done stays done, and a page whose delivery was not acknowledged
// is fetched again before it is sent.
func TestResume(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	l, d := mustOpen(t, path)
	r := mustRun(t, l, RunOptions{Destination: d.ID, Signature: "s", Reading: reading("a")})
	mustAdd(t, r, start("https://x/done"), start("https://x/staged"), start("https://x/out"), start("https://x/waiting"))
	deliver(t, r, mustNext(t, r), IntentCreate, "h1")
	settled(t, r, Visit{Item: mustNext(t, r), At: day, Intent: IntentCreate, Hash: "h2", HTML: "x", Signature: "a", Validators: crawler.Validators{ETag: "e"}})
	mustNext(t, r) // handed out and never recorded
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}

	for _, c := range []struct {
		name string
		o    RunOptions
		want []string // nil: not resumed
	}{
		{"OtherSignature", RunOptions{Signature: "t"}, nil},
		{"Restart", RunOptions{Signature: "s", Restart: true}, nil},
		{"TooOld", RunOptions{Signature: "s", Now: day.Add(25 * time.Hour)}, nil},
		{"OK", RunOptions{Signature: "s", Now: day.Add(time.Hour)}, []string{"https://x/staged", "https://x/out", "https://x/waiting"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			copied := filepath.Join(t.TempDir(), "x.db")
			copyLedger(t, path, copied)
			l, d := mustOpen(t, copied)
			c.o.Destination, c.o.Reading = d.ID, reading("a")
			r := mustRun(t, l, c.o)
			if r.Resumed != (c.want != nil) {
				t.Fatalf("resumed: %v", r.Resumed)
			}
			mustAdd(t, r, start("https://x/done"))
			var got []string
			for {
				it, ok, err := r.Next(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if !ok {
					break
				}
				if it.URL == "https://x/staged" && it.Validators != (crawler.Validators{}) {
					t.Error("a page with an open intent is asked for with validators")
				}
				got = append(got, it.URL)
				settled(t, r, Visit{Item: it, At: day, Outcome: "unchanged"})
			}
			want := c.want
			if want == nil {
				want = []string{"https://x/done"}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("items (-want +got):\n%s", diff)
			}
			if ids, err := r.Updates(t.Context()); err != nil || len(ids) != 0 {
				t.Errorf("updates to send: %v, %v; want none", ids, err)
			}
		})
	}
}

// copyLedger copies a closed ledger by SQLite itself.
func copyLedger(t *testing.T, from, to string) {
	t.Helper()
	db, err := sql.Open("sqlite", dsn(from, ""))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("VACUUM INTO ?", to); err != nil {
		t.Fatal(err)
	}
}

func TestValidatorsMoveWithTheAcknowledgement(t *testing.T) {
	l, d := mustOpen(t, filepath.Join(t.TempDir(), "x.db"))
	visit := func(o RunOptions, record func(r *Run, it crawler.Item)) crawler.Item {
		t.Helper()
		o.Destination = d.ID
		r := mustRun(t, l, o)
		mustAdd(t, r, start("https://x/"))
		it := mustNext(t, r)
		record(r, it)
		if err := r.Close(Closing{Now: day, Complete: true, Evidence: true}); err != nil {
			t.Fatal(err)
		}
		return it
	}
	a := RunOptions{Reading: reading("a")}
	visit(a, func(r *Run, it crawler.Item) { deliver(t, r, it, IntentCreate, "v1", "https://x/a", "https://x/b") })
	it := visit(a, func(r *Run, it crawler.Item) {
		if links, err := r.State(it).Outlinks(); err != nil || !slices.Equal(links, []string{"https://x/a", "https://x/b"}) {
			t.Errorf("outlinks %v, %v", links, err)
		}
		settled(t, r, Visit{Item: it, At: day, Intent: IntentUpdate, Hash: "v2", HTML: "x", Signature: "a", Validators: crawler.Validators{ETag: "v2"}})
	})
	if it.Validators.ETag != "v1" {
		t.Errorf("validator %q after the first delivery, want v1", it.Validators.ETag)
	}
	it = visit(a, func(r *Run, it crawler.Item) { deliver(t, r, it, IntentUpdate, "v3") })
	if it.Validators != (crawler.Validators{}) {
		t.Errorf("validators %v with an open intent, want none", it.Validators)
	}
	if it = visit(RunOptions{Reading: reading("b")}, func(r *Run, it crawler.Item) {
		settled(t, r, Visit{Item: it, At: day, Outcome: "unchanged", KeepValidators: true, Validators: crawler.Validators{ETag: "v3"}, Signature: "b"})
	}); it.Validators != (crawler.Validators{}) {
		t.Errorf("validators %v under another signature, want none", it.Validators)
	}
	if it = visit(RunOptions{Reading: reading("b"), Refetch: true}, func(r *Run, it crawler.Item) {
		settled(t, r, Visit{Item: it, At: day, Outcome: "not_modified", KeepValidators: true, Validators: crawler.Validators{ETag: "v3"}, Signature: "b"})
	}); it.Validators != (crawler.Validators{}) {
		t.Errorf("validators %v with refetch, want none", it.Validators)
	}
	if it = visit(RunOptions{Reading: reading("b")}, func(r *Run, it crawler.Item) {
		settled(t, r, Visit{Item: it, At: day, Outcome: "failed"})
	}); it.Validators.ETag != "v3" {
		t.Errorf("validator %q after unchanged, want v3", it.Validators.ETag)
	}
	if it = visit(RunOptions{Reading: reading("b")}, func(r *Run, it crawler.Item) {
		settled(t, r, Visit{Item: it, At: day, Outcome: "failed"})
	}); it.Validators != (crawler.Validators{}) {
		t.Errorf("validators %v after a failure, want none", it.Validators)
	}
}

func TestEvidenceAndStaleness(t *testing.T) {
	l, d := mustOpen(t, filepath.Join(t.TempDir(), "x.db"))
	run := func(at time.Time, complete bool, v Visit) Page {
		t.Helper()
		r := mustRun(t, l, RunOptions{Destination: d.ID, Now: at})
		mustAdd(t, r, start("https://x/"))
		v.Item, v.At = mustNext(t, r), at
		if v.Intent != "" {
			deliver(t, r, v.Item, v.Intent, "h")
		} else {
			settled(t, r, v)
		}
		if err := r.Close(Closing{Now: at, Complete: complete, Evidence: complete}); err != nil {
			t.Fatal(err)
		}
		p, found, err := l.Page(t.Context(), d.ID, "https://x/")
		if err != nil || !found {
			t.Fatal(found, err)
		}
		return p
	}
	at := func(days int) time.Time { return day.AddDate(0, 0, days) }
	run(at(0), true, Visit{Intent: IntentCreate})
	if p := run(at(1), true, Visit{Outcome: "failed", Stale: true}); !p.StaleSince.Equal(at(1)) {
		t.Errorf("stale since %v", p.StaleSince)
	}
	if p := run(at(2), true, Visit{Outcome: "robots", Stale: true}); !p.StaleSince.Equal(at(1)) {
		t.Errorf("stale since %v, want the first day", p.StaleSince)
	}
	if p := run(at(3), true, Visit{Outcome: "gone", Evidence: true}); !p.StaleSince.IsZero() || p.EvidenceRuns != 1 || !p.EvidenceSince.Equal(at(3)) {
		t.Errorf("after one complete run: %+v", p)
	}
	if p := run(at(4), false, Visit{Outcome: "gone", Evidence: true}); p.EvidenceRuns != 1 || !p.EvidenceSince.Equal(at(3)) {
		t.Errorf("an incomplete run counts: %+v", p)
	}
	if p := run(at(5), false, Visit{Outcome: "failed", Stale: true}); p.EvidenceRuns != 1 {
		t.Errorf("a failure takes evidence away or adds to it: %+v", p)
	}
	if p := run(at(6), true, Visit{Outcome: "gone", Evidence: true}); p.EvidenceRuns != 2 {
		t.Errorf("after two complete runs: %+v", p)
	}
	if p := run(at(7), true, Visit{Outcome: "unchanged", Confirmed: true}); p.EvidenceRuns != 0 || p.Evidence != "" || !p.EvidenceSince.IsZero() {
		t.Errorf("a page that is back keeps evidence: %+v", p)
	}
}

func TestAdoptKeepsWhatIsKnown(t *testing.T) {
	l, d := mustOpen(t, filepath.Join(t.TempDir(), "x.db"))
	r := mustRun(t, l, RunOptions{Destination: d.ID})
	mustAdd(t, r, start("https://x/known"))
	deliver(t, r, mustNext(t, r), IntentCreate, "h")
	err := l.Adopt(t.Context(), d.ID, []Adopted{{URL: "https://x/known", RemoteID: "other"}, {URL: "https://x/new", RemoteID: "7", Hash: "n", HTML: "<p>"}})
	if err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]string{"https://x/known": "r-https://x/known", "https://x/new": "7"} {
		if p, found, err := l.Page(t.Context(), d.ID, url); err != nil || !found || p.RemoteID != want {
			t.Errorf("%s: id %q, %v, %v; want %q", url, p.RemoteID, found, err, want)
		}
	}
}

func TestBindSite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	l, _ := mustOpen(t, path)
	for _, c := range []struct {
		start []string
		ok    bool
	}{{[]string{"https://a/"}, true}, {[]string{"https://a/", "https://b/"}, true}, {[]string{"https://b/"}, true}, {[]string{"https://c/"}, false}} {
		err := l.BindSite(t.Context(), "a", c.start)
		var other *OtherSiteError
		if c.ok && err != nil || !c.ok && !errors.As(err, &other) {
			t.Errorf("%v: %v, want ok %v", c.start, err, c.ok)
		}
	}
}

func TestOpenRefusesNewer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	l, _ := mustOpen(t, path)
	if _, err := l.write.Conn(canceled()); err == nil {
		t.Fatal("the writer's connection is free")
	}
	err := l.writer.exec(func(*statements) error {
		_, err := l.writer.conn.ExecContext(context.Background(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), path); !errors.Is(err, ErrNewer) {
		t.Errorf("Open: %v, want ErrNewer", err)
	}
	if _, err := OpenReadOnly(t.Context(), path); !errors.Is(err, ErrNewer) {
		t.Errorf("OpenReadOnly: %v, want ErrNewer", err)
	}
}

func canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// A ledger that cannot record stops the run: nothing may happen that it does not know of.
func TestWriteFailureEndsTheRun(t *testing.T) {
	l, d := mustOpen(t, filepath.Join(t.TempDir(), "x.db"))
	r := mustRun(t, l, RunOptions{Destination: d.ID})
	mustAdd(t, r, start("https://x/1"), start("https://x/2"))
	it := mustNext(t, r)
	if err := l.writer.exec(func(s *statements) error { return s.doneMany.Close() }); err != nil {
		t.Fatal(err)
	}
	r.Record(Visit{Item: it, At: day, Outcome: "unchanged"}, nil)
	for {
		_, ok, err := r.Next(t.Context())
		if err != nil {
			break
		}
		if !ok {
			t.Fatal("the crawl ends as if all had been recorded")
		}
	}
	if err := r.Settle(Intent{Page: 1}, "x", "created", day); err == nil {
		t.Error("a delivery is settled after the ledger failed")
	}
}
