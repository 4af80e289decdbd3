package intercom

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const pageBody = `{"type":"external_page","id":"21","title":"T","html":"<p>a &amp; b</p>","url":"https://help.example.com/a",
 "ai_agent_availability":true,"ai_copilot_availability":false,"fin_availability":true,"locale":"en","source_id":44,"external_id":"5001",
 "created_at":1672928359,"updated_at":1672928360,"last_ingested_at":1672928361}`

func wantPage() ExternalPage {
	return ExternalPage{
		ID: "21", SourceID: 44, ExternalID: "5001", Title: "T", HTML: "<p>a &amp; b</p>", URL: "https://help.example.com/a", Locale: "en",
		AIAgentAvailability: new(true), AICopilotAvailability: new(false),
		CreatedAt: time.Unix(1672928359, 0).UTC(), UpdatedAt: time.Unix(1672928360, 0).UTC(), LastIngestedAt: time.Unix(1672928361, 0).UTC(),
	}
}

func TestUpsertExternalPage(t *testing.T) {
	for name, tc := range map[string]struct {
		req  UpsertExternalPageRequest
		want string
	}{
		"create": {
			UpsertExternalPageRequest{SourceID: 44, ExternalID: "5001", Title: "T & <b>", HTML: "<p>a &amp; b \u2028</p>",
				URL: "https://help.example.com/a?b=1&c=2", Locale: "de", AIAgentAvailability: new(true), AICopilotAvailability: new(false)},
			`{"source_id":44,"external_id":"5001","title":"T & <b>","html":"<p>a &amp; b \u2028</p>",` +
				`"url":"https://help.example.com/a?b=1&c=2","locale":"de","ai_agent_availability":true,"ai_copilot_availability":false}`,
		},
		"update": {
			UpsertExternalPageRequest{SourceID: 44, ExternalID: "5001", Title: "T", HTML: "<p></p>"},
			`{"source_id":44,"external_id":"5001","title":"T","html":"<p></p>","locale":"en"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, mux := setup(t)
			mux.HandleFunc("POST /ai/external_pages", func(w http.ResponseWriter, r *http.Request) {
				b, err := io.ReadAll(r.Body)
				if err != nil || string(b) != tc.want {
					t.Errorf("body %s, %v\nwant %s", b, err, tc.want)
				}
				if ct := r.Header.Get("Content-Type"); ct != "application/json" || r.ContentLength != int64(len(b)) {
					t.Errorf("content type %q, length %d of %d", ct, r.ContentLength, len(b))
				}
				io.WriteString(w, pageBody)
			})
			got, err := c.UpsertExternalPage(t.Context(), tc.req)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(wantPage(), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestUpsertNeedsAnIdentity(t *testing.T) {
	c := fakeClient(t, func(*http.Request) (*http.Response, error) {
		t.Error("request was sent")
		return reply(200, pageBody), nil
	})
	for _, r := range []UpsertExternalPageRequest{{SourceID: 1}, {ExternalID: "x"}, {SourceID: -1, ExternalID: "x"}} {
		if _, err := c.UpsertExternalPage(t.Context(), r); err == nil {
			t.Errorf("%+v was accepted", r)
		}
	}
}

func TestDecodePageLeniently(t *testing.T) {
	for body, want := range map[string]ExternalPage{
		`{"id":21}`: {ID: "21"},
		`{"id":"21","source_id":"44","external_id":5001}`:                                         {ID: "21", SourceID: 44, ExternalID: "5001"},
		`{"id":"21","source_id":null,"external_id":null,"title":null,"html":null,"url":null}`:     {ID: "21"},
		`{"id":"21","created_at":"2026-11-23T02:00:00+01:00","updated_at":"soon"}`:                {ID: "21", CreatedAt: time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC)},
		`{"id":"21","created_at":"1672928359","updated_at":1e300,"last_ingested_at":{"at":true}}`: {ID: "21", CreatedAt: time.Unix(1672928359, 0).UTC()},
		`{"id":"21","created_at":-5,"updated_at":9223372036854775807,"last_ingested_at":null}`:    {ID: "21"},
		`{"id":"21","ai_agent_availability":null,"ai_sales_agent_availability":1,"new":{"a":[]}}`: {ID: "21"},
	} {
		var got ExternalPage
		if err := json.Unmarshal([]byte(body), &got); err != nil {
			t.Errorf("%s: %v", body, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", body, diff)
		}
	}
	for _, body := range []string{`{"id":true}`, `{"id":"1","source_id":"x"}`, `{"id":"1","source_id":1.5}`, `{"id":["1"]}`, `[]`, `"page"`} {
		var got ExternalPage
		if err := json.Unmarshal([]byte(body), &got); err == nil {
			t.Errorf("%s was accepted", body)
		}
	}
}

func TestGetExternalPage(t *testing.T) {
	c, mux := setup(t)
	mux.HandleFunc("GET /ai/external_pages/{id}", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("id") != "a/b ü" || !strings.HasSuffix(r.URL.EscapedPath(), "/a%2Fb%20%C3%BC") {
			w.WriteHeader(http.StatusNotFound)
			io.WriteString(w, errorBody("not_found", "no such page"))
			return
		}
		io.WriteString(w, strings.Replace(pageBody, `"21"`, `"a/b ü"`, 1))
	})
	got, err := c.GetExternalPage(t.Context(), "a/b ü")
	if err != nil || got.ID != "a/b ü" || got.ExternalID != "5001" {
		t.Errorf("get = %+v, %v", got, err)
	}
	_, err = c.GetExternalPage(t.Context(), "22")
	var e *Error
	if !errors.As(err, &e) || !e.NotFound() || e.SourceUnknown() || e.Op != "GET /ai/external_pages/22" {
		t.Errorf("get = %v", err)
	}
}

func TestDeleteExternalPage(t *testing.T) {
	answers := map[string]struct {
		status int
		body   string
		ok     bool
	}{
		"21": {200, `{"type":"external_page","id":"21","html":""}`, true},
		"22": {404, errorBody("not_found", "no such page"), true},
		"23": {204, "", true},
		"24": {422, errorBody("content_has_procedure_dependencies", "in use"), false},
		"25": {403, errorBody("action_forbidden", "no"), false},
	}
	c := fakeClient(t, func(r *http.Request) (*http.Response, error) {
		if r.Method != http.MethodDelete {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		a := answers[r.URL.Path[len("/ai/external_pages/"):]]
		return reply(a.status, a.body), nil
	})
	for id, a := range answers {
		if err := c.DeleteExternalPage(t.Context(), id); (err == nil) != a.ok {
			t.Errorf("delete %s = %v", id, err)
		}
	}
}

// TestIDsThatAreOtherPaths checks that no ID turns the operation on one page into one on all of them.
func TestIDsThatAreOtherPaths(t *testing.T) {
	c := fakeClient(t, func(r *http.Request) (*http.Response, error) {
		t.Errorf("%s %s was sent", r.Method, r.URL)
		return reply(200, pageBody), nil
	})
	for _, id := range []string{"", ".", ".."} {
		if err := c.DeleteExternalPage(t.Context(), id); err == nil {
			t.Errorf("delete %q was accepted", id)
		}
		if _, err := c.GetExternalPage(t.Context(), id); err == nil {
			t.Errorf("get %q was accepted", id)
		}
	}
}
