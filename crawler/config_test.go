package crawler

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func problems(c Config) []string {
	var got []string
	c.Validate(func(path, problem string) { got = append(got, path+": "+problem) })
	return got
}

func TestDefaultConfigIsValid(t *testing.T) {
	c := DefaultConfig()
	if got := problems(c); len(got) != 1 || !strings.HasPrefix(got[0], "start: is missing") {
		t.Errorf("defaults without start: %q", got)
	}
	c.Start = []string{"https://help.example.com/hc/en-us"}
	if got := problems(c); len(got) != 0 {
		t.Errorf("defaults: %q", got)
	}
}

func TestValidateAcceptsAllThatIsAllowed(t *testing.T) {
	c := DefaultConfig()
	c.Start = []string{"https://help.example.com/", "http://127.0.0.1:4180/"}
	c.Sitemaps = Sitemaps{URLs: []string{"https://cdn.example.com/sitemap.xml"}}
	c.Scope = ScopeConfig{
		Hosts: []string{"Help.Example.com:443", "127.0.0.1:4180", "[::1]:8080", "bücher.example"}, Include: []string{"/a/**"},
		Exclude: []string{`/\d+/`}, FollowOnly: []string{"**/x"}, Canonical: Ignore, NoIndex: Ignore, DropParams: []string{"ref", "s*"},
		MaxDepth: 3, MaxPages: 1,
	}
	c.Fetch = FetchConfig{
		UserAgent: "acme-sync/1.0 (+https://acme.example)", Contact: "ops@acme.example", Rate: 0, Concurrency: 64, Timeout: 10 * time.Minute,
		MaxBody: 256 << 20, Retries: 0, Robots: Ignore, AllowPrivate: true, BasicAuth: "user:pass:word",
		Headers: map[string]string{"X-Key": "secret", "Cookie": "a=b"}, Proxy: "socks5://user:pass@proxy:1080",
	}
	if got := problems(c); len(got) != 0 {
		t.Errorf("got %q", got)
	}
}

func TestValidateReportsEveryMistake(t *testing.T) {
	c := Config{
		Start:    []string{"https://ok.example/", "help.example.com", "https://user:hunter2@h.example/", "ftp://h.example/"},
		Sitemaps: Sitemaps{URLs: []string{"https://h.example/s.xml", "/s.xml"}},
		Scope: ScopeConfig{
			Hosts: []string{"", "https://h.example", "*.h.example", "h.example:99999"}, Include: []string{"/a", "a"}, Exclude: []string{"/(/"},
			FollowOnly: []string{""}, Canonical: "yes", DropParams: []string{"a=b"}, MaxDepth: -1,
		},
		Fetch: FetchConfig{
			UserAgent: "(hidden)", Contact: "me", Rate: -1, Concurrency: 65, Timeout: 11 * time.Minute, MaxBody: -1, Retries: 11,
			Robots: "maybe", BasicAuth: "hunter2",
			Headers: map[string]string{"X Y": "a", "host": "h", "user-agent": "x", "range": "bytes=0-9",
				"If-Range": "x", "If-Match": "x", "If-Unmodified-Since": "x", "Authorization": "hunter2", "X-A": "a\nb"},
			Proxy: "ftp://user:hunter2@proxy",
		},
	}
	got := problems(c)
	var paths []string
	for _, p := range got {
		path, _, _ := strings.Cut(p, ": ")
		paths = append(paths, path)
		if strings.Contains(p, "hunter2") {
			t.Errorf("shows a secret: %s", p)
		}
	}
	want := []string{
		"start[1]", "start[2]", "start[3]", "sitemaps[1]", "scope.hosts[0]", "scope.hosts[1]", "scope.hosts[2]", "scope.hosts[3]",
		"scope.include[1]", "scope.exclude[0]", "scope.follow_only[0]", "scope.canonical", "scope.noindex", "scope.drop_params[0]",
		"scope.max_depth", "scope.max_pages", "fetch.user_agent", "fetch.contact", "fetch.rate", "fetch.concurrency", "fetch.timeout",
		"fetch.max_body", "fetch.retries", "fetch.robots", "fetch.basic_auth", "fetch.headers.Authorization", "fetch.headers.X Y",
		"fetch.headers.If-Match", "fetch.headers.If-Range", "fetch.headers.If-Unmodified-Since", "fetch.headers.range",
		"fetch.headers.X-A", "fetch.headers.host", "fetch.headers.user-agent", "fetch.proxy",
	}
	slices.Sort(want)
	slices.Sort(paths)
	if !slices.Equal(paths, want) {
		t.Errorf("reported %q\nwant %q", paths, want)
	}
}

func TestValidateStartHostMustBeInScope(t *testing.T) {
	c := DefaultConfig()
	c.Start = []string{"https://help.example.com/", "https://docs.example.com/"}
	c.Scope.Hosts = []string{"help.example.com"}
	if got := problems(c); len(got) != 1 || !strings.HasPrefix(got[0], "start[1]: its host docs.example.com") {
		t.Errorf("got %q", got)
	}
}

func TestSitemapsYAML(t *testing.T) {
	for _, tt := range []struct {
		yaml any
		want Sitemaps
		ok   bool // passes Validate
	}{
		{"auto", Sitemaps{Mode: SitemapsAuto}, true},
		{"none", Sitemaps{Mode: SitemapsNone}, true},
		{[]string{"https://h.example/s.xml"}, Sitemaps{URLs: []string{"https://h.example/s.xml"}}, true},
		{"https://h.example/s.xml", Sitemaps{Mode: "https://h.example/s.xml"}, false},
		{"sometimes", Sitemaps{Mode: "sometimes"}, false},
		{[]string{}, Sitemaps{}, false},
	} {
		var got Sitemaps
		if err := got.UnmarshalYAML(decoder(tt.yaml)); err != nil {
			t.Errorf("%v: %v", tt.yaml, err)
			continue
		}
		if got.Mode != tt.want.Mode || !slices.Equal(got.URLs, tt.want.URLs) {
			t.Errorf("%v: got %+v, want %+v", tt.yaml, got, tt.want)
		}
		mistakes := 0
		got.validate(func(string, string) { mistakes++ })
		if (mistakes == 0) != tt.ok {
			t.Errorf("%v: %d mistakes", tt.yaml, mistakes)
		}
		if out, err := got.MarshalYAML(); err != nil || tt.ok && len(got.URLs) == 0 && out != tt.yaml {
			t.Errorf("%v: written as %v, %v", tt.yaml, out, err)
		}
	}
	var s Sitemaps
	if err := s.UnmarshalYAML(decoder(map[string]string{})); err == nil {
		t.Error("a map: want an error")
	}
}

// decoder does what a YAML library does for a node that holds v.
func decoder(v any) func(any) error {
	return func(into any) error {
		switch into := into.(type) {
		case *string:
			if s, ok := v.(string); ok {
				*into = s
				return nil
			}
		case *[]string:
			if s, ok := v.([]string); ok {
				*into = s
				return nil
			}
		}
		return errors.New("wrong type")
	}
}

func TestByteSize(t *testing.T) {
	for _, tt := range []struct {
		text string
		want ByteSize
		back string
	}{
		{"10MiB", 10 << 20, "10MiB"},
		{"512KiB", 512 << 10, "512KiB"},
		{"1MB", 1e6, "1MB"},
		{"1gib", 1 << 30, "1GiB"},
		{"1.5 MiB", 3 << 19, "1536KiB"},
		{"4096", 4096, "4KiB"},
		{"4097B", 4097, "4097"},
		{"2kb", 2000, "2kB"},
		{"0", 0, "0"},
		{"-1MiB", -1 << 20, "-1MiB"},
		{"9223372036854775807", 1<<63 - 1, "9223372036854775807"},
	} {
		var got ByteSize
		if err := got.UnmarshalText([]byte(tt.text)); err != nil || got != tt.want {
			t.Errorf("%q: %d, %v; want %d", tt.text, got, err, tt.want)
		}
		back, err := got.MarshalText()
		if err != nil || string(back) != tt.back {
			t.Errorf("%q: written as %q, %v; want %q", tt.text, back, err, tt.back)
		}
		var again ByteSize
		if err := again.UnmarshalText(back); err != nil || again != got {
			t.Errorf("%q: read back as %d, %v", back, again, err)
		}
	}
	for _, text := range []string{"", "MiB", "ten", "1TB", "1.MiB", ".5MiB", "1e3", "9223372036854775807KiB", "99999999999.9GiB", "0x10", "NaN"} {
		var b ByteSize
		if err := b.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q: got %d, want an error", text, b)
		}
	}
}

func FuzzByteSize(f *testing.F) {
	for _, s := range []string{"10MiB", "1.5kB", "-3", "9223372036854775807B"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var b, again ByteSize
		if b.UnmarshalText([]byte(s)) != nil {
			return
		}
		if err := again.UnmarshalText([]byte(b.String())); err != nil || again != b {
			t.Errorf("%q is %d, written %q, read back as %d, %v", s, b, b.String(), again, err)
		}
	})
}
