package intercom

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// entries is a body of a list with the pages of these IDs.
func entries(more string, ids ...int) string {
	var items []string
	for _, id := range ids {
		items = append(items, fmt.Sprintf(`{"type":"external_page","id":"%d","source_id":1,"external_id":"x%d"}`, id, id))
	}
	return `{"type":"list","data":[` + strings.Join(items, ",") + `]` + more + `}`
}

// A list that is not whole by its own word ends with an error: what is not in it need not be missing.
func TestListThatIsNotWhole(t *testing.T) {
	next := `"next":"/ai/external_pages?page=2&per_page=50"`
	for name, c := range map[string]struct {
		pages []string // answers, the last of which is repeated
		ids   int
		whole bool
	}{
		"total too high":       {[]string{entries(`,"total_count":3,"pages":{"page":1,"total_pages":1}`, 1, 2)}, 2, false},
		"total as text":        {[]string{entries(`,"total_count":"3","pages":{"page":1,"total_pages":1}`, 1, 2)}, 2, false},
		"total too low":        {[]string{entries(`,"total_count":1,"pages":{"page":1,"total_pages":1}`, 1, 2)}, 2, true},
		"no total":             {[]string{entries(`,"pages":{"page":1,"total_pages":1}`, 1, 2)}, 2, true},
		"nothing but data":     {[]string{entries(``, 1, 2)}, 2, true},
		"link left out":        {[]string{entries(`,"total_count":3,"pages":{"page":1,"total_pages":1,"next":null}`, 1)}, 1, false},
		"empty in the middle":  {[]string{entries(`,"pages":{"page":1,"total_pages":3}`, 1), entries(`,"pages":{"page":2,"total_pages":3}`)}, 1, false},
		"empty, with a total":  {[]string{entries(`,"total_count":3,"pages":{"page":1,"total_pages":3}`, 1), entries(`,"total_count":3,"pages":{"page":2,"total_pages":3}`)}, 1, false},
		"overlap hides a page": {[]string{entries(`,"total_count":4,"pages":{"page":1,"total_pages":2,`+next+`}`, 4, 3), entries(`,"total_count":4,"pages":{"page":2,"total_pages":2,"next":null}`, 3, 2)}, 3, false},
		"overlap, all there":   {[]string{entries(`,"total_count":3,"pages":{"page":1,"total_pages":2,`+next+`}`, 3, 2), entries(`,"total_count":3,"pages":{"page":2,"total_pages":2,"next":null}`, 2, 1)}, 3, true},
		"one was deleted":      {[]string{entries(`,"total_count":4,"pages":{"page":1,"total_pages":2,`+next+`}`, 4, 3), entries(`,"total_count":3,"pages":{"page":2,"total_pages":2,"next":null}`, 1)}, 3, false},
		"last page repeats":    {[]string{entries(`,"total_count":2,"pages":{"page":1,"total_pages":2,`+next+`}`, 2, 1), entries(`,"total_count":3,"pages":{"page":2,"total_pages":2,"next":null}`, 1)}, 2, true},
		"next is the first":    {[]string{entries(`,"pages":{"page":1,"total_pages":3,"next":"/ai/external_pages?page=1&per_page=50"}`, 1)}, 1, false},
		"goes back and forth":  {[]string{entries(`,"pages":{`+next+`}`, 1), entries(`,"pages":{"next":"/ai/external_pages?page=1&per_page=50"}`, 2)}, 2, false},
		"negative numbers":     {[]string{entries(`,"total_count":-5,"pages":{"page":-1,"total_pages":-1}`, 1)}, 1, true},
		"the page is refused":  {[]string{entries(`,"total_count":2,"pages":{`+next+`}`, 1), errorBody("server", "no")}, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			n := 0
			client := fakeClient(t, func(*http.Request) (*http.Response, error) {
				body := c.pages[min(n, len(c.pages)-1)]
				n++
				if strings.Contains(body, errorListType) {
					return reply(http.StatusBadRequest, body), nil
				}
				return reply(http.StatusOK, body), nil
			})
			ids, err := collect(client.ListExternalPages(t.Context()))
			if len(ids) != c.ids || (err == nil) != c.whole {
				t.Errorf("%d pages, error %v", len(ids), err)
			}
			var api *Error
			if err != nil && !errors.Is(err, ErrUnexpected) && !errors.As(err, &api) {
				t.Errorf("the error %v says nothing of its kind", err)
			}
		})
	}
}

// The token goes to no other host, whatever the list says, and no error shows it.
func TestListKeepsTheToken(t *testing.T) {
	for _, link := range []string{"https://evil.example.com/", "//evil.example.com/x", "http://api.intercom.io/x", "https://api.intercom.io:444/x",
		"https://" + testToken + ".evil.example.com/", `\\\\evil.example.com\\x`} {
		c := fakeClient(t, func(r *http.Request) (*http.Response, error) {
			if r.URL.Scheme != "https" || r.URL.Host != "api.intercom.io" {
				t.Errorf("%s: asked %s with %q", link, r.URL, r.Header.Get("Authorization"))
			}
			return reply(http.StatusOK, entries(fmt.Sprintf(`,"pages":{"page":1,"total_pages":2,"next":%q}`, link), 1)), nil
		})
		_, err := collect(c.ListExternalPages(t.Context()))
		if err == nil || strings.Contains(err.Error(), testToken) {
			t.Errorf("%s: %v", link, err)
		}
	}
}
