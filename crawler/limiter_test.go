package crawler

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestLimiterRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(5, 4, nil)
		began := time.Now()
		var wg sync.WaitGroup
		for range 11 {
			wg.Go(func() {
				release, err := l.acquire(t.Context(), "a")
				if err != nil {
					t.Error(err)
					return
				}
				release()
			})
		}
		wg.Wait()
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("11 requests at 5 a second took %s, want 2s: the first at once, no burst", took)
		}
		if release, err := l.acquire(t.Context(), "b"); err != nil || time.Since(began) != 2*time.Second {
			t.Errorf("another host had to wait: %v", err)
		} else {
			release()
		}
	})
}

func TestLimiterWidth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(0, 3, nil)
		var now, most atomic.Int32
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				release, err := l.acquire(t.Context(), "a")
				if err != nil {
					t.Error(err)
					return
				}
				defer release()
				most.Store(max(most.Load(), now.Add(1)))
				time.Sleep(time.Second)
				now.Add(-1)
			})
		}
		wg.Wait()
		if most.Load() != 3 {
			t.Errorf("%d requests in flight, want 3", most.Load())
		}
	})
}

func TestLimiterPauseAndDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(0, 2, nil)
		began := time.Now()
		take := func() time.Duration {
			release, err := l.acquire(t.Context(), "a")
			if err != nil {
				t.Fatal(err)
			}
			release()
			return time.Since(began)
		}
		l.pause("a", time.Minute)
		l.pause("a", time.Second)
		if at := take(); at != time.Minute {
			t.Errorf("after a pause at %s, want 1m", at)
		}
		l.slowDown("a", 10*time.Second)
		l.slowDown("a", time.Second)
		first := take()
		if second := take(); second-first != 10*time.Second {
			t.Errorf("crawl delay was %s, want 10s", second-first)
		}
		l.slowDown("a", time.Hour)
		first = take()
		if second := take(); second-first != maxPace {
			t.Errorf("crawl delay was %s, want %s", second-first, maxPace)
		}
	})
}

// A waiter ends with its context, at once and with the context's cause, also under a deadline that is too near.
func TestLimiterCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(0.01, 8, nil)
		stop := errors.New("stop")
		ctx, cancel := context.WithCancelCause(t.Context())
		var wg sync.WaitGroup
		for range 30 {
			wg.Go(func() {
				if release, err := l.acquire(ctx, "a"); err == nil {
					release()
				} else if !errors.Is(err, stop) {
					t.Errorf("error %v", err)
				}
			})
		}
		time.Sleep(time.Second)
		cancel(stop)
		began := time.Now()
		wg.Wait()
		if took := time.Since(began); took != 0 {
			t.Errorf("took %s after the end of the context", took)
		}
		deadline, done := context.WithTimeout(t.Context(), 3*time.Second)
		defer done()
		if _, err := l.acquire(deadline, "a"); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 3*time.Second {
			t.Errorf("%v after %s, want the deadline's error after 3s", err, time.Since(began))
		}
	})
}

func TestRetries(t *testing.T) {
	for _, tt := range []struct {
		name       string
		status     []int // of each try; the last is repeated
		retryAfter string
		wantClass  string
		wantTries  int
		min, max   time.Duration
	}{
		{"backoff", []int{500, 503, 200}, "", "doc", 3, 750 * time.Millisecond, 1500 * time.Millisecond},
		{"used up", []int{502}, "", FailHTTP5xx, 4, 1750 * time.Millisecond, 3500 * time.Millisecond},
		{"seconds", []int{429, 200}, "7", "doc", 2, 7 * time.Second, 7 * time.Second},
		{"date", []int{503, 200}, "date", "doc", 2, 59 * time.Second, 60 * time.Second},
		{"date by another clock", []int{503, 200}, "skewed", "doc", 2, time.Minute, time.Minute},
		{"as long as is waited", []int{503, 200}, "300", "doc", 2, maxPause, maxPause},
		{"too long", []int{503, 200}, "86400", FailHTTP5xx, 1, 0, 0},
		{"overflow", []int{503, 200}, "9999999999999", FailHTTP5xx, 1, 0, 0},
		{"nonsense", []int{503, 200}, "soon", "doc", 2, 250 * time.Millisecond, 500 * time.Millisecond},
		{"408", []int{408, 200}, "", "doc", 2, 250 * time.Millisecond, 500 * time.Millisecond},
		{"404", []int{404}, "5", "Not Found", 1, 0, 0},
		{"403", []int{403}, "", FailHTTP4xx, 1, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tries := 0
				cfg := testConfig("https://help.example/")
				cfg.Fetch.Robots = Ignore
				cfg.Fetch.Retries = 3
				c := newTestCrawler(t, cfg, inProcess{http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					status := tt.status[min(tries, len(tt.status)-1)]
					tries++
					switch {
					case status == 200:
						writePage(w, "hello")
						return
					case tt.retryAfter == "date":
						w.Header().Set("Retry-After", time.Now().Add(time.Minute).UTC().Format(http.TimeFormat))
					case tt.retryAfter == "skewed":
						there := time.Now().Add(-24 * time.Hour).UTC()
						w.Header().Set("Date", there.Format(http.TimeFormat))
						w.Header().Set("Retry-After", there.Add(time.Minute).Format(http.TimeFormat))
					case tt.retryAfter != "":
						w.Header().Set("Retry-After", tt.retryAfter)
					}
					w.WriteHeader(status)
				})})
				began := time.Now()
				p := fetch(t, c, "https://help.example/")
				took := time.Since(began)
				if class(p) != tt.wantClass || tries != tt.wantTries || took < tt.min || took > tt.max {
					t.Errorf("%s after %d tries in %s; want %s, %d, %s to %s", class(p), tries, took, tt.wantClass, tt.wantTries,
						tt.min, tt.max)
				}
				if tt.name == "used up" && p.Failure.Detail != "502 Bad Gateway after 4 tries" {
					t.Errorf("detail %q", p.Failure.Detail)
				}
			})
		})
	}
}

// Retry-After keeps the whole host back, not only the page that met it.
func TestRetryAfterPausesHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := testConfig("https://help.example/")
		cfg.Fetch.Robots = Ignore
		began := time.Now()
		c := newTestCrawler(t, cfg, inProcess{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/busy" {
				w.Header().Set("Retry-After", "30")
				w.WriteHeader(429)
				return
			}
			writePage(w, "hello")
		})})
		if p := fetch(t, c, "https://help.example/busy"); class(p) != FailHTTP4xx || time.Since(began) != 0 {
			t.Errorf("busy: %s after %s", class(p), time.Since(began))
		}
		if p := fetch(t, c, "https://help.example/other"); class(p) != "doc" || time.Since(began) != 30*time.Second {
			t.Errorf("other: %s after %s, want doc after 30s", class(p), time.Since(began))
		}
	})
}

// A retry ends with the context, and the reason is the context's.
func TestRetryCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := testConfig("https://help.example/")
		cfg.Fetch.Robots = Ignore
		cfg.Fetch.Retries = 10
		c := newTestCrawler(t, cfg, inProcess{http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(500)
		})})
		ctx, cancel := context.WithTimeoutCause(t.Context(), 3*time.Second, errors.New("out of time"))
		defer cancel()
		began := time.Now()
		_, err := c.Fetch(ctx, Item{Link: Link{URL: "https://help.example/"}})
		if err == nil || err.Error() != "out of time" || time.Since(began) != 3*time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}
