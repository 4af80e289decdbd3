package crawler

import (
	"net/http"
	"strings"
	"testing"
)

func TestOtherType(t *testing.T) {
	for declared, want := range map[string]string{
		"": "", " ": "", "text/html": "", "Text/HTML; charset=utf-8": "", "text/html;charset": "", "text/html, text/html": "",
		"application/xhtml+xml": "", "text/plain": "content type text/plain", "image/svg+xml; x": "content type image/svg+xml",
		"application/json;;": "content type application/json", "text/html charset=utf-8": "", "html": "", "*/*": "",
		"text/html:charset=utf-8": "", "unknown/unknown": "", "TEXT/HTML(x)": "", "text/xml": "", "text/htm": "content type text/htm",
		"application/octet-stream": "content type application/octet-stream",
	} {
		if got := otherType(declared); got != want {
			t.Errorf("%q: %q, want %q", declared, got, want)
		}
	}
}

func TestOtherExtension(t *testing.T) {
	for path, want := range map[string]string{
		"/": "", "/a": "", "/a.html": "", "/a.php": "", "/v1.2": "", "/a.md": "", "/a.b/c": "", "/A.PDF": ".pdf",
		"/x.tar.gz": ".gz", "/feed.rss": ".rss",
		// Subjects, not files.
		"/wiki/Node.js": "", "/docs/package.json": "", "/reference/pom.xml": "", "/api/array.map": "",
	} {
		if got := otherExtension(path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

func TestSniff(t *testing.T) {
	for _, tt := range []struct {
		body, declared string
		html           bool
	}{
		{"<!doctype html>", "", true}, {"  <html>", "", true}, {"<x-app>", "", true}, {"hello", "", false}, {"", "", false},
		{"hello", "text/html", true}, {"", "text/html", true}, {"\x00\x01\x02", "text/html", false},
		{"\x00\x01\x02", "", false}, {"%PDF-1.4", "text/html", false}, {"\x89PNG\r\n\x1a\n", "text/html", false},
		{"PK\x03\x04", "text/html", false}, {`<?xml version="1.0"?><HTML>`, "text/html", true},
		{`<?xml version="1.0"?><rss>`, "text/html", false}, {"\xff\xfe<\x00h\x00", "text/html", true},
		{`{"error": "x"}`, "text/html", false}, {`[1]`, "text/html", false}, {"[1] Note", "text/html", true},
		{"{{ title }}", "text/html", true}, {"<svg xmlns='x'/>", "text/html", false}, {"<svg><!doctype html>", "text/html", true},
		{"<rss version=2>", "text/html", false}, {"<feedback>", "text/html", true},
		{`<?xml version="1.0"?><!doctype html><p>`, "text/html", true}, {`<?xml version="1.0"?><html>`, "application/xml", true},
		{`<?xml version="1.0"?><rss>`, "text/xml", false}, {"<html>", "text/xml", true}, {"<p>one\x00two three four", "text/html", true},
		{"<\x00p\x00>\x00x\x00", "text/html", true}, {"<p>\x1b$B", "text/html", true}, {"MZ\x90\x00" + strings.Repeat("\x80\xF1a\x07<\xA2bcde(\x9c!\xE9fg\xD0", 40), "text/html", false},
		{strings.Repeat("\x07", 12) + "<p>" + strings.Repeat("A text. ", 40), "text/html", true},
		{"\x1f\x8b\x08\x00", "text/html", false},
	} {
		if why := sniff([]byte(tt.body), tt.declared); (why == "") != tt.html {
			t.Errorf("%q as %q: %q", tt.body, tt.declared, why)
		}
	}
}

func TestContentTypeOf(t *testing.T) {
	for _, tt := range []struct {
		values []string
		want   string
	}{
		{nil, ""}, {[]string{"text/html"}, "text/html"}, {[]string{"text/plain", "text/html"}, "text/html"},
		{[]string{"text/html", "*/*"}, "text/html"}, {[]string{"text/html", "", "x"}, "text/html"},
	} {
		if got := contentTypeOf(http.Header{"Content-Type": tt.values}); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.values, got, tt.want)
		}
	}
}
