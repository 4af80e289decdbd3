package sanitize

import "strings"

// The functions of this file recognise URLs that the WHATWG standard, and net/url's Parse and String, leave as they
// are. They may refuse a clean URL, never accept another one: a fuzz target compares them with the standard.

const (
	inPath = 1 << iota
	inQuery
	inFragment
)

// urlBytes says where a byte may stand as it is.
var urlBytes = func() (t [256]uint8) {
	all := inPath | inQuery | inFragment
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-'a'+'A'] = uint8(all), uint8(all)
	}
	for c := '0'; c <= '9'; c++ {
		t[c] = uint8(all)
	}
	for _, c := range "-._~!$&()*+,;=:@/" {
		t[c] = uint8(all)
	}
	t['\''] = inPath // the query of a special scheme escapes it
	t['?'] = inQuery | inFragment
	return t
}()

// cleanAbsolute accepts a lower-case http(s) URL with a plain host, possibly a port, and a path.
func cleanAbsolute(s string) bool {
	rest, ok := strings.CutPrefix(s, "https://")
	if !ok {
		if rest, ok = strings.CutPrefix(s, "http://"); !ok {
			return false
		}
	}
	slash := strings.IndexByte(rest, '/')
	if slash < 0 {
		return false
	}
	host, port, ok := strings.Cut(rest[:slash], ":")
	return (!ok || cleanPort(port)) && (cleanHost(host) || cleanIPv4(host)) && cleanPath(rest[slash:])
}

// cleanPort accepts ports of four digits: none is a scheme's own.
func cleanPort(port string) bool { return len(port) == 4 && port[0] != '0' && isDigits(port, 4) }

// cleanIPv4 accepts addresses of four decimal numbers without leading zeros.
func cleanIPv4(host string) bool {
	numbers := 0
	for number := range strings.SplitSeq(host, ".") {
		numbers++
		if !isDigits(number, 3) || len(number) > 1 && number[0] == '0' || len(number) == 3 && number > "255" {
			return false
		}
	}
	return numbers == 4
}

// cleanHost accepts lower-case DNS names that are neither IP addresses nor in need of IDNA.
func cleanHost(host string) bool {
	if host == "" || len(host) > 253 {
		return false
	}
	label := 0
	for i := 0; i < len(host); i++ {
		c := host[i]
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
		case c == '-':
			// Leading, trailing and doubled hyphens are IDNA's business.
			if i == label || i+1 == len(host) || host[i+1] == '.' || host[i+1] == '-' {
				return false
			}
		case c == '.':
			if i == label || i-label > 63 {
				return false
			}
			label = i + 1
		default:
			return false
		}
	}
	// A last label that begins with a digit may be part of an IPv4 address.
	return label < len(host) && len(host)-label <= 63 && host[label] > '9'
}

// cleanPath accepts a path with optional query and fragment that needs no encoding and has no dot segments.
func cleanPath(s string) bool {
	part := uint8(inPath)
	start := 0 // of the path segment
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '?' && part == inPath:
			part = inQuery
		case c == '#':
			return i+1 < len(s) && cleanFragment(s[i+1:])
		case c == '%':
			if part == inPath && !isEscape(s, i) || part == inPath && s[i+1] == '2' && s[i+2]|0x20 == 'e' {
				return false
			}
			if part == inQuery && !isEscape(s, i) {
				return false
			}
		case urlBytes[c]&part == 0:
			return false
		case part == inPath && c == '/':
			start = i + 1
		case part == inPath && c == '.' && i == start:
			return false
		}
	}
	return true
}

func cleanFragment(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && !isEscape(s, i) || s[i] != '%' && urlBytes[s[i]]&inFragment == 0 {
			return false
		}
	}
	return true
}

// isEscape reports whether s[i] begins a percent escape.
func isEscape(s string, i int) bool { return i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) }

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}
