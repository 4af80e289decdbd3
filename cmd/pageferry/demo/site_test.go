package demo

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func get(t *testing.T, h http.Handler, target string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
	return w
}

func parse(t *testing.T, body string) *html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.TrimSpace(b.String())
}

// visit is what the crawl of these tests keeps of a URL.
type visit struct {
	status int
	html   bool
	doc    *html.Node
	ids    map[string]bool
	robots string
	hrefs  []*url.URL // of a elements, fragments kept
	target string     // path of Location
}

// crawl follows every a element from the start URL and the sitemap, ignoring robots.txt and noindex. It returns the
// visits by path, and the paths that links of other pages lead to.
func crawl(t *testing.T, h http.Handler) (visits map[string]visit, linked map[string]bool) {
	t.Helper()
	visits, linked = make(map[string]visit), make(map[string]bool)
	queue := []string{homePath}
	for _, line := range strings.Split(get(t, h, absolute("/sitemap.xml")).Body.String(), "\n") {
		if _, rest, ok := strings.Cut(line, "<loc>"+StartURL); ok {
			path, _, _ := strings.Cut(rest, "</loc>")
			queue = append(queue, "/"+path)
		}
	}
	for len(queue) > 0 {
		path := queue[0]
		queue = queue[1:]
		if _, seen := visits[path]; seen {
			continue
		}
		v := open(t, h, path)
		visits[path] = v
		for _, u := range v.hrefs {
			linked[u.Path] = linked[u.Path] || u.Path != path
			queue = append(queue, u.Path)
		}
		if v.target != "" {
			queue = append(queue, v.target)
		}
	}
	return visits, linked
}

func open(t *testing.T, h http.Handler, path string) visit {
	t.Helper()
	w := get(t, h, absolute(path))
	v := visit{status: w.Code, robots: w.Header().Get("X-Robots-Tag"), target: w.Header().Get("Location")}
	if v.status != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		return v
	}
	v.html, v.doc, v.ids = true, parse(t, w.Body.String()), make(map[string]bool)
	base, err := url.Parse(absolute(path))
	if err != nil {
		t.Fatal(err)
	}
	for n := range v.doc.Descendants() {
		if id := attr(n, "id"); id != "" {
			if v.ids[id] {
				t.Errorf("%s: id %q twice", path, id)
			}
			v.ids[id] = true
		}
		if n.Type != html.ElementNode || n.Data != "a" {
			continue
		}
		u, err := base.Parse(attr(n, "href"))
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if u.Host == Host {
			v.hrefs = append(v.hrefs, u)
		}
	}
	return v
}

func TestCrawlFindsWhatPagesSays(t *testing.T) {
	visits, linked := crawl(t, Handler())
	want := make(map[string]Page)
	for _, p := range Pages() {
		want[p.Path] = p
	}
	if got, want := slices.Sorted(maps.Keys(visits)), slices.Sorted(maps.Keys(want)); !slices.Equal(got, want) {
		t.Fatalf("crawled %q\nPages says %q", got, want)
	}
	for path, v := range visits {
		p := want[path]
		if v.target != p.Target && p.Expect == Redirect {
			t.Errorf("%s redirects to %q, want %q", path, v.target, p.Target)
		}
		if wantStatus := map[bool]int{true: 301, false: 200}[p.Expect == Redirect]; v.status != wantStatus {
			t.Errorf("%s answers %d, want %d", path, v.status, wantStatus)
		}
		if p.SitemapOnly == linked[path] && path != homePath {
			t.Errorf("%s: SitemapOnly is %v, linked %v", path, p.SitemapOnly, linked[path])
		}
		if v.html == (p.Expect == NotHTML || p.Expect == Redirect) {
			t.Errorf("%s: HTML is %v, expected %s", path, v.html, p.Expect)
		}
		if v.html {
			checkHead(t, p, v)
		}
	}
}

// checkHead holds title, lang, heading and directives to what Pages says.
func checkHead(t *testing.T, p Page, v visit) {
	t.Helper()
	canonical, robots, headings := "", v.robots, []string(nil)
	for n := range v.doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "html":
			if attr(n, "lang") != "en" {
				t.Errorf("%s: lang %q", p.Path, attr(n, "lang"))
			}
		case "title":
			if n.Parent.Data == "head" && textOf(n) != p.Title+" | Fernway Help" {
				t.Errorf("%s: title %q", p.Path, textOf(n))
			}
		case "h1":
			headings = append(headings, textOf(n))
		case "link":
			if attr(n, "rel") == "canonical" {
				canonical = attr(n, "href")
			}
		case "meta":
			if attr(n, "name") == "robots" {
				robots += attr(n, "content")
			}
		}
	}
	if !slices.Equal(headings, []string{p.Title}) {
		t.Errorf("%s: h1 %q, want %q", p.Path, headings, p.Title)
	}
	if wantRobots := map[bool]string{true: "noindex"}[p.Expect == NoIndex]; robots != wantRobots {
		t.Errorf("%s: robots %q, want %q", p.Path, robots, wantRobots)
	}
	wantCanonical := p.URL()
	if p.Expect == Duplicate {
		wantCanonical = absolute(p.Target)
	}
	if canonical != wantCanonical {
		t.Errorf("%s: canonical %q, want %q", p.Path, canonical, wantCanonical)
	}
}

func TestFragmentsExist(t *testing.T) {
	visits, _ := crawl(t, Handler())
	fragments := 0
	for path, v := range visits {
		for _, u := range v.hrefs {
			if u.Fragment == "" {
				continue
			}
			fragments++
			if target := visits[u.Path]; !target.ids[u.Fragment] {
				t.Errorf("%s links to %s, which has no such id", path, u)
			}
		}
	}
	if fragments < 50 {
		t.Errorf("%d links with a fragment", fragments)
	}
}

func TestAssetsExist(t *testing.T) {
	h := Handler()
	visits, _ := crawl(t, h)
	for path, v := range visits {
		if !v.html {
			continue
		}
		for n := range v.doc.Descendants() {
			source := ""
			switch {
			case n.Data == "img":
				source = attr(n, "src")
				if !slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "alt" }) {
					t.Errorf("%s: image %s has no alt", path, source)
				}
			case n.Data == "link" && attr(n, "rel") != "canonical":
				source = attr(n, "href")
			}
			if source != "" && get(t, h, source).Code != http.StatusOK {
				t.Errorf("%s: %s does not exist", path, source)
			}
		}
	}
}

func TestCounts(t *testing.T) {
	got := make(map[Expectation]int)
	for _, p := range Pages() {
		got[p.Expect]++
	}
	want := map[Expectation]int{
		Deliver: 25, Listing: 6, Redirect: 1, NoIndex: 2, Disallowed: 2, Duplicate: 1, NotHTML: 3,
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestFeatures(t *testing.T) {
	visits, _ := crawl(t, Handler())
	count := make(map[string]int)
	for path, v := range visits {
		if !strings.HasPrefix(path, "/articles/") || !v.html {
			continue
		}
		for n := range v.doc.Descendants() {
			if n.Type != html.ElementNode || !within(n, "article-body") {
				continue
			}
			count[n.Data]++
			switch {
			case n.Data == "code" && strings.HasPrefix(attr(n, "class"), "language-"):
				count[attr(n, "class")]++
			case n.Data == "aside" && strings.HasPrefix(attr(n, "class"), "note"):
				count["note"]++
			case n.Data == "li" && n.Parent.Parent.Data == "li":
				count["nested li"]++
			case n.Data == "a" && strings.Contains(attr(n, "href"), "?utm_"):
				count["tracked"]++
			case n.Data == "a" && strings.HasPrefix(attr(n, "href"), StartURL):
				count["absolute"]++
			}
		}
	}
	for _, feature := range []string{
		"table", "caption", "pre", "code", "kbd", "dl", "details", "figure", "figcaption", "iframe", "img", "blockquote",
		"h3", "note", "nested li", "tracked", "absolute", "language-bash", "language-json", "language-python",
		"language-go", "language-html",
	} {
		if count[feature] == 0 {
			t.Errorf("no article has: %s", feature)
		}
	}
}

func within(n *html.Node, class string) bool {
	for p := n.Parent; p != nil; p = p.Parent {
		if attr(p, "class") == class {
			return true
		}
	}
	return false
}

func TestFurniture(t *testing.T) {
	body := get(t, Handler(), absolute("/articles/time-zones")).Body.String()
	for _, part := range []string{
		`class="site-nav"`, `class="breadcrumb"`, `class="sidebar"`, `class="toc"`, `class="related"`, `class="pager"`,
		"Was this article helpful?", `class="cookie-banner"`, `class="site-footer"`, `action="/search"`, "BreadcrumbList",
	} {
		if !strings.Contains(body, part) {
			t.Errorf("no %s", part)
		}
	}
}

// TestMarkupIsBalanced matters because a parser mends what an author forgot, and the tests above would not see it.
func TestMarkupIsBalanced(t *testing.T) {
	void := []string{"meta", "link", "img", "input", "br"}
	h := Handler()
	for _, p := range Pages() {
		if p.Expect == Redirect || p.Expect == NotHTML {
			continue
		}
		z := html.NewTokenizer(get(t, h, p.URL()).Body)
		var stack []string
		for kind := z.Next(); kind != html.ErrorToken; kind = z.Next() {
			name, _ := z.TagName()
			switch tag := string(name); {
			case kind == html.StartTagToken && !slices.Contains(void, tag):
				stack = append(stack, tag)
			case kind == html.EndTagToken:
				if len(stack) == 0 || stack[len(stack)-1] != tag {
					t.Fatalf("%s: </%s> closes %q", p.Path, tag, stack)
				}
				stack = stack[:len(stack)-1]
			}
		}
		if len(stack) > 0 {
			t.Errorf("%s: never closed: %q", p.Path, stack)
		}
	}
}

func TestEveryBuildIsTheSame(t *testing.T) {
	a, b := Handler().(*site), Handler().(*site)
	for path, r := range a.resources {
		if r.etag != b.resources[path].etag {
			t.Errorf("%s differs", path)
		}
	}
}
