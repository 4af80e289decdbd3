package crawler

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func newSilentCrawler(t testing.TB) *Crawler {
	return newTestCrawler(t, testConfig("https://help.example/"), inProcess{http.NotFoundHandler()})
}

func TestWithoutSession(t *testing.T) {
	const hex = "0123456789abcdef0a1b2c3d4e5f6a7b"
	for in, want := range map[string]string{
		"/a;jsessionid=1A2B":            "/a",
		"/a;JSESSIONID=1A2B.node1?x=1":  "/a?x=1",
		"/app;jsessionid=1A2B/page;v=2": "/app/page;v=2",
		"/a;v=1;jsessionid=1A2B;w=2":    "/a;v=1;w=2",
		"/.;jsessionid=1":               "/",
		"/a/..;jsessionid=1/b":          "/b",
		"/a;sid=" + hex:                 "/a",
		"/a?PHPSESSID=k3v9":             "/a",
		"/a?x=1&phpsessid=&y=2":         "/a?x=1&y=2",
		"/a?ASPSESSIONIDQQGGABCD=KJHG":  "/a",
		"/a?ASP.NET_SessionId=x":        "/a",
		"/a?CFID=12345&CFTOKEN=678":     "/a",
		"/a?CFID=12345":                 "/a?CFID=12345",
		"/a?sid=" + hex:                 "/a",
		"/a?session_id=6f9619ff-8b86-d011-b42d-00c04fc964ff&p=2": "/a?p=2",
		"/a?sessionid=k3v9ab12cd34ef56gh78&x=1":                  "/a?x=1",
		"/(S(lit3py55t21z5v55vlm25s55))/a.aspx":                  "/a.aspx",
		"/x/(X(1)S(lit3py55t21z5v55vlm25s55))/a":                 "/x/a",
		"/(S(lit3py55t21z5v55vlm25s55))":                         "/",

		"/a?sid=12":                                   "",
		"/a?sid=360001234567890123":                   "",
		"/a?sid=how-to-reset-your-password-2":         "",
		"/a?sid=windows10installationguide":           "",
		"/a?session=how-2-fix-10-errors-in-5-steps-4": "",
		"/a?s=jsessionid":                             "",
		"/a?q=PHPSESSID=1":                            "",
		"/a?xjsessionid=1&sidebar=" + hex:             "",
		"/wiki/Set_(S(x))":                            "",
		"/wiki/(S)/(disambiguation)":                  "",
		"/a;v=2/b":                                    "",
		"/articles/jsessionid=1":                      "",
		"/sid/" + hex:                                 "",
	} {
		c := newSilentCrawler(t)
		if want == "" {
			want = in
		}
		got := c.withoutSession("https://help.example" + in)
		if got != "https://help.example"+want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
		if again := c.withoutSession(got); again != got {
			t.Errorf("%s: then %s", got, again)
		}
	}
}

func TestSessionsOfAPage(t *testing.T) {
	const at = "https://help.example/list"
	token := func(n int) string { return fmt.Sprintf("%02dab12cd34ef56ab78", n) }
	c := newSilentCrawler(t)
	got := c.takeOffSessions(at, []string{at + "/a?sid=" + token(1), at + "/b?sid=" + token(1), at + "/a", at + "/c"})
	if want := []string{at + "/a", at + "/b", at + "/c"}; !slices.Equal(got, want) {
		t.Errorf("one value on a page: %q", got)
	}
	// Where values differ, they say which page is meant.
	links := []string{at + "?sid=" + token(1), at + "?sid=" + token(2)}
	if got := c.takeOffSessions(at, slices.Clone(links)); !slices.Equal(got, links) {
		t.Errorf("two values on a page: %q", got)
	}
	if got := c.takeOffSessions(at, slices.Clone(links[:1])); !slices.Equal(got, links[:1]) {
		t.Errorf("the name is content, but: %q", got)
	}
	if got := c.takeOffSessions(at, []string{at + "?sessionid=" + token(1)}); got[0] != at {
		t.Errorf("another name: %q", got)
	}
	if got := c.sitemapPage(at + "?session_id=" + token(1)); got != at+"?session_id="+token(1) {
		t.Errorf("in a sitemap: %q", got)
	}
	if got := c.sitemapPage(at + ";jsessionid=1"); got != at {
		t.Errorf("in a sitemap: %q", got)
	}
	// A page that has the name in its own address is told from others by it.
	c = newSilentCrawler(t)
	links = []string{at + "/print?sid=" + token(3)}
	if got := c.takeOffSessions(at+"?sid="+token(3), slices.Clone(links)); !slices.Equal(got, links) {
		t.Errorf("in the page's address: %q", got)
	}
	if got := c.takeOffSessions(at, links[:0]); len(got) != 0 {
		t.Errorf("no links: %q", got)
	}
}

func FuzzWithoutSession(f *testing.F) {
	f.Add("https://help.example/(S(abcdefgh12345678))/a;jsessionid=1/..;sid=0a1b2c3d4e5f6a7b?x=1&PHPSESSID=2&cfid=1&cftoken=2")
	c := newSilentCrawler(f)
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := c.canon.Canonical(raw)
		if err != nil {
			return
		}
		clean := c.withoutSession(u)
		if canonical, err := c.canon.Canonical(clean); err != nil || canonical != clean {
			t.Errorf("%q: %q is not canonical", u, clean)
		}
		if again := c.withoutSession(clean); again != clean {
			t.Errorf("%q: %q, then %q", u, clean, again)
		}
		if origin(clean) != origin(u) || len(clean) > len(u)+1 {
			t.Errorf("%q: %q", u, clean)
		}
		if clean != u && !strings.ContainsAny(u, ";?(") {
			t.Errorf("%q: %q", u, clean)
		}
	})
}
