package configs

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pageferry/pageferry/crawler"
)

// notSigned are the keys that may change between a killed run and the one that resumes it.
var notSigned = []string{
	"fetch.rate", "fetch.concurrency", "fetch.timeout", "fetch.retries",
	"fetch.basic_auth", "fetch.proxy", "notify.webhook", "target.concurrency", "target.verify", "target.token_env", "target.token_file",
}

// TestRunSignature changes every key, one at a time: a new key is part of the signature unless it is listed here.
func TestRunSignature(t *testing.T) {
	base := func() *Config {
		cfg := mustParse(t, minimal, nil)
		cfg.Ingest.Site = "acme"
		return cfg
	}
	before := base().RunSignature()
	if len(before) != 64 || strings.Trim(before, "0123456789abcdef") != "" {
		t.Errorf("%q is no lower-case hex SHA-256", before)
	}
	seen := map[string]string{before: "nothing"}
	var walk func(path string, v reflect.Value, cfg *Config)
	check := func(path string, cfg *Config) {
		after := cfg.RunSignature()
		if listed := slices.Contains(notSigned, path); listed != (after == before) {
			t.Errorf("%s: changes the signature: %v", path, after != before)
		}
		if other, ok := seen[after]; ok && after != before {
			t.Errorf("%s and %s give the same signature", path, other)
		}
		seen[after] = path
	}
	walk = func(path string, v reflect.Value, cfg *Config) {
		old := reflect.New(v.Type()).Elem()
		old.Set(v)
		defer v.Set(old)
		switch {
		case v.Type() == reflect.TypeFor[crawler.Sitemaps]():
			v.Set(reflect.ValueOf(crawler.Sitemaps{Mode: crawler.SitemapsNone}))
		case v.Kind() == reflect.Struct:
			for _, f := range fieldsOf(v) {
				walk(join(path, f.name), f.value, cfg)
			}
			return
		case v.Kind() == reflect.String:
			v.SetString("changed")
		case v.Kind() == reflect.Bool:
			v.SetBool(!v.Bool())
		case v.CanInt():
			v.SetInt(v.Int() + 1)
		case v.CanFloat():
			v.SetFloat(v.Float() + 1)
		case v.Kind() == reflect.Slice:
			v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
		case v.Kind() == reflect.Map:
			v.Set(reflect.ValueOf(map[string]string{"X-Key": "value"}))
		default:
			t.Fatalf("%s: unexpected %s", path, v.Type())
		}
		check(path, cfg)
	}
	cfg := base()
	walk("", reflect.ValueOf(cfg).Elem(), cfg)
	if got := cfg.RunSignature(); got != before {
		t.Error("the walk left something changed")
	}
}

func TestRunSignatureOfHeaders(t *testing.T) {
	sign := func(fetch string) string {
		return mustParse(t, minimal+"fetch: "+fetch+"\n", env("KEY", "one", "NEW", "two")).RunSignature()
	}
	if sign("{headers: {X-Key: '${KEY}'}, basic_auth: 'a:${KEY}'}") != sign("{headers: {X-Key: '${NEW}'}, basic_auth: 'a:${NEW}'}") {
		t.Error("a secret changes the signature")
	}
	if sign("{headers: {X-Key: a}}") == sign("{headers: {X-Other: a}}") {
		t.Error("the name of a header does not change the signature")
	}
	if sign("{}") != sign("{headers: {}}") || sign("{}") != mustParse(t, minimal+"scope: {include: []}", nil).RunSignature() {
		t.Error("an empty value is not the same as none")
	}
	if a, b := mustParse(t, minimal, nil), mustParse(t, "site: help.acme.com\n"+minimal, nil); a.RunSignature() != b.RunSignature() {
		t.Error("writing the default name of the site changes the signature")
	}
}
