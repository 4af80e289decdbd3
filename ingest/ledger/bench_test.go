package ledger

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pageferry/pageferry/crawler"
)

const (
	benchLinks = 30   // of a page, all on the site
	benchAhead = 1000 // how far before a page one links to it, so that a frontier never runs dry
)

func benchURL(i int) string {
	return fmt.Sprintf("https://help.example.com/hc/articles/%d-how-to-export-invoices", 100_000+i)
}

// benchVisit is a visit of page i, whose links but one have been found before.
func benchVisit(it crawler.Item, i int) Visit {
	v := Visit{Item: it, ExternalID: fmt.Sprintf("%064x", i), At: day, Signature: "a", Validators: crawler.Validators{ETag: `"v1"`}}
	for k := range benchLinks {
		v.Follow = append(v.Follow, crawler.Link{URL: benchURL(i + benchAhead - k), Via: crawler.ViaLink, From: it.URL, Depth: 1})
	}
	return v
}

// benchRead makes it the first reading of a page of 18 KB, with an article of 8 KB.
func benchRead(v Visit, article string) Visit {
	v.Intent, v.Title, v.Hash, v.HTML, v.Read = IntentCreate, "How to export invoices", v.ExternalID, article, true
	for _, l := range v.Follow {
		v.Outlinks = append(v.Outlinks, l.URL)
	}
	return v
}

func benchArticle() string {
	var b strings.Builder
	for i := 0; b.Len() < 8<<10; i++ {
		fmt.Fprintf(&b, "<h2>Part %d</h2><p>To export invoice %d, open <strong>Settings</strong> and choose %x.</p>\n", i, i*7, i*7919)
	}
	return b.String()
}

// benchRun begins a run whose frontier holds the pages up to benchAhead.
func benchRun(b *testing.B) (*Ledger, *Run) {
	b.Helper()
	l, d := mustOpen(b, filepath.Join(b.TempDir(), "x.db"))
	r := mustRun(b, l, RunOptions{Destination: d.ID, Reading: reading("a")})
	var links []crawler.Link
	for i := range benchAhead {
		links = append(links, start(benchURL(i)))
	}
	mustAdd(b, r, links...)
	return l, r
}

// BenchmarkNewPage is all that the ledger does for a page that is new and delivered: Next, Record and Settle. alone
// waits for each commit, as a run with one worker does; together keeps 24 pages at work, which share commits.
func BenchmarkNewPage(b *testing.B) {
	for _, bb := range []struct {
		name    string
		workers int
	}{{"alone", 1}, {"together", 24}} {
		b.Run(bb.name, func(b *testing.B) {
			_, r := benchRun(b)
			article := benchArticle()
			slots, staged := make(chan struct{}, bb.workers), make(chan Intent, bb.workers)
			var settlers sync.WaitGroup
			for range bb.workers {
				settlers.Go(func() {
					for in := range staged {
						if err := r.Settle(in, "1", "created", day); err != nil {
							b.Error(err)
						}
						<-slots
					}
				})
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				slots <- struct{}{}
				r.Record(benchRead(benchVisit(mustNext(b, r), i), article), func(in Intent) { staged <- in })
			}
			for range bb.workers {
				slots <- struct{}{}
			}
			close(staged)
			settlers.Wait()
		})
	}
}

// BenchmarkFrontier adds 256 links, as discovery does, and hands them out again. seen adds the links of a page that
// have all been found before.
func BenchmarkFrontier(b *testing.B) {
	b.Run("new256", func(b *testing.B) {
		const links = 256
		l, d := mustOpen(b, filepath.Join(b.TempDir(), "x.db"))
		r := mustRun(b, l, RunOptions{Destination: d.ID})
		batch := make([]crawler.Link, links)
		b.ReportAllocs()
		for n := 0; b.Loop(); n++ {
			for i := range batch {
				batch[i] = start(benchURL(n*links + i))
			}
			mustAdd(b, r, batch...)
			for range batch {
				mustNext(b, r)
			}
		}
	})
	b.Run("seen", func(b *testing.B) {
		_, r := benchRun(b)
		links := benchVisit(crawler.Item{}, -benchLinks).Follow
		b.ReportAllocs()
		for b.Loop() {
			mustAdd(b, r, links...)
		}
	})
}

// BenchmarkNotModified is what the ledger does for a page that answered 304: it is handed out with its validators, its
// links are read and replayed, and the outcome is recorded.
func BenchmarkNotModified(b *testing.B) {
	const pages = benchAhead
	l, r := benchRun(b)
	article := benchArticle()
	for i := range pages {
		v := benchRead(benchVisit(mustNext(b, r), i), article)
		for k := range v.Outlinks {
			v.Outlinks[k] = benchURL((i + k + 1) % pages)
		}
		v.Follow = nil
		settle := make(chan Intent, 1)
		r.Record(v, func(in Intent) { settle <- in })
		if err := r.Settle(<-settle, "1", "created", day); err != nil {
			b.Fatal(err)
		}
	}
	everything := func(Known) (bool, Visit) { return true, Visit{} }
	left := 0
	b.ReportAllocs()
	for b.Loop() {
		if left == 0 {
			b.StopTimer()
			if err := r.Close(Closing{Now: day, Complete: true}); err != nil {
				b.Fatal(err)
			}
			r = mustRun(b, l, r.opts)
			if err := r.Seed(b.Context(), everything); err != nil {
				b.Fatal(err)
			}
			left = pages
			b.StartTimer()
		}
		left--
		it := mustNext(b, r)
		links, err := r.State(it).Outlinks()
		if err != nil || len(links) != benchLinks {
			b.Fatalf("%d links, %v", len(links), err)
		}
		v := Visit{Item: it, ExternalID: it.URL, At: day, Outcome: "not_modified", Signature: "a", Validators: it.Validators,
			KeepValidators: true, Confirmed: true}
		for _, u := range links {
			v.Follow = append(v.Follow, crawler.Link{URL: u, Via: crawler.ViaLink, From: it.URL, Depth: 1})
		}
		r.Record(v, nil)
		if left == 0 { // what was recorded is part of the price
			if err := r.Flush(); err != nil {
				b.Fatal(err)
			}
		}
	}
}
