package crawler

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func parsePage(t testing.TB, c *Crawler, pageURL, text string, header http.Header) *Page {
	t.Helper()
	u, err := url.Parse(pageURL)
	if err != nil {
		t.Fatal(err)
	}
	p := &Page{Item: Item{Link: Link{URL: pageURL}}}
	if err := c.parse(p, u, header, []byte(text)); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestParse(t *testing.T) {
	c := newTestCrawler(t, testConfig("https://help.example/"), inProcess{http.NotFoundHandler()})
	const at = "https://help.example/en/a"
	for _, tt := range []struct {
		name, text string
		header     http.Header
		want       Page
	}{
		{name: "plain", text: `<html lang="EN-gb"><h1>x</h1>`, want: Page{Lang: "en-gb"}},
		{name: "links once, in order, without what is no page", text: `
			<a href="b">1</a><a href="b#x">1</a><a href=" ../c ">2</a>
			<a href="#top">-</a><a href="mailto:a@b.c">-</a><a href="javascript:x()">-</a><a href="tel:1">-</a><a name=x>-</a>
			<a href="https://other.example/">3</a><a rel="NoFollow ugc" href="d">-</a><map><area href="/e"></map>
			<template><a href="t">-</a></template><iframe src="f"></iframe><noscript><a href="g">5</a></noscript>`,
			want: Page{Links: []string{"https://help.example/en/b", "https://help.example/c", "https://other.example/",
				"https://help.example/e", "https://help.example/en/g"}}},
		{name: "next and prev",
			text: `<link rel=next href="?p=2"><link rel="prev" href="?p=0"><link rel=stylesheet href=s.css>`,
			want: Page{Links: []string{at + "?p=2", at + "?p=0"}}},
		{name: "base", text: `<base href="/x/"><base href="/y/"><a href="z">`,
			want: Page{Base: "https://help.example/x/", Links: []string{"https://help.example/x/z"}}},
		{name: "base that is none", text: `<base href="data:x"><a href="z">`,
			want: Page{Links: []string{"https://help.example/en/z"}}},
		{name: "canonical", text: `<link rel="Canonical" href="/en/b?utm_source=x#y"><link rel=canonical href="b">`,
			want: Page{Canonical: "https://help.example/en/b"}},
		{name: "canonicals that differ", text: `<link rel=canonical href="/b"><link rel=canonical href="/c">`,
			want: Page{Directives: []string{`rel=canonical "https://help.example/b" and "https://help.example/c": they differ, so that none counts`}}},
		{name: "canonical without value", text: `<base href="/x/"><link rel=canonical href=" "><link rel=canonical href="/c">`,
			want: Page{Base: "https://help.example/x/", Canonical: "https://help.example/c"}},
		{name: "canonical for a device", text: `<link rel=canonical media="only screen" href="/m"><link rel=canonical hreflang=de href="/de">`},
		{name: "canonical that is no address", text: `<link rel=canonical href="javascript:x">`, want: Page{Canonical: "javascript:x"}},
		{name: "canonical after the head", text: `<head><title>x</title><div></div><link rel=canonical href="/c"></head>`},
		{name: "canonical in the body", text: `<body><link rel=canonical href="/c">`},
		{name: "canonical in the header",
			header: http.Header{"Link": {`</x>; rel="next, prev"; title="a, b", <../d>; rel="canonical"`}},
			want:   Page{Canonical: "https://help.example/d", Links: []string{"https://help.example/x"}}},
		{name: "canonical in both", text: `<link rel=canonical href="/c">`,
			header: http.Header{"Link": {`</c>;rel=canonical`}}, want: Page{Canonical: "https://help.example/c"}},
		{name: "canonical in the header, relative", text: `<base href="/x/">`,
			header: http.Header{"Link": {`<b>; rel=canonical`}}, want: Page{Base: "https://help.example/x/", Canonical: "https://help.example/en/b"}},
		{name: "canonicals that differ between header and page", text: `<link rel=canonical href="/c">`,
			header: http.Header{"Link": {`</d>;rel=canonical`}},
			want:   Page{Directives: []string{`rel=canonical "https://help.example/c" and "https://help.example/d": they differ, so that none counts`}}},
		{name: "alternates", text: `<link rel=alternate hreflang=de href="/de/a"><link rel=alternate hreflang=x-default href="/a">
			<link rel=alternate media="only screen" href="/m"><link rel=alternate type="application/rss+xml" href="/feed">
			<link rel="alternate nofollow" hreflang=fr href="/fr/a">`,
			header: http.Header{"Link": {`</es/a>; rel="alternate"; hreflang="es", </amp>; rel=amphtml, <b>; rel=next`}},
			want: Page{Links: []string{"https://help.example/de/a", "https://help.example/a", "https://help.example/es/a",
				"https://help.example/en/b"}}},
		{name: "links nobody vouches for", text: `<a rel="ugc" href=b>-</a><a rel="SPONSORED noopener" href=c>-</a>
			<a rel="ugc,nofollow" href=d>-</a><a rel="noopener external" href=e>x</a>`,
			want: Page{Links: []string{"https://help.example/en/e"}}},
		{name: "noindex", text: `<meta name=ROBOTS content="NoIndex, follow"><a href=b>`,
			want: Page{NoIndex: `meta robots "NoIndex, follow"`, Links: []string{"https://help.example/en/b"},
				Directives: []string{`meta robots "NoIndex, follow"`}}},
		{name: "none", text: `<meta name=pageferry content="none"><a href=b>`,
			want: Page{NoIndex: `meta pageferry "none"`, NoFollow: true, Directives: []string{`meta pageferry "none"`}}},
		{name: "nofollow for googlebot", text: `<meta name=googlebot content="nofollow"><a href=b>`,
			want: Page{NoFollow: true, Directives: []string{`meta googlebot "nofollow"`}}},
		{name: "noindex for another", text: `<meta name=bingbot content="noindex"><meta name=description content="none">`},
		{name: "X-Robots-Tag",
			header: http.Header{"X-Robots-Tag": {"noarchive", "unavailable_after: 25 Jun 2030 15:00:00 PST, noindex"}},
			want: Page{NoIndex: `X-Robots-Tag "unavailable_after: 25 Jun 2030 15:00:00 PST, noindex"`,
				Directives: []string{`X-Robots-Tag "unavailable_after: 25 Jun 2030 15:00:00 PST, noindex"`}}},
		{name: "X-Robots-Tag for agents",
			header: http.Header{"X-Robots-Tag": {"bingbot: noindex, nofollow", "PageFerry: nofollow, otherbot: noindex"}},
			want:   Page{NoFollow: true, Directives: []string{`X-Robots-Tag "PageFerry: nofollow, otherbot: noindex"`}}},
		{name: "X-Robots-Tag for googlebot", header: http.Header{"X-Robots-Tag": {"googlebot: nosnippet, noindex"}},
			want: Page{NoIndex: `X-Robots-Tag "googlebot: nosnippet, noindex"`,
				Directives: []string{`X-Robots-Tag "googlebot: nosnippet, noindex"`}}},
		{name: "Content-Language", header: http.Header{"Content-Language": {"de-DE"}}, want: Page{Lang: "de-de"}},
		{name: "Content-Language of an audience", header: http.Header{"Content-Language": {"de, en"}}},
		{name: "language of the body", text: `<body lang=fr>`, want: Page{Lang: "fr"}},
		{name: "language of the markup", text: `<html lang=fr><meta http-equiv=content-language content=de>`,
			header: http.Header{"Content-Language": {"en"}}, want: Page{Lang: "fr"}},
		{name: "language in a meta", text: `<meta http-equiv=Content-Language content=" de_AT.UTF-8 ">`,
			header: http.Header{"Content-Language": {"en"}}, want: Page{Lang: "de_at"}},
		{name: "language that is none", text: `<html lang="{{ page.lang }}"><meta http-equiv=Content-Language content="de, en">`,
			header: http.Header{"Content-Language": {"und"}}},
		{name: "refresh in the header", header: http.Header{"Refresh": {"0; URL=/new"}}, want: Page{Redirect: "https://help.example/new"}},
		{name: "refresh with a blank", text: `<meta http-equiv=refresh content=".5 /new">`, want: Page{Redirect: "https://help.example/new"}},
		{name: "refresh with a unit", text: `<meta http-equiv=refresh content="0s;url=/new">`},
		{name: "refresh relative to base", text: `<base href="/x/"><meta http-equiv=refresh content="0;url=new">`,
			want: Page{Base: "https://help.example/x/", Redirect: "https://help.example/x/new"}},
		{name: "base on another host", text: `<base href="//other.example/x/"><a href=z>`,
			want: Page{Base: "https://other.example/x/", Links: []string{"https://other.example/x/z"}}},
		{name: "base without value", text: `<base href=""><base href="/x/"><a href=z>`, want: Page{Links: []string{"https://help.example/en/z"}}},
		{name: "base of a drawing", text: `<svg><base href="/x/"></svg><a href=z>`, want: Page{Links: []string{"https://help.example/en/z"}}},
		{name: "refresh", text: `<meta http-equiv=refresh content="1;url=/new#x">`,
			want: Page{Redirect: "https://help.example/new"}},
		{name: "refresh, bare", text: `<meta http-equiv=refresh content='0, "/new" x'>`,
			want: Page{Redirect: "https://help.example/new"}},
		{name: "slow refresh", text: `<meta http-equiv=refresh content="5;url=/new">`},
		{name: "refresh of itself", text: `<meta http-equiv=refresh content="0;url=a">`},
		{name: "reload", text: `<meta http-equiv=refresh content="0">`},
		{name: "refresh without scripts", text: `<head><noscript><meta http-equiv=refresh content="0;url=/nojs"></noscript>`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := parsePage(t, c, at, tt.text, tt.header)
			if (p.Doc == nil) != (tt.want.Redirect != "") {
				t.Errorf("doc %v, redirect %q", p.Doc, p.Redirect)
			}
			if tt.want.Base == "" {
				tt.want.Base = at
			}
			got := Page{Base: p.Base, Lang: p.Lang, Canonical: p.Canonical, NoIndex: p.NoIndex, NoFollow: p.NoFollow,
				Links: p.Links, Redirect: p.Redirect, Directives: p.Directives}
			if len(got.Links) == 0 {
				if !p.NoFollow && p.Redirect == "" && p.Links == nil {
					t.Error("links are nil without nofollow")
				}
				got.Links = nil
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`<base href=x><a href=y><meta http-equiv=refresh content="0;url='">`), `<a>; rel="canonical"`, "a:none,b")
	cfg := testConfig("https://help.example/")
	c, err := New(cfg, Options{Transport: inProcess{http.NotFoundHandler()}})
	if err != nil {
		f.Fatal(err)
	}
	u := &url.URL{Scheme: "https", Host: "help.example", Path: "/a"}
	f.Fuzz(func(t *testing.T, text []byte, link, tag string) {
		p := &Page{Item: Item{Link: Link{URL: u.String()}}}
		if c.parse(p, u, http.Header{"Link": {link}, "X-Robots-Tag": {tag}}, decode(text, "")) != nil {
			return
		}
		for _, l := range append(p.Links, p.Canonical, p.Redirect) {
			if canonical, err := c.canon.Canonical(l); l != "" && (err != nil || canonical != l) {
				t.Errorf("%q is not canonical: %q, %v", l, canonical, err)
			}
		}
	})
}

// helpPage returns a page of about 18 KB with 60 links, as help centers have them.
func helpPage() []byte {
	var b strings.Builder
	b.WriteString(`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>How to reset a password | Help</title>` +
		`<link rel="canonical" href="https://help.example/articles/1"><meta name="description" content="x">` +
		`<link rel="stylesheet" href="/main.css"></head><body><nav><ul>`)
	for i := range 40 {
		fmt.Fprintf(&b, `<li class="nav-item"><a class="nav-link" href="/articles/%d-some-article">Article %d</a></li>`, i, i)
	}
	b.WriteString(`</ul></nav><main><article><h1>How to reset a password</h1>`)
	for i := range 20 {
		fmt.Fprintf(&b, `<p class="text">%s <a href="../collections/%d#part">see</a> <strong>and</strong> <code>x</code>.</p>`+
			`<ul><li>one</li><li>two <em>three</em></li></ul>`, strings.Repeat("Some words about the matter. ", 18), i)
	}
	b.WriteString(`</article></main></body></html>`)
	return []byte(b.String())
}

func BenchmarkParse(b *testing.B) {
	c := newTestCrawler(b, testConfig("https://help.example/"), inProcess{http.NotFoundHandler()})
	text := helpPage()
	u := &url.URL{Scheme: "https", Host: "help.example", Path: "/articles/1"}
	header := http.Header{"Content-Type": {"text/html"}}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		p := &Page{Item: Item{Link: Link{URL: "https://help.example/articles/1"}}}
		if err := c.parse(p, u, header, decode(text, "text/html")); err != nil || len(p.Links) != 60 {
			b.Fatal(len(p.Links), err)
		}
	}
}
