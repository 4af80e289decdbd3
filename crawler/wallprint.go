package crawler

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// printNames are parameters, or values of others, that ask for a view for printing.
var printNames = []string{"print", "printable", "printview", "print_view", "print-view", "printer", "printer_friendly", "printer-friendly",
	"printerfriendly", "printpage", "print_page", "printmode", "pview", "toprint", "drucken", "druckansicht", "imprimir", "imprimer", "stampa"}

// printSegment returns the segment of a path that asks for a view for printing.
func printSegment(path string) string {
	for s := range strings.SplitSeq(strings.ToLower(path), "/") {
		if fileName.MatchString(s) {
			s = s[:strings.LastIndexByte(s, '.')]
		}
		if slices.Contains(printNames, s) || strings.HasSuffix(s, "-print") || strings.HasSuffix(s, "_print") {
			return s
		}
	}
	return ""
}

// printAddress returns the part of a URL that asks for a view for printing.
func printAddress(u *url.URL) string {
	if u.RawQuery != "" {
		for name, values := range u.Query() {
			lower := strings.ToLower(name)
			value := ""
			if len(values) > 0 {
				value = strings.ToLower(values[0])
			}
			switch {
			case slices.Contains(printNames, lower) && value != "0" && value != "false" && value != "no":
				return name
			case slices.Contains(printNames, value):
				switch lower {
				case "format", "view", "layout", "mode", "action", "output", "tmpl", "template", "style", "type", "display", "version", "do", "theme":
					return name + "=" + value
				}
			}
		}
	}
	return printSegment(u.Path)
}

var printing = regexp.MustCompile(`(?:^|[;{}\s(]|window\.|self\.)print\(\)`)

// printPage recognises another view of a page, for printing, by its address and its markup.
func printPage(a *answer) finding {
	if a.url == nil {
		return finding{}
	}
	part := printAddress(a.url)
	if part == "" || a.copied() {
		return finding{}
	}
	s := a.sight()
	evidence := ""
	switch {
	case printsItself(s):
		evidence = "it prints itself"
	case a.canonical != "" && a.canonical != a.url.String() && unprinted(a.url, a.canonical):
		return found(InsteadTrap, "print view of ", a.canonical, ", by ", quoted(part), " in its address and its canonical")
	case s.stylesheets > 0 && s.printSheets == s.stylesheets:
		evidence = "all its stylesheets are for print"
	case s.body != nil && printBody(s.body):
		evidence = "the class of its body"
	default:
		return finding{}
	}
	of := "another page"
	if a.canonical != "" && a.canonical != a.url.String() {
		of = a.canonical
	}
	return found(InsteadTrap, fmt.Sprintf("print view of %s, by %s in its address: %s", of, quoted(part), evidence))
}

// copied reports whether the page says what it is a copy of, and is read so: then its canonical says more than a look.
func (a *answer) copied() bool {
	return a.c != nil && a.c.cfg.Scope.Canonical != Ignore && a.canonical != "" && a.canonical != a.url.String() &&
		a.c.scope.Decide(a.canonical).In
}

// printsItself reports whether a script prints the page when it is there, not when somebody presses a button.
func printsItself(s *sight) bool {
	if s.body != nil {
		if onload, _ := attribute(s.body, "onload"); printing.MatchString(onload) {
			return true
		}
	}
	for _, script := range s.inline {
		if len(script) > 2<<10 || !printing.MatchString(script) {
			continue
		}
		if !strings.Contains(script, "click") && !strings.Contains(script, "beforeprint") &&
			(!strings.Contains(script, "function") || strings.Contains(script, "load") || strings.Contains(script, "ready") || strings.Contains(script, "setTimeout")) {
			return true
		}
	}
	return false
}

// printBody reports whether the class or id of a body names a view for printing.
func printBody(body *html.Node) bool {
	if body.DataAtom != atom.Body {
		return false
	}
	for _, a := range body.Attr {
		if a.Key != "class" && a.Key != "id" {
			continue
		}
		for token := range strings.FieldsSeq(strings.ToLower(a.Val)) {
			if slices.Contains(printNames, token) || token == "contentpane" {
				return true
			}
		}
	}
	return false
}

// unprinted reports whether canonical is the page that u shows for printing: the same host, and the same path or one
// without the part that asks for printing.
func unprinted(u *url.URL, canonical string) bool {
	to, err := url.Parse(canonical)
	if err != nil || !strings.EqualFold(to.Hostname(), u.Hostname()) || printAddress(to) != "" {
		return false
	}
	if to.Path == u.Path {
		return true
	}
	name := strings.TrimRight(lastSegment(to.Path), "/")
	return name != "" && strings.Contains(u.Path, name)
}
