package ledger

import (
	"fmt"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// maxArticle bounds what one compressed column may unpack to: a guard against a damaged file, far above any page.
const maxArticle = 512 << 20

// codec compresses articles and lists of links. It is safe for concurrent use.
type codec struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

func newCodec() (*codec, error) {
	// A window of 128 KiB holds nearly every article whole and keeps an encoder below a megabyte.
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(2),
		zstd.WithWindowSize(128<<10), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, fmt.Errorf("start compression: %w", err)
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxMemory(maxArticle))
	if err != nil {
		return nil, fmt.Errorf("start decompression: %w", err)
	}
	return &codec{enc: enc, dec: dec}, nil
}

func (c *codec) pack(s string) []byte { return c.enc.EncodeAll([]byte(s), nil) }

func (c *codec) unpack(b []byte) (string, error) {
	if len(b) == 0 {
		return "", nil
	}
	out, err := c.dec.DecodeAll(b, nil)
	if err != nil {
		return "", fmt.Errorf("unpack: %w", err)
	}
	return string(out), nil
}

func (c *codec) packLines(lines []string) []byte {
	if len(lines) == 0 {
		return nil
	}
	return c.pack(strings.Join(lines, "\n"))
}

func (c *codec) unpackLines(b []byte) ([]string, error) {
	s, err := c.unpack(b)
	if err != nil || s == "" {
		return nil, err
	}
	return strings.Split(s, "\n"), nil
}

func (c *codec) close() {
	c.enc.Close() //nolint:errcheck // EncodeAll leaves nothing to flush
	c.dec.Close()
}
