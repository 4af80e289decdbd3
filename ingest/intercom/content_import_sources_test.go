package intercom

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func sourceJSON(id int, url, sync, status string) string {
	return fmt.Sprintf(`{"type":"content_import_source","id":%d,"url":%q,"sync_behavior":%q,"status":%q,"created_at":1672928359,"audience_ids":null}`,
		id, url, sync, status)
}

func listJSON(items ...string) string {
	return `{"type":"list","data":[` + strings.Join(items, ",") + `],"total_count":` + strconv.Itoa(len(items)) + `,"pages":{"type":"pages","page":1,"per_page":50,"total_pages":1,"next":null}}`
}

const site = "https://help.example.com/"

func TestEnsureSourceByID(t *testing.T) {
	for name, tc := range map[string]struct {
		status int
		body   string
		want   SourceReason
	}{
		"usable":      {200, sourceJSON(44, "https://other.example.com", "api", "active"), ""},
		"gone":        {404, errorBody("not_found", "no"), SourceGone},
		"deactivated": {200, sourceJSON(44, site, "api", "deactivated"), SourceDeactivated},
		"automatic":   {200, sourceJSON(44, site, "automatic", "active"), SourceNotAPI},
	} {
		t.Run(name, func(t *testing.T) {
			c, mux := setup(t)
			mux.HandleFunc("GET /ai/content_import_sources/44", func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tc.status)
				io.WriteString(w, tc.body)
			})
			got, err := c.EnsureSource(t.Context(), 44, site)
			var e *SourceError
			switch {
			case tc.want == "":
				if err != nil || got.ID != 44 || got.CreatedAt != time.Unix(1672928359, 0).UTC() {
					t.Errorf("EnsureSource = %+v, %v", got, err)
				}
			case !errors.As(err, &e) || e.Reason != tc.want || e.ID != 44 || !strings.Contains(err.Error(), "44"):
				t.Errorf("EnsureSource = %v", err)
			}
		})
	}
}

func TestEnsureSourceByIDKeepsOtherErrors(t *testing.T) {
	c := fakeClient(t, func(*http.Request) (*http.Response, error) { return reply(401, errorBody("unauthorized", "no")), nil })
	_, err := c.EnsureSource(t.Context(), 44, site)
	var e *Error
	var s *SourceError
	if !errors.As(err, &e) || !e.Unauthorized() || errors.As(err, &s) {
		t.Errorf("EnsureSource = %v", err)
	}
}

func TestEnsureSourceByURL(t *testing.T) {
	for name, tc := range map[string]struct {
		list []string
		want int64 // 99: created
		why  SourceReason
	}{
		"none":               {nil, 99, ""},
		"other sites":        {[]string{sourceJSON(3, "https://help.example.com/en", "api", "active")}, 99, ""},
		"Intercom's sync":    {[]string{sourceJSON(3, site, "automatic", "active"), sourceJSON(4, site, "manual", "active")}, 99, ""},
		"found":              {[]string{sourceJSON(3, "", "manual", "active"), sourceJSON(7, site, "api", "active")}, 7, ""},
		"no slash, case":     {[]string{sourceJSON(7, "HTTPS://Help.example.com", "api", "active")}, 7, ""},
		"lowest":             {[]string{sourceJSON(9, site, "api", "active"), sourceJSON(7, site, "api", "active"), sourceJSON(8, site, "api", "active")}, 7, ""},
		"active goes first":  {[]string{sourceJSON(7, site, "api", "deactivated"), sourceJSON(8, site, "api", "active")}, 8, ""},
		"only a deactivated": {[]string{sourceJSON(7, site, "api", "deactivated")}, 7, SourceDeactivated},
	} {
		t.Run(name, func(t *testing.T) {
			c, mux := setup(t)
			mux.HandleFunc("GET /ai/content_import_sources", func(w http.ResponseWriter, _ *http.Request) {
				io.WriteString(w, listJSON(tc.list...))
			})
			mux.HandleFunc("POST /ai/content_import_sources", func(w http.ResponseWriter, r *http.Request) {
				b, _ := io.ReadAll(r.Body)
				if want := `{"sync_behavior":"api","url":"` + site + `"}`; string(b) != want || tc.want != 99 {
					t.Errorf("POST %s, want %s", b, want)
				}
				io.WriteString(w, sourceJSON(99, site, "api", "active"))
			})
			got, err := c.EnsureSource(t.Context(), 0, site)
			var e *SourceError
			if tc.why != "" {
				if !errors.As(err, &e) || e.Reason != tc.why || e.ID != tc.want {
					t.Errorf("EnsureSource = %v", err)
				}
				return
			}
			if err != nil || got.ID != tc.want {
				t.Errorf("EnsureSource = %+v, %v", got, err)
			}
		})
	}
}

// TestCreatedSourceIsFound has an API that creates the source but whose answer is lost: there must be one source.
func TestCreatedSourceIsFound(t *testing.T) {
	for name, lost := range map[string]func() (*http.Response, error){
		"connection": func() (*http.Response, error) { return nil, errors.New("connection reset by peer") },
		"502":        func() (*http.Response, error) { return reply(502, ""), nil },
		"HTML":       func() (*http.Response, error) { return reply(200, "<html>"), nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var sources []string
				c := fakeClient(t, func(r *http.Request) (*http.Response, error) {
					if r.Method == http.MethodGet {
						return reply(200, listJSON(sources...)), nil
					}
					sources = append(sources, sourceJSON(len(sources)+1, site, "api", "active"))
					return lost()
				})
				got, err := c.EnsureSource(t.Context(), 0, site)
				if err != nil || got.ID != 1 || len(sources) != 1 {
					t.Errorf("EnsureSource = %+v, %v; %d sources", got, err, len(sources))
				}
			})
		})
	}
}

func TestCreateSourceGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := fakeClient(t, func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodGet {
				return reply(200, listJSON()), nil
			}
			return reply(500, errorBody("server_error", "oops")), nil
		})
		_, err := c.EnsureSource(t.Context(), 0, site)
		var e *Error
		if !errors.As(err, &e) || e.Code != "server_error" || c.Stats().Requests != 2*maxTries {
			t.Errorf("EnsureSource = %v, %+v", err, c.Stats())
		}
	})
}

func TestCreateSourceRepeatsAfter429(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		c := fakeClient(t, func(*http.Request) (*http.Response, error) {
			if n++; n == 1 {
				return reply(429, errorBody("rate_limit_exceeded", "wait"), "Retry-After", "3"), nil
			}
			return reply(200, sourceJSON(5, site, "api", "active")), nil
		})
		got, err := c.CreateContentImportSource(t.Context(), site)
		if err != nil || got.ID != 5 || n != 2 {
			t.Errorf("create = %+v, %v after %d requests", got, err, n)
		}
	})
}

// TestNoSourceWithoutAList checks that an answer that is no list creates nothing.
func TestNoSourceWithoutAList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := fakeClient(t, func(r *http.Request) (*http.Response, error) {
			if r.Method != http.MethodGet {
				t.Errorf("%s was sent", r.Method)
			}
			return reply(200, `{"ok":true}`), nil
		})
		if _, err := c.EnsureSource(t.Context(), 0, site); !errors.Is(err, ErrUnexpected) {
			t.Errorf("EnsureSource = %v", err)
		}
	})
}

func TestEnsureSourceNeedsIDOrURL(t *testing.T) {
	c := fakeClient(t, func(*http.Request) (*http.Response, error) {
		t.Error("request was sent")
		return reply(200, listJSON()), nil
	})
	if _, err := c.EnsureSource(context.Background(), 0, ""); err == nil {
		t.Error("accepted")
	}
}

func TestGetSourceOfAnotherID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := fakeClient(t, func(*http.Request) (*http.Response, error) {
			return reply(200, sourceJSON(45, site, "api", "active")), nil
		})
		if _, err := c.GetContentImportSource(t.Context(), 44); !errors.Is(err, ErrUnexpected) {
			t.Errorf("get = %v", err)
		}
	})
}
