package crawler

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// acceptEncoding is what every request asks for. The answer is decoded here and not by the transport, which knows gzip
// alone, nor by Colly, which counts fetch.max_body before it decodes.
const acceptEncoding = "gzip, br, zstd"

// Limits of decoding, besides that of the decoded body.
const (
	maxEncodings = 3         // one over the other; two are a server and a proxy that both compress
	maxTrailing  = 64 << 10  // bytes that are read behind the end of the compressed data, and ignored as browsers do
	wireSlack    = 128 << 10 // by which, besides an eighth, compressed data may exceed the limit of what they hold
	encodingPeek = 512       // bytes that tell text from compressed data
)

// errBodyLimit says that more came off the wire, or out of one of several encodings, than a body within its limit needs.
var errBodyLimit = errors.New("more data than a body within fetch.max_body needs")

// encodingError says that a body is not what its Content-Encoding says, or is damaged.
type encodingError struct {
	name string
	err  error
}

func (e *encodingError) Error() string { return "content encoding " + e.name + ": " + e.err.Error() }
func (e *encodingError) Unwrap() error { return e.err }

// Why data cannot be decoded that are not text either.
var (
	errNotEncoded      = errors.New("the body does not begin as such data do")
	errUnknownEncoding = errors.New("not known, nor asked for")
	errManyEncodings   = fmt.Errorf("more than %d one over the other", maxEncodings)
)

// damaged reports whether the data are in the encoding, but broken: another try may bring them whole.
func (e *encodingError) damaged() bool {
	return !errors.Is(e, errNotEncoded) && !errors.Is(e, errUnknownEncoding) && !errors.Is(e, errManyEncodings)
}

// encodings returns the content encodings of an answer that change the bytes, in the order in which they were applied.
// What servers put there that is no encoding, such as a charset, is left out.
func encodings(h http.Header) []string {
	var names []string
	for _, value := range h["Content-Encoding"] {
		for name := range strings.SplitSeq(value, ",") {
			name = strings.ToLower(strings.Trim(name, " \t\"'"))
			if !noEncoding[name] {
				names = append(names, name)
			}
		}
	}
	return names
}

// noEncoding holds values of Content-Encoding that mean nothing: identity, and what belongs into other headers.
var noEncoding = map[string]bool{
	"": true, "identity": true, "none": true, "null": true, "utf-8": true, "utf8": true, "iso-8859-1": true, "chunked": true,
	"binary": true, "7bit": true, "8bit": true, "text/html": true, "text": true, "html": true,
}

// decodeBody replaces the body of res by what it holds, if it is encoded, of which at most limit bytes are of use.
func (d *decoders) decodeBody(res *http.Response, limit int64) {
	names := encodings(res.Header)
	if len(names) == 0 {
		return
	}
	res.Body = &decodedBody{wire: res.Body, names: names, limit: limit, pool: d}
	res.ContentLength = -1
}

// decodedBody is the body of an answer without its encodings. Nothing is read before the first Read.
type decodedBody struct {
	wire  io.ReadCloser
	names []string // as they were applied, so the last is the outermost
	limit int64
	pool  *decoders

	layers []*codec // as they are taken off; nil before the first Read
	cause  error    // the first error below the innermost layer
	err    error    // what Read returns from now on
}

func (b *decodedBody) Read(p []byte) (int, error) {
	if b.err == nil && b.layers == nil {
		b.err = b.open()
	}
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.layers[len(b.layers)-1].Read(p)
	if err != nil {
		b.err = b.end(err)
	}
	return n, b.err
}

// Close puts the decoders back.
func (b *decodedBody) Close() error {
	for _, l := range b.layers {
		b.pool.put(l)
	}
	b.layers = nil
	b.err = http.ErrBodyReadAfterClose
	return b.wire.Close()
}

// open takes the encodings off, the last first.
func (b *decodedBody) open() error {
	if len(b.names) > maxEncodings {
		return &encodingError{strings.Join(b.names[:maxEncodings], ", "), errManyEncodings}
	}
	from := io.Reader(b.wire)
	for i := len(b.names) - 1; i >= 0; i-- {
		name := b.names[i]
		l, err := b.pool.get(name, &meter{r: from, left: b.limit + b.limit/8 + wireSlack, cause: &b.cause})
		if l != nil {
			b.layers = append(b.layers, l)
		}
		if err != nil {
			return b.judge(name, err)
		}
		from = &namedReader{l, name, b}
	}
	return nil
}

// namedReader is a layer under another one: its errors carry its name.
type namedReader struct {
	*codec
	name string
	b    *decodedBody
}

func (r *namedReader) Read(p []byte) (int, error) {
	n, err := r.codec.Read(p)
	if err != nil && err != io.EOF {
		err = r.b.judge(r.name, err)
	}
	return n, err
}

// end returns the error of a body whose innermost layer ended with err. The data are whole only if all of them came: what
// follows the compressed data is read, so that a Content-Length which promised more shows.
func (b *decodedBody) end(err error) error {
	if err != io.EOF {
		return b.judge(b.names[0], err)
	}
	for i := len(b.layers) - 1; i >= 0; i-- {
		// This error is in b.cause, unless it is the end.
		_, _ = io.CopyN(io.Discard, b.layers[i].src, maxTrailing)
	}
	if b.cause != nil {
		return b.cause
	}
	return io.EOF
}

// judge returns the reason of an error of the layer with this name.
func (b *decodedBody) judge(name string, err error) error {
	switch {
	case b.cause != nil:
		return b.cause
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, errBodyLimit):
		return err
	}
	return &encodingError{name, err}
}

// meter reads up to a limit and keeps the first error below a layer, which the layer may report as one of its own.
type meter struct {
	r     io.Reader
	left  int64
	cause *error
}

func (m *meter) Read(p []byte) (int, error) {
	if m.left <= 0 {
		*m.cause = errBodyLimit
		return 0, errBodyLimit
	}
	n, err := m.r.Read(p[:min(int64(len(p)), m.left)])
	m.left -= int64(n)
	if err != nil && err != io.EOF && *m.cause == nil {
		*m.cause = err
	}
	return n, err
}

// codingOf returns how data that src begins with are encoded, if they are said to be in the encoding name. What says so
// wrongly, because somebody on the way has unpacked it, is plain if it is text.
func codingOf(name string, src *bufio.Reader) (coding, error) {
	head, err := src.Peek(4)
	if len(head) == 0 {
		if err == io.EOF {
			return plainCoding, nil // such as the empty answer to a request that needs none
		}
		return plainCoding, err
	}
	wrong := errNotEncoded
	switch name {
	case "gzip", "x-gzip":
		if bytes.HasPrefix(head, gzipMagic) {
			return gzipCoding, nil
		}
	case "zstd":
		if bytes.HasPrefix(head, []byte("\x28\xB5\x2F\xFD")) || isSkippable(head) {
			return zstdCoding, nil
		}
	case "deflate":
		// RFC 9110 section 8.4.1.2 means zlib (RFC 1950), but some send the bare data of RFC 1951.
		if len(head) >= 2 && head[0]&0x0F == 8 && (uint(head[0])<<8|uint(head[1]))%31 == 0 {
			return zlibCoding, nil
		}
		if !looksPlain(src) {
			return flateCoding, nil
		}
	case "br":
		if !looksPlain(src) {
			return brotliCoding, nil
		}
	default:
		wrong = errUnknownEncoding
	}
	head, _ = src.Peek(encodingPeek)
	if strings.HasPrefix(http.DetectContentType(head), "text/") {
		return plainCoding, nil
	}
	return plainCoding, wrong
}

// gzipMagic begins a member: its mark and the only method (RFC 1952 section 2.3.1).
var gzipMagic = []byte("\x1F\x8B\x08")

// isSkippable reports whether head begins a skippable frame (RFC 8878 section 3.1.2).
func isSkippable(head []byte) bool {
	return len(head) == 4 && head[0]&0xF0 == 0x50 && bytes.HasPrefix(head[1:], []byte("\x2A\x4D\x18"))
}

// looksPlain reports whether data that may be in an encoding without a mark surely are not: they begin as HTML or XML
// does, or are ASCII for longer than chance allows.
func looksPlain(src *bufio.Reader) bool {
	head, _ := src.Peek(encodingPeek)
	switch http.DetectContentType(head) {
	case "text/html; charset=utf-8", "text/xml; charset=utf-8":
		return true
	}
	for _, c := range head {
		if c >= 0x7F || c < ' ' && c != '\n' && c != '\r' && c != '\t' {
			return false
		}
	}
	return len(head) >= 16
}
