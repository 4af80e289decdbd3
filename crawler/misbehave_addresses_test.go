package crawler

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// nameServer answers DNS queries out of a table, in memory. The answers of a name are given one after the other, the last
// for ever.
type nameServer struct {
	mu    sync.Mutex
	table map[string][]string
	asked int
}

func (s *nameServer) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		here, there := net.Pipe()
		go s.serve(there)
		return here, nil
	}}
}

// serve answers on one connection with the framing of TCP, which the resolver uses on whatever is no packet connection.
func (s *nameServer) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	for {
		var size [2]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return
		}
		query := make([]byte, int(size[0])<<8|int(size[1]))
		if _, err := io.ReadFull(conn, query); err != nil {
			return
		}
		answer, err := s.answer(query)
		if err != nil {
			return
		}
		if _, err := conn.Write(append([]byte{byte(len(answer) >> 8), byte(len(answer))}, answer...)); err != nil {
			return
		}
	}
}

func (s *nameServer) answer(query []byte) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(query); err != nil {
		return nil, err
	}
	m.Response, m.Additionals = true, nil
	q := m.Questions[0]
	name := strings.TrimSuffix(q.Name.String(), ".")
	s.mu.Lock()
	defer s.mu.Unlock()
	answers, ok := s.table[name]
	if !ok {
		m.RCode = dnsmessage.RCodeNameError
		return m.Pack()
	}
	for addr := range strings.FieldsSeq(answers[0]) {
		a := netip.MustParseAddr(addr)
		h := dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET, TTL: 0}
		switch {
		case a.Is4() && q.Type == dnsmessage.TypeA:
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: h, Body: &dnsmessage.AResource{A: a.As4()}})
		case a.Is6() && q.Type == dnsmessage.TypeAAAA:
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: h, Body: &dnsmessage.AAAAResource{AAAA: a.As16()}})
		}
	}
	if q.Type == dnsmessage.TypeA {
		s.asked++
		if len(answers) > 1 {
			s.table[name] = answers[1:]
		}
	}
	return m.Pack()
}

// Every spelling of an address inside, in a start URL, is refused before anything is sent. The server listens on all
// addresses of this machine.
func TestMisbehaveAddresses(t *testing.T) {
	srv, port, hits := insider(t)
	defer srv()
	for _, host := range []string{
		"127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "0177.1", "127.0.0.1.", "127.000.000.001",
		"0", "0.0.0.0", "127.255.255.254", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
		"[::ffff:0:127.0.0.1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]",
		"[2001:0:7f00:1::]", "[fe80::1]", "[fc00::1]", "[fec0::1]", "[ff02::1]", "[2001:db8::1]", "[3fff::1]", "[100::1]",
		"10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "169.254.169.254", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1",
		"203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "localhost", "LOCALHOST", "localhost.",
		"%31%32%37.0.0.1", "127。0。0。1", "①②⑦.⓪.⓪.①", "127.0.0.1%2e",
	} {
		for _, robots := range []Obedience{Obey, Ignore} {
			start := "http://" + host + ":" + port + "/"
			cfg := testConfig(start)
			cfg.Fetch.AllowPrivate = false
			cfg.Fetch.Robots = robots
			c, err := New(cfg, Options{})
			if err != nil {
				continue // no URL at all
			}
			canonical, err := c.canon.Canonical(start)
			if err != nil {
				t.Errorf("%s: %v", host, err)
				continue
			}
			p := fetch(t, c, canonical)
			refused := class(p) == FailBlockedAddress || robots == Obey && strings.Contains(p.Disallowed, "private or special")
			if !refused && class(p) != FailDNS {
				t.Errorf("%s: %s %s", host, class(p), why(p))
			}
			c.Close()
		}
	}
	if n := hits.Load(); n > 0 {
		t.Errorf("%d requests came through", n)
	}
}

// insider starts a server on loopback and returns its port and the number of requests.
func insider(t *testing.T) (stop func(), port string, hits *atomic.Int32) {
	hits = new(atomic.Int32)
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		if r.URL.Path == "/robots.txt" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		writePage(w, "a secret")
	})
	u, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	return srv.Close, u.Port(), hits
}

// What names resolve to decides, each time anew.
func TestMisbehaveNames(t *testing.T) {
	_, port, hits := insider(t)
	for _, tt := range []struct {
		name    string
		answers []string
		private bool     // fetch.allow_private
		hosts   []string // in scope, if not the one asked for
		want    string
	}{
		{name: "loopback", answers: []string{"127.0.0.1"}, want: FailBlockedAddress},
		{name: "loopback of version 6", answers: []string{"::1"}, want: FailBlockedAddress},
		{name: "mapped", answers: []string{"::ffff:127.0.0.1"}, want: FailBlockedAddress},
		{name: "cloud metadata", answers: []string{"169.254.169.254"}, want: FailBlockedAddress},
		{name: "nat64", answers: []string{"64:ff9b::7f00:1"}, want: FailBlockedAddress},
		{name: "several, all inside", answers: []string{"127.0.0.1 10.0.0.1 ::1"}, want: FailBlockedAddress},
		{name: "unspecified", answers: []string{"0.0.0.0"}, want: FailBlockedAddress},
		{name: "no such name", answers: nil, want: FailDNS},
		{name: "allowed", answers: []string{"127.0.0.1"}, private: true, want: "doc"},
		{name: "allowed, but another host is in scope", answers: []string{"127.0.0.1"}, private: true, hosts: []string{"other.example"},
			want: FailBlockedAddress},
		{name: "allowed, but another port is in scope", answers: []string{"127.0.0.1"}, private: true, hosts: []string{"name.example:1"},
			want: FailBlockedAddress},
	} {
		hits.Store(0)
		dns := &nameServer{table: make(map[string][]string)}
		if tt.answers != nil {
			dns.table["name.example"] = tt.answers
		}
		target := "name.example:" + port
		if tt.hosts == nil {
			tt.hosts = []string{target}
		}
		dial := guardedDial(tt.private, newHostSet(tt.hosts), dns.resolver())
		client := &http.Transport{DialContext: dial, DisableKeepAlives: true}
		x := &exchange{}
		res, err := client.RoundTrip(requestFor(t, "http://"+target+"/"))
		got := "doc"
		if err != nil {
			x.err = err
			f, _ := x.failure()
			got = f.Class
		} else {
			_ = res.Body.Close()
		}
		if got != tt.want || (hits.Load() > 0) != (tt.want == "doc") {
			t.Errorf("%s: %s after %d requests, want %s: %v", tt.name, got, hits.Load(), tt.want, err)
		}
	}
}

// A name that is outside for whoever looks first and inside for the connection is refused at the connection.
func TestMisbehaveRebinding(t *testing.T) {
	_, port, hits := insider(t)
	dns := &nameServer{table: map[string][]string{"name.example": {"93.184.216.34", "127.0.0.1"}}}
	if first, err := dns.resolver().LookupHost(t.Context(), "name.example"); err != nil || first[0] != "93.184.216.34" {
		t.Fatalf("%v %v", first, err)
	}
	cfg := testConfig("http://name.example:" + port + "/")
	cfg.Fetch.AllowPrivate = false
	c := newTestCrawler(t, cfg, nil)
	c.transport.(*http.Transport).DialContext = guardedDial(false, c.dialable(), dns.resolver())
	p := fetch(t, c, cfg.Start[0])
	if class(p) != "disallowed" || !strings.Contains(p.Disallowed, "127.0.0.1 is a private or special address") || hits.Load() != 0 {
		t.Errorf("%s: %s; %d requests", class(p), why(p), hits.Load())
	}
}

// Redirects of pages, robots.txt and sitemaps lead inside as little as anything else, whatever is allowed for the hosts
// in scope.
func TestMisbehaveRedirectsInside(t *testing.T) {
	_, port, hits := insider(t)
	for _, inside := range []string{
		"http://127.0.0.1:" + port, "http://127.1:" + port, "http://[::ffff:127.0.0.1]:" + port, "http://localhost:" + port,
		"http://2130706433:" + port, "http://0:" + port, "http://user:secret@127.0.0.1:" + port,
	} {
		hits.Store(0)
		site := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", inside+"/secret")
			switch r.URL.Path {
			case "/":
				writePage(w, "x")
			default:
				w.WriteHeader(http.StatusFound)
			}
		})
		cfg := testConfig(site.URL + "/") // allows its own host
		cfg.Sitemaps.Mode = SitemapsAuto
		cfg.Fetch.Headers = map[string]string{"X-Key": "secret"}
		c := newTestCrawler(t, cfg, nil)
		f := newFrontier()
		if _, err := c.Discover(t.Context(), f); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"/", "/page", "/page#x"} {
			p := fetch(t, c, strings.TrimSuffix(site.URL+path, "#x"))
			if p.Redirect == "" {
				continue
			}
			if p = fetch(t, c, p.Redirect); class(p) != FailBlockedAddress || p.Fetches != 0 {
				t.Errorf("%s: %s after %d requests: %s", inside, class(p), p.Fetches, why(p))
			}
		}
		if n := hits.Load(); n > 0 {
			t.Errorf("%s: %d requests came through", inside, n)
		}
	}
}

// A proxy resolves names itself. Addresses inside are not even asked of it, in any spelling.
func TestMisbehaveProxy(t *testing.T) {
	var asked atomic.Int32
	proxy := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		writePage(w, "by proxy")
	})
	cfg := testConfig("http://help.example/", "http://10.1.1.1/")
	cfg.Fetch.Proxy = proxy.URL
	cfg.Fetch.AllowPrivate = false
	c := newTestCrawler(t, cfg, nil)
	for _, host := range []string{
		"127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0", "[::1]", "[::ffff:7f00:1]", "[64:ff9b::a00:1]", "[fe80::1%25eth0]",
		"10.0.0.1", "10.0.0.1.", "169.254.169.254", "localhost", "a.localhost.", "127。0。0。1", "[::]", "10.1.1.1",
	} {
		for _, scheme := range []string{"http://", "https://"} {
			res, err := c.transport.RoundTrip(requestFor(t, scheme+host+"/"))
			var blocked *blockedAddressError
			if !errors.As(err, &blocked) {
				t.Errorf("%s: %v", scheme+host, err)
			}
			if err == nil {
				_ = res.Body.Close()
			}
		}
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("the proxy was asked %d times", n)
	}
	for _, host := range []string{"help.example", "93.184.216.34", "[2606:4700::1111]", "notlocalhost", "1password.example"} {
		res, err := c.transport.RoundTrip(requestFor(t, "http://"+host+"/"))
		if err != nil {
			t.Errorf("%s: %v", host, err)
			continue
		}
		_ = res.Body.Close()
	}
	cfg.Fetch.AllowPrivate = true
	c = newTestCrawler(t, cfg, nil)
	for host, want := range map[string]bool{"10.1.1.1": true, "10.1.1.2": false} {
		res, err := c.transport.RoundTrip(requestFor(t, "http://"+host+"/"))
		if (err == nil) != want {
			t.Errorf("allowed in scope, %s: %v", host, err)
		}
		if err == nil {
			_ = res.Body.Close()
		}
	}
}

func requestFor(t *testing.T, rawURL string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, rawURL, nil)
	if err != nil {
		t.Fatal(fmt.Errorf("request %s: %w", rawURL, err))
	}
	return req
}
