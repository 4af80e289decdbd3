package configs

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/invopop/jsonschema"

	"github.com/pageferry/pageferry/crawler"
	"github.com/pageferry/pageferry/ingest"
	"github.com/pageferry/pageferry/ingest/intercom"
	"github.com/pageferry/pageferry/sanitize"
)

const module = "github.com/pageferry/pageferry"

// schemaTypes are the types whose YAML form reflection cannot see.
func schemaTypes(t reflect.Type) *jsonschema.Schema {
	enum := func(values ...any) *jsonschema.Schema { return &jsonschema.Schema{Type: "string", Enum: values} }
	text := func(s *jsonschema.Schema) *jsonschema.Schema { s.Type = "string"; return s }
	switch t {
	case reflect.TypeFor[time.Duration]():
		duration := text(&jsonschema.Schema{Pattern: `^(0|[0-9.]+d([0-9.]+(ns|us|µs|ms|s|m|h))*|([0-9.]+(ns|us|µs|ms|s|m|h))+)$`,
			Examples: []any{"30s", "1m30s", "7d"}})
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{duration, {Type: "integer", Enum: []any{0}}}}
	case reflect.TypeFor[crawler.ByteSize]():
		size := text(&jsonschema.Schema{Pattern: `^[0-9.]+ ?([kKmMgG][iI]?)?[bB]?$`, Examples: []any{"10MiB"}})
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{size, {Type: "integer"}}}
	case reflect.TypeFor[crawler.Sitemaps]():
		urls := &jsonschema.Schema{Type: "array", Items: &jsonschema.Schema{Type: "string"}}
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{enum(crawler.SitemapsAuto, crawler.SitemapsNone), urls}}
	case reflect.TypeFor[ingest.Share]():
		share := text(&jsonschema.Schema{Pattern: `^[0-9]+ ?%?$`, Examples: []any{"10%"}})
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{share, {Type: "integer"}}}
	case reflect.TypeFor[ingest.DeleteAction]():
		return enum(ingest.ActionDelete, ingest.ActionHide, ingest.ActionKeep)
	case reflect.TypeFor[sanitize.Listings]():
		return enum(sanitize.SkipListings, sanitize.DeliverListings)
	case reflect.TypeFor[crawler.Obedience]():
		return enum(crawler.Obey, crawler.Ignore)
	case reflect.TypeFor[intercom.Kind]():
		return enum(intercom.Sandbox, intercom.Intercom)
	}
	return nil
}

// makeSchema returns schema.json: the structs, their comments, and their defaults.
func makeSchema(t *testing.T) string {
	t.Helper()
	r := &jsonschema.Reflector{
		Anonymous: true, DoNotReference: true, FieldNameTag: "yaml", RequiredFromJSONSchemaTags: true, Mapper: schemaTypes,
	}
	t.Chdir("..") // AddGoComments appends the directory, as it is given, to the module's path
	for _, dir := range []string{"configs", "crawler", "ingest", "sanitize"} {
		if err := r.AddGoComments(module, dir); err != nil {
			t.Fatal(err)
		}
	}
	for key, comment := range r.CommentMap {
		r.CommentMap[key] = inKeys(strings.Join(strings.Fields(comment), " "))
	}
	s := r.Reflect(Config{})
	s.Title, s.Description = "pageferry config", ""
	s.Required = []string{"start", "target"}
	target, _ := s.Properties.Get("target")
	target.Required = []string{"kind"}
	region, _ := target.Properties.Get("region")
	region.Enum = []any{"us", "eu", "au"}
	availability, _ := target.Properties.Get("availability")
	apply, _ := availability.Properties.Get("apply")
	apply.Enum = []any{intercom.ApplyOnCreate, intercom.ApplyAlways}
	addDefaults(t, s, plainDefaults(t))
	out, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(out) + "\n"
}

// inKeys puts the YAML keys into a Go comment, where it has the names of fields.
func inKeys(comment string) string {
	return goName.ReplaceAllStringFunc(comment, func(word string) string {
		for _, t := range []reflect.Type{
			reflect.TypeFor[crawler.Config](), reflect.TypeFor[crawler.ScopeConfig](), reflect.TypeFor[crawler.FetchConfig](),
			reflect.TypeFor[ingest.Config](), reflect.TypeFor[ingest.NotifyConfig](), reflect.TypeFor[intercom.Config](), reflect.TypeFor[intercom.Availability](),
			reflect.TypeFor[sanitize.Config](), reflect.TypeFor[sanitize.Rule](), reflect.TypeFor[Config](),
		} {
			if f, ok := t.FieldByName(word); ok && f.Tag.Get("yaml")[0] != ',' {
				return f.Tag.Get("yaml")
			}
		}
		return word
	})
}

var goName = regexp.MustCompile(`\b[A-Z]\w*\b`)

// plainDefaults returns the defaults as maps, lists and scalars.
func plainDefaults(t *testing.T) map[string]any {
	t.Helper()
	text, err := yaml.Marshal(Default())
	if err != nil {
		t.Fatal(err)
	}
	var plain map[string]any
	if err := yaml.Unmarshal(text, &plain); err != nil {
		t.Fatal(err)
	}
	return plain
}

func addDefaults(t *testing.T, s *jsonschema.Schema, defaults map[string]any) {
	t.Helper()
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		value, ok := defaults[p.Key]
		if !ok {
			t.Errorf("no default of %s", p.Key)
		}
		switch value := value.(type) {
		case map[string]any:
			if p.Value.Properties != nil {
				addDefaults(t, p.Value, value)
			}
		case []any, nil:
		default:
			if value != "" {
				p.Value.Default = value
			}
		}
	}
}

func TestSchemaIsCurrent(t *testing.T) {
	schema := makeSchema(t)
	t.Chdir("configs")
	golden(t, "schema.json", schema)
}

func TestSchemaAcceptsWhatParseAccepts(t *testing.T) {
	text, err := os.ReadFile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema jsonschema.Schema
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, config string
		ok           bool
	}{
		{"example", read(t, "example.yaml"), true},
		{"demo", string(Demo()), true},
		{"minimal", minimal, true},
		{"sizes", minimal + "fetch: {max_body: 4096, timeout: 1m30s}\nsitemaps: [https://help.acme.com/s.xml]\n", true},
		{"no start", "target: {kind: sandbox}\n", false},
		{"no kind", "start: [https://help.acme.com/]\ntarget: {}\n", false},
		{"unknown key", minimal + "wibble: 1\n", false},
		{"unknown key in a block", minimal + "scope: {wibble: 1}\n", false},
		{"unknown key in a rule", minimal + "extract: {rules: [{match: /a, wibble: 1}]}\n", false},
		{"wrong type", minimal + "fetch: {rate: fast}\n", false},
		{"wrong word", minimal + "fetch: {robots: maybe}\n", false},
		{"wrong mode", minimal + "sitemaps: some\n", false},
		{"no unit", minimal + "fetch: {timeout: 30}\n", false},
		{"days", minimal + "delete: {after: 1d12h}\n", true},
		{"no time", minimal + "delete: {after: 0}\n", true},
		{"days last", minimal + "delete: {after: 12h1d}\n", false},
	} {
		var value any
		if err := yaml.Unmarshal([]byte(test.config), &value); err != nil {
			t.Fatal(err)
		}
		if err := check(&schema, value); (err == nil) != test.ok {
			t.Errorf("%s: the schema says %v", test.name, err)
		}
		if _, err := Parse("test.yaml", []byte(test.config), nil); (err == nil) != test.ok {
			t.Errorf("%s: Parse says %v", test.name, err)
		}
	}
}

// check validates a value against the part of JSON Schema that makeSchema uses.
func check(s *jsonschema.Schema, value any) error {
	if len(s.OneOf) > 0 {
		fits := 0
		for _, sub := range s.OneOf {
			if check(sub, value) == nil {
				fits++
			}
		}
		if fits != 1 {
			return fmt.Errorf("%v fits %d alternatives", value, fits)
		}
		return nil
	}
	kind := map[reflect.Kind]string{
		reflect.String: "string", reflect.Bool: "boolean", reflect.Uint64: "integer", reflect.Int64: "integer",
		reflect.Float64: "number", reflect.Slice: "array", reflect.Map: "object",
	}[reflect.ValueOf(value).Kind()]
	if s.Type != kind && !(s.Type == "number" && kind == "integer") {
		return fmt.Errorf("%v is %s, not %s", value, kind, s.Type)
	}
	same := func(allowed any) bool { return fmt.Sprint(allowed) == fmt.Sprint(value) } // a number has another type in JSON
	if s.Enum != nil && !slices.ContainsFunc(s.Enum, same) {
		return fmt.Errorf("%v is not one of %v", value, s.Enum)
	}
	if text, ok := value.(string); ok && !regexp.MustCompile(s.Pattern).MatchString(text) {
		return fmt.Errorf("%s does not match %s", text, s.Pattern)
	}
	items, _ := value.([]any)
	for _, item := range items {
		if err := check(s.Items, item); err != nil {
			return err
		}
	}
	if object, ok := value.(map[string]any); ok {
		return checkObject(s, object)
	}
	return nil
}

func checkObject(s *jsonschema.Schema, object map[string]any) error {
	for _, key := range s.Required {
		if _, ok := object[key]; !ok {
			return fmt.Errorf("%s is missing", key)
		}
	}
	for key, value := range object {
		sub := s.AdditionalProperties
		if s.Properties != nil {
			if p, ok := s.Properties.Get(key); ok {
				sub = p
			}
		}
		if sub == nil || sub.Not != nil { // false is written as {"not": {}}
			return fmt.Errorf("%s is unknown", key)
		}
		if err := check(sub, value); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	return nil
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
