// Package demo is the bundled sample help center: the site of Fernway, a team calendar that does not exist. It has what
// real help centers have: tables, code, images, accordions, a redirect, duplicates, pages that want to stay out of
// search engines, and around every article the furniture that a crawler must leave behind.
//
// The site is the same on every machine and in every run. Serve offers it as an HTTP forward proxy, so that its host
// name, and with it every external ID, does not depend on the port.
package demo

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"
)

// Host is the host name of the sample help center. The top-level domain example never resolves (RFC 2606).
const Host = "help.pageferry.example"

// StartURL is where a crawl of the sample begins.
const StartURL = "http://" + Host + "/"

//go:embed pages templates static
var files embed.FS

// staticDate is the Last-Modified of files that are no pages.
var staticDate = time.Date(2026, time.January, 12, 9, 0, 0, 0, time.UTC)

// redirects are answered with 301.
var redirects = map[string]string{
	"/articles/old-calendar-sync": "/articles/connect-google-calendar",
}

const (
	htmlType = "text/html; charset=utf-8"
	textType = "text/plain; charset=utf-8"
)

// resource is one ready answer.
type resource struct {
	body        []byte
	contentType string
	etag        string
	modified    time.Time
	robotsTag   string // value of X-Robots-Tag; empty: none
}

func newResource(body []byte, contentType string, modified time.Time) resource {
	sum := sha256.Sum256(body)
	return resource{
		body:        body,
		contentType: contentType,
		etag:        `"` + hex.EncodeToString(sum[:8]) + `"`,
		modified:    modified,
	}
}

// site is the whole help center, rendered. It does not change, so it is safe for concurrent use.
type site struct {
	*library
	render    *renderer
	resources map[string]resource // by path
	notFound  []byte
}

// load reads and renders the embedded files. They are part of the program, so that an error is a bug in it.
func load() (*site, error) {
	lib, err := newLibrary(files)
	if err != nil {
		return nil, err
	}
	render, err := newRenderer(files, lib)
	if err != nil {
		return nil, err
	}
	s := &site{library: lib, render: render, resources: make(map[string]resource)}
	for _, step := range []func() error{s.addPages, s.addStatic, s.addCrawlerFiles} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("build the sample help center: %w", err)
		}
	}
	return s, nil
}

func (s *site) addPages() error {
	for _, p := range s.all {
		body, err := s.render.page(p)
		if err != nil {
			return err
		}
		r := newResource(body, htmlType, s.modified(p))
		if p.RobotsTag {
			r.robotsTag = "noindex"
		}
		s.resources[p.Path] = r
		if p.Printable {
			body, err := s.render.printed(p)
			if err != nil {
				return err
			}
			s.resources[printPath(p)] = newResource(body, htmlType, p.Updated)
		}
	}
	var err error
	s.notFound, err = s.render.notFound()
	return err
}

func printPath(p *source) string { return "/print/" + p.slug() }

// addStatic adds the files under static at the root of the site.
func (s *site) addStatic() error {
	return fs.WalkDir(files, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		contentType, err := contentType(name)
		if err != nil {
			return err
		}
		s.resources[strings.TrimPrefix(name, "static")] = newResource(body, contentType, staticDate)
		return nil
	})
}

// contentType knows the extensions in use. It asks no system table: the site is the same on every machine.
func contentType(name string) (string, error) {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8", nil
	case ".svg":
		return "image/svg+xml", nil
	case ".png":
		return "image/png", nil
	case ".txt":
		return textType, nil
	case ".pdf":
		return "application/pdf", nil
	}
	return "", fmt.Errorf("static file %s: no content type for its extension", name)
}

// addCrawlerFiles adds robots.txt and sitemap.xml.
func (s *site) addCrawlerFiles() error {
	robots := "User-agent: *\nDisallow: /internal/\nDisallow: /search\n\nSitemap: " + StartURL + "sitemap.xml\n"
	s.resources["/robots.txt"] = newResource([]byte(robots), textType, staticDate)

	var b bytes.Buffer
	newest := staticDate
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n")
	b.WriteString(`<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">` + "\n")
	for _, p := range s.inSitemap() {
		modified := s.modified(p)
		if modified.After(newest) {
			newest = modified
		}
		fmt.Fprintf(&b, "  <url><loc>%s</loc><lastmod>%s</lastmod></url>\n", absolute(p.Path), modified.Format(time.DateOnly))
	}
	b.WriteString("</urlset>\n")
	s.resources["/sitemap.xml"] = newResource(b.Bytes(), "application/xml; charset=utf-8", newest)
	return nil
}

func absolute(path string) string { return "http://" + Host + path }
