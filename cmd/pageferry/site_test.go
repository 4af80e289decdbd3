package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pageferry/pageferry/ingest"
	"github.com/pageferry/pageferry/ingest/sandbox"
)

// answer is what the test site says at a path.
type answer struct {
	status   int // 0: 200
	location string
	body     string
	header   http.Header
	raw      func(http.ResponseWriter, *http.Request) // instead of all the above
}

// testSite is a help center whose pages a test can change between runs. It answers 304 unless bare.
type testSite struct {
	*httptest.Server
	mu      sync.Mutex
	pages   map[string]answer
	hits    map[string]int
	order   []string       // paths, as they were asked for
	matched map[string]int // conditional requests answered 304
	bare    bool           // sends no validators
}

func newTestSite(t testing.TB) *testSite {
	s := &testSite{pages: map[string]answer{}, hits: map[string]int{}, matched: map[string]int{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *testSite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.hits[r.URL.RequestURI()]++
	s.order = append(s.order, r.URL.RequestURI())
	a, ok := s.pages[r.URL.RequestURI()]
	bare := s.bare
	s.mu.Unlock()
	if a.raw != nil {
		a.raw(w, r)
		return
	}
	for k, v := range a.header {
		w.Header()[k] = v
	}
	switch {
	case !ok:
		http.NotFound(w, r)
	case a.location != "":
		w.Header().Set("Location", a.location)
		w.WriteHeader(a.status)
	case a.status != 0:
		w.WriteHeader(a.status)
		io.WriteString(w, a.body)
	default:
		if w.Header().Get("Content-Type") == "" {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
		}
		if !bare {
			sum := sha256.Sum256([]byte(a.body))
			etag := `"` + hex.EncodeToString(sum[:8]) + `"`
			w.Header().Set("ETag", etag)
			if r.Header.Get("If-None-Match") == etag {
				s.mu.Lock()
				s.matched[r.URL.RequestURI()]++
				s.mu.Unlock()
				w.WriteHeader(http.StatusNotModified)
				return
			}
		}
		io.WriteString(w, a.body)
	}
}

func (s *testSite) set(path string, a answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pages[path] = a
}

func (s *testSite) remove(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pages, path)
}

// asked returns the pages that were asked for since the last call, in order.
func (s *testSite) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var pages []string
	for _, path := range s.order {
		if s.pages[path].body != "" && !strings.HasSuffix(path, ".xml") {
			pages = append(pages, path)
		}
	}
	s.order = nil
	return pages
}

// requests returns how often each path was asked for since the last call.
func (s *testSite) requests() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hits
	s.hits = map[string]int{}
	return h
}

// article is a page with a text of its own and links.
func article(title, text string, links ...string) answer {
	var b strings.Builder
	fmt.Fprintf(&b, `<!doctype html><html lang="en"><head><title>%s | Acme Help</title></head><body><nav><a href="/">Home</a></nav><main><article><h1>%s</h1><p>%s</p><p>Written for those who look for %s.</p><ul>`, title, title, text, title)
	for _, l := range links {
		fmt.Fprintf(&b, `<li><a href="%s">%s</a></li>`, l, l)
	}
	b.WriteString("</ul></article></main><footer>Acme</footer></body></html>")
	return answer{body: b.String()}
}

// welcome is enough text to make a home page an article, however many links it has.
const welcome = "Welcome to the help center of Acme. It explains how to set up your account, how to invite the people you work with, " +
	"and how to find out what a plan costs before you choose one. What you do not find here, you can ask our support, which answers within a day."

// fixture is a site, an API to deliver to, and a config for both.
type fixture struct {
	t      testing.TB
	site   *testSite
	store  *sandbox.Store
	api    *sandbox.Server
	dir    string
	config string
	state  string
	env    map[string]string

	mu      sync.Mutex
	records []sandbox.Record
	watch   []watcher
}

// watcher is told once of the first request to the API that fits.
type watcher struct {
	fits func(sandbox.Record) bool
	seen chan struct{}
}

// when returns a channel that is closed when the API has answered a request that fits.
func (f *fixture) when(fits func(sandbox.Record) bool) <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	w := watcher{fits, make(chan struct{})}
	f.watch = append(f.watch, w)
	return w.seen
}

func (f *fixture) record(r sandbox.Record) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.records = append(f.records, r)
	f.watch = slices.DeleteFunc(f.watch, func(w watcher) bool {
		if w.fits(r) {
			close(w.seen)
			return true
		}
		return false
	})
}

// newFixture starts a site with the given extra YAML in its config.
func newFixture(t testing.TB, extra string) *fixture {
	t.Helper()
	f := &fixture{t: t, site: newTestSite(t), dir: t.TempDir(), env: map[string]string{"PAGEFERRY_TEST_TOKEN": "dG9rOnRlc3Q"}}
	f.state = filepath.Join(f.dir, "state")
	var err error
	if f.store, err = sandbox.Open(filepath.Join(f.dir, "api.db")); err != nil {
		t.Fatal(err)
	}
	f.api, err = sandbox.Serve(f.store, sandbox.Options{OnRequest: f.record}, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.api.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if err := f.store.Close(); err != nil {
			t.Error(err)
		}
	})
	f.config = filepath.Join(f.dir, "acme.yaml")
	f.writeConfig(f.site.URL+"/", extra)
	return f
}

// base is the part of a test config that says where to deliver.
func (f *fixture) base(start string) string {
	return fmt.Sprintf("site: acme\nstart: [%s]\ntarget: {kind: intercom, base_url: %s, token_env: PAGEFERRY_TEST_TOKEN}\n", start, f.api.URL)
}

const fastFetch = "fetch: {allow_private: true, rate: 0, retries: 0}\n"

func (f *fixture) writeConfig(start, extra string) {
	f.t.Helper()
	yaml := f.base(start) + extra
	if !strings.Contains(extra, "fetch:") {
		yaml += fastFetch
	}
	if err := os.WriteFile(f.config, []byte(yaml), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

// run runs the program and returns its exit code and what it printed.
func (f *fixture) run(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(context.Background(), append([]string{"--state", f.state}, args...), f.world(&out, &errs))
	return code, out.String(), errs.String()
}

func (f *fixture) world(out, errs io.Writer) *world {
	return &world{stdout: out, stderr: errs, width: func() int { return 80 }, getenv: func(k string) (string, bool) {
		v, ok := f.env[k]
		return v, ok
	}}
}

// sync runs a sync and returns its result.
func (f *fixture) sync(args ...string) ingest.Result {
	f.t.Helper()
	code, stdout, stderr := f.run(append([]string{"sync", f.config, "--json"}, args...)...)
	var res ingest.Result
	if err := json.Unmarshal([]byte(stdout), &res); err != nil {
		f.t.Fatalf("result: %v\nexit %d\n%s\n%s", err, code, stdout, stderr)
	}
	if res.Exit != code {
		f.t.Errorf("the result says exit %d, the program exits %d", res.Exit, code)
	}
	return res
}

// want compares what a result counts.
func (f *fixture) want(res ingest.Result, exit int, pages map[string]int) {
	f.t.Helper()
	if res.Exit != exit {
		f.t.Errorf("exit %d (%s), want %d: %v %v", res.Exit, res.Reason, exit, res.Messages, res.Failures)
	}
	for outcome, n := range res.Pages {
		if pages[outcome] != n {
			f.t.Errorf("%d pages %s, want %d", n, outcome, pages[outcome])
		}
	}
	for outcome, n := range pages {
		if res.Pages[outcome] != n {
			f.t.Errorf("%d pages %s, want %d", res.Pages[outcome], outcome, n)
		}
	}
}

// inFin returns what the API holds: path to HTML.
func (f *fixture) inFin() map[string]string {
	f.t.Helper()
	got := map[string]string{}
	for p, err := range f.store.Pages(context.Background(), 0) {
		if err != nil {
			f.t.Fatal(err)
		}
		path := strings.TrimPrefix(p.URL, f.site.URL)
		if _, twice := got[path]; twice {
			f.t.Errorf("%s is there twice", p.URL)
		}
		if p.ExternalID != ingest.ExternalID(p.URL) {
			f.t.Errorf("%s has the id %s", p.URL, p.ExternalID)
		}
		got[path] = p.HTML
	}
	return got
}

// upserts returns the external ids that were posted since the last call, in order of their answers.
func (f *fixture) upserts() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var ids []string
	for _, r := range f.records {
		if r.Method == http.MethodPost && r.ExternalID != "" {
			ids = append(ids, r.ExternalID)
		}
	}
	f.records = nil
	return ids
}
