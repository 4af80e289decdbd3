package crawler

import (
	"bytes"
	"encoding/json"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
)

// otherExtensions are those of files that are never pages. Requested, and judged by their content type, are documents that
// some sites render as pages (.md, .txt), and what is as likely the name of a subject: there are articles at
// /docs/package.json, /wiki/Node.js, /reference/pom.xml and /api/array.map.
var otherExtensions = map[string]bool{
	".png": true, ".jpg": true, ".jpeg": true, ".gif": true, ".webp": true, ".avif": true, ".svg": true, ".ico": true,
	".bmp": true, ".tif": true, ".tiff": true, ".heic": true,
	".woff": true, ".woff2": true, ".ttf": true, ".otf": true, ".eot": true,
	".mp3": true, ".wav": true, ".ogg": true, ".m4a": true, ".flac": true,
	".mp4": true, ".m4v": true, ".webm": true, ".mov": true, ".avi": true, ".mkv": true, ".mpg": true, ".mpeg": true,
	".zip": true, ".gz": true, ".tgz": true, ".tar": true, ".bz2": true, ".xz": true, ".7z": true, ".rar": true,
	".pdf": true, ".doc": true, ".docx": true, ".xls": true, ".xlsx": true, ".ppt": true, ".pptx": true, ".odt": true,
	".ods": true, ".odp": true, ".epub": true, ".rtf": true,
	".exe": true, ".msi": true, ".dmg": true, ".pkg": true, ".deb": true, ".rpm": true, ".apk": true, ".iso": true,
	".rss": true, ".atom": true,
}

// otherExtension returns the extension of a URL path if files with it are never pages, else the empty string.
func otherExtension(urlPath string) string {
	ext := strings.ToLower(path.Ext(urlPath))
	if otherExtensions[ext] {
		return ext
	}
	return ""
}

// contentTypeOf returns the Content-Type of an answer: the last that is a media type, as the Fetch standard has it, if
// there are several; empty if there is none.
func contentTypeOf(h http.Header) string {
	values := h["Content-Type"]
	for i := len(values) - 1; i > 0; i-- {
		if mediaType(values[i]) != "" {
			return values[i]
		}
	}
	return h.Get("Content-Type")
}

// mediaType returns the media type that a Content-Type begins with, lower case, whatever is wrong with its parameters.
// It is empty if there is none, or one that says nothing, for which the MIME Sniffing standard has the body looked at.
func mediaType(contentType string) string {
	t := strings.TrimLeft(contentType, " \t\r\n\f")
	if end := strings.IndexAny(t, " \t\r\n\f;,("); end >= 0 {
		t = t[:end]
	}
	t = strings.ToLower(t)
	major, minor, _ := strings.Cut(t, "/")
	if !isMediaToken(major) || !isMediaToken(minor) || t == "unknown/unknown" || t == "application/unknown" || t == "*/*" {
		return ""
	}
	return t
}

// isMediaToken reports whether s is a token of RFC 9110 section 5.6.2.
func isMediaToken(s string) bool {
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return s != ""
}

// otherType returns the media type that a Content-Type header declares, if no page has it; empty if one has, or if none
// is declared.
func otherType(contentType string) string {
	switch t := mediaType(contentType); t {
	case "", "text/html", "application/xhtml+xml", "application/vnd.wap.xhtml+xml":
		return ""
	case "text/xml", "application/xml": // XHTML, if sniff finds it in there
		return ""
	default:
		return "content type " + t
	}
}

// isHTML reports whether a Content-Type declares HTML.
func isHTML(contentType string) bool {
	t := mediaType(contentType)
	return t == "text/html" || t == "application/xhtml+xml"
}

// sniff looks at a body that claims to be HTML or XML, or that has no type, and returns why it is not HTML; empty if it
// may be.
func sniff(body []byte, contentType string) string {
	declared := mediaType(contentType)
	xml := strings.HasSuffix(declared, "/xml")
	found, _, _ := strings.Cut(http.DetectContentType(body), ";")
	switch found {
	case "text/html":
		if !xml {
			return ""
		}
	case "text/xml", "text/plain", "application/octet-stream":
		// XHTML begins like any other XML, UTF-16 without a mark looks like octets, and a fragment of HTML like text.
		if why := sniffText(body, found, declared); why != "" || !xml {
			return why
		}
	default:
		if declared == "" {
			return "no content type, and " + found + " by its first bytes"
		}
		return "content type " + declared + ", but " + found + " by its first bytes"
	}
	if !containsFold(body[:min(len(body), xhtmlWindow)], "<html") {
		return "content type " + declared + ", and not XHTML"
	}
	return ""
}

// xhtmlWindow is how far into an XML document, in bytes, its root element begins.
const xhtmlWindow = 4 << 10

// sniffText is sniff for what begins as no known type does.
func sniffText(body []byte, found, declared string) string {
	text := bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\xEF\xBB\xBF")), " \t\r\n\f")
	switch {
	case len(text) == 0 && declared != "":
		return ""
	case declared == "" && (len(text) == 0 || text[0] != '<'):
		return "no content type, and " + found + " by its first bytes"
	case (text[0] == '{' || text[0] == '[') && json.Valid(text):
		return "JSON by its content"
	case found == "application/octet-stream" && isBinary(text):
		return "binary by its first bytes"
	case text[0] == '<':
		if root := rootElement(text); found == "text/xml" || slices.Contains(otherRoots, root) {
			head := text[:min(len(text), xhtmlWindow)]
			if !containsFold(head, "<html") && !containsFold(head, "<!doctype html") && !containsFold(head, "<body") {
				return "XML with the root element " + root
			}
		}
	}
	return ""
}

// isBinary reports whether the first bytes of text hold so many control characters that it is none, and it is not UTF-16:
// a tenth of them or, where nothing looks like HTML, a fortieth, of which compressed or random data have four times as
// many and text has none.
func isBinary(text []byte) bool {
	if wide(text) != nil || bytes.HasPrefix(text, []byte("\xFF\xFE")) || bytes.HasPrefix(text, []byte("\xFE\xFF")) ||
		bytes.HasPrefix(text, []byte("\x00\x00\xFE\xFF")) {
		return false
	}
	head := text[:min(len(text), encodingPeek)]
	controls := 0
	for _, c := range head {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1B {
			controls++
		}
	}
	return controls*10 > len(head) || controls*40 > len(head) && !markup.Match(text[:min(len(text), xhtmlWindow)])
}

// markup matches a tag that few pages are without.
var markup = regexp.MustCompile(`(?i)<(?:!doctype|html|head|body|title|meta|div|p|h1)[\s>/]`)

// otherRoots are root elements of documents that sites serve as HTML by mistake.
var otherRoots = []string{"svg", "rss", "feed", "urlset", "sitemapindex", "rdf:rdf", "opml", "soap:envelope"}

// rootElement returns the lower-case name of the first element of XML; empty if none is found.
func rootElement(text []byte) string {
	if m := firstElement.FindSubmatch(text[:min(len(text), xhtmlWindow)]); m != nil {
		return strings.ToLower(string(m[1]))
	}
	return ""
}

// Declarations, processing instructions and comments may precede the root element.
var firstElement = regexp.MustCompile(`(?s)^\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*|<![^>]*>\s*)*<([A-Za-z_][^\s/>]*)`)

// containsFold reports whether text contains the lower-case ASCII string s in any case.
func containsFold(text []byte, s string) bool { return bytes.Contains(bytes.ToLower(text), []byte(s)) }
