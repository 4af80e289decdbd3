package sandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

// The size of one page of a list. The default is the one in the documentation's examples; the largest is what its users
// ask for, and not documented.
const (
	defaultPerPage = 50
	maxPerPage     = 150
	maxListPage    = 1_000_000 // so that the offset cannot overflow
)

// listAnswer is the body of a list.
type listAnswer[T any] struct {
	Type       string    `json:"type"`
	Data       []T       `json:"data"`
	TotalCount int       `json:"total_count"`
	Pages      pagesLink `json:"pages"`
}

type pagesLink struct {
	Type       string  `json:"type"`
	Page       int     `json:"page"`
	PerPage    int     `json:"per_page"`
	TotalPages int     `json:"total_pages"`
	Next       *string `json:"next"` // a whole URL; null on the last page
}

// paging is what a list request asks for.
type paging struct {
	page, perPage int
}

// pagingOf reads page and per_page from the query. Numbers out of range are refused, which is not documented.
func pagingOf(query url.Values) (p paging, problems []problem) {
	number := func(name string, absent, highest int) int {
		text := query.Get(name)
		if text == "" {
			return absent
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > highest {
			problems = append(problems, problem{Code: codeParameterInvalid, Field: name,
				Message: fmt.Sprintf("%s must be a number from 1 to %d", name, highest)})
		}
		return n
	}
	p = paging{page: number("page", 1, maxListPage), perPage: number("per_page", defaultPerPage, maxPerPage)}
	return p, problems
}

func (p paging) offset() int { return (p.page - 1) * p.perPage }

// listOf is the answer with one page of a list of total items. A page beyond the last is empty.
func listOf[T any](r *http.Request, p paging, data []T, total int) (answer, error) {
	list := listAnswer[T]{Type: "list", Data: data, TotalCount: total, Pages: pagesLink{Type: "pages", Page: p.page,
		PerPage: p.perPage, TotalPages: max(1, (total+p.perPage-1)/p.perPage)}}
	if p.page < list.Pages.TotalPages {
		next := url.URL{Scheme: "http", Host: r.Host, Path: r.URL.Path,
			RawQuery: fmt.Sprintf("page=%d&per_page=%d", p.page+1, p.perPage)}
		if r.TLS != nil {
			next.Scheme = "https"
		}
		text := next.String()
		list.Pages.Next = &text
	}
	return jsonAnswer(http.StatusOK, list)
}
