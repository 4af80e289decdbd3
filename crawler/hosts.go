package crawler

import (
	"net"
	"net/url"
	"strings"
)

// hostSet holds authorities as host:port in the form of authority.
type hostSet map[string]bool

// newHostSet reads hosts, each host or host:port; without a port, the default ports of http and https are meant.
func newHostSet(hosts []string) hostSet {
	set := make(hostSet, 2*len(hosts))
	for _, h := range hosts {
		h = strings.ToLower(h)
		if host, port, err := net.SplitHostPort(h); err == nil {
			set[net.JoinHostPort(host, port)] = true
			continue
		}
		h = strings.Trim(h, "[]")
		set[net.JoinHostPort(h, "80")] = true
		set[net.JoinHostPort(h, "443")] = true
	}
	return set
}

func (s hostSet) has(u *url.URL) bool { return s[authority(u)] }

// authority returns host:port of u, the port of its scheme if it names none.
func authority(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "443"
		if u.Scheme == "http" {
			port = "80"
		}
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// secureHosts returns the host names, without ports, that some start URL reads over https.
func secureHosts(start []string) hostSet {
	set := make(hostSet)
	for _, raw := range start {
		if u, err := url.Parse(raw); err == nil && u.Scheme == "https" {
			set[strings.ToLower(u.Hostname())] = true
		}
	}
	return set
}

// names returns the host names without ports, as Colly compares them.
func (s hostSet) names() []string {
	var names []string
	for a := range s {
		u := url.URL{Host: a}
		names = append(names, u.Hostname())
	}
	return names
}
