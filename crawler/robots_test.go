package crawler

import (
	"bytes"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestRobotsAllowed(t *testing.T) {
	const groups = "User-agent: *\nDisallow: /all/\n\nUser-agent: otherbot\nUser-agent: Pageferry/1.0 (x)\n" +
		"Disallow: /private/ # why\nAllow: /private/open\n\nUser-agent: pageferry\nCrawl-delay: 2\nDisallow: /second\n"
	for _, tt := range []struct {
		name, robots, url string
		allowed           bool
		line              string
	}{
		{"nothing matches", groups, "https://h.example/all/x", true, ""},
		{"disallow", groups, "https://h.example/private/x", false, "line 6: Disallow: /private/"},
		{"longest match", groups, "https://h.example/private/open?x", true, "line 7: Allow: /private/open"},
		{"groups are merged", groups, "https://h.example/second", false, "line 11: Disallow: /second"},
		{"robots.txt itself", "user-agent: *\ndisallow: /", "https://h.example/robots.txt", true, ""},
		{"empty", "", "https://h.example/", true, ""},
		{"html", "<!doctype html><html><body>Disallow: /</body></html>", "https://h.example/", true, ""},
		{"fallback", "user-agent: *\ndisallow: /a", "https://h.example/a", false, "line 2: disallow: /a"},
		{"own empty group", "user-agent: *\ndisallow: /\nuser-agent: pageferry\ndisallow:", "https://h.example/a", true, ""},
		{"rule without group", "disallow: /\nuser-agent: *\n", "https://h.example/a", true, ""},
		{"allow wins a tie", "user-agent: *\ndisallow: /a\nallow: /a", "https://h.example/a", true, "line 3: allow: /a"},
		{"first of equals", "user-agent: *\ndisallow: /*a\ndisallow: /a*", "https://h.example/aa", false, "line 2: disallow: /*a"},
		{"BOM, CR", "\xEF\xBB\xBFuser-agent: *\rdisallow: /a\r", "https://h.example/a", false, "line 2: disallow: /a"},
		{"CRLF counts once", "user-agent: *\r\n\r\ndisallow: /a", "https://h.example/a", false, "line 3: disallow: /a"},
		{"anchor", "user-agent: *\ndisallow: /a$", "https://h.example/ab", true, ""},
		{"anchor hits", "user-agent: *\ndisallow: /*.pdf$", "https://h.example/x/.pdf.pdf", false, "line 2: disallow: /*.pdf$"},
		{"wildcards", "user-agent: *\ndisallow: /*?*s=", "https://h.example/x?page=2&s=1", false, "line 2: disallow: /*?*s="},
		{"dollar within", "user-agent: *\ndisallow: /a$b", "https://h.example/a$bc", false, "line 2: disallow: /a$b"},
		{"escaped star", "user-agent: *\ndisallow: /a%2A", "https://h.example/a*b", false, "line 2: disallow: /a%2A"},
		{"unreserved octets", "user-agent: *\ndisallow: /%7Ejoe", "https://h.example/~joe", false, "line 2: disallow: /%7Ejoe"},
		{"reserved octets", "user-agent: *\ndisallow: /a/b", "https://h.example/a%2fb", true, ""},
		{"beyond ASCII", "user-agent: *\ndisallow: /é", "https://h.example/%C3%A9", false, "line 2: disallow: /é"},
		{"case counts", "user-agent: *\ndisallow: /A", "https://h.example/a", true, ""},
		{"no path", "user-agent: *\ndisallow: /", "https://h.example", false, "line 2: disallow: /"},
		{"colon missing", "user-agent *\ndisallow /a", "https://h.example/a", false, "line 2: disallow /a"},
		{"other lines do not end a group", "user-agent: x\nsitemap: /s\nuser-agent: *\nnoindex: /\ndisallow: /a", "https://h.example/a",
			false, "line 5: disallow: /a"},
	} {
		ok, line := parseRobots([]byte(tt.robots)).allowed("Pageferry", tt.url)
		if ok != tt.allowed || line != tt.line {
			t.Errorf("%s: %s: %v, %q; want %v, %q", tt.name, tt.url, ok, line, tt.allowed, tt.line)
		}
	}
}

func TestRobotsProductTokens(t *testing.T) {
	for _, tt := range []struct {
		agent, token string
		named        bool
	}{
		{"Acme-Sync", "acme-sync", true},
		{"acme", "acme/2.0", true},
		{"acme2", "acme2", true},
		{"acme2.1/3", "acme2.1", true},
		{"acme", "acme-sync", false},
		{"acme-sync", "acme", false},
		{"acme sync", "acme", true},
		{"acme*", "acme", true},
	} {
		r := parseRobots([]byte("User-agent: " + tt.agent + "\nDisallow: /\n"))
		if ok, _ := r.allowed(tt.token, "/x"); ok == tt.named {
			t.Errorf("User-agent: %s for %s: allowed is %v", tt.agent, tt.token, ok)
		}
	}
}

func TestRobotsCrawlDelayAndSitemaps(t *testing.T) {
	r := parseRobots([]byte("Sitemap: https://h.example/a.xml\nUser-agent: *\nCrawl-delay: 1.5\n" +
		"User-agent: slow\nCrawl-delay: 10s\nCrawl-delay: 2\nUser-agent: odd\nCrawl-delay: soon\nCrawl-delay: -1\nCrawl-delay: NaN\n" +
		"User-agent: huge\nCrawl-delay: 1e400\n" +
		"Disallow:\nSITEMAP : /b.xml # second\nSitemap:"))
	for _, tt := range []struct {
		token string
		want  time.Duration
	}{
		{"pageferry", 1500 * time.Millisecond},
		{"slow", 10 * time.Second},
		{"odd", 0},
		{"huge", math.MaxInt64},
	} {
		got, ok := r.crawlDelay(tt.token)
		if got != tt.want || ok != (tt.want > 0) {
			t.Errorf("crawlDelay(%s) = %v, %v; want %v", tt.token, got, ok, tt.want)
		}
	}
	if want := []string{"https://h.example/a.xml", "/b.xml"}; !slices.Equal(r.sitemaps, want) {
		t.Errorf("sitemaps = %q, want %q", r.sitemaps, want)
	}
}

func FuzzRobots(f *testing.F) {
	f.Add([]byte("user-agent: *\ndisallow: /a*b$\nallow: /\ncrawl-delay: 1"), "https://h.example/aXb")
	f.Add([]byte("\xEF\xBB\xBFuser-agent x\r\rsitemap: y\r\nallow: /index.html"), "//")
	f.Add([]byte("user-agent: a2\ndisallow: %%34%31*$"), "?x#y")
	f.Fuzz(func(t *testing.T, body []byte, url string) {
		r := parseRobots(body)
		ok, line := r.allowed("a2", url)
		if !ok && !strings.HasPrefix(line, "line ") {
			t.Errorf("disallowed without a line: %q", line)
		}
		if want := slowlyAllowed(t, r, "a2", url); ok != want {
			t.Errorf("allowed is %v by %q, by regular expressions %v", ok, line, want)
		}
		if again, _ := parseRobots(append(bytes.Clone(body), "\n\n# x\nother: y\n"...)).allowed("a2", url); again != ok {
			t.Errorf("allowed is %v by %q, but %v with lines that say nothing", ok, line, again)
		}
		if delay, ok := r.crawlDelay("a2"); ok != (delay > 0) {
			t.Errorf("crawlDelay = %v, %v", delay, ok)
		}
	})
}

// slowlyAllowed decides as section 2.2.2 of RFC 9309 reads: the longest rule that matches, Allow between equals.
func slowlyAllowed(t *testing.T, r *robotsRules, token, url string) bool {
	t.Helper()
	g := r.group(token)
	path := robotsPath(url)
	if g == nil || path == "/robots.txt" {
		return true
	}
	path = normalizeRobots(path, false)
	length, allow := -1, true
	for _, rule := range g.rules {
		expression := strings.ReplaceAll(regexp.QuoteMeta(rule.pattern), `\*`, "(?s:.*)")
		if rule.anchored {
			expression += `\z`
		}
		ok, err := regexp.MatchString(`\A`+expression, path)
		if err != nil {
			t.Skip("too long for a regular expression")
		}
		if ok && (rule.length > length || rule.length == length && rule.allow) {
			length, allow = rule.length, rule.allow
		}
	}
	return allow
}

func BenchmarkRobotsAllowed(b *testing.B) {
	r := parseRobots([]byte("user-agent: *\n" + strings.Repeat("disallow: /*/private/*.html$\ndisallow: /search\nallow: /hc/\n", 20)))
	b.ReportAllocs()
	for b.Loop() {
		r.allowed("pageferry", "https://help.example.com/hc/en-us/articles/360012345-How-to-reset-your-password")
	}
}
