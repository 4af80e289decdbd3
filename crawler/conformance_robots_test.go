package crawler

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A few cases of the gate pin what only Google decides, where RFC 9309 is silent: of a file in UTF-16, which the RFC does
// not allow, no rule counts.
func TestConformanceRobots(t *testing.T) {
	var suite struct {
		Cases []struct {
			ID, Origin, Note, URL string
			Text                  string `json:"robots_txt"`
			Bytes                 []byte `json:"robots_txt_b64"`
			Agent                 string `json:"user_agent"`
			Allowed, Gate         bool
		}
	}
	readSuite(t, "robots.json", &suite)
	var gate, all tally
	for _, k := range suite.Cases {
		body := k.Bytes
		if body == nil {
			body = []byte(k.Text)
		}
		ok, line := parseRobots(body).allowed(k.Agent, k.URL)
		all.add(ok == k.Allowed)
		if !k.Gate {
			continue
		}
		gate.add(ok == k.Allowed)
		if ok != k.Allowed {
			t.Errorf("%s: %s for %s: allowed is %v by %q; %s\n%.300q", k.ID, k.URL, k.Agent, ok, line, k.Note, body)
		}
	}
	t.Logf("robots.json: %d of %d gate cases, %d of %d in all", gate.passed, gate.of, all.passed, all.of)
	if gate.of == 0 {
		t.Error("no case")
	}
}

// robotsHTTPCase is a way to answer for robots.txt.
type robotsHTTPCase struct {
	ID, Expected, Note, Body, Fault string
	Status, Redirects               int
	ContentType                     string   `json:"content_type"`
	OtherHost                       bool     `json:"redirect_other_host"`
	PadKiB                          int      `json:"pad_kib"`        // of comments after the body
	PadBeforeKiB                    int      `json:"pad_before_kib"` // likewise before it
	MaxReadKiB                      int64    `json:"max_read_kib"`
	AlsoOK                          []string `json:"also_ok"`
	Gzip                            bool
	PageRedirect                    bool `json:"page_redirect"` // /open leads to /private/x
}

// The real gate, transport and limiter ask a server on a network in memory.
func TestConformanceRobotsHTTP(t *testing.T) {
	var suite struct{ Cases []robotsHTTPCase }
	readSuite(t, "robots_http.json", &suite)
	var n tally
	for _, k := range suite.Cases {
		n.add(t.Run(k.ID, func(t *testing.T) { synctest.Test(t, k.run) }))
	}
	t.Logf("robots_http.json: %d of %d cases", n.passed, n.of)
	if n.of == 0 {
		t.Error("no case")
	}
}

func (k robotsHTTPCase) run(t *testing.T) {
	private := false
	hops := 0
	net := newMemNetwork(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/robots"):
			k.serve(w, r, &hops)
		case strings.HasPrefix(r.URL.Path, "/private"):
			private = true
			writePage(w, "private")
		case k.PageRedirect:
			http.Redirect(w, r, "/private/x", http.StatusFound)
		default:
			writePage(w, "open")
		}
	})
	c := newTestCrawler(t, testConfig("http://help.example/"), nil)
	net.replace(c.transport.(*http.Transport))

	open, closed := fetch(t, c, "http://help.example/open"), "http://help.example/private/x"
	if k.PageRedirect && class(open) != "redirect "+closed {
		t.Fatalf("/open: %s", class(open))
	}
	fetch(t, c, closed)
	got := "allow"
	switch {
	case open.Disallowed != "" && !private:
		got = "disallow"
	case !private:
		got = "rules"
	}
	if got != k.Expected && !slices.Contains(k.AlsoOK, got) {
		t.Errorf("%s, want %s: %s", got, k.Expected, k.Note)
	}
	most := int64(1 << 20)
	if k.MaxReadKiB > 0 {
		most = k.MaxReadKiB << 10
	}
	if net.bytes.Load() > most {
		t.Errorf("read %d bytes, want at most %d", net.bytes.Load(), most)
	}
	if got == "disallow" && len(c.RobotsFailures()) != 1 {
		t.Errorf("nothing says that robots.txt could not be had: %q", c.RobotsFailures())
	}
}

// serve answers for /robots.txt. hops counts the redirects so far.
func (k robotsHTTPCase) serve(w http.ResponseWriter, r *http.Request, hops *int) {
	switch {
	case k.OtherHost && r.Host != "other.example":
		http.Redirect(w, r, "http://other.example/robots.txt", http.StatusMovedPermanently)
		return
	case k.Redirects < 0 || *hops < k.Redirects:
		*hops++
		http.Redirect(w, r, fmt.Sprintf("/robots%d.txt", *hops%20), http.StatusFound)
		return
	case k.Fault == "reset":
		_ = hijack(w, "").Close()
		return
	case k.Fault == "hang":
		time.Sleep(time.Hour)
		return
	case k.Fault == "truncated":
		w.Header().Set("Content-Length", "5000")
	}
	if k.ContentType != "" {
		w.Header().Set("Content-Type", k.ContentType)
	}
	out := io.Writer(w)
	if k.Gzip {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		defer func() { _ = z.Close() }()
		out = z
	}
	w.WriteHeader(k.Status)
	if k.Status == http.StatusNoContent {
		return
	}
	comments := bytes.Repeat([]byte("# comments, and nothing else...\n"), 32) // 1 KiB
	for range k.PadBeforeKiB {
		_, _ = out.Write(comments)
	}
	_, _ = io.WriteString(out, k.Body)
	for i := 0; i < k.PadKiB || k.Fault == "infinite"; i++ {
		if _, err := out.Write(comments); err != nil {
			return
		}
	}
}
