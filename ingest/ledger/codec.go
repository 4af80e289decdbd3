package ledger

import (
	"bytes"
	"fmt"
	"strings"
	"sync"

	"github.com/klauspost/compress/s2"
)

// maxUnpacked bounds what one compressed column may unpack to: a guard against a damaged file, far above any page.
const maxUnpacked = 512 << 20

// pack compresses an article or a list of links. S2 keeps no state between calls and costs a third of what zstd does,
// which matters more here than the last third of size.
func pack(s string) []byte {
	p := packers.Get().(*packer)
	defer packers.Put(p)
	p.in = append(p.in[:0], s...)
	if n := s2.MaxEncodedLen(len(p.in)); cap(p.out) < n {
		p.out = make([]byte, n)
	}
	packed := bytes.Clone(s2.Encode(p.out[:cap(p.out)], p.in))
	if cap(p.in) > maxScratch {
		p.in, p.out = nil, nil
	}
	return packed
}

// packer is scratch space, several times what is left of a page when it is packed.
type packer struct{ in, out []byte }

// maxScratch is how much scratch space is kept for the next page: an unusual one must not stay for the whole run.
const maxScratch = 1 << 20

var packers = sync.Pool{New: func() any { return &packer{} }}

func unpack(b []byte) (string, error) {
	if len(b) == 0 {
		return "", nil
	}
	n, err := s2.DecodedLen(b)
	if err != nil {
		return "", fmt.Errorf("unpack: %w", err)
	}
	if n > maxUnpacked {
		return "", fmt.Errorf("unpack: %d bytes, more than any page has", n)
	}
	out, err := s2.Decode(nil, b)
	if err != nil {
		return "", fmt.Errorf("unpack: %w", err)
	}
	return string(out), nil
}

func packLines(lines []string) []byte {
	if len(lines) == 0 {
		return nil
	}
	return pack(strings.Join(lines, "\n"))
}

func unpackLines(b []byte) ([]string, error) {
	s, err := unpack(b)
	if err != nil || s == "" {
		return nil, err
	}
	return strings.Split(s, "\n"), nil
}
