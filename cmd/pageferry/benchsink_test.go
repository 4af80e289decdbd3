package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
)

// benchSink is an API that takes every page at once and keeps only its external id, so that it costs little beside
// what is measured.
type benchSink struct {
	mu      sync.Mutex
	ids     map[string]int
	url     string // of the one source
	upserts atomic.Int64
	other   atomic.Int64
	buffers sync.Pool
}

// sinkCounts is what the sink was sent since the counts were read last.
type sinkCounts struct {
	Upserts  int
	Distinct int // external ids, since the sink was started
	Other    int // requests that were no upserts
}

const (
	sinkCountsPath = "/-/counts"
	sinkPages      = "/ai/external_pages"
	sinkSources    = "/ai/content_import_sources"
)

func newBenchSink() *benchSink {
	return &benchSink{ids: map[string]int{}, buffers: sync.Pool{New: func() any { return new(bytes.Buffer) }}}
}

func (s *benchSink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header()["Content-Type"] = []string{"application/json"}
	if r.Method == http.MethodPost && r.URL.Path == sinkPages {
		s.upsert(w, r)
		return
	}
	if r.URL.Path == sinkCountsPath {
		json.NewEncoder(w).Encode(s.counts()) //nolint:errcheck // who asked notices
		return
	}
	s.other.Add(1)
	switch r.Method + " " + r.URL.Path {
	case "GET /me":
		io.WriteString(w, `{"type":"admin","id":"1","name":"Sink","app":{"type":"app","id_code":"sink","name":"Sink","region":"US","created_at":1}}`)
	case "GET " + sinkPages:
		io.WriteString(w, `{"type":"list","data":[],"pages":{"type":"pages","page":1,"per_page":50,"total_pages":0}}`)
	case "GET " + sinkSources:
		io.WriteString(w, `{"type":"list","data":[`+s.source()+`],"pages":{"type":"pages","page":1,"per_page":50,"total_pages":1}}`)
	case "GET " + sinkSources + "/1":
		io.WriteString(w, s.source())
	case "POST " + sinkSources:
		s.create(w, r)
	default:
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, `{"type":"error.list","errors":[{"code":"not_found","message":"Not found"}]}`)
	}
}

// source is the object of the one source; empty before it is created.
func (s *benchSink) source() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.url == "" {
		return ""
	}
	return fmt.Sprintf(`{"id":1,"url":%q,"sync_behavior":"api","status":"active","created_at":1,"updated_at":1}`, s.url)
}

func (s *benchSink) create(w http.ResponseWriter, r *http.Request) {
	var body struct {
		URL string `json:"url"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	s.url = body.URL
	s.mu.Unlock()
	io.WriteString(w, s.source())
}

// upsert reads no more of a page than its external id, which comes before the article.
func (s *benchSink) upsert(w http.ResponseWriter, r *http.Request) {
	buf := s.buffers.Get().(*bytes.Buffer)
	defer s.buffers.Put(buf)
	buf.Reset()
	if _, err := buf.ReadFrom(r.Body); err != nil {
		return
	}
	_, rest, _ := bytes.Cut(buf.Bytes(), []byte(`"external_id":"`))
	id, _, ok := bytes.Cut(rest, []byte(`"`))
	if !ok {
		http.Error(w, `{"type":"error.list","errors":[{"code":"parameter_invalid","message":"external_id"}]}`, http.StatusUnprocessableEntity)
		return
	}
	s.upserts.Add(1)
	s.mu.Lock()
	n, known := s.ids[string(id)]
	if !known {
		n = len(s.ids) + 1
		s.ids[string(id)] = n
	}
	s.mu.Unlock()
	answer := append(make([]byte, 0, 160), `{"id":"`...)
	answer = append(strconv.AppendInt(answer, int64(n), 10), `","source_id":1,"external_id":"`...)
	w.Write(append(append(answer, id...), `","title":"","html":"","created_at":1,"updated_at":1}`...)) //nolint:errcheck // the client has gone
}

// counts returns the counts and begins anew.
func (s *benchSink) counts() sinkCounts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return sinkCounts{Upserts: int(s.upserts.Swap(0)), Other: int(s.other.Swap(0)), Distinct: len(s.ids)}
}
