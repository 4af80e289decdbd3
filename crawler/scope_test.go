package crawler

import (
	"slices"
	"strings"
	"testing"
)

func newScope(t testing.TB, start []string, scope ScopeConfig) *Scope {
	t.Helper()
	canon, err := NewCanonicalizer(start, scope.DropParams)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewScope(Config{Start: start, Scope: scope}, canon)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestScopeDefault(t *testing.T) {
	for _, tt := range []struct {
		start   string
		in, out []string
	}{
		{"https://h.example/hc/en-us",
			[]string{"https://h.example/hc/en-us", "https://h.example/hc/en-us?x=1", "https://h.example/hc/en-us/",
				"https://h.example/hc/en-us/articles/1", "http://h.example/hc/en-us/a"},
			[]string{"https://h.example/hc/de/articles/1", "https://h.example/hc/en-usa", "https://h.example/", "https://x.example/hc/en-us/"}},
		{"https://h.example/docs/index.html",
			[]string{"https://h.example/docs/", "https://h.example/docs/a/b", "https://h.example/docs/index.html"},
			[]string{"https://h.example/docs", "https://h.example/other"}},
		{"https://h.example/docs/v1.2", []string{"https://h.example/docs/v1.2/a"}, []string{"https://h.example/docs/v1.3"}},
		{"https://h.example/kb/", []string{"https://h.example/kb/", "https://h.example/kb/a"}, []string{"https://h.example/kb"}},
		{"https://h.example", []string{"https://h.example/", "https://h.example/a?b"}, []string{"https://h.example:8443/"}},
		{"http://127.0.0.1:4180/a", []string{"http://127.0.0.1:4180/a/b"}, []string{"http://127.0.0.1:4181/a/b", "http://127.0.0.1/a/b"}},
		{"https://h.example/kb/index.php?cat=1", []string{"https://h.example/kb/index.php?cat=1", "https://h.example/kb/a"}, nil},
	} {
		s := newScope(t, []string{tt.start}, ScopeConfig{})
		for _, u := range tt.in {
			if v := s.Decide(u); !v.In || v.FollowOnly || v.Why == "" {
				t.Errorf("start %s: Decide(%s) = %+v, want it in", tt.start, u, v)
			}
		}
		for _, u := range tt.out {
			if v := s.Decide(u); v.In || v.Why == "" {
				t.Errorf("start %s: Decide(%s) = %+v, want it out", tt.start, u, v)
			}
		}
	}
}

func TestScopeOrderAndWhy(t *testing.T) {
	s := newScope(t, []string{"https://h.example/hc/en"}, ScopeConfig{
		Hosts:      []string{"H.example:443", "docs.example"},
		Exclude:    []string{"/never/**", "/hc/en/x/**"},
		FollowOnly: []string{"/hc/*/sections/**", "/hc/en/x/y"},
	})
	include := newScope(t, []string{"https://h.example/hc/en"}, ScopeConfig{
		Include: []string{"/hc/*/articles/**", "https://h.example/extra"}, FollowOnly: []string{"/hc/en/articles/list"},
	})
	for _, tt := range []struct {
		s    *Scope
		url  string
		want Verdict
	}{
		{s, "https://h.example/hc/en/a", Verdict{In: true, Why: "below https://h.example/hc/en/"}},
		{s, "https://h.example/hc/en", Verdict{In: true, Why: "start URL https://h.example/hc/en"}},
		{s, "https://h.example/hc/de", Verdict{Beside: true, Why: "not below https://h.example/hc/en/"}},
		{s, "https://docs.example/a", Verdict{In: true, Why: "host docs.example, which has no start URL of its own"}},
		{s, "https://x.example/hc/en/a", Verdict{Why: "host not in scope.hosts"}},
		{s, "https://h.example/hc/en/x/y", Verdict{Why: `scope.exclude[1] "/hc/en/x/**"`}},
		{s, "https://h.example/hc/de/sections/1", Verdict{In: true, FollowOnly: true, Why: `scope.follow_only[0] "/hc/*/sections/**"`}},
		{include, "https://h.example/hc/de/articles/1", Verdict{In: true, Why: `scope.include[0] "/hc/*/articles/**"`}},
		{include, "https://h.example/hc/en/articles/list", Verdict{In: true, FollowOnly: true, Why: `scope.follow_only[0] "/hc/en/articles/list"`}},
		{include, "https://h.example/hc/en/a", Verdict{Beside: true, Why: "matches no pattern of scope.include"}},
		{include, "https://h.example/hc/en", Verdict{In: true, FollowOnly: true, Why: "start URL, which matches no pattern of scope.include"}},
		{include, "https://x.example/", Verdict{Why: "host not in scope.hosts (by default the hosts of the start URLs)"}},
		{include, "", Verdict{Why: "host not in scope.hosts (by default the hosts of the start URLs)"}},
	} {
		if got := tt.s.Decide(tt.url); got != tt.want {
			t.Errorf("Decide(%s) = %+v, want %+v", tt.url, got, tt.want)
		}
	}
	if got, want := s.Hosts(), []string{"h.example", "docs.example"}; !slices.Equal(got, want) {
		t.Errorf("Hosts() = %q, want %q", got, want)
	}
}

func TestNewScopeErrors(t *testing.T) {
	canon := testCanonicalizer(t)
	for want, cfg := range map[string]Config{
		"start[0]":             {Start: []string{"help"}},
		"scope.hosts[0]":       {Scope: ScopeConfig{Hosts: []string{"https://h.example/"}}},
		"scope.include[1]":     {Scope: ScopeConfig{Include: []string{"/a", "b"}}},
		"scope.exclude[0]":     {Scope: ScopeConfig{Exclude: []string{""}}},
		"scope.follow_only[0]": {Scope: ScopeConfig{FollowOnly: []string{"/(/"}}},
	} {
		if _, err := NewScope(cfg, canon); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("NewScope: %v, want %q", err, want)
		}
	}
}

func BenchmarkScopeDecide(b *testing.B) {
	s := newScope(b, []string{"https://help.example.com/hc/en-us"}, ScopeConfig{Exclude: []string{"**/print", "/hc/*/search**"}})
	b.ReportAllocs()
	for b.Loop() {
		s.Decide("https://help.example.com/hc/en-us/articles/360012345-How-to-reset-your-password")
	}
}
