package crawler

import "testing"

func TestOtherType(t *testing.T) {
	for declared, want := range map[string]string{
		"": "", " ": "", "text/html": "", "Text/HTML; charset=utf-8": "", "text/html;charset": "", "text/html, text/html": "",
		"application/xhtml+xml": "", "text/plain": "content type text/plain", "image/svg+xml; x": "content type image/svg+xml",
		"application/json;;": "content type application/json",
	} {
		if got := otherType(declared); got != want {
			t.Errorf("%q: %q, want %q", declared, got, want)
		}
	}
}

func TestOtherExtension(t *testing.T) {
	for path, want := range map[string]string{
		"/": "", "/a": "", "/a.html": "", "/a.php": "", "/v1.2": "", "/a.md": "", "/a.b/c": "", "/A.PDF": ".pdf",
		"/x.tar.gz": ".gz", "/feed.xml": ".xml",
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
		{"hello", "text/html", true}, {"", "text/html", true}, {"\x00\x01\x02", "text/html", true},
		{"\x00\x01\x02", "", false}, {"%PDF-1.4", "text/html", false}, {"\x89PNG\r\n\x1a\n", "text/html", false},
		{"PK\x03\x04", "text/html", false}, {`<?xml version="1.0"?><HTML>`, "text/html", true},
		{`<?xml version="1.0"?><rss>`, "text/html", false}, {"\xff\xfe<\x00h\x00", "text/html", true},
	} {
		if why := sniff([]byte(tt.body), tt.declared); (why == "") != tt.html {
			t.Errorf("%q as %q: %q", tt.body, tt.declared, why)
		}
	}
}
