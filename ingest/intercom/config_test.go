package intercom

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func problems(c Config) []string {
	var got []string
	c.Validate(func(path, problem string) { got = append(got, path+": "+problem) })
	return got
}

func TestDefaultConfigNeedsAKind(t *testing.T) {
	c := DefaultConfig()
	got := problems(c)
	if len(got) != 1 || !strings.HasPrefix(got[0], "target.kind: ") || !strings.Contains(got[0], "sandbox") || !strings.Contains(got[0], "intercom") {
		t.Errorf("problems %q", got)
	}
	for _, kind := range []Kind{Sandbox, Intercom} {
		c.Kind = kind
		if got := problems(c); got != nil {
			t.Errorf("%s: %q", kind, got)
		}
	}
}

func TestValidate(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*Config)
		want   []string
	}{
		"kind":             {func(c *Config) { c.Kind = "fin" }, []string{"target.kind"}},
		"regions":          {func(c *Config) { c.Region = "au" }, nil},
		"region":           {func(c *Config) { c.Region = "US" }, []string{"target.region"}},
		"base URL":         {func(c *Config) { c.BaseURL = "https://proxy.example.com/intercom/" }, nil},
		"base URL, local":  {func(c *Config) { c.BaseURL = "http://127.0.0.1:4180" }, nil},
		"base URL, IPv6":   {func(c *Config) { c.BaseURL = "http://[::1]:4180" }, nil},
		"base URL, name":   {func(c *Config) { c.BaseURL = "http://localhost:4180" }, nil},
		"in clear":         {func(c *Config) { c.BaseURL = "http://api.intercom.io" }, []string{"target.base_url"}},
		"in clear, alike":  {func(c *Config) { c.BaseURL = "http://127.0.0.1.example.com" }, []string{"target.base_url"}},
		"in clear, LAN":    {func(c *Config) { c.BaseURL = "http://192.168.0.1" }, []string{"target.base_url"}},
		"relative":         {func(c *Config) { c.BaseURL = "api.intercom.io" }, []string{"target.base_url"}},
		"other scheme":     {func(c *Config) { c.BaseURL = "ftp://api.intercom.io" }, []string{"target.base_url"}},
		"userinfo":         {func(c *Config) { c.BaseURL = "https://u:p@api.intercom.io" }, []string{"target.base_url"}},
		"query":            {func(c *Config) { c.BaseURL = "https://api.intercom.io/?a=1" }, []string{"target.base_url"}},
		"version":          {func(c *Config) { c.APIVersion = "2.17" }, nil},
		"preview":          {func(c *Config) { c.APIVersion = "Preview" }, nil},
		"old version":      {func(c *Config) { c.APIVersion = "2.11" }, []string{"target.api_version"}},
		"no version":       {func(c *Config) { c.APIVersion = "" }, []string{"target.api_version"}},
		"YAML number":      {func(c *Config) { c.APIVersion = "2.2" }, []string{"target.api_version"}},
		"token file":       {func(c *Config) { c.TokenFile = "/run/secrets/intercom" }, nil},
		"token file, bare": {func(c *Config) { c.TokenFile, c.TokenEnv = "token", "" }, nil},
		"two tokens":       {func(c *Config) { c.TokenFile, c.TokenEnv = "token", "OTHER" }, []string{"target.token_file"}},
		"no token":         {func(c *Config) { c.TokenEnv = "" }, []string{"target.token_env"}},
		"variable":         {func(c *Config) { c.TokenEnv = "INTERCOM-TOKEN" }, []string{"target.token_env"}},
		"source ID":        {func(c *Config) { c.SourceID = -1 }, []string{"target.source_id"}},
		"source URL":       {func(c *Config) { c.SourceURL = "https://help.example.com/" }, nil},
		"source URL, bare": {func(c *Config) { c.SourceURL = "help.example.com" }, []string{"target.source_url"}},
		"locale":           {func(c *Config) { c.Locale = " " }, []string{"target.locale"}},
		"no workers":       {func(c *Config) { c.Concurrency = 0 }, []string{"target.concurrency"}},
		"many workers":     {func(c *Config) { c.Concurrency = 65 }, []string{"target.concurrency"}},
		"always":           {func(c *Config) { c.Availability.Apply = "always" }, nil},
		"apply":            {func(c *Config) { c.Availability.Apply = "" }, []string{"target.availability.apply"}},
		"everything": {func(c *Config) { *c = Config{BaseURL: "x", SourceID: -1, SourceURL: "x"} }, []string{
			"target.kind", "target.region", "target.base_url", "target.api_version", "target.token_env", "target.source_id",
			"target.source_url", "target.locale", "target.concurrency", "target.availability.apply"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := DefaultConfig()
			c.Kind = Intercom
			tc.change(&c)
			var paths []string
			for _, p := range problems(c) {
				path, _, _ := strings.Cut(p, ": ")
				paths = append(paths, path)
			}
			if !slices.Equal(paths, tc.want) {
				t.Errorf("problems %q, want at %q", problems(c), tc.want)
			}
		})
	}
}

// TestTokenInTheConfig has a user put the token where the name of its variable belongs.
func TestTokenInTheConfig(t *testing.T) {
	c := DefaultConfig()
	c.Kind = Intercom
	for _, token := range []string{testToken, "dG9rOmFiYzEyMw==", "a=b"} {
		c.TokenEnv = token
		got := problems(c)
		if len(got) != 1 || strings.Contains(got[0], token) {
			t.Errorf("problems %q", got)
		}
	}
}

func TestEndpoint(t *testing.T) {
	for want, c := range map[string]Config{
		"https://api.intercom.io":       {Region: "us"},
		"https://api.eu.intercom.io":    {Region: "eu"},
		"https://api.au.intercom.io":    {Region: "au"},
		"http://127.0.0.1:4180":         {Region: "eu", BaseURL: "http://127.0.0.1:4180/"},
		"https://proxy.example.com/api": {BaseURL: "https://proxy.example.com/api"},
		"":                              {Region: "mars"},
	} {
		if got := c.Endpoint(); got != want {
			t.Errorf("Endpoint = %q, want %q", got, want)
		}
		if got := c.Host(); got != "" && !strings.Contains(want, "//"+got) || got == "" && want != "" {
			t.Errorf("Host = %q of %q", got, want)
		}
	}
}

func TestToken(t *testing.T) {
	dir := t.TempDir()
	file := func(content string) string {
		f, err := os.CreateTemp(dir, "token")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString(content); err != nil {
			t.Fatal(err)
		}
		return f.Name()
	}
	secret := "dG9rOn-._~+/Aa09=="
	for name, tc := range map[string]struct {
		cfg  Config
		env  string
		want string // part of the error; empty: the token is returned
	}{
		"variable":            {Config{TokenEnv: "T"}, secret, ""},
		"variable, newline":   {Config{TokenEnv: "T"}, secret + "\r\n", ""},
		"variable not set":    {Config{TokenEnv: "T"}, "", "environment variable T (target.token_env) is not set or empty: set it where the program is started (cron does not read the shell's profile"},
		"variable, Bearer":    {Config{TokenEnv: "T"}, "Bearer " + secret, "environment variable T (target.token_env): it has white space in it"},
		"variable, binary":    {Config{TokenEnv: "T"}, secret + "\x00", "copy it again"},
		"variable, quotes":    {Config{TokenEnv: "T"}, "“" + secret + "”", "copy it again"},
		"file":                {Config{TokenEnv: "T", TokenFile: file(secret)}, "other", ""},
		"file, newlines":      {Config{TokenFile: file(secret + "\n\n")}, "", ""},
		"file, two lines":     {Config{TokenFile: file(secret + "\n" + secret)}, "", "white space"},
		"file, empty":         {Config{TokenFile: file("\n")}, "", "is empty"},
		"file, large":         {Config{TokenFile: file(strings.Repeat(secret, 1000))}, "", "larger than"},
		"file, not there":     {Config{TokenFile: filepath.Join(dir, "none")}, "", "target.token_file"},
		"file is a directory": {Config{TokenFile: dir}, "", dir},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := tc.cfg.Token(func(string) string { return tc.env })
			if tc.want == "" {
				if err != nil || got != secret {
					t.Errorf("Token = %q, %v", got, err)
				}
				return
			}
			if err == nil || got != "" || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), secret) {
				t.Errorf("Token = %q, %v, want %q", got, err, tc.want)
			}
		})
	}
}
