package sandbox_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const sourcesPath = "/ai/content_import_sources"

func TestCreateSource(t *testing.T) {
	a := newAPI(t)
	body := object{"sync_behavior": "api", "url": "https://help.example.com/", "audience_ids": []int{7}}
	got := a.do("POST", sourcesPath, body).ok()
	want := object{"type": "content_import_source", "url": "https://help.example.com/", "sync_behavior": "api",
		"status": "active"}
	ignore := cmpopts.IgnoreMapEntries(func(k string, _ any) bool { return k == "id" || strings.HasSuffix(k, "_at") })
	if diff := cmp.Diff(want, got, ignore); diff != "" {
		t.Errorf("created source (-want +got):\n%s", diff)
	}
	for _, name := range []string{"id", "created_at", "updated_at", "last_synced_at"} {
		if got.number(name) == 0 {
			t.Errorf("%s = %v", name, got[name])
		}
	}
	if diff := cmp.Diff(got, a.do("GET", sourcePath(got.number("id")), nil).ok()); diff != "" {
		t.Errorf("GET differs from POST (-post +get):\n%s", diff)
	}
	if again := a.do("POST", sourcesPath, body).ok(); again["id"] == got["id"] {
		t.Error("POST of the same url was an upsert")
	}
	off := a.do("POST", sourcesPath, body.set("status", "deactivated")).ok()
	if off["status"] != "deactivated" {
		t.Errorf("status = %v", off["status"])
	}
}

func TestAudiences(t *testing.T) {
	a := newAPI(t).version("2.15")
	body := object{"sync_behavior": "api", "url": "https://help.example.com/"}
	for _, test := range []struct{ given, want string }{{"7", "[7]"}, {"[7,8]", "[7,8]"}, {"null", "[]"}, {"[]", "[]"}} {
		text := fmt.Sprintf(`{"sync_behavior":"api","url":"https://help.example.com/","audience_ids":%s}`, test.given)
		if got := a.do("POST", sourcesPath, text); !strings.Contains(got.body, `"audience_ids":`+test.want) {
			t.Errorf("audience_ids %s: %s", test.given, got.body)
		}
	}
	created := a.do("POST", sourcesPath, body.set("audience_ids", []int{5})).ok()
	path := sourcePath(created.number("id"))
	if got := a.do("PUT", path, body).ok(); !cmp.Equal(got["audience_ids"], []any{5.0}) {
		t.Errorf("PUT without audience_ids: %v", got)
	}
	if got := a.do("PUT", path, body.set("audience_ids", []int{})).ok(); !cmp.Equal(got["audience_ids"], []any{}) {
		t.Errorf("PUT with no audience: %v", got)
	}
	for _, value := range []any{"5", []string{"5"}, []any{nil}, 1.5} {
		got := a.do("POST", sourcesPath, body.set("audience_ids", value)).errors(400)
		if !slices.Equal(got, []string{"type_mismatch audience_ids"}) {
			t.Errorf("audience_ids %v: %q", value, got)
		}
	}
	got := a.do("PUT", path, body.set("apply_audience_to_existing_content", "yes")).errors(400)
	if !slices.Equal(got, []string{"type_mismatch apply_audience_to_existing_content"}) {
		t.Errorf("apply_audience_to_existing_content: %q", got)
	}
}

func TestSourceRefuses(t *testing.T) {
	a := newAPI(t)
	body := object{"sync_behavior": "api", "url": "https://help.example.com/"}
	path := sourcePath(a.do("POST", sourcesPath, body).ok().number("id"))
	crawled, err := a.store.AddSource(t.Context(), "https://www.example.com/", "automatic")
	if err != nil {
		t.Fatal(err)
	}
	automated := object{"sync_behavior": "automated", "url": "https://www.example.com/"}
	tests := []struct {
		name, method, path string
		body               any
		status             int
		want               string
	}{
		{"no url", "POST", sourcesPath, body.set("url", nil), 400, "parameter_missing url"},
		{"no sync_behavior", "POST", sourcesPath, body.set("sync_behavior", nil), 400, "parameter_missing sync_behavior"},
		{"POST automated", "POST", sourcesPath, automated, 400, "parameter_invalid sync_behavior"},
		{"POST manual", "POST", sourcesPath, body.set("sync_behavior", "manual"), 400, "parameter_invalid sync_behavior"},
		{"status", "POST", sourcesPath, body.set("status", "paused"), 400, "parameter_invalid status"},
		{"url a number", "POST", sourcesPath, body.set("url", 5), 400, "type_mismatch url"},
		{"not JSON", "POST", sourcesPath, "url=x", 400, "parameter_invalid"},
		{"PUT not JSON", "PUT", path, "url=x", 400, "parameter_invalid"},
		{"PUT without url", "PUT", path, body.set("url", nil), 400, "parameter_missing url"},
		{"PUT automatic", "PUT", path, body.set("sync_behavior", "automatic"), 400, "parameter_invalid sync_behavior"},
		{"PUT from api", "PUT", path, body.set("sync_behavior", "manual"), 422, "parameter_invalid sync_behavior"},
		{"PUT to api", "PUT", sourcePath(crawled.ID), body.set("url", crawled.URL), 422, "parameter_invalid sync_behavior"},
		{"PUT url of a crawled one", "PUT", sourcePath(crawled.ID), automated.set("url", "https://other.example.com/"), 422,
			"parameter_invalid url"},
		{"PUT unknown", "PUT", sourcePath(1), body, 404, "not_found"},
		{"GET unknown", "GET", sourcePath(1), nil, 404, "not_found"},
		{"DELETE unknown", "DELETE", sourcePath(1), nil, 404, "not_found"},
		{"GET no number", "GET", sourcesPath + "/0x1", nil, 404, "not_found"},
		{"list page 0", "GET", sourcesPath + "?page=0", nil, 400, "parameter_invalid page"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := a.do(test.method, test.path, test.body).errors(test.status)
			if !slices.Equal(got, []string{test.want}) {
				t.Errorf("errors = %q, want %q", got, test.want)
			}
		})
	}
}

func TestUpdateSource(t *testing.T) {
	a := newAPI(t)
	body := object{"sync_behavior": "api", "url": "https://new.example.com/", "status": "deactivated"}
	path := sourcePath(a.newSource("https://help.example.com/"))
	got := a.do("PUT", path, body).ok()
	if got["url"] != "https://new.example.com/" || got["status"] != "deactivated" {
		t.Errorf("PUT = %v", got)
	}
	if got := a.do("PUT", path, body.set("status", nil)).ok(); got["status"] != "deactivated" {
		t.Errorf("PUT without status made it %v", got["status"])
	}
	crawled, err := a.store.AddSource(t.Context(), "https://www.example.com/", "manual")
	if err != nil {
		t.Fatal(err)
	}
	got = a.do("PUT", sourcePath(crawled.ID), object{"sync_behavior": "automated", "url": crawled.URL}).ok()
	if got["sync_behavior"] != "automatic" {
		t.Errorf("automated is answered as %v", got["sync_behavior"])
	}
}

func TestDeleteSourceTakesItsPages(t *testing.T) {
	a := newAPI(t)
	source, other := a.newSource("https://help.example.com/"), a.newSource("https://docs.example.com/")
	gone := a.do("POST", "/ai/external_pages", page(source, "x")).ok()
	kept := a.do("POST", "/ai/external_pages", page(other, "x")).ok()
	if got := a.do("DELETE", sourcePath(source), nil); got.status != 204 || got.body != "" {
		t.Errorf("DELETE = %d %q, want 204 without a body", got.status, got.body)
	}
	a.do("GET", sourcePath(source), nil).errors(404)
	a.do("GET", pagePath(gone), nil).errors(404)
	a.do("POST", "/ai/external_pages", page(source, "x")).errors(404)
	a.do("GET", pagePath(kept), nil).ok()
	if id := a.newSource("https://help.example.com/"); id <= other {
		t.Errorf("a source id came back: %d after %d", id, other)
	}
}

func TestListSources(t *testing.T) {
	a := newAPI(t)
	var want []string // oldest first
	for i := range 60 {
		behavior := []string{"api", "automatic", "manual"}[i%3]
		src, err := a.store.AddSource(t.Context(), fmt.Sprintf("https://help%d.example.com/", i), behavior)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, fmt.Sprint(src.ID))
	}
	got, requests := listAll(t, a, sourcesPath, 50)
	if diff := cmp.Diff(want, got); diff != "" || requests != 2 {
		t.Errorf("%d requests, want 2; ids (-want +got):\n%s", requests, diff)
	}
	sources, err := a.store.Sources(t.Context())
	if err != nil || len(sources) != 60 || sources[1].SyncBehavior != "automatic" {
		t.Errorf("Sources = %d of them, %v", len(sources), err)
	}
}
