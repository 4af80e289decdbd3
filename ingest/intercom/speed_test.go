package intercom

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// countedAPI enforces a limit in windows of 10 s, answers after a fixed time, and counts what it did in each window.
type countedAPI struct {
	limit   int // a window; 0: none
	latency time.Duration
	other   time.Duration // another client of the workspace sends a request this often; 0: there is none

	mu       sync.Mutex
	began    time.Time
	others   int
	taken    map[int64]int // by window: of ours
	refused  map[int64]int
	used     map[int64]int // with those of the other client
	finished time.Time
}

func (a *countedAPI) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	time.Sleep(a.latency / 2)
	res := a.answer()
	time.Sleep(a.latency - a.latency/2)
	return res, nil
}

func (a *countedAPI) answer() *http.Response {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	if a.began.IsZero() {
		a.began, a.taken, a.refused, a.used = now, map[int64]int{}, map[int64]int{}, map[int64]int{}
	}
	w := now.Unix() / 10
	if a.other > 0 {
		for n := int(now.Sub(a.began) / a.other); a.others < n; a.others++ {
			a.used[a.began.Add(time.Duration(a.others)*a.other).Unix()/10]++
		}
	}
	header := []string{"Date", now.UTC().Format(http.TimeFormat)}
	if a.limit > 0 {
		header = append(header, "X-RateLimit-Limit", strconv.Itoa(a.limit), "X-RateLimit-Remaining", strconv.Itoa(max(a.limit-a.used[w]-1, 0)),
			"X-RateLimit-Reset", strconv.FormatInt((w+1)*10, 10))
	}
	if a.limit > 0 && a.used[w] >= a.limit {
		a.refused[w]++
		return reply(429, errorBody("rate_limit_exceeded", "Exceeded rate limit"), header...)
	}
	a.used[w]++
	a.taken[w]++
	a.finished = now
	return reply(200, `{"id":"1","external_id":"x","source_id":3}`, header...)
}

// rush delivers n pages from so many workers, beginning somewhere in a window, and returns how long it took.
func rush(t *testing.T, a *countedAPI, n, workers int, offset time.Duration) time.Duration {
	c := fakeClient(t, a.RoundTrip)
	time.Sleep(offset)
	if _, err := c.UpsertExternalPage(t.Context(), UpsertExternalPageRequest{SourceID: 3, ExternalID: "x"}); err != nil { // as a run's checks
		t.Fatal(err)
	}
	start := time.Now()
	var todo atomic.Int64
	todo.Store(int64(n))
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for todo.Add(-1) >= 0 {
				if _, err := c.UpsertExternalPage(t.Context(), UpsertExternalPageRequest{SourceID: 3, ExternalID: "x"}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	return time.Since(start)
}

// TestSpeedUnderARateLimit delivers 5,000 pages against a server that enforces its limit: every whole window is used to 95 %
// at the least, and nothing is refused.
func TestSpeedUnderARateLimit(t *testing.T) {
	for _, c := range []struct {
		limit, workers int
		latency        time.Duration
		other          time.Duration
	}{
		{167, 8, 50 * time.Millisecond, 0},
		{167, 8, 200 * time.Millisecond, 0},
		{500, 8, 20 * time.Millisecond, 0},
		{500, 16, 50 * time.Millisecond, 0},
		{1667, 8, 5 * time.Millisecond, 0},
		{1667, 8, 45 * time.Millisecond, 0}, // the workers could send 1,777
		{1667, 16, 90 * time.Millisecond, 0},
		{1667, 64, 200 * time.Millisecond, 0},
		{1667, 64, 0, 0},
		{500, 8, 20 * time.Millisecond, 100 * time.Millisecond}, // 100 of the 500 are another client's
	} {
		for _, offset := range []time.Duration{0, 3700 * time.Millisecond, 9950 * time.Millisecond} {
			t.Run(fmt.Sprintf("%d in 10 s, %d workers, %s, from %s", c.limit, c.workers, c.latency, offset), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					a := &countedAPI{limit: c.limit, latency: c.latency, other: c.other}
					rush(t, a, 5000, c.workers, offset)
					first, last := a.began.Unix()/10, a.finished.Unix()/10
					least := 1.0
					for w := first + 1; w < last; w++ {
						least = min(least, float64(a.used[w])/float64(a.limit))
					}
					refused := 0
					for w, n := range a.refused {
						if w > first {
							refused += n
						}
					}
					t.Logf("%d windows, the least used to %.1f %%, %d refused after the first", last-first+1, 100*least, refused)
					allowed := 0
					if c.other > 0 { // who may take the last of a window, when our request is on its way
						allowed = int(last - first)
					}
					if least < 0.95 || refused > allowed {
						t.Errorf("a window was used to %.1f %% only, %d requests were refused after the first window", 100*least, refused)
					}
				})
			})
		}
	}
}

// TestSpeedUnderLatency has answers that take their time: the workers are all busy, whatever the API says of a limit that is
// far away.
func TestSpeedUnderLatency(t *testing.T) {
	for _, latency := range []time.Duration{50 * time.Millisecond, 200 * time.Millisecond} {
		for _, limit := range []int{0, 100_000} {
			for _, workers := range []int{1, 8, 64} {
				synctest.Test(t, func(t *testing.T) {
					a := &countedAPI{limit: limit, latency: latency}
					took := rush(t, a, 5000, workers, 0)
					share := 5000 / took.Seconds() / (float64(workers) / latency.Seconds())
					t.Logf("%d workers, %s, limit %d: %.0f pages/s, %.1f %% of workers/latency", workers, latency, limit, 5000/took.Seconds(), 100*share)
					if share < 0.95 {
						t.Errorf("%d workers at %s reach %.1f %% of workers/latency", workers, latency, 100*share)
					}
				})
			}
		}
	}
}
