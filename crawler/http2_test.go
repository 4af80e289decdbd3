package crawler

import (
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// counting counts the connections that a server accepts.
func counting(srv *httptest.Server) *atomic.Int32 {
	n := new(atomic.Int32)
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			n.Add(1)
		}
	}
	return n
}

// Over HTTP/2, one connection carries all pages at once.
func TestHTTP2(t *testing.T) {
	var others atomic.Int32
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			others.Add(1)
		}
		writePage(w, links(50))
	}))
	srv.EnableHTTP2 = true
	conns := counting(srv)
	srv.StartTLS()
	defer srv.Close()
	cfg := testConfig(srv.URL + "/")
	c := newTestCrawler(t, cfg, nil)
	pool := x509.NewCertPool()
	pool.AddCert(srv.Certificate())
	c.transport.(*http.Transport).TLSClientConfig.RootCAs = pool
	pages, err := crawlAll(t.Context(), c, newFrontier(srv.URL+"/"))
	if err != nil || len(pages) != 51 || others.Load() != 0 {
		t.Errorf("%d pages, %d requests not by HTTP/2, error %v", len(pages), others.Load(), err)
	}
	for _, p := range pages {
		if class(p) != "doc" {
			t.Errorf("%s: %s %s", p.Item.URL, class(p), why(p))
		}
	}
	if conns.Load() != 1 {
		t.Errorf("%d connections", conns.Load())
	}
}

// Connections are used again after every kind of answer.
func TestConnectionReuse(t *testing.T) {
	gz := encode(t, encodedText, "gzip")
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var n int
		_, _ = fmt.Sscanf(r.URL.Path, "/%d", &n)
		switch n % 6 {
		case 1:
			http.NotFound(w, r)
		case 2:
			http.Redirect(w, r, "/0", http.StatusFound)
		case 3:
			w.WriteHeader(http.StatusInternalServerError)
			writePage(w, "broken")
		case 4:
			w.WriteHeader(http.StatusNoContent)
		case 5:
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(gz)
		default:
			writePage(w, "x")
		}
	}))
	conns := counting(srv)
	srv.Start()
	defer srv.Close()
	cfg := testConfig(srv.URL + "/")
	cfg.Fetch.Concurrency = 1
	c := newTestCrawler(t, cfg, nil)
	for _, u := range numbered(srv.URL+"/", 60) {
		fetch(t, c, u)
	}
	if conns.Load() != 1 {
		t.Errorf("%d connections for 60 pages", conns.Load())
	}
}
