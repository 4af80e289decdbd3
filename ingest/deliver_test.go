package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pageferry/pageferry/crawler"
	"github.com/pageferry/pageferry/ingest/intercom"
	"github.com/pageferry/pageferry/ingest/ledger"
	"github.com/pageferry/pageferry/ingest/sandbox"
)

// delivery is a run that has pages to deliver to a sandbox in the process, so that the clock of a synctest bubble goes on.
type delivery struct {
	*run
	t     *testing.T
	store *sandbox.Store
	api   *sandbox.Handler
	late  atomic.Int64 // so many answers about the victim come when nobody waits for them any more
}

// pageHeader tells the faults of the sandbox which page a request is about: they may not read bodies.
const pageHeader = "X-Page"

// tagged adds the external ID of an upsert as a header.
type tagged struct {
	d    *delivery
	next http.RoundTripper
}

func (t tagged) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Method == http.MethodPost {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, errors.Join(err, r.Body.Close())
		}
		if err := r.Body.Close(); err != nil {
			return nil, err
		}
		var page struct {
			ExternalID string `json:"external_id"`
		}
		if err := json.Unmarshal(body, &page); err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
		r.Header.Set(pageHeader, page.ExternalID)
	}
	res, err := t.next.RoundTrip(r)
	if err == nil && onlyVictim(r) && t.d.late.Add(-1) >= 0 {
		<-r.Context().Done()
		return nil, errors.Join(context.Cause(r.Context()), res.Body.Close())
	}
	return res, err
}

func newDelivery(t *testing.T, opts sandbox.Options, workers int) *delivery {
	t.Helper()
	d := &delivery{t: t}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var err error
	d.store, err = sandbox.Open(":memory:")
	must(err)
	t.Cleanup(func() { must(d.store.Close()) })
	d.api = sandbox.NewHandler(d.store, opts)
	target := intercom.DefaultConfig()
	target.Kind, target.BaseURL, target.Concurrency = intercom.Intercom, "http://127.0.0.1:1", workers
	client, err := intercom.New(target, intercom.Options{Token: "dG9rOnRlc3Q", Transport: tagged{d, sandbox.Transport{Handler: d.api}}})
	must(err)
	l, err := ledger.Open(t.Context(), filepath.Join(t.TempDir(), "acme.db"))
	must(err)
	t.Cleanup(func() { must(l.Close()) })
	d.run = &run{site: Site{Name: "acme", Target: target, API: client, Ledger: l, Log: slog.New(slog.DiscardHandler)}, progress: &Progress{},
		log: slog.New(slog.DiscardHandler), judge: &judge{signature: "s"}}
	source, err := client.EnsureSource(t.Context(), 0, "https://help.acme.com/")
	must(err)
	bound, err := l.BindDestination(t.Context(), ledger.Destination{Kind: "intercom", SourceID: source.ID, SourceURL: source.URL})
	must(err)
	d.destID, d.dest = bound.ID, Destination{SourceID: source.ID}
	return d
}

func pageURL(i int) string { return fmt.Sprintf("https://help.acme.com/p%d", i) }

// deliver stages n new pages and delivers them, as a run does while it crawls.
func (d *delivery) deliver(n int) error {
	d.t.Helper()
	ctx := d.t.Context()
	var err error
	d.run.ledger, err = d.site.Ledger.OpenRun(ctx, ledger.RunOptions{Destination: d.destID, Restart: true, Now: time.Now(),
		Reading: func(string) string { return "s" }})
	if err != nil {
		d.t.Fatal(err)
	}
	q := newQueue(d.site.Target.Concurrency)
	delivered := make(chan error, 1)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		err := d.deliverAll(ctx, context.Background(), q)
		if err != nil {
			cancel(err)
		}
		delivered <- err
	}()
	var links []crawler.Link
	for i := range n {
		links = append(links, crawler.Link{URL: pageURL(i), Via: crawler.ViaLink})
	}
	if err := d.run.ledger.Add(d.t.Context(), links); err != nil {
		d.t.Fatal(err)
	}
	for range n {
		it, ok, err := d.run.ledger.Next(d.t.Context())
		if !ok || err != nil {
			d.t.Fatal("an item is missing", err)
		}
		known := d.run.ledger.State(it)
		if known.RemoteID != "" && known.Intent == "" {
			d.run.ledger.Record(ledger.Visit{Item: it, At: time.Now(), Outcome: Unchanged, Confirmed: true}, nil)
			continue
		}
		d.run.ledger.Record(ledger.Visit{Item: it, ExternalID: ExternalID(it.URL), At: time.Now(), Intent: ledger.IntentCreate, Title: "T",
			Hash: "h", HTML: "<p>" + it.URL + "</p>", Signature: "s"}, q.put)
	}
	if err := d.run.ledger.Flush(); err != nil {
		d.t.Fatal(err)
	}
	q.close()
	return <-delivered
}

// is checks what the ledger says of a page, and that it says only one thing.
func (d *delivery) is(i int, outcome, class string) {
	d.t.Helper()
	p, found, err := d.site.Ledger.Page(d.t.Context(), d.destID, pageURL(i))
	if err != nil || !found {
		d.t.Fatalf("page %d: found %v, %v", i, found, err)
	}
	if p.Outcome != outcome || p.Class != class {
		d.t.Errorf("page %d is %s %s (%s), want %s %s", i, p.Outcome, p.Class, p.Detail, outcome, class)
	}
	if acknowledged := outcome == Created || outcome == Unchanged; acknowledged != (p.RemoteID != "") || acknowledged != (p.Intent == "") {
		d.t.Errorf("page %d is %s with ID %q and intent %q", i, p.Outcome, p.RemoteID, p.Intent)
	}
	if outcome == Failed && p.Detail == "" {
		d.t.Errorf("page %d has failed, and nothing says why", i)
	}
}

// count checks that the API has each page once, and returns how many there are.
func (d *delivery) count() int {
	d.t.Helper()
	seen := map[string]bool{}
	for p, err := range d.store.Pages(d.t.Context(), 0) {
		if err != nil {
			d.t.Fatal(err)
		}
		if seen[p.ExternalID] {
			d.t.Errorf("%s is there twice", p.URL)
		}
		seen[p.ExternalID] = true
	}
	return len(seen)
}

const victim = 3

// answers are the ways in which an upsert may end without anybody knowing what became of it.
func answers() map[string]sandbox.Fault {
	foreign := func(external string, source int) string {
		return fmt.Sprintf(`{"type":"external_page","id":"9","external_id":%q,"source_id":%d,"title":"T","html":"","locale":"en"}`, external, source)
	}
	return map[string]sandbox.Fault{
		"cut after it was applied": {DropAfterApply: true},
		"cut before":               {DropBefore: true},
		"answer breaks off":        {Truncate: true},
		"timeout":                  {Delay: 31 * time.Second},
		"HTML, applied":            {Status: 200, Apply: true, Body: "<html>ok</html>", ContentType: "text/html"},
		"HTML, not applied":        {Status: 200, Body: "<html>ok</html>", ContentType: "text/html"},
		"HTML as JSON":             {Status: 200, Apply: true, Body: "<html>ok</html>"},
		"empty":                    {Status: 200, Apply: true, Body: " "},
		"half of a page":           {Status: 200, Apply: true, Body: `{"type":"external_page","id":"9","external`},
		"202":                      {Status: 202, Apply: true, Body: `{"type":"job","id":"1"}`},
		"201":                      {Status: 201, Apply: true, Body: foreign(ExternalID(pageURL(victim)), 1)},
		"another external_id":      {Status: 200, Apply: true, Body: foreign("x", 1)},
		"another, not applied":     {Status: 200, Body: foreign("x", 1)},
		"another source":           {Status: 200, Apply: true, Body: foreign(ExternalID(pageURL(victim)), 77)},
		"no ID":                    {Status: 200, Apply: true, Body: `{"type":"external_page","external_id":"` + ExternalID(pageURL(victim)) + `","source_id":1}`},
		"error.list under 200":     {Status: 200, Body: `{"type":"error.list","errors":[{"code":"server_error","message":"oops"}]}`},
		"null":                     {Status: 200, Apply: true, Body: "null"},
		"503, applied":             {Status: 503, Apply: true},
		"500":                      {Status: 500},
		"408":                      {Status: 408},
		"429 with a date":          {Status: 429, RetryAfter: "Mon, 02 Jan 2006 15:04:05 GMT"},
		"429 without words":        {Status: 429, Body: "slow down", ContentType: "text/plain"},
	}
}

// A page whose delivery is ambiguous once is delivered, once; others are not held up.
func TestAmbiguousOnce(t *testing.T) {
	for name, fault := range answers() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDelivery(t, sandbox.Options{}, 4)
				fault.Match = onlyVictim
				fault.Count = 1
				d.api.SetFaults(fault)
				if err := d.deliver(10); err != nil {
					t.Fatal(err)
				}
				for i := range 10 {
					d.is(i, Created, "")
				}
				if n := d.count(); n != 10 || d.upserts.Load() != 10 || d.site.API.Stats().Retries != 1 {
					t.Errorf("%d pages in Fin, %d upserts, %+v", n, d.upserts.Load(), d.site.API.Stats())
				}
			})
		})
	}
}

// A page whose answers come too late was applied all the same.
func TestTimeout(t *testing.T) {
	for _, late := range []int64{1, 100} {
		synctest.Test(t, func(t *testing.T) {
			d := newDelivery(t, sandbox.Options{}, 4)
			d.late.Store(late)
			if err := d.deliver(10); err != nil {
				t.Fatal(err)
			}
			if late == 1 {
				d.is(victim, Created, "")
			} else {
				d.is(victim, Failed, failExhausted)
			}
			d.late.Store(0)
			if err := d.deliver(10); err != nil {
				t.Fatal(err)
			}
			if n := d.count(); n != 10 {
				t.Errorf("%d pages in Fin", n)
			}
		})
	}
}

func onlyVictim(r *http.Request) bool { return r.Header.Get(pageHeader) == ExternalID(pageURL(victim)) }

// A page that the API never acknowledges has failed, and nothing else has; the next run delivers it, and it is there once.
func TestAmbiguousForEver(t *testing.T) {
	for name, fault := range answers() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDelivery(t, sandbox.Options{}, 4)
				fault.Match = onlyVictim
				d.api.SetFaults(fault)
				if err := d.deliver(10); err != nil {
					t.Fatal(err)
				}
				for i := range 10 {
					if i != victim {
						d.is(i, Created, "")
					}
				}
				d.is(victim, Failed, failExhausted)
				d.api.SetFaults()
				if err := d.deliver(10); err != nil {
					t.Fatal(err)
				}
				d.is(victim, Created, "")
				if n := d.count(); n != 10 {
					t.Errorf("%d pages in Fin", n)
				}
			})
		})
	}
}

// A page that the API refuses fails with the API's words, after one request, and holds up no other.
func TestRejected(t *testing.T) {
	for _, status := range []int{http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge} {
		synctest.Test(t, func(t *testing.T) {
			d := newDelivery(t, sandbox.Options{}, 4)
			d.api.SetFaults(sandbox.Fault{Match: onlyVictim, Status: status,
				Body: `{"type":"error.list","errors":[{"code":"parameter_invalid","message":"html is too long","field":"html"}]}`})
			before := time.Now()
			if err := d.deliver(10); err != nil {
				t.Fatal(err)
			}
			d.is(victim, Failed, failRejected)
			p, _, err := d.site.Ledger.Page(t.Context(), d.destID, pageURL(victim))
			if want := fmt.Sprintf("%d parameter_invalid: html is too long", status); err != nil || !bytes.Contains([]byte(p.Detail), []byte(want)) {
				t.Errorf("%q, %v; want %q", p.Detail, err, want)
			}
			if n := d.count(); n != 9 || d.site.API.Stats().Retries != 0 || time.Since(before) > time.Second {
				t.Errorf("%d pages in Fin, %+v, %s", n, d.site.API.Stats(), time.Since(before))
			}
		})
	}
}

// What concerns every page stops the run at once: no more requests than were in flight, and no page is lost or doubled.
func TestDeliveryStops(t *testing.T) {
	const workers = 4
	html := sandbox.Fault{Method: http.MethodPost, PathPrefix: "/ai/external_pages", Nth: 6, Status: 403, Body: "<html>blocked</html>", ContentType: "text/html"}
	for name, c := range map[string]struct {
		fault  sandbox.Fault
		reason string
		most   int64 // requests after the first five
	}{
		"401":                     {sandbox.Fault{Status: 401}, ReasonTokenRefused, workers},
		"403 with an error.list":  {sandbox.Fault{Status: 403, Body: `{"type":"error.list","errors":[{"code":"api_plan_restricted","message":"no"}]}`}, ReasonTokenRefused, workers},
		"three 403 of a proxy":    {html, ReasonTokenRefused, 3 + workers},
		"revoked, under 200":      {sandbox.Fault{Status: 200, Body: `{"type":"error.list","errors":[{"code":"token_revoked","message":"no"}]}`}, ReasonTokenRefused, workers},
		"404":                     {sandbox.Fault{Status: 404}, ReasonSourceGone, workers},
		"422 that names a source": {sandbox.Fault{Status: 422, Body: `{"type":"error.list","errors":[{"code":"parameter_invalid","field":"source_id","message":"no"}]}`}, ReasonSourceGone, workers},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDelivery(t, sandbox.Options{Latency: 10 * time.Millisecond}, workers)
				c.fault.Method, c.fault.PathPrefix, c.fault.Nth = http.MethodPost, "/ai/external_pages", 6
				d.api.SetFaults(c.fault)
				before := d.site.API.Stats().Requests
				err := d.deliver(40)
				var se *StopError
				if !errors.As(err, &se) || se.Exit != ExitStopped || se.Reason != c.reason {
					t.Errorf("the delivery ended with %v", err)
				}
				if n := d.site.API.Stats().Requests - before; n > 5+c.most {
					t.Errorf("%d requests, want at most %d", n, 5+c.most)
				}
				d.api.SetFaults()
				if err := d.deliver(40); err != nil {
					t.Fatal(err)
				}
				if n := d.count(); n != 40 {
					t.Errorf("%d pages in Fin", n)
				}
			})
		})
	}
}

// One 403 that is not the API's is of something between: the page fails, the run goes on.
func TestOneForbidden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDelivery(t, sandbox.Options{}, 1)
		d.api.SetFaults(sandbox.Fault{Match: onlyVictim, Status: 403, Body: "<html>blocked</html>", ContentType: "text/html"})
		if err := d.deliver(10); err != nil {
			t.Fatal(err)
		}
		d.is(victim, Failed, failExhausted)
		if n := d.count(); n != 9 {
			t.Errorf("%d pages in Fin", n)
		}
	})
}

// An API that takes nothing any more ends the run, and does not keep it busy with every page.
func TestDeliveryGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDelivery(t, sandbox.Options{}, 4)
		d.api.SetFaults(sandbox.Fault{Method: http.MethodPost, PathPrefix: "/ai/external_pages", DropAfterApply: true})
		err := d.deliver(60)
		var se *StopError
		if !errors.As(err, &se) || se.Reason != ReasonAPIDown {
			t.Errorf("the delivery ended with %v", err)
		}
		if n := d.upserts.Load(); n > exhaustedInARow+8 {
			t.Errorf("%d pages were tried", n)
		}
		d.api.SetFaults()
		if err := d.deliver(60); err != nil {
			t.Fatal(err)
		}
		for i := range 60 {
			d.is(i, Created, "")
		}
		if n := d.count(); n != 60 {
			t.Errorf("%d pages in Fin", n)
		}
	})
}
