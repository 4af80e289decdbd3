package crawler

const upperHex = "0123456789ABCDEF"

// Classes of bytes in the path and the query of a URL.
const (
	isUnreserved = 1 << iota // RFC 3986 section 2.3
	isPlain                  // stands for itself in a path: unreserved, sub-delims, ":", "@" and "/"
	isQueryPlain             // the same for a query, which has "?" but not "'": the WHATWG parser encodes that
	isForbidden              // RFC 3986 allows it nowhere in a URL unless it is percent-encoded
)

var byteClass = func() (t [256]uint8) {
	for i := range t {
		switch c := byte(i); {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
			t[i] = isUnreserved | isPlain | isQueryPlain
		case c <= ' ' || c >= 0x7F:
			t[i] = isForbidden
		}
	}
	for _, c := range "-._~" {
		t[c] = isUnreserved | isPlain | isQueryPlain
	}
	for _, c := range "!$&()*+,;=:@/" {
		t[c] = isPlain | isQueryPlain
	}
	for _, c := range "\"<>\\^`{|}" {
		t[c] = isForbidden
	}
	t['\''] = isPlain
	t['?'] = isQueryPlain
	return t
}()

// appendNormalized appends s to dst with its percent-encoding in normal form (RFC 3986 section 6.2.2): unreserved octets
// are decoded, also where decoding completes another escape, the escapes that stay are upper-case, and octets that may
// not stand in a URL are encoded. A % that begins no escape stays.
func appendNormalized(dst []byte, s string) []byte {
	start := len(dst)
	for i := 0; i < len(s); i++ {
		if byteClass[s[i]]&isForbidden != 0 {
			dst = append(dst, '%', upperHex[s[i]>>4], upperHex[s[i]&15])
			continue
		}
		dst = foldEscape(append(dst, s[i]), start)
	}
	return dst
}

// foldEscape normalizes the escape that dst[start:] ends with, if any. A decoded octet can be the last digit of another
// escape, so it goes on until nothing changes.
func foldEscape(dst []byte, start int) []byte {
	for n := len(dst); n-start >= 3; n = len(dst) {
		octet, ok := escape(dst[n-3:])
		if !ok {
			return dst
		}
		if byteClass[octet]&isUnreserved == 0 {
			dst[n-2], dst[n-1] = upperHex[octet>>4], upperHex[octet&15]
			return dst
		}
		dst = append(dst[:n-3], octet)
	}
	return dst
}

// escape decodes the escape that s begins with.
func escape[T string | []byte](s T) (octet byte, ok bool) {
	if len(s) < 3 || s[0] != '%' {
		return 0, false
	}
	high, ok1 := hexDigit(s[1])
	low, ok2 := hexDigit(s[2])
	return high<<4 | low, ok1 && ok2
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
