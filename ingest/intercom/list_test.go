package intercom

import (
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
)

// library answers lists of n pages, newest first, as Intercom does. link makes the link to the next page.
func library(t *testing.T, n int, link func(page, total int) string) transport {
	return func(r *http.Request) (*http.Response, error) {
		q := r.URL.Query()
		page, err := strconv.Atoi(q.Get("page"))
		if err != nil || q.Get("per_page") != "50" || r.Header.Get("Authorization") != "Bearer "+testToken {
			t.Errorf("GET %s", r.URL)
		}
		total := (n + 49) / 50
		var items []string
		for i := n - (page-1)*50; i > max(n-page*50, 0); i-- {
			items = append(items, fmt.Sprintf(`{"type":"external_page","id":"%d","source_id":%d,"external_id":"x%d"}`, i, i%2, i))
		}
		return reply(200, fmt.Sprintf(`{"type":"list","data":[%s],"total_count":%d,"pages":{"type":"pages","page":%d,"per_page":50,"total_pages":%d%s}}`,
			strings.Join(items, ","), n, page, total, link(page, total))), nil
	}
}

func collect(seq iter.Seq2[ExternalPage, error]) (ids []string, err error) {
	for p, e := range seq {
		if e != nil {
			return ids, e
		}
		ids = append(ids, p.ID)
	}
	return ids, nil
}

func TestListExternalPages(t *testing.T) {
	links := map[string]func(page, total int) string{
		"no link":   func(int, int) string { return "" },
		"null":      func(int, int) string { return `,"next":null` },
		"empty":     func(int, int) string { return `,"next":""` },
		"an object": func(page, _ int) string { return fmt.Sprintf(`,"next":{"page":%d,"starting_after":"x"}`, page+1) },
		"link": func(page, total int) string {
			if page == total {
				return ""
			}
			return fmt.Sprintf(`,"next":"https://api.intercom.io/ai/external_pages?page=%d&per_page=50"`, page+1)
		},
		"link with port, case and fragment": func(page, total int) string {
			if page == total {
				return `,"next":null`
			}
			return fmt.Sprintf(`,"next":"HTTPS://API.intercom.io:443/ai/external_pages?page=%d&per_page=50#top"`, page+1)
		},
		"link from the root": func(page, total int) string {
			if page == total {
				return `,"next":null`
			}
			return fmt.Sprintf(`,"next":"/ai/external_pages?per_page=50&page=%d"`, page+1)
		},
		"link beyond the end": func(page, _ int) string {
			return fmt.Sprintf(`,"next":"https://api.intercom.io/ai/external_pages?page=%d&per_page=50"`, page+1)
		},
	}
	for name, link := range links {
		for _, n := range []int{0, 1, 50, 51, 120} {
			t.Run(fmt.Sprintf("%s/%d", name, n), func(t *testing.T) {
				c := fakeClient(t, library(t, n, link))
				ids, err := collect(c.ListExternalPages(t.Context()))
				if err != nil || len(ids) != n {
					t.Fatalf("%d IDs, %v", len(ids), err)
				}
				for i, id := range ids {
					if id != strconv.Itoa(n-i) {
						t.Fatalf("ID %d is %s", i, id)
					}
				}
			})
		}
	}
}

func TestListStopsWhenTold(t *testing.T) {
	c := fakeClient(t, library(t, 500, func(int, int) string { return "" }))
	for p, err := range c.ListExternalPages(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if p.ID == "440" {
			break
		}
	}
	if n := c.Stats().Requests; n != 2 {
		t.Errorf("%d requests, want 2", n)
	}
}

// TestListThatGrows has a page created while the list is read, which moves all others by one.
func TestListThatGrows(t *testing.T) {
	n := 119
	c := fakeClient(t, func(r *http.Request) (*http.Response, error) {
		n++
		return library(t, n, func(int, int) string { return "" })(r)
	})
	ids, err := collect(c.ListExternalPages(t.Context()))
	if err != nil || len(ids) != 120 {
		t.Errorf("%d IDs, %v", len(ids), err)
	}
}

func TestListStaysOnItsHost(t *testing.T) {
	for _, link := range []string{
		"https://api.eu.intercom.io/ai/external_pages?page=2", "http://api.intercom.io/ai/external_pages?page=2",
		"https://api.intercom.io:8443/ai/external_pages?page=2", "//evil.example.com/?page=2",
		"https://user@api.intercom.io/ai/external_pages?page=2", "https://api.intercom.io.evil.example.com/?page=2",
		"javascript:alert(1)", "https://%zz/", "https:///ai/external_pages",
	} {
		c := fakeClient(t, library(t, 120, func(int, int) string { return fmt.Sprintf(`,"next":%q`, link) }))
		ids, err := collect(c.ListExternalPages(t.Context()))
		if !errors.Is(err, ErrUnexpected) || len(ids) != 50 || c.Stats().Requests != 1 {
			t.Errorf("%s: %d IDs, %v, %+v", link, len(ids), err, c.Stats())
		}
	}
}

func TestListThatIsNone(t *testing.T) {
	entry := `{"id":"1"}`
	for name, body := range map[string]string{
		"same page again":    `{"type":"list","data":[` + entry + `],"pages":{"page":1,"total_pages":9,"next":"https://api.intercom.io/ai/external_pages?page=1&per_page=50"}}`,
		"always page one":    `{"type":"list","data":[` + entry + `],"pages":{"page":1,"total_pages":9}}`,
		"page not said":      `{"type":"list","data":[` + entry + `],"pages":{"total_pages":9}}`,
		"no list":            `{"ok":true}`,
		"entry without ID":   `{"type":"list","data":[{"title":"T"}]}`,
		"null entry":         `{"type":"list","data":[null]}`,
		"data of other type": `{"type":"list","data":{"1":` + entry + `}}`,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := fakeClient(t, func(*http.Request) (*http.Response, error) { return reply(200, body), nil })
				_, err := collect(c.ListExternalPages(t.Context()))
				if !errors.Is(err, ErrUnexpected) && !errors.Is(err, ErrNotJSON) || c.Stats().Requests > maxTries {
					t.Errorf("%v, %+v", err, c.Stats())
				}
			})
		})
	}
}

func TestListWithoutEnd(t *testing.T) {
	n := 0
	c := fakeClient(t, func(*http.Request) (*http.Response, error) {
		n++
		return reply(200, fmt.Sprintf(`{"type":"list","data":[{"id":"%d"}],"pages":{"next":"/ai/external_pages?page=%d"}}`, n, n+1)), nil
	})
	_, err := collect(c.ListExternalPages(t.Context()))
	if !errors.Is(err, ErrTooLarge) || n != maxListPages {
		t.Errorf("%v after %d pages", err, n)
	}
}

func TestListEndsWithTheError(t *testing.T) {
	first := library(t, 120, func(int, int) string { return "" })
	c := fakeClient(t, func(r *http.Request) (*http.Response, error) {
		if r.URL.Query().Get("page") == "2" {
			return reply(401, errorBody("unauthorized", "no")), nil
		}
		return first(r)
	})
	n, failed := 0, 0
	for _, err := range c.ListExternalPages(t.Context()) {
		n++
		var e *Error
		if errors.As(err, &e) && e.Unauthorized() {
			failed++
		}
	}
	if n != 51 || failed != 1 {
		t.Errorf("%d entries, %d errors, want 50 pages and an error at the end", n, failed)
	}
}
