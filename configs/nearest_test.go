package configs

import "testing"

func TestUnknownKey(t *testing.T) {
	for _, test := range []struct{ block, name, want string }{
		{"", "Start", `unknown key; did you mean "start"?`},
		{"", "start_urls", `unknown key; did you mean "start"?`},
		{"", "sitmap", `unknown key; did you mean "sitemaps"?`},
		{"", "robots", "unknown key here; did you mean fetch.robots?"},
		{"", "source-url", "unknown key; did you mean target.source_url?"},
		{"", "api_token", "a token does not belong in a config; write target.token_env with the name of an environment " +
			"variable that holds it, or target.token_file with the path of a file"},
		{"fetch", "rate_limit", `unknown key; did you mean "rate"?`},
		{"fetch", "useragent", `unknown key; did you mean "user_agent"?`},
		{"fetch", "tiemout", `unknown key; did you mean "timeout"?`},
		{"fetch", "exclude", "unknown key here; did you mean scope.exclude?"},
		{"scope", "locale", "unknown key here; did you mean locale or target.locale?"},
		{"scope", "include_patterns", `unknown key; did you mean "include"?`},
		{"extract.rules[12]", "pattern", "unknown key; the keys here are match, content, title, remove"},
		{"extract.rules[12]", "contents", `unknown key; did you mean "content"?`},
		{"target.availability", "copilot", `unknown key; did you mean "ai_copilot"?`},
		{"", "", "unknown key; the keys here are site, locale, delete, notify, start, sitemaps, scope, fetch, extract, target"},
		{"extract", "preset", "is not supported by this version of pageferry; remove it"},
	} {
		if got, _ := unknownKey(test.block, test.name); got != test.want {
			t.Errorf("%s in %q: got %s", test.name, test.block, got)
		}
	}
}

func TestTypos(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"abc", "axc", 1},
		{"abc", "abcd", 1}, {"größe", "grösse", 2}, {"kitten", "sitting", 3},
	} {
		if got := typos(test.a, test.b); got != test.want {
			t.Errorf("%s, %s: got %d, want %d", test.a, test.b, got, test.want)
		}
	}
}
