package sandbox

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Fault is something that goes wrong with some requests. Which: those that fit Method, PathPrefix and Match, as far as
// they are set; of these, Count from the Nth on. What: Delay, and then at most one of Status, DropBefore,
// DropAfterApply and Truncate. Of several faults that fit a request, the first in the list takes it.
type Fault struct {
	Method     string
	PathPrefix string
	Match      func(*http.Request) bool // called under a lock: it must not send requests itself, nor read the body
	Nth        int                      // the first of the fitting requests that is hit, from 1; 0 is 1
	Count      int                      // how many are hit from there on; 0: all

	Delay time.Duration // before anything else, on top of Options.Latency

	Status      int    // answer with this instead; 429 comes with the rate headers
	Apply       bool   // with Status: carry the request out first
	Body        string // with Status; empty: an error.list that fits the status
	ContentType string // of Body; empty: application/json; charset=utf-8
	RetryAfter  string // with Status: the Retry-After header

	DropBefore     bool // close the connection, do nothing
	DropAfterApply bool // carry the request out, then close the connection without an answer
	Truncate       bool // carry the request out, then break the connection in the middle of the answer's body
}

// SetFaults replaces the faults, and begins to count anew. It may be called while requests are served.
func (h *Handler) SetFaults(list ...Fault) {
	h.fault.set(list)
}

// faults is a list of them with, for each, the number of requests that fitted.
type faults struct {
	mu   sync.Mutex
	list []Fault
	seen []int
}

func (f *faults) set(list []Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list, f.seen = append([]Fault(nil), list...), make([]int, len(list))
}

// take counts r and returns the fault that hits it, or the zero Fault, which is none.
func (f *faults) take(r *http.Request) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, fault := range f.list {
		if !fault.fits(r) {
			continue
		}
		f.seen[i]++
		first := max(1, fault.Nth)
		if n := f.seen[i]; n >= first && (fault.Count == 0 || n < first+fault.Count) {
			return fault
		}
	}
	return Fault{}
}

func (f *Fault) fits(r *http.Request) bool {
	return (f.Method == "" || f.Method == r.Method) && strings.HasPrefix(r.URL.Path, f.PathPrefix) &&
		(f.Match == nil || f.Match(r))
}

// answer is what the fault answers with.
func (f *Fault) answer() (ans answer, err error) {
	if f.Body == "" {
		ans, err = errorList(f.Status, defaultProblem(f.Status))
	} else {
		ans = answer{status: f.Status, body: []byte(f.Body),
			header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}}
	}
	if err != nil {
		return answer{}, err
	}
	if f.ContentType != "" {
		ans.header.Set("Content-Type", f.ContentType)
	}
	if f.RetryAfter != "" {
		ans.header.Set("Retry-After", f.RetryAfter)
	}
	return ans, nil
}

// wait lets d pass. It returns false when ctx ends first.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
