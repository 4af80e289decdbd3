package sandbox_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pageferry/pageferry/ingest/sandbox"
)

// inProcess is an api without a connection, for a synctest bubble.
func inProcess(t *testing.T) *api {
	t.Helper()
	return inProcessWith(t, sandbox.Options{})
}

func inProcessWith(t *testing.T, opts sandbox.Options) *api {
	t.Helper()
	store := openStoreAt(t, ":memory:")
	log := &recorder{}
	opts.Token, opts.OnRequest = token, log.add
	h := sandbox.NewHandler(store, opts)
	header := http.Header{"Authorization": {"Bearer " + token}, "Accept": {"application/json"},
		"Content-Type": {"application/json"}, "Intercom-Version": {"2.14"}}
	return &api{t: t, store: store, server: &sandbox.Server{URL: "http://sandbox.test", Handler: h},
		client: &http.Client{Transport: sandbox.Transport{Handler: h}}, log: log, header: header}
}

func TestMe(t *testing.T) {
	a := newAPI(t)
	got := a.do("GET", "/me", nil).ok()
	app := got["app"].(map[string]any)
	if got["type"] != "admin" || got["name"] != "pageferry sandbox" || app["region"] != "US" {
		t.Errorf("GET /me = %v", got)
	}
	id, _ := app["id_code"].(string)
	if id != a.store.WorkspaceID() || !strings.HasPrefix(id, "sandbox_") || len(id) != len("sandbox_")+8 {
		t.Errorf("id_code = %q, WorkspaceID = %q", id, a.store.WorkspaceID())
	}
}

func TestHeaders(t *testing.T) {
	a := newAPI(t)
	body := page(a.newSource("https://help.example.com/"), "x")
	tests := []struct {
		name, header, value string
		status              int
		want                string // first error; empty: 200
	}{
		{"no token", "Authorization", "", 401, "unauthorized"},
		{"wrong token", "Authorization", "Bearer other", 401, "unauthorized"},
		{"empty token", "Authorization", "Bearer ", 401, "unauthorized"},
		{"basic", "Authorization", "Basic " + token, 401, "unauthorized"},
		{"scheme in any case", "Authorization", "bearer " + token, 200, ""},
		{"no Accept", "Accept", "", 406, "client_error"},
		{"Accept HTML", "Accept", "text/html, image/*", 406, "client_error"},
		{"Accept JSON with q=0", "Accept", "application/json;q=0", 406, "client_error"},
		{"Accept anything", "Accept", "text/html, */*;q=0.1", 200, ""},
		{"no Content-Type", "Content-Type", "", 400, "parameter_invalid"},
		{"Content-Type form", "Content-Type", "application/x-www-form-urlencoded", 400, "parameter_invalid"},
		{"Content-Type with charset", "Content-Type", "application/json; charset=utf-8", 200, ""},
		{"no version", "Intercom-Version", "", 200, ""},
		{"version Preview", "Intercom-Version", "Preview", 200, ""},
		{"version 2.17", "Intercom-Version", "2.17", 200, ""},
		{"version 2.11", "Intercom-Version", "2.11", 400, "intercom_version_invalid"},
		{"version 3", "Intercom-Version", "3", 400, "intercom_version_invalid"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := a.with(test.header, test.value).do("POST", "/ai/external_pages", body)
			if test.want == "" {
				got.ok()
			} else if errors := got.errors(test.status); errors[0] != test.want {
				t.Errorf("errors = %q, want %q", errors, test.want)
			}
			if limited := got.header.Get("X-RateLimit-Limit") != ""; limited == (test.status == 401) {
				t.Errorf("status %d, rate headers %v", got.status, got.header)
			}
		})
	}
}

func TestUnknownRoutes(t *testing.T) {
	a := newAPI(t)
	for _, route := range []string{"GET /", "GET /ai", "POST /me", "PATCH /ai/external_pages", "DELETE /ai/external_pages",
		"GET /ai/external_pages/", "PATCH /ai/external_pages/1", "POST /ai/external_pages/1", "GET /ai/external_pages/1/2",
		"PUT /ai/content_import_sources", "PATCH /ai/content_import_sources/1", "GET //ai/external_pages"} {
		method, path, _ := strings.Cut(route, " ")
		if got := a.do(method, path, nil).errors(404); !slices.Equal(got, []string{"not_found"}) {
			t.Errorf("%s: %q", route, got)
		}
	}
	a.with("Authorization", "").do("GET", "/", nil).errors(401)
}

func TestAnyToken(t *testing.T) {
	h := sandbox.NewHandler(openStore(t), sandbox.Options{})
	for header, want := range map[string]int{"Bearer whatever": 200, "Bearer": 401, "": 401} {
		req, err := http.NewRequest("GET", "http://sandbox.test/me", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", header)
		req.Header.Set("Accept", "application/json")
		resp, err := sandbox.Transport{Handler: h}.RoundTrip(req)
		if err != nil || resp.StatusCode != want {
			t.Errorf("Authorization %q: %v, %v; want %d", header, resp, err, want)
		}
	}
}

func TestRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := inProcessWith(t, sandbox.Options{RateLimit: 3})
		for i, want := range []int{2, 1, 0} {
			got := a.do("GET", "/me", nil)
			if got.ok(); got.header.Get("X-RateLimit-Remaining") != strconv.Itoa(want) {
				t.Errorf("request %d: headers %v, want %d remaining", i, got.header, want)
			}
		}
		refused := a.do("GET", "/me", nil)
		if got := refused.errors(429); got[0] != "rate_limit_exceeded" ||
			!strings.Contains(refused.body, "Exceeded rate limit of 3 in 10_seconds") {
			t.Errorf("over the limit: %s", refused.body)
		}
		if got := refused.header.Get("X-RateLimit-Limit"); got != "3" {
			t.Errorf("X-RateLimit-Limit = %q", got)
		}
		reset, err := strconv.ParseInt(refused.header.Get("X-RateLimit-Reset"), 10, 64)
		if left := reset - time.Now().Unix(); err != nil || left < 1 || left > 10 {
			t.Errorf("X-RateLimit-Reset is %d s away, %v", left, err)
		}
		a.with("Authorization", "Bearer wrong").do("GET", "/me", nil).errors(401)
		time.Sleep(time.Until(time.Unix(reset, 0)))
		if got := a.do("GET", "/me", nil); got.status != 200 || got.header.Get("X-RateLimit-Remaining") != "2" {
			t.Errorf("in the next window: %d %v", got.status, got.header)
		}
	})
}

func TestNoRateLimit(t *testing.T) {
	a := newAPI(t)
	for range 3 {
		got := a.do("GET", "/me", nil).header
		if got.Get("X-RateLimit-Limit") != "1667" || got.Get("X-RateLimit-Remaining") != "1666" ||
			got.Get("X-RateLimit-Reset") == "" {
			t.Errorf("headers = %v", got)
		}
	}
}

func TestStoreFailure(t *testing.T) {
	store, err := sandbox.Open(filepath.Join(t.TempDir(), "sandbox.db"))
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	a := serve(t, store, sandbox.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, route := range []string{"GET /ai/external_pages", "GET /ai/external_pages/1", "DELETE /ai/external_pages/1",
		"GET /ai/content_import_sources", "GET /ai/content_import_sources/1", "DELETE /ai/content_import_sources/1"} {
		method, path, _ := strings.Cut(route, " ")
		if got := a.do(method, path, nil).errors(500); got[0] != "server_error" {
			t.Errorf("%s: %q", route, got)
		}
	}
	if !strings.Contains(log.String(), "database is closed") || strings.Contains(log.String(), token) {
		t.Errorf("the log must say why, and not show the token: %s", log.String())
	}
}

func TestCloseEndsWaitingRequests(t *testing.T) {
	arrived := make(chan struct{})
	server, err := sandbox.Serve(openStore(t), sandbox.Options{Latency: time.Hour, Faults: []sandbox.Fault{{
		Match: func(*http.Request) bool { close(arrived); return false }}}}, "")
	if err != nil {
		t.Fatal(err)
	}
	failed := make(chan error)
	go func() {
		_, err := http.Get(server.URL + "/me")
		failed <- err
	}()
	<-arrived
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := server.Close(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("Close = %v, want %v", err, context.Canceled)
	}
	if err := <-failed; err == nil {
		t.Error("the request was answered")
	}
	if err := server.Close(t.Context()); err != nil {
		t.Errorf("second Close = %v", err)
	}
}

func TestServeRefusesAddress(t *testing.T) {
	a := newAPI(t)
	taken := strings.TrimPrefix(a.server.URL, "http://")
	if _, err := sandbox.Serve(a.store, sandbox.Options{}, taken); err == nil || !strings.Contains(err.Error(), taken) {
		t.Errorf("Serve on a taken address = %v", err)
	}
}

func TestConcurrentUse(t *testing.T) {
	a := newAPI(t)
	source := a.newSource("https://help.example.com/")
	const workers, pages = 8, 40
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range pages {
				// Half of the pages are written by every worker, half by one.
				id := fmt.Sprint(i)
				if i%2 == 1 {
					id = fmt.Sprintf("%d of %d", i, w)
				}
				if got, err := a.send("POST", "/ai/external_pages", page(source, id)); err != nil || got.status != 200 {
					t.Errorf("POST %s: %v, %v", id, got, err)
				}
				if got, err := a.send("GET", "/ai/external_pages?per_page=5", nil); err != nil || got.status != 200 {
					t.Errorf("list: %v, %v", got, err)
				}
			}
		})
	}
	wg.Wait()
	want := pages/2 + workers*pages/2
	if n, err := a.store.CountPages(t.Context(), source); n != want || err != nil {
		t.Errorf("CountPages = %d, %v; want %d", n, err, want)
	}
}
