package crawler

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// maxZstdWindow is the largest window of zstd data on the web (RFC 9659 section 3), and what a decoder may keep.
const maxZstdWindow = 8 << 20

// errZstdWindow refuses zstd data whose decoder would need more memory than that.
var errZstdWindow = fmt.Errorf("a zstd window above %s: %w", ByteSize(maxZstdWindow), errBodyLimit)

// coding is how data are encoded.
type coding int

const (
	plainCoding coding = iota
	gzipCoding
	zlibCoding
	flateCoding // without the frame of zlib
	brotliCoding
	zstdCoding
	codingCount // how many there are
)

// codec decodes one coding, one body after the other.
type codec struct {
	coding
	src *bufio.Reader
	bodyDecoder
}

// bodyDecoder is the part of a codec that another package does. reset makes it read from r; its error is that of data which do
// not begin as they should, or of r. At the end of the data Read returns io.EOF, whatever follows.
type bodyDecoder interface {
	io.Reader
	reset(r *bufio.Reader) error
}

// decoders keeps codecs, whose tables and windows are large. It is safe for concurrent use.
type decoders struct {
	pools [codingCount]sync.Pool
	src   sync.Pool // of *bufio.Reader
}

// get returns a codec for data of from that are said to be in the encoding name. It may be there with an error, which is that
// of from or says why the data cannot be decoded.
func (d *decoders) get(name string, from io.Reader) (*codec, error) {
	src, ok := d.src.Get().(*bufio.Reader)
	if !ok {
		src = bufio.NewReader(nil)
	}
	src.Reset(from)
	kind, err := codingOf(name, src)
	if err != nil {
		return &codec{src: src, bodyDecoder: &plainDecoder{}}, err
	}
	l, ok := d.pools[kind].Get().(*codec)
	if !ok {
		dec, err := newDecoder(kind)
		if err != nil {
			return nil, err
		}
		l = &codec{coding: kind, bodyDecoder: dec}
	}
	l.src = src
	return l, l.reset(src)
}

// put keeps l for another body.
func (d *decoders) put(l *codec) {
	l.src.Reset(nil)
	d.src.Put(l.src)
	l.src = nil
	d.pools[l.coding].Put(l)
}

func newDecoder(kind coding) (bodyDecoder, error) {
	switch kind {
	case gzipCoding:
		return &gzipDecoder{}, nil
	case zlibCoding:
		return &zlibDecoder{}, nil
	case flateCoding:
		return &flateDecoder{}, nil
	case brotliCoding:
		return &brotliDecoder{brotli.NewReader(nil)}, nil
	case zstdCoding:
		// One at a time: no goroutines, and nothing is read ahead.
		r, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(maxZstdWindow))
		return &zstdDecoder{r}, err
	}
	return &plainDecoder{}, nil
}

type plainDecoder struct{ *bufio.Reader }

func (d *plainDecoder) reset(r *bufio.Reader) error {
	d.Reader = r
	return nil
}

// gzipDecoder reads the members of gzip data (RFC 1952 section 2.2), and ignores what follows them.
type gzipDecoder struct {
	gzip.Reader
	src *bufio.Reader
}

func (d *gzipDecoder) reset(r *bufio.Reader) error {
	d.src = r
	if err := d.Reader.Reset(r); err != nil {
		return cutShort(err)
	}
	d.Multistream(false)
	return nil
}

func (d *gzipDecoder) Read(p []byte) (int, error) {
	for {
		n, err := d.Reader.Read(p)
		if err != io.EOF {
			return n, err
		}
		if n > 0 {
			return n, nil // the end comes again
		}
		if head, _ := d.src.Peek(len(gzipMagic)); !bytes.Equal(head, gzipMagic) {
			return 0, io.EOF
		}
		if err := d.reset(d.src); err != nil {
			return 0, err
		}
	}
}

type zlibDecoder struct{ io.ReadCloser }

func (d *zlibDecoder) reset(r *bufio.Reader) (err error) {
	if d.ReadCloser == nil {
		d.ReadCloser, err = zlib.NewReader(r)
		return cutShort(err)
	}
	return cutShort(d.ReadCloser.(zlib.Resetter).Reset(r, nil))
}

type flateDecoder struct{ io.ReadCloser }

func (d *flateDecoder) reset(r *bufio.Reader) error {
	if d.ReadCloser == nil {
		d.ReadCloser = flate.NewReader(r)
		return nil
	}
	return d.ReadCloser.(flate.Resetter).Reset(r, nil)
}

type brotliDecoder struct{ *brotli.Reader }

func (d *brotliDecoder) reset(r *bufio.Reader) error { return d.Reset(r) }

func (d *brotliDecoder) Read(p []byte) (int, error) {
	n, err := d.Reader.Read(p)
	if err != nil && err == brotliTrailing() {
		err = io.EOF
	}
	return n, err
}

// brotliTrailing is the error with which the package says that something follows the data. It does not export it.
var brotliTrailing = sync.OnceValue(func() error {
	_, err := io.Copy(io.Discard, brotli.NewReader(bytes.NewReader([]byte("\x06."))))
	return err
})

type zstdDecoder struct{ *zstd.Decoder }

func (d *zstdDecoder) reset(r *bufio.Reader) error { return d.Reset(r) }

func (d *zstdDecoder) Read(p []byte) (int, error) {
	n, err := d.Decoder.Read(p)
	switch {
	case errors.Is(err, zstd.ErrMagicMismatch): // the mark of the first frame was there
		err = io.EOF
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		err = errZstdWindow
	}
	return n, err
}

// cutShort returns err, the end of the data within their header as io.ErrUnexpectedEOF.
func cutShort(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
