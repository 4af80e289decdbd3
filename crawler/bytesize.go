package crawler

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ByteSize is a number of bytes. As text it is a number with an optional unit: B, kB, MB, GB (powers of 1000) or KiB,
// MiB, GiB (powers of 1024), in any case, such as "10MiB", "1.5 MB" or "4096".
type ByteSize int64

// From the largest, so that String takes the first that divides; the binary ones first, because limits are.
var byteUnits = []struct {
	name string
	size int64
}{
	{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"B", 1},
}

// String returns the size in the largest unit that gives a whole number: the shortest text that reads back the same.
func (b ByteSize) String() string {
	if b != 0 {
		for _, u := range byteUnits {
			if u.size > 1 && int64(b)%u.size == 0 {
				return strconv.FormatInt(int64(b)/u.size, 10) + u.name
			}
		}
	}
	return strconv.FormatInt(int64(b), 10)
}

// MarshalText returns String.
func (b ByteSize) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// UnmarshalText reads a size; a fraction of a byte is cut off.
func (b *ByteSize) UnmarshalText(text []byte) error {
	s := strings.TrimSpace(string(text))
	number, unit := s, int64(1)
	for _, u := range byteUnits {
		if n := len(s) - len(u.name); n > 0 && strings.EqualFold(s[n:], u.name) {
			number, unit = strings.TrimRight(s[:n], " "), u.size
			break
		}
	}
	if n, err := strconv.ParseInt(number, 10, 64); err == nil {
		if n > math.MaxInt64/unit || n < math.MinInt64/unit {
			return fmt.Errorf("size %q is too large", s)
		}
		*b = ByteSize(n * unit)
		return nil
	}
	whole, fraction, _ := strings.Cut(number, ".")
	if !digits(strings.TrimPrefix(whole, "-")) || !digits(fraction) {
		return fmt.Errorf("size %q: %w", s, errByteSize)
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil || math.Abs(f)*float64(unit) >= math.MaxInt64 {
		return fmt.Errorf("size %q is too large", s)
	}
	*b = ByteSize(f * float64(unit))
	return nil
}

var errByteSize = errors.New("want a number of bytes with an optional unit, such as 10MiB, 512KiB or 1MB")

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
