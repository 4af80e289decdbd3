package crawler

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// pages is a handler of a site without robots.txt and sitemaps, whose other pages are what body says.
func pages(body func(w http.ResponseWriter, r *http.Request) string) func(http.ResponseWriter, *http.Request) {
	return page(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/sitemap.xml" {
			http.NotFound(w, r)
			return
		}
		if text := body(w, r); text != "" {
			writePage(w, "<p>"+worded(r.URL.RequestURI())+"</p>"+text)
		}
	})
}

// worded returns s with a letter for each digit, so that pages whose addresses differ have different words in them.
func worded(s string) string {
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return r - '0' + 'a'
		}
		return r
	}, s)
}

// alike serves pages that all say the same, with links.
func alike(links func(r *http.Request) []string) func(http.ResponseWriter, *http.Request) {
	return page(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/sitemap.xml" {
			http.NotFound(w, r)
			return
		}
		writePage(w, "<p>There is nothing more to be seen here.</p>"+linked(links(r)...))
	})
}

// linked returns links to the hrefs.
func linked(hrefs ...string) string {
	var b strings.Builder
	for _, href := range hrefs {
		fmt.Fprintf(&b, `<a href="%s">to %s</a> `, strings.ReplaceAll(href, "&", "&amp;"), "a page")
	}
	return b.String()
}

// counted returns the number at the end of a path or query, and the URL with it replaced by a format.
func counted(r *http.Request) int {
	u := r.URL.RequestURI()
	end := strings.TrimRight(u, "0123456789")
	n, _ := strconv.Atoi(u[len(end):]) // none: 0
	return n
}

// month returns the month that a request names by year and month, or the one in which the bubble's clock begins.
func month(r *http.Request, format string) time.Time {
	t, err := time.Parse(format, r.URL.RequestURI())
	if err != nil {
		return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return t
}

// lot draws names, of which no two are alike.
type lot struct{ drawn atomic.Uint32 }

func (l *lot) token() string {
	n := l.drawn.Add(1)
	return fmt.Sprintf("%08x0a1b2c3d4e5f%08x", n*2654435761, n)
}

// onlyPages checks that a crawl brought these pages and no others.
func onlyPages(paths ...string) func(*testing.T, map[string]*Page) {
	return func(t *testing.T, got map[string]*Page) {
		t.Helper()
		for _, path := range paths {
			if p := got["http://help.example"+path]; p == nil || p.Doc == nil {
				t.Errorf("%s was not read", path)
			}
			delete(got, "http://help.example"+path)
		}
		for u := range got {
			t.Errorf("%s was asked for", u)
		}
	}
}

func TestMisbehaveTraps(t *testing.T) {
	var chance lot
	misbehave(t, []misbehaviour{
		{
			name:  "a link that is relative by mistake goes ever deeper",
			serve: pages(func(http.ResponseWriter, *http.Request) string { return linked("docs/") }),
			crawl: true, requests: 5,
			check: onlyPages("/", "/docs/", "/docs/docs/"),
		},
		{
			name:  "a whole menu is relative by mistake",
			serve: pages(func(http.ResponseWriter, *http.Request) string { return linked("docs/", "faq/", "team/", "/good") }),
			crawl: true, requests: 60, want: map[string]string{"/good": "doc", "/docs/faq/": "doc"},
		},
		{
			name: "every page has the pages of a list below itself",
			serve: pages(func(_ http.ResponseWriter, r *http.Request) string {
				return linked(strings.TrimSuffix(r.URL.Path, "/")+fmt.Sprintf("/page/%d/", len(r.URL.Path)), "/good")
			}),
			crawl: true, requests: 8, want: map[string]string{"/good": "doc"},
		},
		{
			name: "slashes pile up",
			serve: pages(func(_ http.ResponseWriter, r *http.Request) string {
				return linked("http://help.example" + r.URL.Path + "/x/")
			}),
			start: "http://help.example/a/", crawl: true, requests: 7,
		},
		{
			name: "paths grow by a new segment each",
			serve: pages(func(_ http.ResponseWriter, r *http.Request) string {
				n := strings.Count(r.URL.Path, "/")
				return linked(strings.TrimSuffix(r.URL.Path, "/") + "/s" + strings.Repeat(string(rune('a'+n%26)), n))
			}),
			crawl: true, requests: maxTrapSegments + 3,
		},
		{
			name: "parameters pile up",
			serve: pages(func(_ http.ResponseWriter, r *http.Request) string {
				return linked("/list?"+strings.TrimPrefix(r.URL.RawQuery+"&show=all", "&"), "/good")
			}),
			crawl: true, requests: 6, want: map[string]string{"/good": "doc", "/list?show=all&show=all": "doc"},
		},
		{
			name: "every page has a link to log in and come back",
			serve: pages(func(_ http.ResponseWriter, r *http.Request) string {
				return linked("/account?next="+strings.ReplaceAll(strings.ReplaceAll(r.URL.RequestURI(), "%", "%25"), "/", "%2F"), "/good")
			}),
			crawl: true, requests: 10, want: map[string]string{"/good": "doc"},
		},
		{
			name: "a calendar goes on for ever, by parameter",
			serve: pages(func(_ http.ResponseWriter, r *http.Request) string {
				m := month(r, "/calendar?month=2006-01")
				return linked(m.AddDate(0, 1, 0).Format("/calendar?month=2006-01"), "/good")
			}),
			crawl: true, requests: 18, want: map[string]string{"/good": "doc", "/calendar?month=2001-01": "doc", "/calendar?month=2001-02": ""},
		},
		{
			name: "a calendar goes on for ever, both ways, by path",
			serve: pages(func(_ http.ResponseWriter, r *http.Request) string {
				m := month(r, "/events/2006/01/")
				return linked(m.AddDate(0, 1, 0).Format("/events/2006/01/"), m.AddDate(0, -1, 0).Format("/events/2006/01/"), "/good")
			}),
			crawl: true, requests: 140, bytes: 128 << 10,
			want: map[string]string{"/good": "doc", "/events/2001/01/": "doc", "/events/2001/02/": "", "/events/1990/01/": "doc", "/events/1989/12/": ""},
		},
		{
			name: "a calendar has a page for each day",
			serve: pages(func(_ http.ResponseWriter, r *http.Request) string {
				d := month(r, "/day?d=20060102")
				return linked(d.AddDate(0, 0, 1).Format("/day?d=20060102"), d.AddDate(0, 0, -1).Format("/day?d=20060102"),
					d.AddDate(1, 0, 0).Format("/day?d=20060102"), d.AddDate(-1, 0, 0).Format("/day?d=20060102"), "/good")
			}),
			crawl: true, requests: maxDates + 10, bytes: 256 << 10, want: map[string]string{"/good": "doc"},
		},
		{
			name: "a list has a next page for ever",
			serve: pages(func(_ http.ResponseWriter, r *http.Request) string {
				return linked(fmt.Sprintf("/list?page=%d", counted(r)+1))
			}),
			crawl: true, requests: maxChain + 4, bytes: 256 << 10,
			want: map[string]string{"/list?page=400": "doc"}, // real ones have as many
		},
		{
			name: "a maze of drawn names",
			serve: pages(func(http.ResponseWriter, *http.Request) string {
				return linked("/maze/" + chance.token())
			}),
			crawl: true, requests: maxChain + 4, bytes: 256 << 10,
		},
		{
			name: "a maze of drawn names with many doors",
			serve: pages(func(http.ResponseWriter, *http.Request) string {
				return linked("/maze/"+chance.token(), "/maze/"+chance.token(), "/maze/"+chance.token(), "/good")
			}),
			crawl: true, requests: maxDrawn + 20, bytes: 1 << 20, want: map[string]string{"/good": "doc"},
		},
		{
			name: "a chain of names that are all different",
			serve: pages(func(_ http.ResponseWriter, r *http.Request) string {
				n := 0
				for _, c := range strings.TrimPrefix(r.URL.Path, "/") {
					n = n*26 + int(c-'a')
				}
				name := ""
				for n++; n > 0; n /= 26 {
					name = string(rune('a'+n%26)) + name
				}
				return linked("/" + name)
			}),
			crawl: true, requests: maxDepth + 4, bytes: 512 << 10,
		},
		{
			name: "filters are added in any order",
			serve: pages(func(_ http.ResponseWriter, r *http.Request) string {
				var hrefs []string
				for _, filter := range []string{"color=red", "size=xl", "new=1", "sale=1", "sort=price"} {
					if !strings.Contains(r.URL.RawQuery, filter) {
						hrefs = append(hrefs, "/shop?"+strings.TrimPrefix(r.URL.RawQuery+"&"+filter, "&"))
					}
				}
				return linked(append(hrefs, "/good")...)
			}),
			crawl: true, requests: 80, bytes: 256 << 10, want: map[string]string{"/good": "doc", "/shop?color=red&size=xl": "doc"},
		},
		{
			name: "a session id in the path of each answer",
			serve: pages(func(_ http.ResponseWriter, r *http.Request) string {
				id := ";jsessionid=" + chance.token()
				return linked("/a"+id, "/b"+id+"?x=1", "/"+id)
			}),
			crawl: true, requests: 5, check: onlyPages("/", "/a", "/b?x=1"),
		},
		{
			name: "a session id in the query of each answer",
			serve: pages(func(http.ResponseWriter, *http.Request) string {
				id := chance.token()
				return linked("/a?PHPSESSID="+id, "/b?x=1&sid="+id, "/c?sessionid="+id, "/d?CFID=1&CFTOKEN="+id, "/e?ASPSESSIONIDQQ="+id)
			}),
			crawl: true, requests: 8, check: onlyPages("/", "/a", "/b?x=1", "/c", "/d", "/e"),
		},
		{
			name: "no page without a session id",
			serve: pages(func(w http.ResponseWriter, r *http.Request) string {
				if !strings.HasPrefix(r.URL.Path, "/(S(") {
					http.Redirect(w, r, "/(S(a1b2c3d4e5f6"+chance.token()[:12]+"))"+r.URL.Path, http.StatusFound)
					return ""
				}
				return linked("a.aspx", "b.aspx")
			}),
			crawl: true, requests: 8, check: onlyPages("/", "/a.aspx", "/b.aspx"),
		},
		{
			name: "a new session id for each request with one",
			serve: pages(func(w http.ResponseWriter, r *http.Request) string {
				http.Redirect(w, r, "/page;jsessionid="+chance.token(), http.StatusFound)
				return ""
			}),
			want: map[string]string{"/page": FailRedirectLoop}, requests: 3,
		},
		{
			name: "a sitemap with session ids",
			serve: page(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/sitemap.xml" {
					_, _ = fmt.Fprintf(w, `<urlset><url><loc>http://help.example/a;jsessionid=%s</loc></url>
						<url><loc>http://help.example/b?sid=%[1]s</loc></url><url><loc>http://help.example/b?sid=%s</loc></url></urlset>`, chance.token(), chance.token())
					return
				}
				writePage(w, "x")
			}),
			crawl: true, requests: 6, want: map[string]string{"/a": "doc", "/b": ""}, // what sid is, the sitemap should know
		},
		{
			name: "a page that wants a cookie",
			serve: pages(func(w http.ResponseWriter, r *http.Request) string {
				if r.URL.Path == "/" {
					return linked("/a")
				}
				target := "/a"
				if r.URL.RawQuery == "" {
					target = "/a?cookies=1"
				}
				http.Redirect(w, r, target, http.StatusFound)
				return ""
			}),
			crawl: true, requests: 5,
			want: map[string]string{"/a": "redirect http://help.example/a?cookies=1", "/a?cookies=1": "redirect http://help.example/a"},
		},
		{
			name: "a redirect to an ever longer path",
			serve: pages(func(w http.ResponseWriter, r *http.Request) string {
				if r.URL.Path == "/" {
					return linked("/a/")
				}
				http.Redirect(w, r, r.URL.Path+"a/", http.StatusMovedPermanently)
				return ""
			}),
			crawl: true, requests: 5, want: map[string]string{"/a/a/": "redirect http://help.example/a/a/a/", "/a/a/a/": ""},
		},
		{
			name: "another number against caches in every link",
			serve: alike(func(*http.Request) []string {
				return []string{"/a?nocache=" + chance.token(), "/b?nocache=" + chance.token()}
			}),
			crawl: true, requests: 2*maxSame + 8,
		},
		{
			name: "another token in the path of every link",
			serve: alike(func(*http.Request) []string {
				return []string{"/t/" + chance.token() + "/a", "/t/" + chance.token() + "/b"}
			}),
			crawl: true, requests: 2*maxSame + 20,
		},
		{
			name: "a list that goes on beyond its end, with steps of all sizes",
			serve: page(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/sitemap.xml" {
					http.NotFound(w, r)
					return
				}
				n := counted(r)
				writePage(w, fmt.Sprintf("<p>Page %d has no entries.</p>", n)+linked(fmt.Sprintf("/list?page=%d", n+1),
					fmt.Sprintf("/list?page=%d", n+10), fmt.Sprintf("/list?page=%d", n+1000)))
			}),
			crawl: true, requests: maxSameNumbered + 8,
		},
		{
			name: "a calendar whose views lead to each other",
			serve: pages(func(_ http.ResponseWriter, r *http.Request) string {
				day, view := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), ""
				if parts := strings.Split(r.URL.Path, "/"); len(parts) == 6 {
					view = parts[2]
					day, _ = time.Parse("2006/01/02", strings.Join(parts[3:], "/"))
				}
				next := map[string]string{"": "day", "day": "week", "week": "month", "month": "day"}[view]
				return linked(day.AddDate(0, 0, 7).Format("/agenda/"+next+"/2006/01/02"), day.AddDate(0, 0, -7).Format("/agenda/"+next+"/2006/01/02"))
			}),
			crawl: true, requests: 3*maxDates + 8, bytes: 256 << 10,
		},
		{
			name: "filters in the path",
			serve: pages(func(_ http.ResponseWriter, r *http.Request) string {
				var hrefs []string
				for _, filter := range []string{"red", "blue", "green", "new", "used", "sale", "cotton", "wool", "small", "large", "cheap", "fine"} {
					if !strings.Contains(r.URL.Path, filter) {
						hrefs = append(hrefs, "/shop/en"+strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/shop/en"), "/")+"/"+filter)
					}
				}
				return linked(hrefs...)
			}),
			crawl: true, requests: 4 * maxRoamed, bytes: 8 << 20,
		},
		{
			name: "many articles of one path are no trap",
			serve: pages(func(_ http.ResponseWriter, r *http.Request) string {
				if r.URL.Path != "/" {
					return linked("/", fmt.Sprintf("/view?id=%d&print=1", counted(r)))
				}
				var hrefs []string
				for i := range 300 {
					hrefs = append(hrefs, fmt.Sprintf("/view?id=%d", i), fmt.Sprintf("/2024/%02d/%d", i%12+1, i))
				}
				return linked(hrefs...)
			}),
			crawl: true, requests: 1300, bytes: 1 << 20,
			check: func(t *testing.T, got map[string]*Page) {
				if len(got) < 901 {
					t.Errorf("%d pages, want 901 and more", len(got))
				}
			},
		},
	})
}
