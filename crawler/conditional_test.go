package crawler

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"testing"
)

func TestFetchConditional(t *testing.T) {
	const body = "<!doctype html><title>T</title>"
	var sent http.Header
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		sent = r.Header.Clone()
		w.Header().Set("X-Robots-Tag", "noindex, nofollow")
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("ETag", `"v2"`)
		switch {
		case r.URL.Path == "/moved":
			w.Header().Set("Location", "/new")
			w.WriteHeader(301)
		case r.Header.Get("If-None-Match") == `"v2"`:
			w.WriteHeader(304)
		default:
			_, _ = io.WriteString(w, body)
		}
	})
	cfg := testConfig(srv.URL + "/")
	cfg.Fetch.Robots = Ignore
	c := newTestCrawler(t, cfg, nil)
	sum := sha256.Sum256([]byte(body))
	hash := hex.EncodeToString(sum[:])

	p := fetch(t, c, srv.URL+"/")
	if want := (Validators{ETag: `"v2"`, BodyHash: hash}); p.Validators != want || class(p) != "doc" {
		t.Errorf("first: %s with %+v, want doc with %+v", class(p), p.Validators, want)
	}
	if p.NoIndex != `X-Robots-Tag "noindex, nofollow"` || !p.NoFollow || p.Links != nil {
		t.Errorf("first: noindex %q, nofollow %v, links %v", p.NoIndex, p.NoFollow, p.Links)
	}
	if sent.Get("If-None-Match") != "" || sent.Get("If-Modified-Since") != "" {
		t.Errorf("unconditional request had %v", sent)
	}

	known := Validators{ETag: `"v2"`, LastModified: "Mon, 02 Jan 2006 15:04:05 GMT", BodyHash: "old"}
	p = fetchItem(t, c, Item{Link: Link{URL: srv.URL + "/"}, Validators: known})
	if class(p) != "not modified" || p.Validators != known || p.NoIndex == "" || !p.NoFollow || p.Doc != nil {
		t.Errorf("304: %s with %+v, noindex %q, nofollow %v", class(p), p.Validators, p.NoIndex, p.NoFollow)
	}
	if sent.Get("If-Modified-Since") != known.LastModified {
		t.Errorf("If-Modified-Since %q", sent.Get("If-Modified-Since"))
	}

	p = fetchItem(t, c, Item{Link: Link{URL: srv.URL + "/"}, Validators: Validators{ETag: `"v1"`, BodyHash: hash}})
	if class(p) != "not modified" || p.Status != 200 || p.NoIndex == "" || !p.NoFollow || p.Validators.ETag != `"v2"` {
		t.Errorf("same body: %s, status %d, noindex %q, nofollow %v, %+v", class(p), p.Status, p.NoIndex, p.NoFollow, p.Validators)
	}

	// Validators of a page are not sent to where it moved.
	p = fetchItem(t, c, Item{Link: Link{URL: srv.URL + "/moved"}, Validators: known})
	if class(p) != "redirect "+srv.URL+"/new" || p.Fetches != 1 {
		t.Errorf("moved: %s after %d fetches", class(p), p.Fetches)
	}
}
