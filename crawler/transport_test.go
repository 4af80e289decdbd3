package crawler

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

func TestIsPublic(t *testing.T) {
	for addr, want := range map[string]bool{
		"8.8.8.8": true, "1.1.1.1": true, "100.63.255.255": true, "100.128.0.0": true, "172.32.0.1": true,
		"2606:4700::1111": true, "2001:4860:4860::8888": true, "::ffff:8.8.8.8": true, "64:ff9b::808:808": true,

		"0.0.0.0": false, "10.1.2.3": false, "100.64.0.1": false, "127.0.0.1": false, "127.8.8.8": false,
		"169.254.169.254": false, "172.16.0.1": false, "172.31.255.255": false, "192.0.0.1": false, "192.0.2.1": false,
		"192.168.1.1": false, "198.18.0.1": false, "198.19.255.255": false, "198.51.100.7": false, "203.0.113.7": false,
		"224.0.0.1": false, "239.1.1.1": false, "240.0.0.1": false, "255.255.255.255": false, "192.88.99.1": false,
		"::": false, "::1": false, "::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::127.0.0.1": false,
		"fe80::1": false, "fe80::1%eth0": false, "fc00::1": false, "fd12::1": false, "fec0::1": false, "ff02::1": false,
		"2001:db8::1": false, "2001::1": false, "2002:7f00:1::": false, "2002:808:808::": false, "3fff::1": false,
		"64:ff9b::7f00:1": false, "64:ff9b::a00:1": false, "64:ff9b:1::1": false, "100::1": false, "5f00::1": false,
	} {
		if got := isPublic(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s: public %v, want %v", addr, got, want)
		}
	}
}

// With allow_private, hosts in scope may be inside, and no others.
func TestTransportAllowPrivate(t *testing.T) {
	inside := serve(t, func(http.ResponseWriter, *http.Request) {})
	other := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the other host was asked") })
	c := newTestCrawler(t, testConfig(inside.URL+"/"), nil)
	for url, want := range map[string]bool{inside.URL: true, other.URL: false} {
		res, err := c.transport.RoundTrip(httptest.NewRequest(http.MethodGet, url+"/", nil))
		if (err == nil) != want {
			t.Errorf("%s: %v", url, err)
		}
		if err == nil {
			_ = res.Body.Close()
		}
	}
}

// A configured proxy is dialled wherever it is; it resolves the targets.
func TestTransportProxy(t *testing.T) {
	var asked string
	proxy := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.String()
		writePage(w, "by proxy")
	})
	cfg := testConfig("http://help.example/")
	cfg.Fetch.Robots = Ignore
	cfg.Fetch.AllowPrivate = false
	cfg.Fetch.Proxy = proxy.URL
	p := fetch(t, newTestCrawler(t, cfg, nil), "http://help.example/a")
	if class(p) != "doc" || asked != "http://help.example/a" {
		t.Errorf("%s %+v, the proxy was asked for %q", class(p), p.Failure, asked)
	}
	cfg.Fetch.Proxy = "://user:secret@x"
	if _, err := New(cfg, Options{}); err == nil || err.Error() != "fetch.proxy: not a URL with a host" {
		t.Errorf("error %v", err)
	}
}

func TestHostSet(t *testing.T) {
	set := newHostSet([]string{"Help.example", "docs.example:8443", "[::1]", "[::1]:99"})
	for url, want := range map[string]bool{
		"https://help.example/": true, "http://help.example/": true, "https://HELP.example:443/": true,
		"https://help.example:8443/": false, "https://docs.example:8443/": true, "https://docs.example/": false,
		"http://[::1]/": true, "http://[::1]:99/": true, "http://[::1]:98/": false, "https://x.help.example/": false,
	} {
		if got := set.has(httptest.NewRequest(http.MethodGet, url, nil).URL); got != want {
			t.Errorf("%s: %v, want %v", url, got, want)
		}
	}
}

func TestTokenOf(t *testing.T) {
	for agent, want := range map[string]string{
		"pageferry/1.0 (+https://x.example)": "pageferry", "Acme-Bot": "Acme-Bot", "acme_bot 2": "acme_bot",
		"": "", "4ever.io/2": "4ever.io",
		"Mozilla/5.0 (compatible; x)": "Mozilla",
	} {
		if got := tokenOf(agent); got != want {
			t.Errorf("%q: %q, want %q", agent, got, want)
		}
	}
}
