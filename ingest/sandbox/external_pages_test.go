package sandbox_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestUpsertCreates(t *testing.T) {
	a := newAPI(t)
	source := a.newSource("https://help.example.com/")
	got := a.do("POST", "/ai/external_pages", page(source, "intro").set("unheard_of", 1)).ok()
	want := object{
		"type": "external_page", "title": "Title of intro", "html": "<p>Body of intro</p>", "locale": "en",
		"url": "https://help.example.com/intro", "source_id": float64(source), "external_id": "intro",
		"ai_agent_availability": false, "ai_copilot_availability": false, "ai_sales_agent_availability": false,
		"fin_availability": false,
	}
	ignore := cmpopts.IgnoreMapEntries(func(k string, _ any) bool {
		return slices.Contains([]string{"id", "created_at", "updated_at", "last_ingested_at"}, k)
	})
	if diff := cmp.Diff(want, got, ignore); diff != "" {
		t.Errorf("created page (-want +got):\n%s", diff)
	}
	if id, ok := got["id"].(string); !ok || id == "" {
		t.Errorf("id = %v, want a string", got["id"])
	}
	if got["created_at"] != got["updated_at"] || got["created_at"] != got["last_ingested_at"] {
		t.Errorf("times of a new page differ: %v", got)
	}
	if diff := cmp.Diff(got, a.do("GET", pagePath(got), nil).ok()); diff != "" {
		t.Errorf("GET differs from POST (-post +get):\n%s", diff)
	}
	if got := a.log.last(t); got.Method != "GET" || got.ExternalID != "intro" || got.Status != 200 {
		t.Errorf("record = %+v", got)
	}
}

func TestUpsertUpdatesAndKeepsFlags(t *testing.T) {
	a := newAPI(t)
	source, other := a.newSource("https://help.example.com/"), a.newSource("https://docs.example.com/")
	body := page(source, "x")
	first := a.do("POST", "/ai/external_pages", body.set("ai_agent_availability", true)).ok()
	second := a.do("POST", "/ai/external_pages", body.set("title", "New").set("url", nil)).ok()
	if second["id"] != first["id"] || second["title"] != "New" || second["created_at"] != first["created_at"] {
		t.Errorf("update made %v of %v", second, first)
	}
	if second["ai_agent_availability"] != true || second["fin_availability"] != true ||
		second["ai_copilot_availability"] != false {
		t.Errorf("omitted flags were not kept: %v", second)
	}
	if url, ok := second["url"]; ok {
		t.Errorf("omitted url is still %v", url)
	}
	third := a.do("POST", "/ai/external_pages", body.set("ai_agent_availability", false)).ok()
	if third["ai_agent_availability"] != false {
		t.Errorf("sent flag was not applied: %v", third)
	}
	elsewhere := a.do("POST", "/ai/external_pages", body.set("source_id", other)).ok()
	if elsewhere["id"] == first["id"] {
		t.Error("the same external_id in another source is the same page")
	}
	if n, err := a.store.CountPages(t.Context(), source); n != 1 || err != nil {
		t.Errorf("CountPages = %d, %v; want 1", n, err)
	}
	if n, err := a.store.CountPages(t.Context(), 0); n != 2 || err != nil {
		t.Errorf("CountPages of all = %d, %v; want 2", n, err)
	}
}

func TestSalesFlagIsForPreview(t *testing.T) {
	a := newAPI(t)
	body := page(a.newSource("https://help.example.com/"), "x").set("ai_sales_agent_availability", true)
	if got := a.do("POST", "/ai/external_pages", body).ok(); got["ai_sales_agent_availability"] != false {
		t.Errorf("2.14 took the sales flag: %v", got)
	}
	if got := a.version("Preview").do("POST", "/ai/external_pages", body).ok(); got["ai_sales_agent_availability"] != true {
		t.Errorf("Preview did not take the sales flag: %v", got)
	}
}

func TestTimesMove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := inProcess(t)
		body := page(a.newSource("https://help.example.com/"), "x")
		first := a.do("POST", "/ai/external_pages", body).ok()
		time.Sleep(90 * time.Second)
		second := a.do("POST", "/ai/external_pages", body).ok()
		if second["created_at"] != first["created_at"] {
			t.Errorf("created_at moved from %v to %v", first["created_at"], second["created_at"])
		}
		for _, name := range []string{"updated_at", "last_ingested_at"} {
			if got := second.number(name) - first.number(name); got != 90 {
				t.Errorf("%s moved by %d s, want 90", name, got)
			}
		}
		time.Sleep(10 * time.Second)
		third := a.do("PUT", pagePath(first), body).ok()
		if third.number("updated_at")-second.number("updated_at") != 10 || third["created_at"] != first["created_at"] {
			t.Errorf("PUT: times %v after %v", third, second)
		}
	})
}

func TestUpsertRefuses(t *testing.T) {
	a := newAPI(t)
	body := page(a.newSource("https://help.example.com/"), "x")
	crawled, err := a.store.AddSource(t.Context(), "https://www.example.com/", "automatic")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		version string
		body    any
		status  int
		want    []string
	}{
		{"no title", "2.14", body.set("title", nil), 400, []string{"parameter_missing title"}},
		{"no html", "2.14", body.set("html", nil), 400, []string{"parameter_missing html"}},
		{"no locale", "2.14", body.set("locale", nil), 400, []string{"parameter_missing locale"}},
		{"no locale in 2.17", "2.17", body.set("locale", nil), 400, []string{"parameter_missing locale"}},
		{"no source", "2.14", body.set("source_id", nil), 400, []string{"parameter_missing source_id"}},
		{"no external_id", "2.14", body.set("external_id", nil), 400, []string{"parameter_missing external_id"}},
		{"nothing", "2.14", "{}", 400, []string{"parameter_missing title", "parameter_missing html",
			"parameter_missing locale", "parameter_missing source_id", "parameter_missing external_id"}},
		{"blank title", "2.14", body.set("title", " "), 400, []string{"parameter_invalid title"}},
		{"blank external_id", "2.14", body.set("external_id", ""), 400, []string{"parameter_invalid external_id"}},
		{"title a number", "2.14", body.set("title", 1), 400, []string{"type_mismatch title"}},
		{"title null", "2.14", `{"title":null}`, 400, []string{"type_mismatch title", "parameter_missing html",
			"parameter_missing locale", "parameter_missing source_id", "parameter_missing external_id"}},
		{"url a list", "2.14", body.set("url", []string{"x"}), 400, []string{"type_mismatch url"}},
		{"source_id a string", "2.14", body.set("source_id", "1001"), 400, []string{"type_mismatch source_id"}},
		{"source_id a fraction", "2.14", body.set("source_id", 1.5), 400, []string{"type_mismatch source_id"}},
		{"external_id a number", "2.14", body.set("external_id", 5), 400, []string{"type_mismatch external_id"}},
		{"flag a string", "2.14", body.set("ai_agent_availability", "true"), 400,
			[]string{"type_mismatch ai_agent_availability"}},
		{"locale de in 2.16", "2.16", body.set("locale", "de"), 400, []string{"parameter_invalid locale"}},
		{"locale de in Preview", "Preview", body.set("locale", "de"), 400, []string{"parameter_invalid locale"}},
		{"locale no code in 2.17", "2.17", body.set("locale", "no code"), 400, []string{"parameter_invalid locale"}},
		{"not JSON", "2.14", `{"title":`, 400, []string{"parameter_invalid"}},
		{"a list", "2.14", `[]`, 400, []string{"parameter_invalid"}},
		{"null", "2.14", `null`, 400, []string{"parameter_invalid"}},
		{"two objects", "2.14", `{}{}`, 400, []string{"parameter_invalid"}},
		{"not UTF-8", "2.14", "{\"title\":\"\xff\"}", 400, []string{"parameter_invalid"}},
		{"empty", "2.14", "", 400, []string{"parameter_invalid"}},
		{"unknown source", "2.14", body.set("source_id", 99), 404, []string{"not_found source_id"}},
		{"source not api", "2.14", body.set("source_id", crawled.ID), 422, []string{"parameter_invalid source_id"}},
		{"too large", "2.14", body.set("html", strings.Repeat("x", 8<<20)), 413, []string{"client_error"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := a.version(test.version).do("POST", "/ai/external_pages", test.body).errors(test.status)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
	if n, err := a.store.CountPages(t.Context(), 0); n != 0 || err != nil {
		t.Errorf("refused requests left %d pages, %v", n, err)
	}
	german := a.version("2.17").do("POST", "/ai/external_pages", body.set("locale", "pt-BR")).ok()
	if german["locale"] != "pt-BR" {
		t.Errorf("2.17 made locale %v of pt-BR", german["locale"])
	}
}

func TestReplacePage(t *testing.T) {
	a := newAPI(t)
	source, other := a.newSource("https://help.example.com/"), a.newSource("https://docs.example.com/")
	body := page(source, "x")
	created := a.do("POST", "/ai/external_pages", body.set("ai_copilot_availability", true)).ok()
	taken := a.do("POST", "/ai/external_pages", page(source, "taken")).ok()
	path := pagePath(created)
	bare := body.set("external_id", nil)

	got := a.version("2.17").do("PUT", path, bare.set("url", nil).set("title", "New").set("locale", "de")).ok()
	if got["title"] != "New" || got["locale"] != "de" || got["external_id"] != "x" || got["id"] != created["id"] {
		t.Errorf("PUT 2.17 = %v", got)
	}
	if _, ok := got["url"]; ok || got["ai_copilot_availability"] != true || got["ai_agent_availability"] != false {
		t.Errorf("PUT 2.17 must clear the url and keep the flags: %v", got)
	}
	got = a.version("2.16").do("PUT", path, bare).ok()
	if got["ai_copilot_availability"] != true || got["ai_agent_availability"] != true {
		t.Errorf("PUT 2.16 must apply the default of fin_availability, true: %v", got)
	}
	got = a.version("2.16").do("PUT", path, bare.set("fin_availability", false).set("ai_agent_availability", true)).ok()
	if got["ai_copilot_availability"] != false || got["ai_agent_availability"] != false {
		t.Errorf("PUT 2.16 must apply fin_availability alone: %v", got)
	}
	got = a.version("Preview").do("PUT", path, bare.set("ai_agent_availability", true).
		set("ai_sales_agent_availability", true)).ok()
	if got["ai_copilot_availability"] != false || got["ai_agent_availability"] != true ||
		got["ai_sales_agent_availability"] != true {
		t.Errorf("PUT Preview must apply the flags and keep the others: %v", got)
	}
	got = a.do("PUT", path, body.set("source_id", other).set("external_id", "moved")).ok()
	if got.number("source_id") != other || got["external_id"] != "moved" || got["id"] != created["id"] {
		t.Errorf("PUT to another source = %v", got)
	}

	crawled, err := a.store.AddSource(t.Context(), "https://www.example.com/", "manual")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, version, path string
		body                object
		status              int
		want                string
	}{
		{"no such page", "2.14", "/ai/external_pages/1", body, 404, "not_found"},
		{"no number", "2.14", "/ai/external_pages/x", body, 404, "not_found"},
		{"no url", "2.16", path, body.set("url", nil), 400, "parameter_missing url"},
		{"no url in Preview", "Preview", path, body.set("url", nil), 400, "parameter_missing url"},
		{"no title", "2.14", path, body.set("title", nil), 400, "parameter_missing title"},
		{"blank external_id", "2.14", path, body.set("external_id", ""), 400, "parameter_invalid external_id"},
		{"fin_availability a string", "2.14", path, body.set("fin_availability", "x"), 400, "type_mismatch fin_availability"},
		{"unknown source", "2.14", path, body.set("source_id", 1), 404, "not_found source_id"},
		{"source not api", "2.14", path, body.set("source_id", crawled.ID), 422, "parameter_invalid source_id"},
		{"external_id taken", "2.14", path, body.set("external_id", "taken"), 409, "resource_conflict external_id"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := a.version(test.version).do("PUT", test.path, test.body).errors(test.status)
			if !slices.Equal(got, []string{test.want}) {
				t.Errorf("errors = %q, want %q", got, test.want)
			}
		})
	}
	if diff := cmp.Diff(taken, a.do("GET", pagePath(taken), nil).ok()); diff != "" {
		t.Errorf("another page changed (-before +after):\n%s", diff)
	}
}

func TestDeletePage(t *testing.T) {
	a := newAPI(t)
	body := page(a.newSource("https://help.example.com/"), "x")
	created := a.do("POST", "/ai/external_pages", body).ok()
	deleted := a.do("DELETE", pagePath(created), nil).ok()
	if diff := cmp.Diff(created.set("html", ""), deleted); diff != "" {
		t.Errorf("deleted page (-want +got):\n%s", diff)
	}
	if got := a.log.last(t).ExternalID; got != "x" {
		t.Errorf("record of the deletion names %q", got)
	}
	for _, method := range []string{"GET", "DELETE"} {
		if got := a.do(method, pagePath(created), nil).errors(404); got[0] != "not_found" {
			t.Errorf("%s of a deleted page: %q", method, got)
		}
	}
	if again := a.do("POST", "/ai/external_pages", body).ok(); again["id"] == created["id"] {
		t.Errorf("id %v came back", again["id"])
	}
}

func TestListPages(t *testing.T) {
	a := newAPI(t)
	empty := a.do("GET", "/ai/external_pages", nil)
	if got := empty.ok(); !strings.Contains(empty.body, `"data":[]`) || got.number("total_count") != 0 {
		t.Errorf("empty list: %s", empty.body)
	}
	source, other := a.newSource("https://help.example.com/"), a.newSource("https://docs.example.com/")
	var want []string // newest first
	for i := range 160 {
		created := a.do("POST", "/ai/external_pages", page([]int64{source, other}[i%2], fmt.Sprint(i))).ok()
		want = append([]string{created["id"].(string)}, want...)
	}
	for _, test := range []struct {
		query             string
		perPage, requests int
	}{{"", 50, 4}, {"?per_page=150", 150, 2}, {"?per_page=7&page=1", 7, 23}, {"?per_page=80", 80, 2}} {
		t.Run(test.query, func(t *testing.T) {
			got, requests := listAll(t, a, "/ai/external_pages"+test.query, test.perPage)
			if diff := cmp.Diff(want, got); diff != "" || requests != test.requests {
				t.Errorf("%d requests, want %d; ids (-want +got):\n%s", requests, test.requests, diff)
			}
		})
	}
	beyond := a.do("GET", "/ai/external_pages?page=9", nil).ok()
	if data := beyond["data"].([]any); len(data) != 0 || beyond["pages"].(map[string]any)["next"] != nil {
		t.Errorf("page beyond the end: %v", beyond)
	}
	for query, want := range map[string]string{"page=0": "page", "page=x": "page", "per_page=151": "per_page",
		"per_page=-1": "per_page", "page=99999999999999999999": "page"} {
		if got := a.do("GET", "/ai/external_pages?"+query, nil).errors(400); got[0] != "parameter_invalid "+want {
			t.Errorf("%s: errors %q", query, got)
		}
	}
}

// listAll follows next from path and returns the ids and the number of requests.
func listAll(t *testing.T, a *api, path string, perPage int) (ids []string, requests int) {
	for next := any(path); next != nil; {
		list := a.do("GET", next.(string), nil).ok()
		requests++
		pages := list["pages"].(map[string]any)
		if pages["type"] != "pages" || pages["page"] != float64(requests) || pages["per_page"] != float64(perPage) {
			t.Fatalf("pages of request %d: %v", requests, pages)
		}
		if text, ok := pages["next"].(string); ok && !strings.HasPrefix(text, a.server.URL+"/ai/") {
			t.Fatalf("next = %q", text)
		}
		for _, item := range list["data"].([]any) {
			ids = append(ids, fmt.Sprint(item.(map[string]any)["id"]))
		}
		next = pages["next"]
	}
	return ids, requests
}
