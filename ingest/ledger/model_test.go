package ledger

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"github.com/pageferry/pageferry/crawler"
)

// modelPage is what must be true of a page, whatever has happened: what the destination has been told and has
// acknowledged, and what the ledger may believe of it.
type modelPage struct {
	delivered string // hash that was acknowledged; empty: none
	etag      string // that the next request may carry; empty: it must carry none
	open      bool   // a delivery was intended and not acknowledged
	evidence  int    // complete runs that saw it gone, one after the other
	done      bool   // the present run has dealt with it
	gone      bool   // in this run
}

// model drives a ledger as a run does, and kills it at any point.
type model struct {
	dir   string
	l     *Ledger
	d     Destination
	run   *Run
	pages map[string]*modelPage
	order []string
	count int // of versions and runs made, so that all differ
}

func (m *model) open(t *rapid.T) {
	var err error
	if m.l, err = Open(t.Context(), filepath.Join(m.dir, "x.db")); err != nil {
		t.Fatal(err)
	}
	m.d, err = m.l.BindDestination(t.Context(), Destination{Kind: "sandbox", Host: "sandbox", Workspace: "w", SourceID: 1, SourceCreated: 2, SourceURL: "https://x/"})
	if err != nil {
		t.Fatal(err)
	}
}

// begin opens a run, which must be resumed if the last one was not closed.
func (m *model) begin(t *rapid.T, resumed bool) {
	var err error
	if m.run, err = m.l.OpenRun(t.Context(), RunOptions{Destination: m.d.ID, Signature: "s", Reading: reading("a"), Now: day}); err != nil {
		t.Fatal(err)
	}
	if m.run.Resumed != resumed {
		t.Fatalf("resumed %v, want %v", m.run.Resumed, resumed)
	}
	var links []crawler.Link
	for _, url := range m.order {
		links = append(links, start(url))
		if p := m.pages[url]; !resumed || p.open { // what is not acknowledged is fetched again
			p.done, p.gone = false, false
		}
	}
	if err := m.run.Add(t.Context(), links); err != nil {
		t.Fatal(err)
	}
}

// visit takes the next page and lets chance decide what the site says of it.
func (m *model) visit(t *rapid.T) {
	if m.run.Left() == 0 {
		t.Skip("nothing is left")
	}
	it, ok, err := m.run.Next(t.Context())
	if err != nil || !ok {
		t.Fatalf("next: %v, %v", ok, err)
	}
	p := m.pages[it.URL]
	if p.done {
		t.Fatalf("%s is handed out twice", it.URL)
	}
	if it.Validators.ETag != p.etag || p.open && it.Validators != (crawler.Validators{}) {
		t.Fatalf("%s is asked for with %+v; open %v, want %q", it.URL, it.Validators, p.open, p.etag)
	}
	v := Visit{Item: it, ExternalID: "id-" + it.URL, At: day, Signature: "a", Read: true}
	known := m.run.State(it)
	switch what := rapid.SampledFrom([]string{"same", "changed", "gone", "failed"}).Draw(t, "answer"); {
	case what == "same" && p.delivered != "" && !p.open:
		v.Outcome, v.Confirmed, v.KeepValidators, v.Validators = "unchanged", true, true, crawler.Validators{ETag: p.delivered}
		p.etag, p.evidence, p.gone = p.delivered, 0, false
	case what == "gone":
		v.Outcome, v.Evidence = "gone", p.delivered != "" || p.open
		p.etag, p.gone = "", v.Evidence
	case what == "failed":
		v.Outcome, v.Stale = "failed", p.delivered != ""
		p.etag = ""
	default:
		m.deliver(t, p, v, known)
		return
	}
	m.record(t, v)
	p.done = true
}

func (m *model) record(t *rapid.T, v Visit) {
	m.run.Record(v, nil)
	if err := m.run.Flush(); err != nil {
		t.Fatal(err)
	}
}

// deliver stages a new version; chance decides whether it is acknowledged, or the process ends before.
func (m *model) deliver(t *rapid.T, p *modelPage, v Visit, known State) {
	m.count++
	v.Hash, v.HTML, v.Title = fmt.Sprint("v", m.count), fmt.Sprint("<p>", m.count, "</p>"), "T"
	v.Validators = crawler.Validators{ETag: v.Hash}
	v.Intent = IntentCreate
	if known.RemoteID != "" {
		v.Intent = IntentUpdate
	}
	staged := make(chan Intent, 1)
	m.run.Record(v, func(in Intent) { staged <- in })
	in := <-staged
	p.open, p.etag, p.done, p.gone, p.evidence = true, "", true, false, 0
	if !rapid.Bool().Draw(t, "acknowledged") {
		return
	}
	if err := m.run.Settle(in, "r-"+in.URL, "updated", day); err != nil {
		t.Fatal(err)
	}
	p.open, p.delivered, p.etag = false, v.Hash, v.Hash
}

// kill ends the process: nothing but what is in the file is left.
func (m *model) kill(t *rapid.T) {
	if err := m.l.Close(); err != nil {
		t.Fatal(err)
	}
	m.open(t)
	m.begin(t, true)
}

// finish closes a run that has come to all pages.
func (m *model) finish(t *rapid.T) {
	if m.run.Left() > 0 {
		t.Skip("there is work left")
	}
	if err := m.run.Close(Closing{Now: day, Complete: true, Evidence: true}); err != nil {
		t.Fatal(err)
	}
	for _, p := range m.pages {
		if p.gone {
			p.evidence++
		}
	}
	m.check(t)
	m.begin(t, false)
}

// check compares the ledger with the model.
func (m *model) check(t *rapid.T) {
	for _, url := range m.order {
		want := m.pages[url]
		got, found, err := m.l.Page(t.Context(), m.d.ID, url)
		if err != nil {
			t.Fatal(err)
		}
		if !found {
			if want.delivered != "" || want.open {
				t.Fatalf("%s is lost", url)
			}
			continue
		}
		if got.Hash != want.delivered || (got.Intent != "") != want.open || (got.RemoteID != "") != (want.delivered != "") {
			t.Fatalf("%s: hash %q, intent %q, id %q; want %+v", url, got.Hash, got.Intent, got.RemoteID, *want)
		}
		if want.gone && got.EvidenceRuns != want.evidence {
			t.Fatalf("%s: evidence of %d runs, want %d", url, got.EvidenceRuns, want.evidence)
		}
	}
}

// Whatever happens to a run, and wherever it is killed: no page is asked for with validators of a version that was not
// acknowledged, none is handed out twice or lost, and only complete runs count as evidence.
func TestLedgerModel(t *testing.T) {
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue { // each opens files, so that the usual hundred take long
		if err := flag.Set(f.Name, "10"); err != nil {
			t.Fatal(err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "ledger")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		m := &model{dir: dir, pages: map[string]*modelPage{}}
		for i := range 4 {
			url := fmt.Sprintf("https://x/%d", i)
			m.order, m.pages[url] = append(m.order, url), &modelPage{}
		}
		m.open(t)
		defer func() { m.l.Close() }()
		m.begin(t, false)
		t.Repeat(map[string]func(*rapid.T){"visit": m.visit, "kill": m.kill, "finish": m.finish, "": m.check})
	})
}
