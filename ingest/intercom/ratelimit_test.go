package intercom

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func TestParseRate(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for name, tc := range map[string]struct {
		header []string
		want   rate
		ok     bool
	}{
		"none":           {nil, rate{}, false},
		"all":            {[]string{"X-RateLimit-Limit", "1667", "X-RateLimit-Remaining", "1666", "X-RateLimit-Reset", "1800000010"}, rate{1667, 1666, 1800000010, 10 * time.Second}, true},
		"no limit":       {[]string{"X-RateLimit-Remaining", " 5 ", "X-RateLimit-Reset", "1800000010"}, rate{0, 5, 1800000010, 10 * time.Second}, true},
		"no remaining":   {[]string{"X-RateLimit-Limit", "10", "X-RateLimit-Reset", "1800000010"}, rate{}, false},
		"no reset":       {[]string{"X-RateLimit-Limit", "10", "X-RateLimit-Remaining", "1"}, rate{}, false},
		"negative":       {[]string{"X-RateLimit-Limit", "-1", "X-RateLimit-Remaining", "-3", "X-RateLimit-Reset", "1800000001"}, rate{0, 0, 1800000001, time.Second}, true},
		"date":           {[]string{"X-RateLimit-Remaining", "5", "X-RateLimit-Reset", "1800003610", "Date", now.Add(time.Hour).UTC().Format(http.TimeFormat)}, rate{0, 5, 1800003610, 10 * time.Second}, true},
		"past":           {[]string{"X-RateLimit-Remaining", "5", "X-RateLimit-Reset", "1799999999"}, rate{0, 5, 1799999999, -time.Second}, true},
		"milliseconds":   {[]string{"X-RateLimit-Remaining", "5", "X-RateLimit-Reset", "1800000010000"}, rate{0, 5, 1800000010000, maxWait}, true},
		"largest number": {[]string{"X-RateLimit-Remaining", "5", "X-RateLimit-Reset", "9223372036854775807"}, rate{0, 5, 1<<63 - 1, maxWait}, true},
		"words":          {[]string{"X-RateLimit-Remaining", "none", "X-RateLimit-Reset", "soon"}, rate{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := parseRate(reply(200, "", tc.header...).Header, now)
			if got != tc.want || ok != tc.ok {
				t.Errorf("parseRate = %+v, %t, want %+v, %t", got, ok, tc.want, tc.ok)
			}
		})
	}
}

func TestBudgetDelay(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	in := func(d time.Duration) time.Time { return now.Add(d) }
	for name, tc := range map[string]struct {
		b    budget
		want time.Duration
	}{
		"nothing known":              {budget{inFlight: 64}, 0},
		"plenty":                     {budget{known: true, remaining: 100, ends: in(5 * time.Second), inFlight: 8}, 0},
		"one more than in flight":    {budget{known: true, remaining: 9, ends: in(5 * time.Second), inFlight: 8}, 0},
		"as many as in flight":       {budget{known: true, remaining: 8, ends: in(5 * time.Second), inFlight: 8}, 5 * time.Second},
		"as many as may be in use":   {budget{known: true, remaining: 10, ends: in(5 * time.Second), inFlight: 8, unseen: 2}, 5 * time.Second},
		"nothing left":               {budget{known: true, remaining: 0, ends: in(5 * time.Second)}, 5 * time.Second},
		"window over":                {budget{known: true, limit: 10, ends: in(0), inFlight: 9}, 0},
		"window over, all in flight": {budget{known: true, limit: 10, ends: in(0), inFlight: 10}, maxWait},
		"window over, no limit":      {budget{known: true, ends: in(0), inFlight: 10}, 0},
		"paused":                     {budget{paused: in(time.Minute)}, time.Minute},
		"paused longer than window":  {budget{known: true, paused: in(7 * time.Second), ends: in(5 * time.Second)}, 7 * time.Second},
		"pause over":                 {budget{paused: in(0)}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.b.delay(now); got != tc.want {
				t.Errorf("delay = %s, want %s", got, tc.want)
			}
		})
	}
}

func TestBudgetObserve(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	in := func(s int) time.Time { return now.Add(time.Duration(s) * time.Second) }
	seen := func(limit, remaining, reset, wait int) rate {
		return rate{limit, remaining, int64(reset), time.Duration(wait) * time.Second}
	}
	old := budget{known: true, limit: 100, remaining: 50, window: 10, ends: in(5)}
	for name, tc := range map[string]struct {
		b    budget
		r    rate
		ok   bool
		want budget
	}{
		"first":                    {budget{}, seen(100, 99, 10, 7), true, budget{known: true, limit: 100, remaining: 99, window: 10, ends: in(7)}},
		"less left":                {old, seen(100, 49, 10, 6), true, budget{known: true, limit: 100, remaining: 49, window: 10, ends: in(5)}},
		"overtaken by another":     {old, seen(100, 51, 10, 6), true, old},
		"better estimate of end":   {old, seen(100, 50, 10, 4), true, budget{known: true, limit: 100, remaining: 50, window: 10, ends: in(4)}},
		"next window":              {old, seen(100, 99, 20, 15), true, budget{known: true, limit: 100, remaining: 99, window: 20, ends: in(15)}},
		"late, of an older window": {old, seen(100, 0, 9, 1), true, old},
		"window is over":           {old, seen(90, 0, 10, 0), true, budget{known: true, limit: 90, remaining: 50, window: 10, ends: in(5)}},
		"after the end":            {budget{known: true, limit: 100, window: 99, ends: in(-1)}, seen(100, 98, 20, 9), true, budget{known: true, limit: 100, remaining: 98, window: 20, ends: in(9)}},
		"no headers":               {old, rate{}, false, budget{known: true, limit: 100, remaining: 50, window: 10, ends: in(5), unseen: 1}},
		"no headers, window over":  {budget{known: true, ends: in(0)}, rate{}, false, budget{known: true, ends: in(0)}},
		"no headers, unknown":      {budget{}, rate{}, false, budget{}},
	} {
		t.Run(name, func(t *testing.T) {
			tc.b.observe(tc.r, tc.ok, now)
			if tc.b != tc.want {
				t.Errorf("budget %+v, want %+v", tc.b, tc.want)
			}
		})
	}
}

// windowedAPI counts requests in windows of 10 s as Intercom documents it. Its clock is skewed against ours.
type windowedAPI struct {
	limit     int
	skew      time.Duration
	latency   time.Duration
	noHeaders int // of this many answers one has no headers; 0: all have them

	mu      sync.Mutex
	window  int64
	used    int
	n       int
	refused int
}

func (a *windowedAPI) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	time.Sleep(rand.N(a.latency + 1))
	res := a.answer()
	time.Sleep(rand.N(a.latency + 1))
	return res, nil
}

func (a *windowedAPI) answer() *http.Response {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now().Add(a.skew)
	if w := now.Unix() / 10; w != a.window {
		a.window, a.used = w, 0
	}
	a.n++
	header := []string{
		"Date", now.UTC().Format(http.TimeFormat), "X-RateLimit-Limit", strconv.Itoa(a.limit),
		"X-RateLimit-Remaining", strconv.Itoa(max(a.limit-a.used-1, 0)), "X-RateLimit-Reset", itoa((a.window + 1) * 10),
	}
	if a.used >= a.limit {
		a.refused++
		return reply(429, errorBody("rate_limit_exceeded", "Exceeded rate limit"), header...)
	}
	a.used++
	if a.noHeaders > 0 && a.n%a.noHeaders == 0 {
		header = nil
	}
	return reply(200, meBody, header...)
}

// TestFullSpeedSeesNo429 sends as fast as it can from many workers.
func TestFullSpeedSeesNo429(t *testing.T) {
	for name, api := range map[string]*windowedAPI{
		"no latency":         {limit: 20, latency: 0},
		"few at a time":      {limit: 5, latency: 100 * time.Millisecond},
		"default limit":      {limit: 1667, latency: 20 * time.Millisecond},
		"slow answers":       {limit: 50, latency: 9 * time.Second},
		"clock an hour late": {limit: 30, latency: 200 * time.Millisecond, skew: -time.Hour},
		"clock ahead":        {limit: 30, latency: 200 * time.Millisecond, skew: 1700 * time.Millisecond},
		"headers missing":    {limit: 30, latency: 200 * time.Millisecond, noHeaders: 3},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := fakeClient(t, api.RoundTrip)
				if _, err := c.Me(t.Context()); err != nil { // as every run begins
					t.Fatal(err)
				}
				start := time.Now()
				windows := 6
				var todo atomic.Int64
				todo.Store(int64(api.limit * windows))
				var wg sync.WaitGroup
				for range 16 {
					wg.Go(func() {
						for todo.Add(-1) >= 0 {
							if _, err := c.Me(t.Context()); err != nil {
								t.Error(err)
							}
						}
					})
				}
				wg.Wait()
				if s := c.Stats(); api.refused > 0 || s.RateLimited > 0 || s.Retries > 0 {
					t.Errorf("%d of %d requests were refused", api.refused, s.Requests)
				}
				// The API allows the requests in 6 windows, or 7 that are begun. Waiting may cost a second each.
				if took := time.Since(start); api.latency < time.Second && took > time.Duration(windows)*13*time.Second {
					t.Errorf("took %s for the requests of %d windows", took, windows)
				}
			})
		})
	}
}

// Test429PausesAllWorkers has one answer 429 while other workers are busy.
func Test429PausesAllWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var refused time.Time
		var back []time.Duration // when requests were sent, from the 429 on
		c := fakeClient(t, func(*http.Request) (*http.Response, error) {
			mu.Lock()
			if sent := time.Now(); !refused.IsZero() && sent.After(refused) {
				back = append(back, sent.Sub(refused))
			}
			mu.Unlock()
			time.Sleep(100*time.Millisecond + rand.N(10*time.Millisecond))
			mu.Lock()
			defer mu.Unlock()
			if refused.IsZero() && rand.N(20) == 0 {
				refused = time.Now()
				return reply(429, "", "Retry-After", "30"), nil
			}
			return reply(200, meBody), nil
		})
		start := time.Now()
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for time.Since(start) < 3*time.Minute {
					if _, err := c.Me(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		for _, d := range back {
			if d <= 30*time.Second {
				t.Errorf("a request was sent %s after the 429, in the pause of 30 s", d)
			}
		}
		if c.Stats().RateLimited != 1 || len(back) < 100 || slices.Min(back) > 34*time.Second {
			t.Errorf("%d requests after the pause, %+v", len(back), c.Stats())
		}
	})
}
