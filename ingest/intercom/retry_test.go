package intercom

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

func TestBackoff(t *testing.T) {
	for n, want := range map[int]time.Duration{
		1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second, 6: 32 * time.Second, 7: time.Minute, 100: time.Minute,
	} {
		if got := backoff(n); got != want {
			t.Errorf("backoff(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestJitterIsPositiveAndBounded(t *testing.T) {
	for _, wait := range []time.Duration{0, time.Millisecond, time.Second, time.Minute} {
		for range 1000 {
			if j := jitter(wait); j <= 0 || j > max(minJitter, wait/10)+time.Millisecond {
				t.Fatalf("jitter(%s) = %s", wait, j)
			}
		}
	}
}

func TestRetryWait(t *testing.T) {
	down := &Error{Status: 503}
	limited := &Error{Status: 429, after: 7 * time.Second}
	for name, tc := range map[string]struct {
		e       *Error
		n       int
		elapsed time.Duration
		once    bool
		wait    time.Duration
		again   bool
	}{
		"first":                  {down, 1, 0, false, time.Second, true},
		"fifth":                  {down, 5, time.Minute, false, 16 * time.Second, true},
		"last try":               {down, maxTries, time.Minute, false, 32 * time.Second, false},
		"exactly in time":        {down, 1, maxElapsed - time.Second, false, time.Second, true},
		"too late":               {down, 1, maxElapsed, false, time.Second, false},
		"as asked":               {limited, 3, 0, false, 7 * time.Second, true},
		"asked for an hour":      {&Error{Status: 503, after: time.Hour}, 1, 0, false, maxWait, true},
		"no answer":              {&Error{}, 1, 0, false, time.Second, true},
		"request timeout":        {&Error{Status: 408}, 1, 0, false, time.Second, true},
		"unusable":               {&Error{Status: 200, unusable: true}, 1, 0, false, time.Second, true},
		"once, limited":          {limited, 1, 0, true, 7 * time.Second, true},
		"once, down":             {down, 1, 0, true, time.Second, false},
		"once, no answer":        {&Error{}, 1, 0, true, time.Second, false},
		"bad request":            {&Error{Status: 400}, 1, 0, false, time.Second, false},
		"unauthorized":           {&Error{Status: 401}, 1, 0, false, time.Second, false},
		"unauthorized under 200": {&Error{Status: 200, Code: "token_revoked", unusable: true}, 1, 0, false, time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			wait, again := retryWait(tc.e, tc.n, tc.elapsed, tc.once)
			if wait != tc.wait || again != tc.again {
				t.Errorf("retryWait = %s, %t, want %s, %t", wait, again, tc.wait, tc.again)
			}
		})
	}
}

func TestAskedWait(t *testing.T) {
	now := time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)
	date := now.Add(-time.Hour) // the server's clock is an hour late
	at := func(d time.Duration) string { return date.Add(d).Format(http.TimeFormat) }
	reset := func(d time.Duration) string { return itoa(date.Add(d).Unix()) }
	for name, tc := range map[string]struct {
		header  []string
		limited bool
		want    time.Duration
		problem bool
	}{
		"nothing":               {nil, true, 0, false},
		"seconds":               {[]string{"Retry-After", "12"}, true, 12 * time.Second, false},
		"seconds, not limited":  {[]string{"Retry-After", "12"}, false, 12 * time.Second, false},
		"date":                  {[]string{"Retry-After", at(20 * time.Second)}, true, 20 * time.Second, false},
		"date in the past":      {[]string{"Retry-After", at(-time.Second)}, true, 0, false},
		"zero":                  {[]string{"Retry-After", "0"}, true, 0, false},
		"negative":              {[]string{"Retry-After", "-5"}, true, 0, true},
		"fraction":              {[]string{"Retry-After", "1.5"}, true, 0, true},
		"out of range":          {[]string{"Retry-After", "99999999999999999999"}, true, 1<<63 - 1, false},
		"nonsense, reset":       {[]string{"Retry-After", "soon", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset(4 * time.Second)}, true, 4 * time.Second, true},
		"zero, reset":           {[]string{"Retry-After", "0", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset(4 * time.Second)}, true, 4 * time.Second, false},
		"reset":                 {[]string{"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset(9 * time.Second)}, true, 9 * time.Second, false},
		"reset in the past":     {[]string{"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset(-9 * time.Second)}, true, 0, false},
		"reset far away":        {[]string{"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset(1000 * time.Hour)}, true, time.Minute, false},
		"reset, not limited":    {[]string{"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset(9 * time.Second)}, false, 0, false},
		"Retry-After and reset": {[]string{"Retry-After", "2", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset(9 * time.Second)}, true, 2 * time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			h := reply(429, "", append([]string{"Date", date.Format(http.TimeFormat)}, tc.header...)...).Header
			got, problem := askedWait(h, now, tc.limited)
			if got != tc.want || (problem != "") != tc.problem {
				t.Errorf("askedWait = %s, %q, want %s", got, problem, tc.want)
			}
		})
	}
}

func TestRetryAfterOfAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int32
		c := fakeClient(t, func(*http.Request) (*http.Response, error) {
			if n.Add(1) == 1 {
				return reply(429, errorBody("rate_limit_exceeded", "Exceeded rate limit of 167 in 10_seconds"), "Retry-After", "60"), nil
			}
			return reply(200, meBody), nil
		})
		start := time.Now()
		if _, err := c.Me(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took <= time.Minute || took > 67*time.Second {
			t.Errorf("took %s, want a minute and positive jitter", took)
		}
		if s := c.Stats(); s != (Stats{Requests: 2, Retries: 1, RateLimited: 1}) {
			t.Errorf("Stats = %+v", s)
		}
	})
}

func TestTriesAreCapped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := fakeClient(t, func(*http.Request) (*http.Response, error) {
			return reply(503, errorBody("service_unavailable", "come back later")), nil
		})
		start := time.Now()
		_, err := c.Me(t.Context())
		var e *Error
		if !errors.As(err, &e) || e.Attempts != maxTries || !e.Temporary() {
			t.Fatalf("Me = %v", err)
		}
		if want := "GET /me: 503 service_unavailable: come back later (request req-1, 6 tries)"; err.Error() != want {
			t.Errorf("error %q, want %q", err, want)
		}
		if took := time.Since(start); took <= 31*time.Second || took > 35*time.Second {
			t.Errorf("took %s, want 1+2+4+8+16 s and jitter, and no wait after the last try", took)
		}
	})
}

func TestElapsedTimeIsCapped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := fakeClient(t, func(*http.Request) (*http.Response, error) {
			return reply(503, "", "Retry-After", "3600"), nil
		})
		start := time.Now()
		_, err := c.Me(t.Context())
		var e *Error
		if !errors.As(err, &e) || e.Attempts >= maxTries || time.Since(start) > maxElapsed {
			t.Fatalf("Me = %v after %s", err, time.Since(start))
		}
	})
}

func TestWhatIsNotTriedAgain(t *testing.T) {
	for _, status := range []int{400, 401, 403, 404, 406, 409, 413, 422} {
		c := fakeClient(t, func(*http.Request) (*http.Response, error) {
			return reply(status, errorBody("bad_request", "no"), "Retry-After", "1"), nil
		})
		_, err := c.Me(t.Context())
		var e *Error
		if !errors.As(err, &e) || e.Status != status || e.Attempts != 1 || c.Stats().Requests != 1 {
			t.Errorf("%d: %v, %+v", status, err, c.Stats())
		}
	}
}

func TestWhatIsTriedAgain(t *testing.T) {
	lost := errors.New("connection reset by peer")
	for name, first := range map[string]func() (*http.Response, error){
		"408":                  func() (*http.Response, error) { return reply(408, ""), nil },
		"429":                  func() (*http.Response, error) { return reply(429, ""), nil },
		"500":                  func() (*http.Response, error) { return reply(500, "<html>", "Content-Type", "text/html"), nil },
		"502":                  func() (*http.Response, error) { return reply(502, ""), nil },
		"202":                  func() (*http.Response, error) { return reply(202, `{"type":"job"}`), nil },
		"204":                  func() (*http.Response, error) { return reply(204, ""), nil },
		"connection":           func() (*http.Response, error) { return nil, lost },
		"HTML under 200":       func() (*http.Response, error) { return reply(200, "<html>", "Content-Type", "text/html"), nil },
		"text under 200":       func() (*http.Response, error) { return reply(200, "OK", "Content-Type", "text/plain"), nil },
		"empty under 200":      func() (*http.Response, error) { return reply(200, ""), nil },
		"error.list under 200": func() (*http.Response, error) { return reply(200, errorBody("server_error", "oops")), nil },
		"limit under 200":      func() (*http.Response, error) { return reply(200, errorBody("too_many_requests", "oops")), nil },
		"limit under 403":      func() (*http.Response, error) { return reply(403, errorBody("rate_limit_exceeded", "oops")), nil },
		"another page":         func() (*http.Response, error) { return reply(200, `{"id":"1","external_id":"y","source_id":3}`), nil },
		"another source":       func() (*http.Response, error) { return reply(200, `{"id":"1","external_id":"x","source_id":4}`), nil },
		"no ID":                func() (*http.Response, error) { return reply(200, `{"id":"","external_id":"x","source_id":3}`), nil },
		"null":                 func() (*http.Response, error) { return reply(200, `null`), nil },
		"two objects":          func() (*http.Response, error) { return reply(200, `{"id":"1","external_id":"x"}{}`), nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var n atomic.Int32
				c := fakeClient(t, func(*http.Request) (*http.Response, error) {
					if n.Add(1) == 1 {
						return first()
					}
					return reply(200, `{"id":"1","external_id":"x","source_id":3}`), nil
				})
				start := time.Now()
				page, err := c.UpsertExternalPage(t.Context(), UpsertExternalPageRequest{SourceID: 3, ExternalID: "x"})
				if err != nil || page.ID != "1" || c.Stats().Requests != 2 || time.Since(start) <= time.Second {
					t.Errorf("upsert = %+v, %v, %+v after %s", page, err, c.Stats(), time.Since(start))
				}
			})
		})
	}
}

func TestTransportErrorIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lost := errors.New("connection reset by peer")
		c := fakeClient(t, func(*http.Request) (*http.Response, error) { return nil, lost })
		_, err := c.Me(t.Context())
		if want := "GET /me: connection reset by peer (6 tries)"; !errors.Is(err, lost) || err.Error() != want {
			t.Errorf("Me = %q, want %q", err, want)
		}
	})
}

func TestCancelledBeforeTheFirstTry(t *testing.T) {
	stop := errors.New("operator said stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stop)
	c := fakeClient(t, func(*http.Request) (*http.Response, error) {
		t.Error("request was sent")
		return reply(200, meBody), nil
	})
	if _, err := c.Me(ctx); !errors.Is(err, stop) {
		t.Errorf("Me = %v", err)
	}
}

// TestCancelWins cancels while a request is under way, while a retry waits, and while all workers are paused.
func TestCancelWins(t *testing.T) {
	stop := errors.New("operator said stop")
	for name, answer := range map[string]transport{
		"in flight": func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, errors.New("the transport's echo")
		},
		"waiting to retry": func(*http.Request) (*http.Response, error) { return reply(503, "", "Retry-After", "50"), nil },
		"paused":           func(*http.Request) (*http.Response, error) { return reply(429, "", "Retry-After", "50"), nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				c := fakeClient(t, answer)
				time.AfterFunc(10*time.Second, func() { cancel(stop) })
				start := time.Now()
				var wg sync.WaitGroup
				for range 4 {
					wg.Go(func() {
						_, err := c.Me(ctx)
						if !errors.Is(err, stop) || strings.Contains(err.Error(), "echo") {
							t.Errorf("Me = %v", err)
						}
					})
				}
				wg.Wait()
				if took := time.Since(start); took != 10*time.Second {
					t.Errorf("returned after %s, want at once when cancelled", took)
				}
			})
		})
	}
}

// TestCancelWinsOverABrokenAnswer cancels while the answer is read, where the request is not repeated anyway.
func TestCancelWinsOverABrokenAnswer(t *testing.T) {
	stop := errors.New("operator said stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	c := fakeClient(t, func(*http.Request) (*http.Response, error) {
		cancel(stop)
		res := reply(200, "")
		res.Body, res.ContentLength = io.NopCloser(iotest.ErrReader(errors.New("the transport's echo"))), -1
		return res, nil
	})
	if _, err := c.CreateContentImportSource(ctx, site); !errors.Is(err, stop) {
		t.Errorf("create = %v", err)
	}
}

// TestAnswerIsKeptWhenCancelled cancels in the moment of the API's answer.
func TestAnswerIsKeptWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := fakeClient(t, func(*http.Request) (*http.Response, error) {
		cancel()
		return reply(422, errorBody("data_invalid", "title is too long")), nil
	})
	_, err := c.Me(ctx)
	var e *Error
	if !errors.As(err, &e) || e.Code != "data_invalid" {
		t.Errorf("Me = %v", err)
	}
}
