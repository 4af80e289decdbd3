package sandbox_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"github.com/pageferry/pageferry/ingest/intercom"
	"github.com/pageferry/pageferry/ingest/sandbox"
)

// strictDescription is a description of the API derived from the vendor's, kept beside the repository where it is at
// hand. It does not have /me.
const strictDescription = "../../../shared/api/openapi-strict.json"

// TestOpenAPI checks the requests and answers of the sandbox, and of the client with the sandbox, against descriptions
// of the API. The one in testdata is our own reading of the documentation, and allows no member that it does not name.
func TestOpenAPI(t *testing.T) {
	t.Run("own", func(t *testing.T) {
		testDescription(t, filepath.Join("testdata", "openapi.json"))
	})
	t.Run("strict", func(t *testing.T) {
		if _, err := os.Stat(strictDescription); errors.Is(err, os.ErrNotExist) {
			t.Skipf("%s is not there", strictDescription)
		}
		testDescription(t, strictDescription)
	})
}

func testDescription(t *testing.T, path string) {
	doc, err := openapi3.NewLoader().LoadFromFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("sandbox", func(t *testing.T) {
		a := newAPI(t)
		v := newValidator(t, doc, a.server.URL, a.client.Transport)
		a.client.Transport = v
		tour(t, a, v)
		v.checkCoverage(t)
	})
	t.Run("client", func(t *testing.T) {
		a := newAPI(t)
		v := newValidator(t, doc, a.server.URL, a.client.Transport)
		clientTour(t, a, v)
		if v.answers.Load() < 10 {
			t.Errorf("%d answers were checked", v.answers.Load())
		}
	})
}

// validator is an http.RoundTripper that reports requests and answers which do not fit the description.
type validator struct {
	t       *testing.T
	doc     *openapi3.T
	router  routers.Router
	next    http.RoundTripper
	answers atomic.Int64
	seen    map[string]bool // "method path status", of requests made one at a time
	// refused says that the next requests are wrong on purpose: the description must refuse them too.
	refused bool
}

func newValidator(t *testing.T, doc *openapi3.T, server string, next http.RoundTripper) *validator {
	t.Helper()
	here := *doc
	here.Servers = openapi3.Servers{{URL: server}}
	router, err := legacy.NewRouter(&here, openapi3.DisableExamplesValidation())
	if err != nil {
		t.Fatal(err)
	}
	return &validator{t: t, doc: &here, router: router, next: next, seen: map[string]bool{}}
}

func (v *validator) RoundTrip(r *http.Request) (*http.Response, error) {
	route, params, err := v.router.FindRoute(r)
	if err != nil {
		if r.URL.Path != "/me" || v.doc.Paths.Find("/me") != nil {
			v.t.Errorf("%s %s is not in the description: %v", r.Method, r.URL, err)
		}
		return v.next.RoundTrip(r)
	}
	sent := r.Clone(r.Context())
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body.Close()
		r = r.Clone(r.Context())
		sent.Body, r.Body = io.NopCloser(bytes.NewReader(body)), io.NopCloser(bytes.NewReader(body))
	}
	input := &openapi3filter.RequestValidationInput{Request: sent, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: bearer, SkipSettingDefaults: true}}
	err = openapi3filter.ValidateRequest(r.Context(), input)
	if (err != nil) != v.refused {
		v.t.Errorf("request %s %s: the description says %v", r.Method, r.URL, err)
	}
	resp, err := v.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	answer := &openapi3filter.ResponseValidationInput{RequestValidationInput: input, Status: resp.StatusCode,
		Header: resp.Header, Body: io.NopCloser(bytes.NewReader(body)), Options: input.Options}
	if err := openapi3filter.ValidateResponse(r.Context(), answer); err != nil {
		v.t.Errorf("answer %d to %s %s: %v", resp.StatusCode, r.Method, r.URL, err)
	}
	v.answers.Add(1)
	v.seen[fmt.Sprintf("%s %s %d", r.Method, route.Path, resp.StatusCode)] = true
	return resp, nil
}

// bearer is the check of the security scheme: there is a token.
func bearer(_ context.Context, input *openapi3filter.AuthenticationInput) error {
	header := input.RequestValidationInput.Request.Header.Get("Authorization")
	if token, ok := strings.CutPrefix(header, "Bearer "); !ok || token == "" {
		return errors.New("no bearer token")
	}
	return nil
}

// checkCoverage requires a good answer of every operation in the description.
func (v *validator) checkCoverage(t *testing.T) {
	t.Helper()
	for path, item := range v.doc.Paths.Map() {
		for method, operation := range item.Operations() {
			for status := range operation.Responses.Map() {
				if strings.HasPrefix(status, "2") && !v.seen[method+" "+path+" "+status] {
					t.Errorf("the tour has no %s %s with %s", method, path, status)
				}
			}
		}
	}
}

// tour makes every kind of request, good and bad.
func tour(t *testing.T, a *api, v *validator) {
	a.do("GET", "/me", nil).ok()
	source := a.newSource("https://help.example.com/")
	a.do("GET", sourcesPath, nil).ok()
	a.do("GET", sourcePath(source), nil).ok()
	update := object{"sync_behavior": "api", "url": "https://help.example.com/en/", "status": "active"}
	a.do("PUT", sourcePath(source), update).ok()
	a.version("2.15").do("PUT", sourcePath(source), update.set("audience_ids", []int{1})).ok()
	a.version("2.15").do("GET", sourcesPath+"?per_page=1", nil).ok()

	body := page(source, "x")
	created := a.do("POST", "/ai/external_pages", body.set("ai_agent_availability", true)).ok()
	a.do("POST", "/ai/external_pages", body.set("url", nil)).ok()
	a.do("POST", "/ai/external_pages", page(source, "y")).ok()
	a.do("GET", "/ai/external_pages", nil).ok()
	a.do("GET", "/ai/external_pages?page=1&per_page=1", nil).ok()
	a.do("GET", pagePath(created), nil).ok()
	a.do("PUT", pagePath(created), body).ok()
	a.do("PUT", pagePath(created), body.set("external_id", "y")).errors(409)
	a.do("POST", "/ai/external_pages", body.set("source_id", 1)).errors(404)
	a.do("DELETE", pagePath(created), nil).ok()
	a.do("DELETE", pagePath(created), nil).errors(404)
	a.do("PUT", pagePath(created), body).errors(404)
	a.with("Accept", "text/html").do("GET", "/ai/external_pages", nil).errors(406)
	a.do("POST", "/ai/external_pages", body.set("html", strings.Repeat("x", 8<<20))).errors(413)
	a.do("PUT", sourcePath(source), update.set("sync_behavior", "manual")).errors(422)
	for _, status := range []int{429, 500, 503} {
		a.server.SetFaults(sandbox.Fault{Status: status})
		a.do("POST", "/ai/external_pages", body).errors(status)
	}
	a.server.SetFaults()

	v.refused = true
	a.with("Authorization", "").do("GET", "/ai/external_pages", nil).errors(401)
	a.do("POST", "/ai/external_pages", "{").errors(400)
	a.do("PUT", pagePath(created), body.set("url", nil)).errors(400)
	for _, name := range []string{"title", "html", "locale", "source_id", "external_id"} {
		a.do("POST", "/ai/external_pages", body.set(name, nil)).errors(400)
		a.do("POST", "/ai/external_pages", body.set(name, []int{1})).errors(400)
	}
	a.do("POST", "/ai/external_pages", body.set("locale", "de")).errors(400)
	a.do("POST", "/ai/external_pages", body.set("source_id", fmt.Sprint(source))).errors(400)
	a.do("POST", sourcesPath, object{"sync_behavior": "manual", "url": "https://help.example.com/"}).errors(400)
	a.do("POST", sourcesPath, object{"sync_behavior": "api"}).errors(400)
	v.refused = false

	if got := a.do("DELETE", sourcePath(source), nil); got.status != 204 {
		t.Errorf("DELETE of the source: %d %s", got.status, got.body)
	}
}

// clientTour makes every request that the client can make.
func clientTour(t *testing.T, a *api, v *validator) {
	ctx := t.Context()
	client, err := intercom.New(intercom.Config{BaseURL: a.server.URL}, intercom.Options{Token: token, Transport: v})
	if err != nil {
		t.Fatal(err)
	}
	admin, err := client.Me(ctx)
	if err != nil || admin.App.IDCode != a.store.WorkspaceID() {
		t.Errorf("Me = %+v, %v", admin, err)
	}
	source, err := client.EnsureSource(ctx, 0, "https://help.example.com/")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []int64{0, source.ID} {
		if again, err := client.EnsureSource(ctx, id, "https://help.example.com/"); err != nil || again.ID != source.ID {
			t.Errorf("EnsureSource of %d = %+v, %v; want source %d", id, again, err, source.ID)
		}
	}
	on := true
	request := func(i int) intercom.UpsertExternalPageRequest {
		return intercom.UpsertExternalPageRequest{SourceID: source.ID, ExternalID: fmt.Sprint(i), Title: "Title <&>",
			HTML: "<p>Größe & <b>more</b></p>", URL: fmt.Sprintf("https://help.example.com/%d", i), AIAgentAvailability: &on}
	}
	var first intercom.ExternalPage
	for i := range 60 {
		created, err := client.UpsertExternalPage(ctx, request(i))
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = created
		}
	}
	update := request(0)
	update.AIAgentAvailability = nil
	if again, err := client.UpsertExternalPage(ctx, update); err != nil || again.ID != first.ID ||
		again.HTML != update.HTML || again.AIAgentAvailability == nil || !*again.AIAgentAvailability {
		t.Errorf("upsert again = %+v, %v", again, err)
	}
	if got, err := client.GetExternalPage(ctx, first.ID); err != nil || got.ExternalID != "0" || got.Title != "Title <&>" {
		t.Errorf("GetExternalPage = %+v, %v", got, err)
	}
	listed := 0
	for _, err := range client.ListExternalPages(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		listed++
	}
	if listed != 60 {
		t.Errorf("ListExternalPages yields %d pages, want 60", listed)
	}
	for range 2 { // the second time it is gone already
		if err := client.DeleteExternalPage(ctx, first.ID); err != nil {
			t.Error(err)
		}
	}
	stray := request(0)
	stray.SourceID = 1
	var refused *intercom.Error
	if _, err := client.UpsertExternalPage(ctx, stray); !errors.As(err, &refused) || !refused.SourceUnknown() {
		t.Errorf("upsert into an unknown source: %v", err)
	}
}
