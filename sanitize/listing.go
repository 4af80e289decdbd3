package sanitize

import (
	"fmt"
	"path"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// How much of a page other pages of the site must make up for it to be a listing. A page that falls short is an article:
// to take an article for a listing loses it, to take a listing for an article does little harm. Above all, a short answer
// with links to related articles below is an article.
const (
	minPages     = 3    // pages listed, with hardly a word beside them
	minManyPages = 5    // with labels beside them, or some lines below each
	minAllPages  = 10   // with an introduction; nobody names so many related articles
	minAllLinked = 1000 // or so many letters: fewer pages, but with their parts
	maxElsewhere = 400  // bytes of prose on the page outside of what was found to be its content
)

// listing returns why a page shows nothing but a list of other pages of its site, in one line for a person; it is empty
// for an article. tree is what became of the content, doc what is left of the page without it.
func listing(tree, doc *html.Node, found place, urls *resolver) string {
	if urls.page == "" {
		return ""
	}
	s := takeSurvey(tree, urls)
	if s.article || s.entries == 0 || s.headings > s.entries || s.images > s.entries+1 {
		return ""
	}
	by := indexURL(urls.page)
	if !s.isList(by, found.bare) || found.auto && !found.page && elsewhere(doc) {
		return ""
	}
	what := "1 link to another page makes up"
	if s.entries > 1 {
		what = fmt.Sprintf("%d links to other pages make up", s.entries)
		if s.teased > 0 {
			what = fmt.Sprintf("%d links to other pages, with a few lines below, make up", s.entries)
		}
	}
	evidence := fmt.Sprintf("%s %d %% of its text", what, s.listed()*100/(s.listed()+s.beside))
	if by.segment != "" {
		evidence += fmt.Sprintf(", and its URL is one of %q", by.segment)
	}
	return evidence
}

// isList weighs what was counted. bare says that no landmark marks the content: it may be the navigation.
func (s *survey) isList(by indexKind, bare bool) bool {
	pages := s.pages()
	switch {
	case s.data > s.entries:
		return false
	case by.segment != "" && pages < minPages: // the text below a single link may be what the page is for
		return s.beside+s.teasers+s.excerpts <= 2*s.linked
	case by.segment != "":
		return s.beside <= 2*s.listed()
	case by.home && pages >= minPages && s.beside <= s.listed():
		return true
	case bare: // then a few words may be a short article
		return pages >= minManyPages && !s.says && s.beside*50 <= s.listed()
	case s.says && pages < minAllPages && s.linked < minAllLinked:
		return false
	case s.teased > 0 && s.teasers > 6*s.linked: // terms with definitions, versions with changes
		return false
	case pages >= minManyPages:
		return s.beside*3 <= s.listed()
	}
	return pages >= minPages && s.teased == 0 && s.beside*5 <= s.listed()
}

// elsewhere reports whether the page has prose in another place, which might be the article.
func elsewhere(doc *html.Node) bool {
	body := find(doc, func(n *html.Node) bool { return n.DataAtom == atom.Body })
	return body != nil && ownProse(body) > maxElsewhere
}

// indexKind is what a URL says of a page that may be an index.
type indexKind struct {
	segment string // of the path, such as "categories"; empty: none
	home    bool   // the path is that of a site or of its help center
}

// indexURL reads the path of a URL. The segment that names an index is the last one, or that before the name of what is
// listed: so it is in help centers (Zendesk, Intercom, Help Scout, Freshdesk), blogs and documentation generators.
func indexURL(pageURL string) indexKind {
	_, p, _ := strings.Cut(pageURL, "://")
	p, _, _ = strings.Cut(p, "?")
	_, p, _ = strings.Cut(strings.ToLower(strings.TrimRight(p, "/")), "/")
	kind := indexKind{home: true}
	for segment := range strings.SplitSeq(p, "/") {
		kind.home = kind.home && isHomeSegment(segment)
	}
	for range 2 {
		i := strings.LastIndexByte(p, '/')
		if isIndexSegment(p[i+1:]) {
			kind.segment = p[i+1:]
			break
		}
		p = p[:max(i, 0)]
	}
	return kind
}

func isIndexSegment(s string) bool {
	switch s {
	case "sections", "collections", "collection", "folders", "tags", "tag":
		return true
	}
	return strings.HasSuffix(s, "category") || strings.HasSuffix(s, "categories")
}

// isHomeSegment knows what the paths of home pages are made of: a language, and words for a help center.
func isHomeSegment(s string) bool {
	switch s {
	case "", "index.html", "index.htm", "index.php", "home", "hc", "help", "help-center", "helpcenter", "support",
		"solutions", "kb", "knowledge", "knowledge-base", "knowledgebase", "docs":
		return true
	}
	return len(s) == 2 && isLanguage(s) || len(s) == 5 && (s[2] == '-' || s[2] == '_') && isLanguage(s[:2])
}

// isLanguage knows the languages that help centers are written in (ISO 639-1).
func isLanguage(s string) bool {
	switch s {
	case "ar", "bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "he", "hi", "hu", "id", "it", "ja", "ko", "lt",
		"lv", "ms", "nb", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "th", "tr", "uk", "vi", "zh":
		return true
	}
	return false
}

// siteOf returns the host of an absolute URL, with its port and without www.
func siteOf(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		rest = rest[:i]
	}
	return strings.TrimPrefix(rest, "www.")
}

// isFile reports whether a URL looks like that of a file to download.
func isFile(url string) bool {
	url, _, _ = strings.Cut(url, "?")
	for _, folder := range []string{"/download", "attachment", "/uploads/"} {
		if strings.Contains(url, folder) {
			return true
		}
	}
	switch strings.ToLower(path.Ext(url)) {
	case ".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".odt", ".ods", ".odp", ".rtf", ".epub", ".txt",
		".csv", ".json", ".xml", ".yaml", ".yml", ".ics",
		".zip", ".gz", ".tgz", ".tar", ".bz2", ".xz", ".zst", ".7z", ".rar",
		".exe", ".msi", ".dmg", ".pkg", ".deb", ".rpm", ".apk", ".ipa", ".iso", ".jar", ".bin", ".hex", ".appimage",
		".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".avif",
		".mp3", ".wav", ".ogg", ".m4a", ".mp4", ".m4v", ".mov", ".webm", ".avi", ".mkv":
		return true
	}
	return false
}
