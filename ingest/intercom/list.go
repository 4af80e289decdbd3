package intercom

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const (
	perPage = 50 // the one in the API's examples; the largest it takes is not documented
	// maxListPages ends a list that has no end. It leaves room for half a million entries.
	maxListPages = 10_000
)

// listPage is one answer of a list ("Pagination", pages by number). The API's description calls every field optional.
type listPage[T any] struct {
	Type  string   `json:"type"`
	Data  []T      `json:"data"`
	Total looseInt `json:"total_count"`
	Pages struct {
		Page       looseInt        `json:"page"`
		TotalPages looseInt        `json:"total_pages"`
		Next       json.RawMessage `json:"next"`
	} `json:"pages"`
}

// list reads all pages of a list. It ends with the first error, and with one that wraps ErrUnexpected where the list
// does not hold what it says: it repeats itself, breaks off, or has fewer entries than it counts.
func list[T any](ctx context.Context, c *Client, path string, id func(T) string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		op := http.MethodGet + " " + path
		at := c.base.JoinPath(path)
		at.RawQuery = url.Values{"page": {"1"}, "per_page": {strconv.Itoa(perPage)}}.Encode()
		seen := map[string]bool{}
		asked := map[string]bool{}
		promised := 0
		for n := 1; ; n++ {
			asked[at.String()] = true
			page, err := getListPage[T](ctx, c, path, at)
			if err != nil {
				yield(zero, err)
				return
			}
			if n == 1 { // what is created while the list is read need not be in it
				promised = int(page.Total)
			}
			before := len(seen)
			for _, item := range page.Data {
				key := id(item)
				if key == "" {
					yield(zero, fmt.Errorf("%s: page %d: %w: an entry without ID", op, n, ErrUnexpected))
					return
				}
				if seen[key] {
					continue
				}
				seen[key] = true
				if !yield(item, nil) {
					return
				}
			}
			next, err := page.next(at)
			if err == nil {
				next, err = page.goOn(next, at, listed{n: n, all: len(seen), before: before, promised: promised}, asked)
			}
			if err != nil {
				yield(zero, fmt.Errorf("%s: page %d: %w", op, n, c.foreign(err)))
				return
			}
			if next == nil {
				return
			}
			at = next
		}
	}
}

// listed is how far the reading of a list has come.
type listed struct {
	n           int // pages read
	all, before int // distinct entries, now and before the last page
	promised    int // entries by the list's own count on its first page; 0: it does not say
}

// goOn returns next, nil where the list has come to its end, or an error where it is not the list that it says it is.
func (p *listPage[T]) goOn(next, at *url.URL, l listed, asked map[string]bool) (*url.URL, error) {
	if next != nil && len(p.Data) > 0 {
		switch {
		case l.all == l.before || asked[next.String()]:
			return nil, fmt.Errorf("%w: the list repeats itself", ErrUnexpected)
		case l.n == maxListPages:
			return nil, fmt.Errorf("%w: the list has more than %d pages", ErrTooLarge, maxListPages)
		}
		return next, nil
	}
	if l.all < l.promised {
		return nil, fmt.Errorf("%w: the list says that it has %d entries, and ends after %d: it is not whole, or has changed while it was read",
			ErrUnexpected, l.promised, l.all)
	}
	if here, ok := p.number(at); ok && l.promised == 0 && here < int64(p.Pages.TotalPages) {
		return nil, fmt.Errorf("%w: the list ends at page %d of %d", ErrUnexpected, here, int64(p.Pages.TotalPages))
	}
	return nil, nil
}

// number returns which page of the list this is, by its own word or by the address that was asked.
func (p *listPage[T]) number(at *url.URL) (int64, bool) {
	if p.Pages.Page > 0 {
		return int64(p.Pages.Page), true
	}
	n, err := strconv.ParseInt(at.Query().Get("page"), 10, 64)
	return n, err == nil
}

// getListPage asks for one page of a list and checks that it is one.
func getListPage[T any](ctx context.Context, c *Client, path string, at *url.URL) (listPage[T], error) {
	var page listPage[T]
	err := c.do(ctx, call{method: http.MethodGet, path: path, url: at, decode: func(b []byte) error {
		page = listPage[T]{}
		if err := json.Unmarshal(b, &page); err != nil {
			return err
		}
		// An empty list that is none would make a caller create what exists.
		if page.Data == nil && page.Type != "list" {
			return fmt.Errorf("%w: it is not a list", ErrUnexpected)
		}
		return nil
	}})
	return page, err
}

// next returns the address of the page after the one at; nil if that was the last. The API's own link is followed on
// the same scheme and host only: the token is sent nowhere else.
func (p *listPage[T]) next(at *url.URL) (*url.URL, error) {
	var link string
	if bytes.HasPrefix(p.Pages.Next, []byte(`"`)) {
		if err := json.Unmarshal(p.Pages.Next, &link); err != nil {
			return nil, err
		}
	}
	if link != "" {
		return sameHost(at, link)
	}
	current, ok := p.number(at)
	if !ok || current >= int64(p.Pages.TotalPages) { // without a number there is none to count on from
		return nil, nil
	}
	query := at.Query()
	query.Set("page", strconv.FormatInt(current+1, 10))
	next := *at
	next.RawQuery = query.Encode()
	return &next, nil
}

// sameHost resolves a link of an answer from at.
func sameHost(at *url.URL, link string) (*url.URL, error) {
	u, err := at.Parse(link)
	if err != nil {
		return nil, fmt.Errorf("%w: its link to the next page is not a URL", ErrUnexpected)
	}
	if !strings.EqualFold(u.Scheme, at.Scheme) || !strings.EqualFold(hostPort(u), hostPort(at)) || u.User != nil {
		return nil, fmt.Errorf("%w: its link to the next page leads to %s://%s and is not followed: "+
			"check target.region and target.base_url", ErrUnexpected, u.Scheme, shorten(u.Host))
	}
	u.Fragment = ""
	return u, nil
}

func hostPort(u *url.URL) string {
	if u.Port() != "" {
		return u.Host
	}
	if u.Scheme == "https" {
		return u.Hostname() + ":443"
	}
	return u.Hostname() + ":80"
}
