package intercom

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// TestErrorQuestions asks every question about every kind of answer to an upsert.
func TestErrorQuestions(t *testing.T) {
	field := func(code, field, message string) string {
		return `{"type":"error.list","errors":[{"code":"` + code + `","field":"` + field + `","message":"` + message + `"}]}`
	}
	html := "<html><body>Forbidden</body></html>"
	for name, tc := range map[string]struct {
		status int
		body   string
		want   []string
	}{
		"400":                           {400, field("parameter_invalid", "title", "too long"), []string{"rejected"}},
		"400 no body":                   {400, "", []string{"rejected"}},
		"400 version":                   {400, field("intercom_version_invalid", "", "The requested version could not be found"), []string{"rejected"}},
		"400 source_id":                 {400, field("parameter_invalid", "source_id", "is invalid"), []string{"source unknown"}},
		"400 source in message":         {400, field("not_found", "", "Content import source not found"), []string{"source unknown"}},
		"400 resource":                  {400, field("not_found", "", "Resource not found"), []string{"rejected"}},
		"401":                           {401, field("unauthorized", "", "Access Token Invalid"), []string{"unauthorized"}},
		"401 no body":                   {401, "", []string{"unauthorized"}},
		"402":                           {402, "", nil},
		"403 error.list":                {403, field("api_plan_restricted", "", "no"), []string{"unauthorized", "forbidden"}},
		"403 HTML":                      {403, html, []string{"forbidden"}},
		"404":                           {404, field("not_found", "", "no"), []string{"source unknown", "not found"}},
		"405":                           {405, "", nil},
		"406":                           {406, "", nil},
		"408":                           {408, "", []string{"temporary"}},
		"409":                           {409, field("conflict", "", "no"), nil},
		"413":                           {413, html, []string{"rejected"}},
		"422":                           {422, field("data_invalid", "", "no"), []string{"rejected"}},
		"422 source_id":                 {422, field("parameter_invalid", "source_id", "no"), []string{"source unknown"}},
		"422 source in message":         {422, field("parameter_invalid", "", "source_id 7 is not of type api"), []string{"source unknown"}},
		"422 source in message on HTML": {422, field("parameter_invalid", "html", "source must not be empty"), []string{"rejected"}},
		"422 element":                   {422, field("parameter_invalid", "", "element <source> is not allowed"), []string{"rejected"}},
		"422 second error": {422, `{"type":"error.list","errors":[{"code":"data_invalid"},{"code":"not_found","field":"source_id"}]}`,
			[]string{"source unknown"}},
		"422 token": {422, field("token_revoked", "", "no"), []string{"unauthorized"}},
		"429":       {429, field("rate_limit_exceeded", "", "no"), []string{"temporary"}},
		"500":       {500, html, []string{"temporary"}},
		"529":       {529, "", []string{"temporary"}},
		"200 list":  {200, field("server_error", "", "no"), []string{"temporary"}},
		"200 token": {200, field("token_suspended", "", "no"), []string{"unauthorized"}},
		"201":       {201, `{"id":"1"}`, []string{"temporary"}},
		"300":       {300, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := fakeClient(t, func(*http.Request) (*http.Response, error) { return reply(tc.status, tc.body), nil })
				_, err := c.UpsertExternalPage(t.Context(), UpsertExternalPageRequest{SourceID: 7, ExternalID: "x"})
				var e *Error
				if !errors.As(err, &e) || e.Status != tc.status {
					t.Fatalf("upsert = %v", err)
				}
				var got []string
				for _, q := range []struct {
					name   string
					answer bool
				}{
					{"temporary", e.Temporary()}, {"unauthorized", e.Unauthorized()}, {"forbidden", e.Forbidden()},
					{"source unknown", e.SourceUnknown()}, {"not found", e.NotFound()}, {"rejected", e.Rejected()},
				} {
					if q.answer {
						got = append(got, q.name)
					}
				}
				if !slices.Equal(got, tc.want) {
					t.Errorf("%v: %q, want %q", err, got, tc.want)
				}
			})
		})
	}
}

func TestThreeForbiddenInARow(t *testing.T) {
	var answers []*http.Response
	c := fakeClient(t, func(*http.Request) (*http.Response, error) {
		res := answers[0]
		answers = answers[1:]
		return res, nil
	})
	html := func() *http.Response { return reply(403, "<html>", "Content-Type", "text/html") }
	answers = []*http.Response{html(), html(), reply(200, meBody), html(), html(), reply(404, ""), html(), html(), html(), html()}
	want := []bool{false, false, false, false, false, false, false, false, true, true}
	for i := range want {
		_, err := c.Me(t.Context())
		var e *Error
		if got := errors.As(err, &e) && e.Unauthorized(); got != want[i] {
			t.Errorf("answer %d: unauthorized %t, want %t (%v)", i, got, want[i], err)
		}
	}
}

func TestErrorText(t *testing.T) {
	for want, res := range map[string]*http.Response{
		`GET /me: 422 a: first; b f second; c (field g, request r)`:                                                             reply(422, `{"type":"error.list","request_id":"r","errors":[{"code":"a","message":"first","field":"g"},{"code":"b","message":"second","field":"f"},{"code":"c","message":null}]}`),
		`GET /me: 403 forbidden: the answer is not JSON: text/html, begins "<html> <p>no"`:                                      reply(403, "<html>\n  <p>no", "Content-Type", "text/html"),
		`GET /me: 404 not found: the answer is not JSON: no content type, empty`:                                                reply(404, "", "Content-Type", ""),
		`GET /me: 418 i'm a teapot: unexpected answer: no error.list, begins "{\"error\":\"tea\"}"`:                             reply(418, `{"error":"tea"}`),
		`GET /me: 302 found: unexpected answer: a redirect to nowhere is not followed: check target.region and target.base_url`: reply(302, ""),
	} {
		c := fakeClient(t, func(*http.Request) (*http.Response, error) { return res, nil })
		if _, err := c.Me(t.Context()); err == nil || err.Error() != want {
			t.Errorf("error %q\nwant  %q", err, want)
		}
	}
}

func TestErrorTextIsBounded(t *testing.T) {
	long := strings.Repeat("ü", 20_000)
	body := `{"type":"error.list","errors":[` + strings.Repeat(`{"code":"a","message":"`+long[:2000]+`"},`, 20) + `{"code":"z"}]}`
	c := fakeClient(t, func(*http.Request) (*http.Response, error) { return reply(422, body), nil })
	_, err := c.Me(t.Context())
	if err == nil || len(err.Error()) > 4000 || !strings.Contains(err.Error(), "and 16 more errors") {
		t.Errorf("error of %d bytes: %.300s", len(err.Error()), err)
	}
}
