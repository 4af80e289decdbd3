package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pageferry/pageferry/ingest/ledger"
)

// hook is a webhook that keeps what it is sent.
type hook struct {
	bodies   [][]byte
	wrong    []string // requests that are not as they should be
	statuses []int    // of the next answers; then 200
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(r.Body)
	if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
		h.wrong = append(h.wrong, fmt.Sprint(r.Method, r.Header, err))
	}
	h.bodies = append(h.bodies, b)
	if len(h.statuses) > 0 {
		var status int
		status, h.statuses = h.statuses[0], h.statuses[1:]
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
	}
}

func testLedger(t *testing.T) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(t.Context(), filepath.Join(t.TempDir(), "x.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func TestNotifyTellsChanges(t *testing.T) {
	h := &hook{}
	s := httptest.NewServer(h)
	defer s.Close()
	n := &Notifier{Config: NotifyConfig{s.URL + "/key-s3cr3t"}, Ledger: testLedger(t)}
	bad := Result{Site: "acme", Exit: ExitIncomplete, Reason: ReasonTimeBudget, Messages: []string{"the time\nis over", "more"}, Run: 7}
	for i, step := range []struct {
		res  Result
		want string // empty: nothing is told
	}{
		{Result{Site: "acme"}, ""},
		{bad, "pageferry: acme is not up to date in Fin (exit 3, time budget): the time is over"},
		{bad, ""},
		{Result{Site: "acme", Exit: ExitInterrupted}, ""},
		{Result{Site: "acme", Exit: ExitLocked}, ""},
		{Result{Site: "acme", Exit: ExitLook, Reason: ReasonHeld}, "pageferry: acme needs a person to look (exit 4, held): held"},
		{Result{Site: "acme", InTarget: 12}, "pageferry: acme is up to date in Fin again, with 12 pages"},
		{Result{Site: "acme"}, ""},
	} {
		h.bodies = nil
		if err := n.Notify(t.Context(), &step.res); err != nil {
			t.Errorf("step %d: %v", i, err)
		}
		if step.want == "" {
			if len(h.bodies) > 0 {
				t.Errorf("step %d: told %s", i, h.bodies)
			}
			continue
		}
		if len(h.bodies) != 1 || !strings.HasPrefix(string(h.bodies[0]), `{"text":`) {
			t.Fatalf("step %d: told %s", i, h.bodies)
		}
		var got struct {
			Text string
			Result
		}
		if err := json.Unmarshal(h.bodies[0], &got); err != nil || got.Text != step.want || got.Exit != step.res.Exit || got.Site != "acme" {
			t.Errorf("step %d: %v: %s", i, err, h.bodies[0])
		}
	}
	if len(h.wrong) > 0 {
		t.Error(h.wrong)
	}
}

func TestNotifyTellsAgainAfterAWeek(t *testing.T) {
	began := time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)
	last := ledger.Told{Exit: ExitIncomplete, Since: began, At: began.Add(48 * time.Hour)}
	res := &Result{Site: "acme", Exit: ExitIncomplete, Reason: ReasonFailed, Messages: []string{"2 pages failed"}}
	if text := telling(res, last, last.At.Add(6*24*time.Hour)); text != "" {
		t.Errorf("after six days: %s", text)
	}
	want := "pageferry: acme still is not up to date in Fin, since 21 Nov 2026 (exit 3, failed): 2 pages failed"
	if text := telling(res, last, last.At.Add(7*24*time.Hour-5*time.Minute)); text != want {
		t.Errorf("after a week: %s", text)
	}
}

func TestNotifyTriesAgain(t *testing.T) {
	for _, test := range []struct {
		statuses []int
		tries    int
		err      string
	}{
		{[]int{503, 429}, 3, ""},
		{[]int{500, 500, 500}, 3, "HTTP 500"},
		{[]int{404}, 1, "HTTP 404"},
		{[]int{302}, 1, "redirects are not followed"},
	} {
		synctest.Test(t, func(t *testing.T) { testTries(t, test.statuses, test.tries, test.err) })
	}
}

func testTries(t *testing.T, statuses []int, tries int, want string) {
	h := &hook{statuses: statuses}
	n := &Notifier{Config: NotifyConfig{"https://hooks.example/key-s3cr3t"}, Ledger: testLedger(t),
		Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			return w.Result(), nil
		})}
	res := &Result{Site: "acme", Exit: ExitStopped, Reason: ReasonSiteDown}
	err := n.Notify(t.Context(), res)
	if len(h.bodies) != tries || (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cr3t")) {
		t.Errorf("%v: %d tries, %v", statuses, len(h.bodies), err)
	}
	// What was not taken is told by the next run.
	told := 1
	if want == "" {
		told = 0
	}
	h.bodies, h.statuses = nil, nil
	if err := n.Notify(t.Context(), res); err != nil || len(h.bodies) != told {
		t.Errorf("%v: the next run told %d times, %v", statuses, len(h.bodies), err)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A webhook that hangs holds up the run for ten seconds at the most.
func TestNotifyIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		n := &Notifier{Config: NotifyConfig{"https://hooks.example/key-s3cr3t"}, Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			tries++
			<-r.Context().Done()
			return nil, r.Context().Err()
		})}
		began := time.Now()
		err := n.Notify(t.Context(), &Result{Site: "acme", Exit: ExitStopped})
		if d := time.Since(began); d > notifyTotal || tries != notifyTries {
			t.Errorf("%d tries in %s", tries, d)
		}
		if err == nil || !strings.Contains(err.Error(), "no answer within 3s") || strings.Contains(err.Error(), "s3cr3t") {
			t.Error(err)
		}
	})
}

func TestNotifyEndsWithAnInterruption(t *testing.T) {
	waiting, release := make(chan struct{}), make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(waiting)
		<-release
	}))
	defer s.Close()
	defer close(release)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-waiting; cancel() }()
	err := (&Notifier{Config: NotifyConfig{s.URL + "/key-s3cr3t"}}).Notify(ctx, &Result{Site: "acme", Exit: ExitStopped})
	if err == nil || !strings.Contains(err.Error(), "interrupted") || strings.Contains(err.Error(), "s3cr3t") {
		t.Error(err)
	}
}

func TestNotifyErrorsHideTheURL(t *testing.T) {
	for _, failure := range []error{errors.New("dial: refused"), errors.New("get https://hooks.example/key-s3cr3t: no")} {
		synctest.Test(t, func(t *testing.T) {
			n := &Notifier{Config: NotifyConfig{"https://hooks.example/key-s3cr3t"},
				Transport: roundTrip(func(*http.Request) (*http.Response, error) { return nil, failure })}
			if err := n.Notify(t.Context(), &Result{Exit: ExitStopped}); err == nil || strings.Contains(err.Error(), "s3cr3t") {
				t.Error(err)
			}
		})
	}
}

func TestNotificationFits(t *testing.T) {
	res := Result{Site: "acme", Exit: ExitIncomplete}
	for i := range 20_000 {
		res.Failures = append(res.Failures, PageProblem{URL: fmt.Sprintf("https://help.acme.com/articles/%d", i), Outcome: Failed})
		res.Stale = append(res.Stale, PageProblem{URL: fmt.Sprintf("https://help.acme.com/articles/%d", i), Outcome: Failed})
	}
	res.Held = []HeldItem{{URL: "https://help.acme.com/held"}}
	body, err := notification("text", &res)
	if err != nil || len(body) > maxNotification {
		t.Fatalf("%d bytes, %v", len(body), err)
	}
	var got notified
	if err := json.Unmarshal(body, &got); err != nil || len(got.Failures)+got.Omitted["failures"] != 20_000 || len(got.Failures) < 100 || len(got.Held) != 1 {
		t.Errorf("%v: %d failures, %v", err, len(got.Failures), got.Omitted)
	}
	if len(res.Failures) != 20_000 {
		t.Error("the result was changed")
	}
	res.Pages = map[string]int{strings.Repeat("x", maxNotification): 1}
	if body, err = notification(strings.Repeat("ä", 3000), &res); err != nil || len(body) > 3000 || !strings.Contains(string(body), `…`) {
		t.Errorf("%d bytes, %v", len(body), err)
	}
}
