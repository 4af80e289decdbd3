package crawler

import (
	"bytes"
	"mime"
	"net/http"
	"path"
	"strings"
)

// otherExtensions are those of files that are never pages. Documents that some sites render as pages (.md, .txt) are
// requested and judged by their content type.
var otherExtensions = map[string]bool{
	".png": true, ".jpg": true, ".jpeg": true, ".gif": true, ".webp": true, ".avif": true, ".svg": true, ".ico": true,
	".bmp": true, ".tif": true, ".tiff": true, ".heic": true,
	".css": true, ".js": true, ".mjs": true, ".map": true, ".wasm": true, ".json": true, ".xml": true, ".rss": true,
	".atom": true, ".xsl": true, ".csv": true,
	".woff": true, ".woff2": true, ".ttf": true, ".otf": true, ".eot": true,
	".mp3": true, ".wav": true, ".ogg": true, ".m4a": true, ".flac": true,
	".mp4": true, ".m4v": true, ".webm": true, ".mov": true, ".avi": true, ".mkv": true, ".mpg": true, ".mpeg": true,
	".zip": true, ".gz": true, ".tgz": true, ".tar": true, ".bz2": true, ".xz": true, ".7z": true, ".rar": true,
	".pdf": true, ".doc": true, ".docx": true, ".xls": true, ".xlsx": true, ".ppt": true, ".pptx": true, ".odt": true,
	".ods": true, ".odp": true, ".epub": true, ".rtf": true,
	".exe": true, ".msi": true, ".dmg": true, ".pkg": true, ".deb": true, ".rpm": true, ".apk": true, ".iso": true,
	".jar": true, ".bin": true,
}

// otherExtension returns the extension of a URL path if files with it are never pages, else the empty string.
func otherExtension(urlPath string) string {
	ext := strings.ToLower(path.Ext(urlPath))
	if otherExtensions[ext] {
		return ext
	}
	return ""
}

// sniff looks at a body that claims to be HTML, or that has no type, and returns why it is not; empty if it may be.
func sniff(body []byte, contentType string) string {
	found, _, err := mime.ParseMediaType(http.DetectContentType(body))
	if err != nil {
		found = "application/octet-stream"
	}
	declared := strings.TrimSpace(contentType) != ""
	switch {
	case found == "text/html":
		return ""
	case found == "text/xml": // XHTML begins like any other XML
		if bytes.Contains(bytes.ToLower(body[:min(len(body), 4<<10)]), []byte("<html")) {
			return ""
		}
	case found == "text/plain" || found == "application/octet-stream":
		// UTF-16 without a mark looks like octets, and a fragment of HTML like text.
		if declared || bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) {
			return ""
		}
	}
	if declared {
		return "content is " + found + " by its first bytes"
	}
	return "no content type, and " + found + " by its first bytes"
}

// otherType returns the media type that a Content-Type header declares, if that is not HTML; empty if it is, or if
// none is declared.
func otherType(contentType string) string {
	if strings.TrimSpace(contentType) == "" {
		return ""
	}
	t, _, err := mime.ParseMediaType(contentType)
	if err != nil { // only the parameters may be wrong, or a proxy has doubled it
		t = contentType
		if end := strings.IndexAny(t, ";,"); end >= 0 {
			t = t[:end]
		}
		t = strings.ToLower(strings.TrimSpace(t))
	}
	if t == "text/html" || t == "application/xhtml+xml" {
		return ""
	}
	return "content type " + t
}
