package crawler

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// encode returns text in the encodings, the first applied first.
func encode(t testing.TB, text []byte, names ...string) []byte {
	t.Helper()
	for _, name := range names {
		var b bytes.Buffer
		var w io.WriteCloser
		var err error
		switch name {
		case "gzip":
			w = gzip.NewWriter(&b)
		case "zlib":
			w = zlib.NewWriter(&b)
		case "deflate":
			w, err = flate.NewWriter(&b, flate.DefaultCompression)
		case "br":
			w = brotli.NewWriterLevel(&b, 5)
		case "zstd":
			w, err = zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1))
		default:
			t.Fatalf("no encoder for %q", name)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(text); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		text = b.Bytes()
	}
	return text
}

// decodeAll decodes data as a body with the Content-Encoding.
func decodeAll(d *decoders, data []byte, encoding string, limit int64) ([]byte, error) {
	res := &http.Response{Header: http.Header{"Content-Encoding": {encoding}}, Body: io.NopCloser(bytes.NewReader(data))}
	d.decodeBody(res, limit)
	defer func() { _ = res.Body.Close() }()
	return io.ReadAll(res.Body)
}

var encodedText = []byte("<!doctype html><title>T</title>" + strings.Repeat("<p>Grüße, 世界 and <b>more</b>\n", 300))

func TestDecodeBody(t *testing.T) {
	gz, br, zst := encode(t, encodedText, "gzip"), encode(t, encodedText, "br"), encode(t, encodedText, "zstd")
	half := len(encodedText) / 2
	members := append(encode(t, encodedText[:half], "gzip"), encode(t, encodedText[half:], "gzip")...)
	frames := append(encode(t, encodedText[:half], "zstd"), encode(t, encodedText[half:], "zstd")...)
	skippable := append([]byte("\x5F\x2A\x4D\x18\x03\x00\x00\x00abc"), zst...)
	damaged := bytes.Clone(gz)
	damaged[len(damaged)-6]++ // of the checksum
	noise := []byte("\x8a\x01\xfe\x00\x9c\x02\xf1\x00noise")
	short := []byte("User-agent: *\n")
	d := &decoders{}
	for range 2 { // the second time with used decoders
		for _, tt := range []struct {
			name, encoding string
			data           []byte
			want           []byte // nil: an error
		}{
			{"gzip", "gzip", gz, encodedText},
			{"upper case", "GZIP", gz, encodedText},
			{"x-gzip", "x-gzip", gz, encodedText},
			{"brotli", "br", br, encodedText},
			{"zstd", "zstd", zst, encodedText},
			{"zlib as deflate", "deflate", encode(t, encodedText, "zlib"), encodedText},
			{"bare deflate", "deflate", encode(t, encodedText, "deflate"), encodedText},
			{"identity", "identity", encodedText, encodedText},
			{"a charset", "UTF-8", encodedText, encodedText},
			{"gzip twice", "gzip, gzip", encode(t, encodedText, "gzip", "gzip"), encodedText},
			{"gzip twice, one announced", "gzip", encode(t, encodedText, "gzip", "gzip"), encode(t, encodedText, "gzip")},
			{"brotli over gzip", "gzip, br", encode(t, encodedText, "gzip", "br"), encodedText},
			{"gzip over identity", "identity,gzip", gz, encodedText},
			{"two announced, one applied", "gzip, gzip", gz, encodedText},
			{"four", "gzip,gzip,gzip,gzip", encode(t, encodedText, "gzip", "gzip", "gzip", "gzip"), nil},
			{"members", "gzip", members, encodedText},
			{"frames", "zstd", frames, encodedText},
			{"skippable frame", "zstd", skippable, encodedText},
			{"nothing", "gzip", nil, []byte{}},
			{"unpacked on the way: gzip", "gzip", encodedText, encodedText},
			{"unpacked on the way: brotli", "br", encodedText, encodedText},
			{"unpacked on the way: zstd", "zstd", encodedText, encodedText},
			{"unpacked on the way: deflate", "deflate", encodedText, encodedText},
			{"unpacked and short: gzip", "gzip", short, short},
			{"unpacked and very short: zstd", "zstd", []byte("ok"), []byte("ok")},
			{"unknown, but text", "sdch", encodedText, encodedText},
			{"unknown", "compress", noise, nil},
			{"no gzip", "gzip", noise, nil},
			{"no brotli", "br", noise, nil},
			{"no zstd", "zstd", noise, nil},
			{"zstd as gzip", "gzip", zst, nil},
			{"checksum", "gzip", damaged, nil},
			{"garbage behind gzip", "gzip", append(bytes.Clone(gz), "\x00\x00</html>"...), encodedText},
			{"garbage behind brotli", "br", append(bytes.Clone(br), "\x00\x00</html>"...), encodedText},
			{"garbage behind zstd", "zstd", append(bytes.Clone(zst), "\x00\x00</html>"...), encodedText},
		} {
			got, err := decodeAll(d, tt.data, tt.encoding, 1<<20)
			if tt.want == nil {
				var e *encodingError
				if !errors.As(err, &e) {
					t.Errorf("%s: %d bytes, error %v", tt.name, len(got), err)
				}
				continue
			}
			if err != nil || !bytes.Equal(got, tt.want) {
				t.Errorf("%s: %d bytes, want %d, error %v", tt.name, len(got), len(tt.want), err)
			}
		}
	}
}

// Wherever encoded data are cut, they are not whole.
func TestDecodeBodyCut(t *testing.T) {
	d := &decoders{}
	for name, data := range map[string][]byte{
		"gzip": encode(t, encodedText, "gzip"), "br": encode(t, encodedText, "br"), "zstd": encode(t, encodedText, "zstd"),
		"deflate": encode(t, encodedText, "deflate"), "deflate ": encode(t, encodedText, "zlib"),
		"gzip, br": encode(t, encodedText, "gzip", "br"), "zstd, gzip": encode(t, encodedText, "zstd", "gzip"),
	} {
		for n := 1; n < len(data); n++ {
			got, err := decodeAll(d, data[:n], name, 1<<20)
			if err == nil && !strings.HasPrefix(http.DetectContentType(data[:n]), "text/") {
				t.Fatalf("%s cut to %d of %d bytes: %d bytes without an error", name, n, len(data), len(got))
			}
			if err != nil && n > 20 && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("%s cut to %d bytes: %v", name, n, err)
			}
		}
	}
}

// An error of the network is reported as such, not as one of the data.
func TestDecodeBodyBroken(t *testing.T) {
	broken := errors.New("reset")
	for _, name := range []string{"gzip", "br", "zstd", "zstd, gzip", "br, zstd"} {
		data := encode(t, encodedText, strings.Split(name, ", ")...)
		for _, n := range []int{0, 3, 30, len(data)} {
			body := io.MultiReader(bytes.NewReader(data[:n]), failingReader{broken})
			res := &http.Response{Header: http.Header{"Content-Encoding": {name}}, Body: io.NopCloser(body)}
			(&decoders{}).decodeBody(res, 1<<20)
			if got, err := io.ReadAll(res.Body); !errors.Is(err, broken) {
				t.Errorf("%s after %d bytes: %d bytes, error %v", name, n, len(got), err)
			}
			_ = res.Body.Close()
			if _, err := res.Body.Read(make([]byte, 1)); err == nil {
				t.Error("read after close")
			}
		}
	}
}

type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// What expands without end costs no more memory than the reader asks for; what never expands ends as well.
func TestDecodeBodyBombs(t *testing.T) {
	zeros := make([]byte, 64<<20)
	empty := bytes.Repeat(encode(t, nil, "gzip"), 100_000)
	window := []byte("\x28\xB5\x2F\xFD\x00\xA0\x00\x00\x00") // a window of 1 GiB
	for name, tt := range map[string]struct {
		data     []byte
		encoding string
		tooLarge bool
	}{
		"gzip":                  {encode(t, zeros, "gzip"), "gzip", false},
		"brotli":                {encode(t, zeros, "br"), "br", false},
		"zstd":                  {encode(t, zeros, "zstd"), "zstd", false},
		"stacked":               {encode(t, zeros, "gzip", "br", "zstd"), "gzip, br, zstd", false},
		"empty members":         {empty, "gzip", true},
		"empty members, packed": {encode(t, empty, "gzip"), "gzip, gzip", true},
		"window":                {window, "zstd", true},
	} {
		const limit = 1 << 20
		res := &http.Response{Header: http.Header{"Content-Encoding": {tt.encoding}}, Body: io.NopCloser(bytes.NewReader(tt.data))}
		(&decoders{}).decodeBody(res, limit)
		n, err := io.Copy(io.Discard, io.LimitReader(res.Body, limit+1))
		if tt.tooLarge != errors.Is(err, errBodyLimit) || !tt.tooLarge && (err != nil || n != limit+1) {
			t.Errorf("%s: %d bytes, error %v", name, n, err)
		}
		_ = res.Body.Close()
	}
	res := &http.Response{Header: http.Header{"Content-Encoding": {"gzip"}}, Body: io.NopCloser(io.MultiReader(
		bytes.NewReader(encode(t, encodedText, "gzip")), zeroReader{}))}
	(&decoders{}).decodeBody(res, 1<<20)
	if got, err := io.ReadAll(res.Body); err != nil || !bytes.Equal(got, encodedText) {
		t.Errorf("endless garbage: %d bytes, error %v", len(got), err)
	}
}

func BenchmarkDecodeBody(b *testing.B) {
	for _, name := range []string{"gzip", "br", "zstd"} {
		data := encode(b, encodedText, name)
		b.Run(name, func(b *testing.B) {
			d := &decoders{}
			b.ReportAllocs()
			b.SetBytes(int64(len(encodedText)))
			for b.Loop() {
				if _, err := decodeAll(d, data, name, 1<<20); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func FuzzDecodeBody(f *testing.F) {
	for _, name := range []string{"gzip", "br", "zstd", "deflate"} {
		f.Add(encode(f, encodedText[:200], name), name)
	}
	f.Add(encode(f, encodedText[:200], "gzip", "br"), "gzip, br")
	d := &decoders{}
	f.Fuzz(func(t *testing.T, data []byte, encoding string) {
		const limit = 1 << 16
		res := &http.Response{Header: http.Header{"Content-Encoding": {encoding}}, Body: io.NopCloser(bytes.NewReader(data))}
		d.decodeBody(res, limit)
		_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, limit))
		_ = res.Body.Close()
		if got, err := decodeAll(d, encode(t, encodedText, "gzip"), "gzip", 1<<20); err != nil || !bytes.Equal(got, encodedText) {
			t.Fatalf("the next body: %v", err)
		}
	})
}
