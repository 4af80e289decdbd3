package sandbox_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pageferry/pageferry/ingest/sandbox"
)

func TestFaultsThatAnswer(t *testing.T) {
	a := newAPI(t)
	source := a.newSource("https://help.example.com/")
	post := func(id string) *response { return a.do("POST", "/ai/external_pages", page(source, id)) }
	stored := func() int {
		n, err := a.store.CountPages(t.Context(), source)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}

	a.server.SetFaults(sandbox.Fault{Method: "POST", PathPrefix: "/ai/", Nth: 2, Count: 1, Status: 503, RetryAfter: "7"})
	post("a").ok()
	refused := post("b")
	if got := refused.errors(503); got[0] != "service_unavailable" || refused.header.Get("Retry-After") != "7" {
		t.Errorf("503: %q, %v", got, refused.header)
	}
	a.do("GET", "/ai/external_pages", nil).ok()
	post("c").ok()
	if n := stored(); n != 2 {
		t.Errorf("%d pages stored, want 2", n)
	}

	a.server.SetFaults(sandbox.Fault{Status: 403, Body: "<html>Forbidden</html>", ContentType: "text/html"})
	if got := post("d"); got.status != 403 || got.body != "<html>Forbidden</html>" ||
		got.header.Get("Content-Type") != "text/html" {
		t.Errorf("HTML answer: %d %v %s", got.status, got.header, got.body)
	}

	a.server.SetFaults(sandbox.Fault{Status: 200, Body: `{"type":"external_pa`, Apply: true, Count: 1})
	if got := post("e"); got.status != 200 || got.body != `{"type":"external_pa` {
		t.Errorf("answer = %d %s", got.status, got.body)
	}
	if n := stored(); n != 3 {
		t.Errorf("%d pages stored after an applied fault, want 3", n)
	}

	a.server.SetFaults(sandbox.Fault{Status: 429, Match: func(r *http.Request) bool { return r.URL.Query().Has("page") }})
	limited := a.do("GET", "/ai/external_pages?page=1", nil)
	if limited.errors(429); limited.header.Get("X-RateLimit-Remaining") != "0" ||
		limited.header.Get("X-RateLimit-Reset") == "" {
		t.Errorf("429: headers %v", limited.header)
	}
	a.server.SetFaults()
	a.do("GET", "/ai/external_pages?page=1", nil).ok()

	for status, code := range map[int]string{401: "unauthorized", 403: "action_forbidden", 404: "not_found",
		408: "request_timeout", 418: "client_error", 422: "parameter_invalid", 429: "rate_limit_exceeded",
		500: "server_error"} {
		a.server.SetFaults(sandbox.Fault{Status: status})
		if got := a.do("GET", "/me", nil).errors(status); got[0] != code {
			t.Errorf("fault %d: %q, want %s", status, got, code)
		}
	}
}

// TestFaultsThatBreak runs over a connection and in the process: a client must see the same.
func TestFaultsThatBreak(t *testing.T) {
	for name, start := range map[string]func(*testing.T) *api{
		"connection": func(t *testing.T) *api { return newAPI(t) },
		"in process": inProcess,
	} {
		t.Run(name, func(t *testing.T) {
			a := start(t)
			source := a.newSource("https://help.example.com/")
			for _, test := range []struct {
				name  string
				fault sandbox.Fault
				pages int // stored afterwards
			}{
				{"before", sandbox.Fault{DropBefore: true}, 0},
				{"after", sandbox.Fault{DropAfterApply: true}, 1},
				{"in the answer", sandbox.Fault{Truncate: true}, 2},
			} {
				a.server.Handler.SetFaults(test.fault)
				if got, err := a.send("POST", "/ai/external_pages", page(source, test.name)); err == nil {
					t.Errorf("%s: got an answer: %v", test.name, got)
				}
				if n, err := a.store.CountPages(t.Context(), source); n != test.pages || err != nil {
					t.Errorf("%s: %d pages stored, %v; want %d", test.name, n, err, test.pages)
				}
			}
			if got := a.log.last(t); got.ExternalID != "in the answer" || got.Status != 200 {
				t.Errorf("record = %+v", got)
			}
		})
	}
}

func TestLatencyAndDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := inProcessWith(t, sandbox.Options{Latency: time.Second})
		took := func(want time.Duration) {
			t.Helper()
			start := time.Now()
			a.do("GET", "/me", nil).ok()
			if got := time.Since(start); got != want {
				t.Errorf("the answer took %v, want %v", got, want)
			}
		}
		took(time.Second)
		a.server.Handler.SetFaults(sandbox.Fault{Delay: 2 * time.Second})
		took(3 * time.Second)

		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, "GET", "http://sandbox.test/me", nil)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if _, err := a.client.Do(req); err == nil || time.Since(start) != 500*time.Millisecond {
			t.Errorf("a cancelled request ended after %v with %v", time.Since(start), err)
		}
		if got := a.log.last(t); got.Status != 0 {
			t.Errorf("record of a cancelled request = %+v", got)
		}
	})
}

func TestSetFaultsWhileServing(t *testing.T) {
	a := newAPI(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 25 {
				a.server.SetFaults(sandbox.Fault{Status: 500, Count: 1})
				got, err := a.send("GET", "/me", nil)
				if err != nil || got.status != 200 && got.status != 500 {
					t.Errorf("GET /me: %v, %v", got, err)
				}
			}
		})
	}
	wg.Wait()
}

// TestNothingButKnownFieldsIsStored: what the API ignores must not show up again.
func TestNothingButKnownFieldsIsStored(t *testing.T) {
	a := newAPI(t)
	source := a.newSource("https://help.example.com/")
	body := page(source, "x").set("body", "marker").set("Title", "marker").set("audience_ids", []int{1})
	text, err := json.Marshal(a.do("POST", "/ai/external_pages", body).ok())
	if err != nil || strings.Contains(string(text), "marker") || strings.Contains(string(text), "audience") {
		t.Errorf("answer has unknown fields: %s, %v", text, err)
	}
}
