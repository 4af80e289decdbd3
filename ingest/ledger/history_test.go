package ledger

import (
	"path/filepath"
	"testing"
	"time"
)

// What the runs made of the pages is kept for thirty runs, and pages that nobody has seen since go with it.
func TestOutcomesAreKeptForSoManyRuns(t *testing.T) {
	l, d := mustOpen(t, filepath.Join(t.TempDir(), "x.db"))
	var runs []int64
	for i := range keepRuns + 5 {
		r := mustRun(t, l, RunOptions{Destination: d.ID, Now: day.Add(time.Duration(i) * 24 * time.Hour)})
		url := "https://x/always"
		if i == 0 {
			mustAdd(t, r, start(url), start("https://x/once"))
			settled(t, r, Visit{Item: mustNext(t, r), At: day, Outcome: "gone"})
		} else {
			mustAdd(t, r, start(url))
		}
		settled(t, r, Visit{Item: mustNext(t, r), At: day, Outcome: "gone"})
		if err := r.Close(Closing{Now: day, Complete: true}); err != nil {
			t.Fatal(err)
		}
		runs = append(runs, r.ID)
	}
	for i, id := range runs {
		counts, err := l.Counts(t.Context(), id)
		if kept := i >= 5; err != nil || (counts["gone"] == 1) != kept || len(counts) > 1 {
			t.Errorf("run %d: %v, %v", i, counts, err)
		}
	}
	for url, want := range map[string]bool{"https://x/always": true, "https://x/once": false} {
		if _, found, err := l.Page(t.Context(), d.ID, url); err != nil || found != want {
			t.Errorf("%s: found %v, %v", url, found, err)
		}
	}
	infos, err := l.Runs(t.Context(), 1000)
	if err != nil || len(infos) != keepRuns+5 {
		t.Errorf("%d runs, %v: they are kept longer than their outcomes", len(infos), err)
	}
}

func TestLately(t *testing.T) {
	l, d := mustOpen(t, filepath.Join(t.TempDir(), "x.db"))
	other, err := l.BindDestination(t.Context(), Destination{Kind: "sandbox", Host: "sandbox", Workspace: "another", SourceID: 1})
	if err != nil {
		t.Fatal(err)
	}
	at := func(hours int) time.Time { return day.Add(time.Duration(hours) * time.Hour) }
	check := func(success, complete time.Time) {
		t.Helper()
		got, err := l.Lately(t.Context(), "sandbox")
		if err != nil || !got.Success.Equal(success) || !got.Complete.Equal(complete) {
			t.Errorf("%+v, %v; want %v and %v", got, err, success, complete)
		}
	}
	check(time.Time{}, time.Time{})
	for _, step := range []struct {
		destination int64
		c           Closing
		success     time.Time
		complete    time.Time
	}{
		{d.ID, Closing{Now: at(1), Complete: true}, at(1), at(1)},
		{d.ID, Closing{Now: at(2), Complete: true, Exit: 3}, at(1), at(2)},
		{d.ID, Closing{Now: at(3), Exit: 4}, at(1), at(2)},
		{d.ID, Closing{Now: at(4), Exit: 130, KeepOpen: true}, at(1), at(2)},
		{other.ID, Closing{Now: at(5), Exit: 3}, time.Time{}, time.Time{}},
		{d.ID, Closing{Now: at(6)}, at(6), at(2)},
	} {
		r := mustRun(t, l, RunOptions{Destination: step.destination, Restart: true})
		if err := r.Close(step.c); err != nil {
			t.Fatal(err)
		}
		check(step.success, step.complete)
	}
}

func TestTold(t *testing.T) {
	l, _ := mustOpen(t, filepath.Join(t.TempDir(), "x.db"))
	for _, want := range []Told{{}, {Exit: 3, Since: day, At: day.Add(time.Hour)}, {At: day.Add(48 * time.Hour)}} {
		if want.At != (time.Time{}) {
			if err := l.Tell(want); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := l.Told(t.Context()); err != nil || got != want {
			t.Errorf("%+v, %v; want %+v", got, err, want)
		}
	}
}
