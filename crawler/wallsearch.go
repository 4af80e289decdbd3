package crawler

import (
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// queryNames are parameters and fields for what is searched.
var queryNames = []string{"q", "query", "s", "search", "searchterm", "search_query", "searchquery", "searchtext", "search_term", "search-term",
	"keyword", "keywords", "term", "terms", "k", "wd", "suche", "suchbegriff", "recherche", "buscar", "zoekterm", "text", "w", "qt", "find", "phrase"}

func isQuery(name string) bool { return slices.Contains(queryNames, name) }

// searchNames are segments of the paths of search pages.
var searchNames = []string{"search", "searchresults", "search-results", "search_results", "suche", "suchergebnisse", "recherche", "buscar",
	"busqueda", "busca", "ricerca", "cerca", "zoeken", "zoekresultaten", "szukaj", "find", "results", "advanced-search"}

// viewAddress reports whether a URL is such as searches and views for printing have.
func viewAddress(u *url.URL) bool {
	if u == nil {
		return false
	}
	if u.RawQuery == "" {
		last := lastSegment(u.Path)
		return len(last) <= 24 && (slices.Contains(searchNames, strings.ToLower(last)) || printSegment(u.Path) != "")
	}
	return searched(u) != "" || printAddress(u) != "" || slices.Contains(searchNames, strings.ToLower(lastSegment(u.Path)))
}

// searched returns what u searches for, plain, or "".
func searched(u *url.URL) string {
	if u.RawQuery == "" {
		return ""
	}
	for name, values := range u.Query() {
		name = strings.ToLower(name)
		if i := strings.LastIndexByte(name, '['); i >= 0 {
			name = strings.TrimRight(name[i+1:], "]")
		}
		if isQuery(name) && len(values) > 0 && strings.TrimSpace(values[0]) != "" {
			return plain(clip(values[0], 200))
		}
	}
	return ""
}

var resultPhrases = phrases{[]string{"search results", "search result", "results for", "result for", "results found", "no results", "you searched for", "searching for", "search for",
	"search:", "search the help center", "suchergebnisse", "suchergebnis", "ergebnisse für", "suche nach", "résultats de recherche", "résultats de la recherche", "résultats pour",
	"recherche:", "resultados de búsqueda", "resultados de la búsqueda", "resultados para", "resultados da pesquisa", "resultados da busca",
	"risultati della ricerca", "risultati di ricerca", "risultati per", "zoekresultaten", "resultaten voor", "wyniki wyszukiwania", "результаты поиска",
	"sökresultat", "søgeresultater", "検索結果", "搜索结果", "搜尋結果", "검색 결과"}}

// bareSearch are titles and headings of pages where a search begins.
var bareSearch = []string{"search", "suche", "recherche", "buscar", "búsqueda", "ricerca", "cerca", "zoeken", "pesquisa", "busca", "検索", "搜索", "검색"}

// searchPage recognises the results of a search, by its address and its markup.
func searchPage(a *answer) finding {
	if a.url == nil || a.url.Path == "/" && a.url.RawQuery == "" {
		return finding{}
	}
	what := searched(a.url)
	there := slices.Contains(searchNames, strings.ToLower(lastSegment(a.url.Path)))
	if what == "" && !there {
		return finding{}
	}
	s := a.sight()
	headed, bare := s.resultsHeadline(what)
	echoed, field := false, false
	for _, f := range s.searches {
		field = field || !f.chrome
		echoed = echoed || what != "" && f.value == what
	}
	evidence := ""
	switch {
	case s.resultsSchema:
		evidence = "markup of SearchResultsPage"
	case headed != "" && (echoed || field || s.results != "" || len(s.searches) > 0 && !s.article):
		evidence = "the heading " + quoted(headed)
	case echoed && s.results != "":
		evidence = "the query in the search field, and " + s.results
	case bare != "" && echoed && (there || field):
		evidence = "the heading " + quoted(bare) + ", and the query in the search field"
	case bare != "" && there && (field || s.results != "") && s.words <= 60 && !s.article && !s.list:
		evidence = "the heading " + quoted(bare) + ", and a search field"
	case there && s.results != "" && field && s.words <= 60:
		evidence = "a search field, and " + s.results
	default:
		return finding{}
	}
	at := "for " + quoted(what)
	if what == "" {
		at = "at " + quoted(a.url.Path)
	}
	return found(InsteadListing, "results of a search ", at, ": ", evidence)
}

// resultsHeadline returns the heading or title that speaks of results, or one that says nothing but that there is a
// search.
func (s *sight) resultsHeadline(what string) (headed, bare string) {
	for _, text := range []string{s.h1, s.title} {
		if p := resultPhrases.in(text); p != "" && !asks(strings.ReplaceAll(text, what, "")) && countWords(text) <= 16+countWords(what) {
			return text, ""
		}
		for _, part := range segments(text) {
			if bare == "" && slices.Contains(bareSearch, part) {
				bare = part
			}
		}
	}
	return "", bare
}

// resultsNames are classes and ids of what holds the results of a search.
var resultsNames = []string{"search-results", "search_results", "searchresults", "search-result", "search-results-list", "search-results-column",
	"results-list", "search-results-container", "search-page", "gsc-results", "gcse-searchresults", "st-search-results", "search-no-results", "no-results"}

// resultsOf notes an element that holds the results of a search.
func (b *sightBuilder) resultsOf(n *html.Node) {
	if b.results != "" || len(n.Attr) == 0 {
		return
	}
	for _, a := range n.Attr {
		switch a.Key {
		case "class", "id":
			for token := range strings.FieldsSeq(strings.ToLower(a.Val)) {
				if slices.Contains(resultsNames, token) {
					b.results = "<" + n.Data + " " + a.Key + "=" + quoted(token) + ">"
					return
				}
			}
		case "itemtype":
			b.resultsSchema = b.resultsSchema || strings.Contains(a.Val, "SearchResultsPage")
		}
	}
}
