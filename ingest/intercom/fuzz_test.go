package intercom

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// FuzzAnswer feeds every operation any status, content type and body. Nothing may panic, an upsert is acknowledged only
// by an answer about the page that was sent, and no error has the token in it.
func FuzzAnswer(f *testing.F) {
	f.Add(200, "application/json", pageBody)
	f.Add(200, "application/json", meBody)
	f.Add(200, "", listJSON(sourceJSON(1, site, "api", "active"), pageBody))
	f.Add(200, "application/json", `{"type":"list","data":[{"id":1}],"pages":{"page":1,"total_pages":3,"next":"https://api.intercom.io/x?page=2"}}`)
	f.Add(200, "application/json", errorBody("unauthorized", testToken))
	f.Add(403, "text/html", "<html>"+testToken)
	f.Add(429, "application/json", errorBody("rate_limit_exceeded", "wait"))
	f.Add(404, "application/json", `{"type":"error.list","request_id":null,"errors":[{"code":"not_found","message":null,"field":7}]}`)
	f.Fuzz(func(t *testing.T, status int, contentType, body string) {
		if status < 200 || status > 599 {
			t.Skip()
		}
		synctest.Test(t, func(t *testing.T) {
			c := fakeClient(t, func(*http.Request) (*http.Response, error) {
				return reply(status, body, "Content-Type", contentType), nil
			})
			check := func(err error) {
				if err != nil && strings.Contains(err.Error(), testToken) {
					t.Errorf("token in %q", err)
				}
				var e *Error
				if errors.As(err, &e) && (e.Rejected() && e.Temporary() || e.Rejected() && e.SourceUnknown() || e.Unauthorized() && e.Temporary()) {
					t.Errorf("%v is two things at once", err)
				}
			}
			_, err := c.Me(t.Context())
			check(err)
			page, err := c.UpsertExternalPage(t.Context(), UpsertExternalPageRequest{SourceID: 44, ExternalID: "5001"})
			check(err)
			if err == nil && (status != 200 || page.ExternalID != "5001" || page.ID == "") {
				t.Errorf("acknowledged by %d %q", status, body)
			}
			check(c.DeleteExternalPage(t.Context(), "21"))
			_, err = c.EnsureSource(t.Context(), 0, site)
			check(err)
			_, err = collect(c.ListExternalPages(t.Context()))
			check(err)
		})
	})
}

// FuzzRateHeaders reads any rate limit headers: the delay that follows is never negative and never above maxWait.
func FuzzRateHeaders(f *testing.F) {
	f.Add("1667", "0", "1800000010", "Fri, 15 Jan 2027 08:00:00 GMT", "30")
	f.Add("", "-1", "9223372036854775807", "", "Fri, 15 Jan 2027 08:00:00 GMT")
	f.Fuzz(func(t *testing.T, limit, remaining, reset, date, after string) {
		synctest.Test(t, func(t *testing.T) {
			n := 0
			c := fakeClient(t, func(*http.Request) (*http.Response, error) {
				if n++; n > 1 {
					return reply(200, meBody), nil
				}
				return reply(429, "", "X-RateLimit-Limit", limit, "X-RateLimit-Remaining", remaining, "X-RateLimit-Reset", reset,
					"Date", date, "Retry-After", after), nil
			})
			start := time.Now()
			if _, err := c.Me(t.Context()); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(start); took <= 0 || took > maxWait+maxWait/10+2*minJitter {
				t.Errorf("waited %s", took)
			}
		})
	})
}
