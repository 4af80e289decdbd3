package sandbox_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pageferry/pageferry/ingest/sandbox"
)

const token = "test-token"

// openStore returns a store in a file of its own, closed at the end of the test.
func openStore(t testing.TB) *sandbox.Store {
	t.Helper()
	return openStoreAt(t, filepath.Join(t.TempDir(), "sandbox.db"))
}

func openStoreAt(t testing.TB, path string) *sandbox.Store {
	t.Helper()
	store, err := sandbox.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

// api is a served sandbox and a raw client of it.
type api struct {
	t      testing.TB
	store  *sandbox.Store
	server *sandbox.Server
	client *http.Client
	log    *recorder
	// header is what every request carries; a test changes its copy.
	header http.Header
}

// recorder keeps the requests that a sandbox reports.
type recorder struct {
	mu   sync.Mutex
	list []sandbox.Record
}

func (r *recorder) add(record sandbox.Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, record)
}

func (r *recorder) last(t testing.TB) sandbox.Record {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.list) == 0 {
		t.Fatal("no request was recorded")
	}
	return r.list[len(r.list)-1]
}

func serve(t testing.TB, store *sandbox.Store, opts sandbox.Options) *api {
	t.Helper()
	log := &recorder{}
	opts.Token, opts.OnRequest = token, log.add
	server, err := sandbox.Serve(store, opts, "")
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	t.Cleanup(func() {
		client.CloseIdleConnections()
		if err := server.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	header := http.Header{"Authorization": {"Bearer " + token}, "Accept": {"application/json"},
		"Content-Type": {"application/json"}, "Intercom-Version": {"2.14"}}
	return &api{t: t, store: store, server: server, client: client, log: log, header: header}
}

func newAPI(t testing.TB) *api {
	t.Helper()
	return serve(t, openStore(t), sandbox.Options{})
}

// with returns the api with a header set, or removed when value is empty.
func (a *api) with(name, value string) *api {
	b := *a
	b.header = a.header.Clone()
	b.header.Set(name, value)
	if value == "" {
		b.header.Del(name)
	}
	return &b
}

func (a *api) version(v string) *api { return a.with("Intercom-Version", v) }

// response is an answer that was read.
type response struct {
	t      testing.TB
	status int
	header http.Header
	body   string
}

// send makes the request; path may be a whole URL. A nil body is none.
func (a *api) send(method, path string, body any) (*response, error) {
	var reader io.Reader
	switch body := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(body)
	default:
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		reader = strings.NewReader(string(text))
	}
	if !strings.HasPrefix(path, "http") {
		path = a.server.URL + path
	}
	req, err := http.NewRequest(method, path, reader)
	if err != nil {
		return nil, err
	}
	req.Header = a.header.Clone()
	if reader == nil {
		req.Header.Del("Content-Type")
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	return &response{t: a.t, status: resp.StatusCode, header: resp.Header, body: string(text)}, nil
}

func (a *api) do(method, path string, body any) *response {
	a.t.Helper()
	resp, err := a.send(method, path, body)
	if err != nil {
		a.t.Fatalf("%s %s: %v", method, path, err)
	}
	return resp
}

// object is a JSON object.
type object map[string]any

// ok requires the status 200 and returns the body.
func (r *response) ok() object {
	r.t.Helper()
	if r.status != http.StatusOK {
		r.t.Fatalf("status %d, want 200: %s", r.status, r.body)
	}
	return r.json()
}

func (r *response) json() object {
	r.t.Helper()
	var o object
	if err := json.Unmarshal([]byte(r.body), &o); err != nil {
		r.t.Fatalf("body is no JSON object: %v: %s", err, r.body)
	}
	return o
}

// errors returns "code field" of each error in the error.list, and requires the status.
func (r *response) errors(status int) []string {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("status %d, want %d: %s", r.status, status, r.body)
	}
	var list struct {
		Type      string `json:"type"`
		RequestID string `json:"request_id"`
		Errors    []struct{ Code, Message, Field string }
	}
	if err := json.Unmarshal([]byte(r.body), &list); err != nil {
		r.t.Fatalf("body is no JSON: %v: %s", err, r.body)
	}
	if list.Type != "error.list" || len(list.RequestID) != 36 || len(list.Errors) == 0 {
		r.t.Fatalf("not an error.list: %s", r.body)
	}
	var out []string
	for _, e := range list.Errors {
		if e.Message == "" {
			r.t.Errorf("error without message: %s", r.body)
		}
		out = append(out, strings.TrimSpace(e.Code+" "+e.Field))
	}
	return out
}

// number returns an integer member.
func (o object) number(name string) int64 {
	n, _ := o[name].(float64)
	return int64(n)
}

// newSource makes an api source and returns its id.
func (a *api) newSource(url string) int64 {
	a.t.Helper()
	return a.do("POST", "/ai/content_import_sources", object{"sync_behavior": "api", "url": url}).ok().number("id")
}

// page is a request body with all that a POST must have.
func page(source int64, externalID string) object {
	return object{"title": "Title of " + externalID, "html": "<p>Body of " + externalID + "</p>", "locale": "en",
		"url": "https://help.example.com/" + externalID, "source_id": source, "external_id": externalID}
}

// set returns a copy of o with the member changed; a nil value removes it.
func (o object) set(name string, value any) object {
	out := maps.Clone(o)
	out[name] = value
	if value == nil {
		delete(out, name)
	}
	return out
}

func pagePath(o object) string { return fmt.Sprintf("/ai/external_pages/%s", o["id"]) }

func sourcePath(id int64) string { return fmt.Sprintf("/ai/content_import_sources/%d", id) }
