package crawler

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"mime"
	"regexp"
	"strings"

	"golang.org/x/net/html/charset"
)

// sitemapPeek is how much of a document is looked at, in bytes, to tell what it is. A warning of PHP before it fits.
const sitemapPeek = 4 << 10

// maxGzipLayers is how often a document is decompressed: once for the file and once for a server that did it again
// without saying so.
const maxGzipLayers = 2

// sitemapSource is the text of a sitemap, in UTF-8.
type sitemapSource struct {
	*bufio.Reader
	xml     bool
	limited *limitedReader
}

// err returns why the document could not be read to its end; nil: it was, or was not read that far.
func (s *sitemapSource) err() error { return s.limited.err }

// openSitemap decompresses and decodes a document.
func openSitemap(r io.Reader, contentType string) (*sitemapSource, error) {
	limited := &limitedReader{r: r, left: maxSitemapBytes}
	in := bufio.NewReaderSize(r, sitemapPeek)
	for range maxGzipLayers {
		if magic, _ := in.Peek(2); string(magic) != "\x1f\x8b" {
			break
		}
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("%w: gzip: %w", errNotSitemap, err)
		}
		in = bufio.NewReaderSize(z, sitemapPeek)
	}
	limited.r = in
	in = bufio.NewReaderSize(limited, sitemapPeek)
	head, _ := in.Peek(sitemapPeek) // an error comes again when the reader gets there
	src := &sitemapSource{Reader: in, limited: limited}
	if label := sitemapCharset(head, contentType); label != "" {
		decoded, err := charset.NewReaderLabel(label, in)
		if err != nil {
			return nil, fmt.Errorf("decode %s: %w", label, err)
		}
		src.Reader = bufio.NewReaderSize(decoded, sitemapPeek)
		head, _ = src.Peek(sitemapPeek)
	}
	src.xml = looksLikeXML(head)
	return src, nil
}

var (
	xmlEncoding = regexp.MustCompile(`(?i)<\?xml[^>]*\sencoding\s*=\s*["']?([A-Za-z0-9._:-]+)`)
	xmlRoot     = regexp.MustCompile(`(?i)<([a-z0-9_]+:)?(urlset|sitemapindex|rss|rdf|feed)[\s>/]`)
)

// sitemapCharset returns the label of a document's charset, or "" if it is or may be taken for UTF-8: a byte order mark,
// else what the XML declaration says, else the Content-Type.
func sitemapCharset(head []byte, contentType string) string {
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("<\x00")):
		return "utf-16le"
	case bytes.HasPrefix(head, []byte("\xfe\xff")), bytes.HasPrefix(head, []byte("\x00<")):
		return "utf-16be"
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		return ""
	}
	label := ""
	if m := xmlEncoding.FindSubmatch(head); m != nil {
		label = string(m[1])
	} else if _, params, err := mime.ParseMediaType(contentType); err == nil {
		label = params["charset"]
	}
	// What says in ASCII that it is UTF-16 is not. A label that nobody knows gives an empty name.
	_, name := charset.Lookup(label)
	if name == "utf-8" || strings.HasPrefix(name, "utf-16") {
		return ""
	}
	return name
}

// looksLikeXML tells XML, or what pretends to be, from a list of URLs.
func looksLikeXML(head []byte) bool {
	return strings.HasPrefix(trimLoc(string(head)), "<") || xmlRoot.Match(head)
}

// readText reads a list of URLs, one a line. Lines that are no absolute http or https URL are skipped.
func (p *sitemapParser) readText(src *sitemapSource) error {
	var line []byte
	block := make([]byte, sitemapPeek)
	for {
		n, err := src.Read(block)
		for _, c := range block[:n] {
			switch {
			case c == '\n' || c == '\r':
				if err := p.textLine(line); err != nil {
					return err
				}
				line = line[:0]
			case len(line) <= maxURLLength:
				line = append(line, c)
			}
		}
		if err == nil {
			continue
		}
		if src.err() != nil { // the last line may be cut off, and then is not a URL of the list
			return nil
		}
		return p.textLine(line)
	}
}

func (p *sitemapParser) textLine(raw []byte) error {
	if len(raw) == 0 || len(raw) > maxURLLength {
		return nil
	}
	line := trimLoc(string(raw))
	scheme, _, ok := strings.Cut(line, "://")
	if !ok || !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") || strings.ContainsAny(line, " \t") {
		return nil
	}
	p.Kind = sitemapText
	return p.emit(sitemapEntry{Loc: line}, false)
}

// limitedReader reads up to a limit, and remembers why it ended if that was not the end of the document.
type limitedReader struct {
	r    io.Reader
	left int64
	err  error
}

func (l *limitedReader) Read(b []byte) (int, error) {
	if l.err != nil {
		return 0, io.EOF
	}
	if l.left == 0 {
		// Only one byte more is too many.
		if n, _ := io.ReadFull(l.r, make([]byte, 1)); n > 0 {
			l.err = fmt.Errorf("it has more than %d bytes", maxSitemapBytes)
		}
		return 0, io.EOF
	}
	if int64(len(b)) > l.left {
		b = b[:l.left]
	}
	n, err := l.r.Read(b)
	l.left -= int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		l.err = err
		err = io.EOF
	}
	return n, err
}
