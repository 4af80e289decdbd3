package demo

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"strings"
)

// renderer puts sources into the layout. Safe for concurrent use.
type renderer struct {
	lib     *library
	layouts map[string]*template.Template // by the name of the file that defines the frame
}

func newRenderer(files fs.FS, lib *library) (*renderer, error) {
	r := &renderer{lib: lib, layouts: make(map[string]*template.Template)}
	for _, name := range []string{"home", "category", "article", "plain", "search", "print"} {
		t, err := template.ParseFS(files, "templates/layout.html", "templates/"+name+".html")
		if err != nil {
			return nil, fmt.Errorf("parse template %s: %w", name, err)
		}
		r.layouts[name] = t
	}
	return r, nil
}

// view is what the templates see.
type view struct {
	Title      string
	Summary    string
	Canonical  string // absolute URL; empty: the page names none
	NoIndex    bool
	Path       string
	Categories []listing

	Body     template.HTML
	Updated  string
	ISO      string
	Minutes  int
	Category *link
	Headings []heading
	Siblings []link
	Related  []link
	Previous *link
	Next     *link
	Print    string // path of the printable duplicate
	Popular  []link
	Query    string
	Results  []link
}

type link struct {
	Path, Title, Summary string
	Current              bool
}

type listing struct {
	link
	Slug     string
	Articles []link
	Current  bool
}

func linkTo(p *source) link { return link{Path: p.Path, Title: p.Title, Summary: p.Summary} }

// base fills what every page shows.
func (r *renderer) base(p *source) view {
	v := view{
		Title:     p.Title,
		Summary:   p.Summary,
		Canonical: absolute(p.Path),
		NoIndex:   p.NoIndex,
		Path:      p.Path,
		Body:      p.Body,
		Updated:   p.Updated.Format("2 January 2006"),
		ISO:       p.Updated.Format("2006-01-02T15:04:05Z07:00"),
		Minutes:   p.minutes(),
	}
	for _, c := range r.lib.categories {
		l := listing{link: linkTo(c), Slug: c.slug(), Current: c == p || c.slug() == p.Category}
		for _, a := range r.lib.listed(c) {
			l.Articles = append(l.Articles, linkTo(a))
		}
		v.Categories = append(v.Categories, l)
	}
	return v
}

func (r *renderer) page(p *source) ([]byte, error) {
	switch {
	case p.Path == homePath:
		return r.home(p)
	case strings.HasPrefix(p.Path, "/categories/"):
		return r.execute("category", r.base(p))
	case strings.HasPrefix(p.Path, "/articles/"):
		return r.article(p)
	case p.Path == searchPath:
		return r.search(p, "")
	}
	return r.execute("plain", r.base(p))
}

func (r *renderer) home(p *source) ([]byte, error) {
	v := r.base(p)
	for _, slug := range p.Related {
		v.Popular = append(v.Popular, linkTo(r.lib.bySlug[slug]))
	}
	return r.execute("home", v)
}

func (r *renderer) article(p *source) ([]byte, error) {
	v := r.base(p)
	category := r.lib.categoryOf(p)
	parent := linkTo(category)
	v.Category = &parent
	v.Headings = p.headings()
	for _, slug := range p.Related {
		v.Related = append(v.Related, linkTo(r.lib.bySlug[slug]))
	}
	siblings := r.lib.listed(category)
	for i, s := range siblings {
		l := linkTo(s)
		if l.Current = s == p; l.Current {
			v.Previous, v.Next = neighbours(siblings, i)
		}
		v.Siblings = append(v.Siblings, l)
	}
	if p.Printable {
		v.Print = printPath(p)
	}
	return r.execute("article", v)
}

func neighbours(list []*source, i int) (previous, next *link) {
	if i > 0 {
		l := linkTo(list[i-1])
		previous = &l
	}
	if i < len(list)-1 {
		l := linkTo(list[i+1])
		next = &l
	}
	return previous, next
}

// printed is the duplicate of an article, whose canonical link names the original.
func (r *renderer) printed(p *source) ([]byte, error) { return r.execute("print", r.base(p)) }

func (r *renderer) notFound() ([]byte, error) {
	v := r.base(&source{
		Title: "Page not found",
		Body:  "<p>There is no page at this address. It may have been moved or renamed.</p>\n<p><a href=\"/\">Go to the home page</a></p>",
	})
	v.Canonical = ""
	return r.execute("plain", v)
}

func (r *renderer) search(p *source, query string) ([]byte, error) {
	v := r.base(p)
	v.Query = query
	for _, found := range r.lib.search(query) {
		v.Results = append(v.Results, linkTo(found))
	}
	return r.execute("search", v)
}

func (r *renderer) execute(layout string, v view) ([]byte, error) {
	var b bytes.Buffer
	if err := r.layouts[layout].ExecuteTemplate(&b, "layout.html", v); err != nil {
		return nil, fmt.Errorf("render %s: %w", v.Path, err)
	}
	return b.Bytes(), nil
}
