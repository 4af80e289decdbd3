package crawler

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestTemplateOf(t *testing.T) {
	for _, tt := range []struct{ at, key string }{
		{"https://h.example/hc/en-us/articles/360001-teams", "https://h.example/hc/en-us/articles/*"},
		{"https://h.example/hc/en-us/articles/360001/", "https://h.example/hc/en-us/articles/*/"},
		{"https://h.example/docs/install.html", "https://h.example/docs/*.html"},
		{"https://h.example/docs/v1.2", "https://h.example/docs/*"},
		{"https://h.example/questions/1234567/a-title", "https://h.example/questions/*/*"},
		{"https://h.example/teams", "https://h.example/*"},
		{"https://h.example/kb/article.php?lang=en&id=7", "https://h.example/kb/article.php?id&lang"},
		{"https://h.example/docs/a?lang=en", "https://h.example/docs/*"},
		{"https://h.example/", ""},
		{"https://h.example/docs/index.html", ""},
	} {
		u, err := url.Parse(tt.at)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := templateOf(u)
		if ok != (tt.key != "") || ok && got.key != tt.key {
			t.Errorf("%s: %q, %v, want %q", tt.at, got.key, ok, tt.key)
		}
		if !ok {
			continue
		}
		m := got.probe(false)
		pu, err := url.Parse(m.url)
		if err != nil {
			t.Fatal(err)
		}
		if again, ok := templateOf(pu); !ok || again.key != got.key || m.url == tt.at || !strings.Contains(m.url, m.token) {
			t.Errorf("%s: probe %s is of form %q", tt.at, m.url, again.key)
		}
	}
}

// softSite answers /real/… with articles and everything else as missing says.
func softSite(missing http.HandlerFunc) http.HandlerFunc {
	return page(func(w http.ResponseWriter, r *http.Request) {
		if name, ok := strings.CutPrefix(r.URL.Path, "/kb/real-"); ok {
			writePage(w, inSite(name, "<h1>"+name+"</h1>"+article(60)+"<p>The end of "+name+".</p>"))
			return
		}
		missing(w, r)
	})
}

func TestSoft404(t *testing.T) {
	moved := func(w http.ResponseWriter, _ *http.Request) {
		writePage(w, inSite("Acme Help", `<h1>How can we help?</h1><p>Browse our topics, ask the community or write to us. We answer within a day.</p>`))
	}
	for _, tt := range []struct {
		name    string
		missing http.HandlerFunc
		want    string
	}{
		{"404", http.NotFound, "Not Found"},
		{"the home page", moved, InsteadSoft404},
		{"words that repeat the address", func(w http.ResponseWriter, r *http.Request) {
			writePage(w, inSite("Acme", "<h1>Hmm</h1><p>There is no such thing here as "+r.URL.Path+", but we have much else for you to read.</p>"))
		}, InsteadSoft404},
		{"redirect to the home page", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/" {
				moved(w, r)
				return
			}
			http.Redirect(w, r, "/", http.StatusMovedPermanently)
		}, InsteadSoft404},
		{"an error", func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/kb/dead") {
				moved(w, r)
				return
			}
			w.WriteHeader(http.StatusInternalServerError)
		}, "doc"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := testConfig("http://help.example/")
			c := newTestCrawler(t, cfg, inProcess{softSite(tt.missing)})
			c.soft.off = false
			if got := class(fetch(t, c, "http://help.example/kb/real-one")); got != "doc" {
				t.Errorf("a page is %s", got)
			}
			p := fetch(t, c, "http://help.example/kb/dead-1")
			if got := class(p); got != tt.want {
				t.Errorf("a missing page is %s, want %s: %s", got, tt.want, why(p))
			}
			if got := class(fetch(t, c, "http://help.example/kb/real-two")); got != "doc" {
				t.Errorf("a page is %s", got)
			}
			if probe, ok := c.Probed("http://help.example/kb/real-three"); !ok || probe.Template != "http://help.example/kb/*" || probe.Answer == "" {
				t.Errorf("probed %+v, %v", probe, ok)
			}
		})
	}
}

// A server that answers every address below an article with the article has no missing pages there.
func TestSoft404BelowAnArticle(t *testing.T) {
	c := newTestCrawler(t, testConfig("http://help.example/"), inProcess{http.HandlerFunc(page(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/questions/teams/") {
			writePage(w, inSite("Teams", "<h1>Teams</h1>"+article(60)))
			return
		}
		http.NotFound(w, r)
	}))})
	c.soft.off = false
	if p := fetch(t, c, "http://help.example/questions/teams/how-to-make-one"); class(p) != "doc" {
		t.Errorf("%s: %s", class(p), why(p))
	}
}

// Start URLs, and pages to which nothing can be compared, stand for themselves.
func TestSoft404Alone(t *testing.T) {
	c := newTestCrawler(t, testConfig("http://help.example/guide"), inProcess{http.HandlerFunc(page(func(w http.ResponseWriter, _ *http.Request) {
		writePage(w, "<h1>Guide</h1>"+article(60))
	}))})
	c.soft.off = false
	if p := fetch(t, c, "http://help.example/guide"); class(p) != "doc" {
		t.Errorf("%s: %s", class(p), why(p))
	}
	c = newTestCrawler(t, testConfig("http://help.example/"), inProcess{http.HandlerFunc(page(func(w http.ResponseWriter, _ *http.Request) {
		writePage(w, "short")
	}))})
	c.soft.off = false
	if p := fetch(t, c, "http://help.example/a"); class(p) != "doc" {
		t.Errorf("%s: %s", class(p), why(p))
	}
}
