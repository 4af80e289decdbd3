package intercom

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const testToken = "dG9rOnNlY3JldC1zZWNyZXQtc2VjcmV0"

// setup returns a client of a server on a loopback address, and the server's mux. The base path is not empty, so that
// a path from the root fails.
func setup(t *testing.T) (*Client, *http.ServeMux) {
	t.Helper()
	mux := http.NewServeMux()
	root := http.NewServeMux()
	root.Handle("/base/", http.StripPrefix("/base", mux))
	root.HandleFunc("/", func(_ http.ResponseWriter, r *http.Request) { t.Errorf("request beside the base path: %s", r.URL) })
	srv := httptest.NewServer(root)
	c, err := New(Config{BaseURL: srv.URL + "/base/"}, Options{Token: testToken, UserAgent: "test/1 (+https://example.com)"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		srv.Close()
	})
	return c, mux
}

// transport answers requests in process, so that the clock of a synctest bubble can go on.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	if err := r.Context().Err(); err != nil {
		return nil, context.Cause(r.Context())
	}
	return f(r)
}

// fakeClient returns a client whose requests f answers.
func fakeClient(t *testing.T, f transport, change ...func(*Options)) *Client {
	t.Helper()
	opts := Options{Token: testToken, Transport: f}
	for _, ch := range change {
		ch(&opts)
	}
	c, err := New(Config{}, opts)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// reply builds an answer; header holds pairs of name and value.
func reply(status int, body string, header ...string) *http.Response {
	h := http.Header{"Content-Type": {"application/json; charset=utf-8"}}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
}

func errorBody(code, message string) string {
	return fmt.Sprintf(`{"type":"error.list","request_id":"req-1","errors":[{"code":%q,"message":%q}]}`, code, message)
}

const meBody = `{"type":"admin","id":"1","email":"a@example.com","name":"Ann","app":{"type":"app","id_code":"abc123","name":"Acme","region":"US","created_at":1672928359}}`

func TestMe(t *testing.T) {
	c, mux := setup(t)
	mux.HandleFunc("GET /me", func(w http.ResponseWriter, r *http.Request) {
		for name, want := range map[string]string{
			"Authorization": "Bearer " + testToken, "Accept": "application/json", "Intercom-Version": "2.14",
			"User-Agent": "test/1 (+https://example.com)", "Content-Type": "",
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s = %q, want %q", name, got, want)
			}
		}
		io.WriteString(w, meBody)
	})
	got, err := c.Me(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := Admin{ID: "1", Email: "a@example.com", Name: "Ann", App: App{
		IDCode: "abc123", Name: "Acme", Region: "US", CreatedAt: time.Unix(1672928359, 0).UTC()}}
	if got != want {
		t.Errorf("Me = %+v, want %+v", got, want)
	}
	if s := c.Stats(); s != (Stats{Requests: 1}) {
		t.Errorf("Stats = %+v", s)
	}
}

func TestMeWithoutWorkspace(t *testing.T) {
	c := fakeClient(t, func(*http.Request) (*http.Response, error) {
		return reply(200, `{"type":"admin","id":7,"app":null,"new":[1]}`), nil
	})
	got, err := c.Me(t.Context())
	if err != nil || got.ID != "7" || got.App != (App{}) {
		t.Errorf("Me = %+v, %v", got, err)
	}
}

func TestNewRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		cfg   Config
		token string
	}{
		"no token":           {Config{}, ""},
		"token with space":   {Config{}, "Bearer abc"},
		"token with newline": {Config{}, "abc\n"},
		"clear text":         {Config{BaseURL: "http://api.example.com"}, testToken},
		"userinfo":           {Config{BaseURL: "https://user:pa55word@api.example.com"}, testToken},
		"region":             {Config{Region: "mars"}, testToken},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(tc.cfg, Options{Token: tc.token})
			if err == nil {
				t.Fatal("accepted")
			}
			if strings.Contains(err.Error(), "pa55word") || tc.token != "" && strings.Contains(err.Error(), tc.token) {
				t.Errorf("secret in %q", err)
			}
		})
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("redirect was followed, with %q", r.Header.Get("Authorization"))
	}))
	defer other.Close()
	c, mux := setup(t)
	mux.Handle("GET /me", http.RedirectHandler(other.URL+"/me", http.StatusFound))
	_, err := c.Me(t.Context())
	var e *Error
	if !errors.As(err, &e) || e.Status != 302 || e.Temporary() || !errors.Is(err, ErrUnexpected) {
		t.Fatalf("Me = %v", err)
	}
	if !strings.Contains(err.Error(), strings.TrimPrefix(other.URL, "http://")) {
		t.Errorf("%v does not name the host", err)
	}
}

func TestAnswerTooLarge(t *testing.T) {
	c, mux := setup(t)
	mux.HandleFunc("GET /me", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"id":"`)
		chunk := bytes.Repeat([]byte("x"), 1<<20)
		for range 17 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
		io.WriteString(w, `"}`)
	})
	_, err := c.Me(t.Context())
	var e *Error
	if !errors.Is(err, ErrTooLarge) || !errors.As(err, &e) || e.Temporary() || e.Attempts != 1 {
		t.Fatalf("Me = %v", err)
	}
}

func TestErrorAnswerTooLarge(t *testing.T) {
	big := errorBody("parameter_invalid", strings.Repeat("x", maxErrorAnswer))
	c := fakeClient(t, func(*http.Request) (*http.Response, error) { return reply(422, big), nil })
	_, err := c.Me(t.Context())
	if !errors.Is(err, ErrTooLarge) || len(err.Error()) > 1000 {
		t.Fatalf("Me = %.2000v", err)
	}
}

func TestTimeoutOfOneTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int32
		c := fakeClient(t, func(r *http.Request) (*http.Response, error) {
			if n.Add(1) == 1 {
				<-r.Context().Done()
				return nil, context.Cause(r.Context())
			}
			return reply(200, meBody), nil
		})
		start := time.Now()
		if _, err := c.Me(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took <= 31*time.Second || took > 32*time.Second {
			t.Errorf("took %s, want the timeout of 30 s and one wait of 1 s with jitter", took)
		}
	})
}

func TestTimeoutIsNotTheEndOfTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := fakeClient(t, func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, context.Cause(r.Context())
		}, func(o *Options) { o.Timeout = time.Second })
		_, err := c.Me(t.Context())
		var e *Error
		if !errors.As(err, &e) || e.Attempts != maxTries || !e.Temporary() || errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("Me = %v", err)
		}
		if want := "GET /me: no answer within 1s (6 tries)"; err.Error() != want {
			t.Errorf("error %q, want %q", err, want)
		}
	})
}

// TestConnectionLost has a server that closes connections before, and in the middle of, an answer.
func TestConnectionLost(t *testing.T) {
	for name, write := range map[string]string{
		"before the answer": "",
		"in the middle":     "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"id\":",
	} {
		t.Run(name, func(t *testing.T) {
			c, mux := setup(t)
			mux.HandleFunc("POST /ai/content_import_sources", func(w http.ResponseWriter, _ *http.Request) {
				conn, _, err := http.NewResponseController(w).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				io.WriteString(conn, write)
				conn.Close()
			})
			_, err := c.CreateContentImportSource(t.Context(), "https://help.example.com/")
			var e *Error
			if !errors.As(err, &e) || !e.Temporary() || e.Err == nil || e.Attempts != 1 {
				t.Fatalf("create = %v", err)
			}
		})
	}
}

// TestTokenInNoError has an API that repeats the token wherever it can.
func TestTokenInNoError(t *testing.T) {
	var log bytes.Buffer
	answers := []func(*http.Request) (*http.Response, error){
		func(*http.Request) (*http.Response, error) {
			return reply(401, errorBody(testToken, "token "+testToken)), nil
		},
		func(*http.Request) (*http.Response, error) {
			return reply(422, `{"type":"error.list","request_id":"`+testToken+`","errors":[{"code":"a"},{"code":"b","field":"`+testToken+`"}]}`), nil
		},
		func(*http.Request) (*http.Response, error) {
			return reply(403, "<html>"+testToken, "Content-Type", "text/html; x="+testToken), nil
		},
		func(*http.Request) (*http.Response, error) {
			return reply(200, `{"id":"1","external_id":"`+testToken+`"}`), nil
		},
		func(*http.Request) (*http.Response, error) { return reply(200, `{"id":{"`+testToken+`":1}}`), nil },
		func(*http.Request) (*http.Response, error) {
			return reply(200, strings.Repeat(" ", 100)+testToken), nil
		},
		func(*http.Request) (*http.Response, error) {
			return reply(302, "", "Location", "https://"+testToken+".example.com/"), nil
		},
		func(*http.Request) (*http.Response, error) {
			return reply(429, "", "Retry-After", testToken), nil
		},
		func(r *http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("cannot send %q", r.Header.Get("Authorization"))
		},
	}
	for i, answer := range answers {
		synctest.Test(t, func(t *testing.T) {
			c := fakeClient(t, answer, func(o *Options) {
				o.Log = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			})
			_, err := c.UpsertExternalPage(t.Context(), UpsertExternalPageRequest{SourceID: 1, ExternalID: "x"})
			if err == nil {
				t.Fatalf("answer %d: no error", i)
			}
			for e := err; e != nil; e = errors.Unwrap(e) {
				if strings.Contains(e.Error(), testToken) || strings.Contains(fmt.Sprintf("%+v", e), testToken) {
					t.Errorf("answer %d: token in error %q", i, e)
				}
			}
		})
	}
	if log.Len() == 0 || strings.Contains(log.String(), testToken) {
		t.Errorf("log of %d bytes has the token, or nothing", log.Len())
	}
}

// TestManyWorkers sends different bodies at once, some of which are answered before they are read, so that a buffer
// given to two requests would show.
func TestManyWorkers(t *testing.T) {
	c, mux := setup(t)
	var early atomic.Int64
	mux.HandleFunc("POST /ai/external_pages", func(w http.ResponseWriter, r *http.Request) {
		if early.Add(1)%7 == 0 {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnprocessableEntity)
			io.WriteString(w, errorBody("data_invalid", "too early"))
			return
		}
		var req struct {
			SourceID   int64  `json:"source_id"`
			ExternalID string `json:"external_id"`
			HTML       string `json:"html"`
		}
		if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
			t.Error(err)
			return
		}
		if want := strings.Repeat(req.ExternalID+" ", 20_000); req.HTML != want {
			t.Errorf("page %s has another page's HTML", req.ExternalID)
		}
		fmt.Fprintf(w, `{"type":"external_page","id":%q,"external_id":%q,"source_id":%d}`, "i"+req.ExternalID, req.ExternalID, req.SourceID)
	})
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 25 {
				id := fmt.Sprintf("%d-%d", w, i)
				page, err := c.UpsertExternalPage(t.Context(), UpsertExternalPageRequest{
					SourceID: 1, ExternalID: id, HTML: strings.Repeat(id+" ", 20_000)})
				var e *Error
				if errors.As(err, &e) && e.Rejected() {
					continue
				}
				if err != nil || page.ID != "i"+id {
					t.Errorf("page %s: %+v, %v", id, page, err)
				}
			}
		})
	}
	wg.Wait()
}
