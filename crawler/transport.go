package crawler

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	whatwg "github.com/nlnwa/whatwg-url/url"
)

// Limits of a connection. The time of a whole request is fetch.timeout.
const (
	dialTimeout       = 10 * time.Second
	idleTimeout       = 90 * time.Second
	maxResponseHeader = 256 << 10
	spareConnections  = 4 // beyond fetch.concurrency, for those being closed after an aborted body
)

// blockedAddressError says that a host resolved to an address that is not dialled.
type blockedAddressError struct {
	Addr netip.Addr
}

func (e *blockedAddressError) Error() string {
	return fmt.Sprintf("%s is a private or special address", e.Addr)
}

// newTransport returns the transport of a crawl. It dials no special address; fetch.allow_private opens the hosts in
// dialable to it, and no others, so that a redirect of robots.txt cannot lead inside. The environment has no say in
// the proxy.
func newTransport(cfg FetchConfig, dialable hostSet) (*http.Transport, error) {
	t := &http.Transport{
		ForceAttemptHTTP2:      true,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		MaxIdleConnsPerHost:    cfg.Concurrency + spareConnections,
		MaxConnsPerHost:        cfg.Concurrency + spareConnections,
		IdleConnTimeout:        idleTimeout,
		TLSHandshakeTimeout:    dialTimeout,
		ResponseHeaderTimeout:  cfg.Timeout,
		MaxResponseHeaderBytes: maxResponseHeader,
		DisableCompression:     true, // decoders do it
	}
	if cfg.Proxy != "" {
		proxy, err := url.Parse(cfg.Proxy)
		if err != nil || proxy.Host == "" {
			return nil, fmt.Errorf("fetch.proxy: not a URL with a host") // its text may hold a password
		}
		t.Proxy = func(req *http.Request) (*url.URL, error) {
			if a, ok := specialHost(req.URL); ok && !(cfg.AllowPrivate && dialable.has(req.URL)) {
				return nil, &blockedAddressError{Addr: a}
			}
			return proxy, nil
		}
		// Nothing but the proxy is dialled.
		t.DialContext = (&net.Dialer{Timeout: dialTimeout}).DialContext
		return t, nil
	}
	t.DialContext = guardedDial(cfg.AllowPrivate, dialable, nil)
	return t, nil
}

// guardedDial returns the DialContext of a transport without a proxy. resolver is nil but in tests.
func guardedDial(allowPrivate bool, dialable hostSet, resolver *net.Resolver) func(context.Context, string, string) (net.Conn, error) {
	open := &net.Dialer{Timeout: dialTimeout, Resolver: resolver}
	guarded := &net.Dialer{Timeout: dialTimeout, Resolver: resolver, Control: refuseSpecial}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		if allowPrivate && dialable[addr] {
			return open.DialContext(ctx, network, addr)
		}
		// The dialer would find out, but might ask a name server for what is no name.
		if a, ok := specialHost(&url.URL{Host: addr}); ok {
			return nil, &blockedAddressError{Addr: a}
		}
		return guarded.DialContext(ctx, network, addr)
	}
}

// specialHost returns the special address that the host of u spells out, in any way that some resolver may understand:
// a proxy resolves names itself, and the guard in the dialer does not see what comes of that. What localhost means is
// fixed too (RFC 6761 section 6.3).
func specialHost(u *url.URL) (netip.Addr, bool) {
	name := strings.ToLower(strings.TrimRight(u.Hostname(), "."))
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1}), true
	}
	name, _, _ = strings.Cut(name, "%") // a zone
	a, err := netip.ParseAddr(name)
	if err != nil {
		// The WHATWG parser knows 127.1, 0x7f000001, 0177.0.0.1 and digits in other scripts.
		parsed, err := whatwg.Parse("http://" + name + "/")
		if err != nil {
			return netip.Addr{}, false
		}
		if a, err = netip.ParseAddr(parsed.Hostname()); err != nil {
			return netip.Addr{}, false
		}
	}
	return a, !isPublic(a)
}

// refuseSpecial is a net.Dialer's Control. It sees the address after resolution, so no DNS answer gets past it.
func refuseSpecial(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("check address %q: %w", address, err)
	}
	if !isPublic(ap.Addr()) {
		return &blockedAddressError{Addr: ap.Addr()}
	}
	return nil
}

// isPublic reports whether a is an address of the public Internet by the special-purpose registries of IANA (RFC 6890).
func isPublic(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if a.Is4() {
		return !within(a, special4)
	}
	if nat64.Contains(a) { // RFC 6052: the last four bytes are the IPv4 address that is meant
		b := a.As16()
		return isPublic(netip.AddrFrom4([4]byte(b[12:])))
	}
	return global6.Contains(a) && !within(a, special6)
}

func within(a netip.Addr, prefixes []netip.Prefix) bool {
	for _, p := range prefixes {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

var (
	special4 = []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/8"),       // this network
		netip.MustParsePrefix("10.0.0.0/8"),      // private
		netip.MustParsePrefix("100.64.0.0/10"),   // shared, carrier-grade NAT
		netip.MustParsePrefix("127.0.0.0/8"),     // loopback
		netip.MustParsePrefix("169.254.0.0/16"),  // link-local, cloud metadata
		netip.MustParsePrefix("172.16.0.0/12"),   // private
		netip.MustParsePrefix("192.0.0.0/24"),    // protocol assignments
		netip.MustParsePrefix("192.0.2.0/24"),    // documentation
		netip.MustParsePrefix("192.88.99.0/24"),  // 6to4 relays
		netip.MustParsePrefix("192.168.0.0/16"),  // private
		netip.MustParsePrefix("198.18.0.0/15"),   // benchmarking
		netip.MustParsePrefix("198.51.100.0/24"), // documentation
		netip.MustParsePrefix("203.0.113.0/24"),  // documentation
		netip.MustParsePrefix("224.0.0.0/4"),     // multicast
		netip.MustParsePrefix("240.0.0.0/4"),     // reserved, broadcast
	}
	nat64    = netip.MustParsePrefix("64:ff9b::/96")
	global6  = netip.MustParsePrefix("2000::/3") // all that is assigned as global unicast
	special6 = []netip.Prefix{
		netip.MustParsePrefix("2001::/23"),     // protocol assignments, Teredo
		netip.MustParsePrefix("2001:db8::/32"), // documentation
		netip.MustParsePrefix("2002::/16"),     // 6to4: embeds an IPv4 address
		netip.MustParsePrefix("3fff::/20"),     // documentation
	}
)
