package demo

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
)

// Handler returns the site. It answers requests in origin form, as a web server does, and in absolute form for Host, as
// a forward proxy does; a proxy request for another host gets 403, and CONNECT gets 405. Nothing is ever fetched from
// elsewhere.
//
// It panics if the embedded files are broken, which the tests of this package rule out.
func Handler() http.Handler {
	s, err := load()
	if err != nil {
		panic(err)
	}
	return s
}

// ServeHTTP implements http.Handler.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	posted := r.Method == http.MethodPost && r.URL.Path == feedbackPath
	if r.Method != http.MethodGet && r.Method != http.MethodHead && !posted {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD are answered here", http.StatusMethodNotAllowed)
		return
	}
	if r.URL.Host != "" && !isSample(r.URL) {
		http.Error(w, "this proxy serves http://"+Host+" only", http.StatusForbidden)
		return
	}

	path := r.URL.Path
	if path == "" {
		path = homePath
	}
	if target, ok := redirects[path]; ok {
		http.Redirect(w, r, target, http.StatusMovedPermanently)
		return
	}
	found, ok := s.resources[path]
	switch {
	case !ok:
		s.serveNotFound(w)
	case path == searchPath && r.URL.Query().Get("q") != "":
		s.serveSearch(w, r.URL.Query().Get("q"))
	default:
		found.serve(w, r)
	}
}

// isSample reports whether the URL of a proxy request means the sample site.
func isSample(u *url.URL) bool {
	port := u.Port()
	return u.Scheme == "http" && strings.EqualFold(u.Hostname(), Host) && (port == "" || port == "80")
}

// serve answers with 304 where the request's validators still hold. The entity tag is over the body, so that it changes
// with the layout too; Last-Modified is the date of the article.
func (res resource) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", res.contentType)
	h.Set("ETag", res.etag)
	h.Set("X-Content-Type-Options", "nosniff")
	if res.robotsTag != "" {
		h.Set("X-Robots-Tag", res.robotsTag)
	}
	http.ServeContent(w, r, "", res.modified, bytes.NewReader(res.body))
}

func (s *site) serveNotFound(w http.ResponseWriter) {
	w.Header().Set("Content-Type", htmlType)
	w.WriteHeader(http.StatusNotFound)
	_, _ = w.Write(s.notFound) // the client went away; there is nobody left to tell
}

func (s *site) serveSearch(w http.ResponseWriter, query string) {
	body, err := s.render.search(s.byPath(searchPath), query)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", htmlType)
	_, _ = w.Write(body) // as above
}
