package crawler

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

const trapHost = "https://help.example"

// trapped asks about a link from one path to another.
func trapped(c *Crawler, from, to string, depth int) string {
	return c.Trap(Link{URL: trapHost + to, Via: ViaLink, From: trapHost + from, Depth: depth})
}

func TestTrapOfOneLink(t *testing.T) {
	c := newSilentCrawler(t)
	for path, want := range map[string]string{
		"/a/a/a":                                      `repeats "/a"`,
		"/x/docs/docs/docs/y":                         `repeats "/docs"`,
		"/a/b/a/b/a/b":                                `repeats "/a/b"`,
		"/a/b/c/a/b/c/a/b/c/":                         `repeats "/a/b/c"`,
		"/page/2/page/3/page/":                        "",
		"/page/2/page/3/page/4":                       `repeats "/page/4"`,
		"/a////b":                                     `repeats "/"`,
		strings.Repeat("/1", 10):                      `repeats "/1"`,
		"/" + strings.Repeat("é", 1000):               "2021 bytes",
		"/?" + strings.Repeat("x", 2000):              "more than 2000",
		"/login?next=%2Flogin%3Fnext%3D%2525252F":     "URL in a URL",
		"/a?a=1&a=1&a=1":                              `repeats "a=1"`,
		"/a?" + strings.Repeat("a=1&b=2&", 3) + "c=3": `repeats "a=1"`,
		"/a?a=1&" + listOf("t=%d", 11, "&"):           `"t" more than 10 times`,
		"/a?" + listOf("p%d=1", 21, "&"):              "21 parameters",
		listOf("/s%d", 26, ""):                        "more than 25 segments",

		"/": "", "": "", "/a/a/b/b": "", "/a/b/a/b": "", "/2024/01/01": "", "/01/01/01": "", "/1/1/1/1": "",
		"/a/b/a/b/a":                     "",
		"/kubernetes/kubernetes/docs":    "",
		"/a//b":                          "",
		"/a?a=1&a=2&a=3&a=4":             "",
		"/a?t[]=1&t[]=1":                 "",
		"/a?" + listOf("p%d=1", 20, "&"): "",
		listOf("/s%d", 25, ""):           "",
		"/" + strings.Repeat("a", 1900):  "",
		"/wiki/%25252F":                  "",
	} {
		got := trapped(c, "/", path, 1)
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%.80s: %q, want %q", path, got, want)
		}
		for _, via := range []string{ViaStart, ViaKnown, ViaSitemap, ViaAgain} {
			if got := c.Trap(Link{URL: trapHost + path, Via: via}); got != "" {
				t.Errorf("%.80s from %s: %q", path, via, got)
			}
		}
	}
	if notes := c.TrapNotes(); len(notes) != 3 || !strings.Contains(strings.Join(notes, "\n"), "the path repeats itself") {
		t.Errorf("notes %q", notes)
	}
}

// listOf formats the numbers from 0 to n-1.
func listOf(format string, n int, separator string) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(format, i))
	}
	return strings.Join(all, separator)
}

func TestTrapChain(t *testing.T) {
	c := newSilentCrawler(t)
	at := func(i int) string { return fmt.Sprintf("/list?page=%d", i) }
	for i := range 2000 {
		if why := trapped(c, at(i), at(i+1), i+1); (why != "") != (i >= maxChain) {
			t.Fatalf("page %d: %q", i+1, why)
		}
	}
	// A maze of addresses that look drawn by lot is such a chain too; of others, it takes longer to tell.
	if trapped(c, "/maze/k3v9ab12cd34", "/maze/99zzab12cd34", maxChain+1) == "" || trapped(c, "/a", "/b", maxDepth+1) == "" {
		t.Error("followed")
	}
	if why := trapped(c, "/a", "/b", maxChain+1); why != "" {
		t.Error(why)
	}
}

func TestTrapCalendar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)))
		for _, form := range []string{"/calendar/%d/%02d/", "/calendar/%d/%d", "/events/%[2]d/%[1]d", "/x/%d/%02d", "/x/%d-%02d/list", "/x?month=%d-%02d",
			"/x?date=%d-%02d-01", "/x?tribe-bar-date=%d-%02d-28", "/x?start=%d%02d01", "/x?year=%d&month=%d", "/x?d=%d-%02d-01T00:00&v=1"} {
			c := newSilentCrawler(t)
			at := func(months int) string {
				day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, months, 0)
				return fmt.Sprintf(form, day.Year(), int(day.Month()))
			}
			ahead, behind := 0, 0
			for ; ahead < 1000 && trapped(c, at(ahead), at(ahead+1), 1) == ""; ahead++ {
			}
			for ; behind < 1000 && trapped(c, at(-behind), at(-behind-1), 1) == ""; behind++ {
			}
			if ahead != 22 || ahead+behind != maxDates {
				t.Errorf("%s: %d months ahead and %d behind", form, ahead, behind)
			}
			if why := trapped(c, "/", at(-behind-1), 1); why != "" {
				t.Errorf("%s: found elsewhere, but: %s", form, why)
			}
		}
		c := newSilentCrawler(t)
		if trapped(c, "/x?date=1990-01-01", "/x?date=1989-12-31", 1) == "" || trapped(c, "/", "/x?date=2031-05-01", 1) == "" {
			t.Error("far dates are followed")
		}
		for i := range 1500 { // what only looks like dates
			for _, form := range []string{"/threads/20%02[1]d/%[2]d", "/article/%[1]d/12", "/v/2050-1%d", "/a?id=2050-1%[2]d", "/b?year=x%[1]d",
				"/2031/05/article-%02d", "/2024/%02[2]d/article-%[1]d", "/c?date=2024-05-1%[2]d&id=%[1]d", "/forms/3040-1%[2]d", "/lifecycle/2031-05-%02[1]d-product", "/d?id=20310%03d"} {
				from, to := fmt.Sprintf(form, i%99+1, i%12+1), fmt.Sprintf(form, (i+1)%99+1, (i+1)%12+1)
				if why := trapped(c, from, to, 1); why != "" {
					t.Errorf("%s: %s", to, why)
				}
			}
		}
	})
}

func TestTrapOrders(t *testing.T) {
	// Links that are relative by mistake: each page has the same four below itself.
	c := newSilentCrawler(t)
	paths, followed := []string{"/"}, 0
	for len(paths) > 0 && followed < 5000 {
		var next []string
		for _, p := range paths {
			for _, dir := range []string{"docs/", "faq/", "blog/", "team/"} {
				if trapped(c, p, p+dir, 1) == "" {
					followed++
					next = append(next, p+dir)
				}
			}
		}
		paths = next
	}
	if followed > 250 {
		t.Errorf("%d pages", followed)
	}
	for i, query := range []string{"a=1&b=2&c=3", "b=2&a=1&c=3", "c=3&b=2&a=1", "a=1&c=3&b=2"} {
		if why := trapped(c, "/", "/list?"+query, 1); (why != "") != (i >= maxParamOrders) {
			t.Errorf("%s: %q", query, why)
		}
	}
	for i := range 5000 {
		for _, path := range []string{"/kubernetes/kubernetes/page-%c", "/docs/%[1]d/docs/%[1]d/a", "/pkg/%[1]c/src/%[1]c/x", "/shop?a=1&b=%d"} {
			if why := trapped(c, "/", fmt.Sprintf(path, i), 1); why != "" {
				t.Errorf(path+": %s", i, why)
			}
		}
	}
}

func TestTrapVariants(t *testing.T) {
	c := newSilentCrawler(t)
	filters, topics, languages := 0, 0, 0
	for i := range 30_000 {
		path := fmt.Sprintf("/list?color=%d&size=%d&sort=%d&page=%d", i%10, i/10%10, i/100%10, i/1000)
		if trapped(c, "/list", path, 1) == "" {
			filters++
		}
		if trapped(c, "/view", fmt.Sprintf("/view?topic=%d", i), 1) == "" {
			topics++
		}
		if i < 20_000 && trapped(c, "/kb", fmt.Sprintf("/kb?id=%d&lang=%d", i/10, i%10), 1) == "" {
			languages++
		}
	}
	if filters != minCombinations || topics != maxVariants || languages != 20_000 {
		t.Errorf("%d combinations of filters, %d topics, %d topics in languages", filters, topics, languages)
	}
}

// Whatever a site makes up, what is remembered of it is bounded.
func TestTrapMemory(t *testing.T) {
	c := newSilentCrawler(t)
	for i := range 200_000 {
		letters := strings.Map(func(r rune) rune { return r + 'a' - '0' }, fmt.Sprint(i))
		for _, path := range []string{"/%s/x/2020/01/y", "/x%s?a=1&b=2", "/%s?date=2020-01-01", "/x?%s=1"} {
			c.Trap(Link{URL: trapHost + fmt.Sprintf(path, letters), Via: ViaLink, From: trapHost + "/"})
		}
	}
	m := &c.traps
	if len(m.calendars) > maxCalendars || len(m.orders) > maxOrderSets || len(m.variants) > maxVariantPaths || m.pairs > maxAllPairs {
		t.Errorf("%d calendars, %d orders, %d paths, %d pairs", len(m.calendars), len(m.orders), len(m.variants), m.pairs)
	}
}

func TestTrapConcurrently(t *testing.T) {
	c := newSilentCrawler(t)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for i := range 2000 {
				trapped(c, "/", fmt.Sprintf("/a/b/2024/0%d?x=%d&y=2", i%9+1, i), i)
				c.takeOffSessions(trapHost+"/", []string{fmt.Sprintf("%s/?sid=0a1b2c3d4e5f6a%02d", trapHost, i%100)})
			}
			c.TrapNotes()
		})
	}
	group.Wait()
}

func FuzzTrap(f *testing.F) {
	f.Add("https://help.example/2031/05/?month=2031-05&x=1", "https://help.example/2031/04/", 3)
	f.Add("https://help.example/a/b/a/b/a/b", "?", 600)
	c := newSilentCrawler(f)
	f.Fuzz(func(t *testing.T, u, from string, depth int) {
		l := Link{URL: u, Via: ViaLink, From: from, Depth: depth}
		if why := c.Trap(l); why != "" && c.Trap(l) == "" {
			t.Errorf("%q: %q, and the second time nothing", u, why)
		}
		if !sameTemplate(u, u) {
			t.Errorf("%q is not like itself", u)
		}
	})
}

func BenchmarkTrap(b *testing.B) {
	c := newSilentCrawler(b)
	links := []Link{
		{URL: trapHost + "/hc/en-us/articles/360001234567-How-to-reset-your-password", Via: ViaLink, From: trapHost + "/hc/en-us"},
		{URL: trapHost + "/articles/1-some-article", Via: ViaLink, From: trapHost + "/"},
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if c.Trap(links[i%len(links)]) != "" {
			b.Fatal()
		}
	}
}
