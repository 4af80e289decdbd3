package crawler

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	whatwg "github.com/nlnwa/whatwg-url/url"
)

// urlProblem says why s is not the absolute http or https URL of a page or a sitemap; empty: it is.
func urlProblem(s string) string {
	u, err := whatwg.Parse(s)
	switch {
	case len(s) > maxURLLength:
		return fmt.Sprintf("is longer than %d bytes", maxURLLength)
	case err != nil || u.Scheme() != "http" && u.Scheme() != "https" || u.Host() == "":
		return "must be an absolute http or https URL, such as https://help.example.com/"
	case u.Username() != "" || u.Password() != "":
		return "has a user name or a password in it: use fetch.basic_auth"
	}
	return ""
}

// parseHost brings a host of the config into the form that it has in a canonical URL. problem says what is wrong with
// it; empty: nothing.
func parseHost(s string) (host, problem string) {
	switch {
	case strings.TrimSpace(s) == "":
		return "", "is empty"
	case strings.Contains(s, "*"):
		return "", "is a pattern; name each host"
	case strings.ContainsAny(s, "/\\?#@ "):
		return "", "must be a host or host:port, such as help.example.com, not a URL"
	}
	// The port that is the default of either scheme is dropped.
	for _, scheme := range []string{"https", "http"} {
		u, err := whatwg.Parse(scheme + "://" + s)
		if err != nil || u.Host() == "" {
			return "", "is not a valid host or host:port"
		}
		host = u.Host()
		if u.Port() == "" {
			break
		}
	}
	return host, ""
}

var productToken = regexp.MustCompile(`^[A-Za-z0-9_.-]+([/ ]|$)`)

func userAgentProblem(s string) string {
	switch {
	case s == "":
		return ""
	case strings.ContainsFunc(s, isControl):
		return "has control characters"
	case !productToken.MatchString(s):
		return "must begin with a product token of letters, digits, -, _ and ., such as acme-sync/1.0: " +
			"robots.txt is read for that name"
	}
	return ""
}

func contactProblem(s string) string {
	u, err := url.Parse(s)
	switch {
	case s == "":
		return ""
	case strings.ContainsFunc(s, isControl) || strings.ContainsAny(s, "() "):
		return "has spaces, parentheses or control characters"
	case strings.Contains(s, "@") && !strings.Contains(s, "://"):
		return ""
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return "must be an http or https URL or an e-mail address"
	}
	return ""
}

func basicAuthProblem(s string) string {
	user, _, ok := strings.Cut(s, ":")
	switch {
	case s == "":
		return ""
	case !ok || user == "":
		return "must have the form user:password"
	case strings.ContainsFunc(s, isControl):
		return "has control characters"
	}
	return ""
}

func proxyProblem(s string) string {
	const problem = "must be the URL of an http, https or socks5 proxy, such as http://proxy.example.com:3128"
	if s == "" {
		return ""
	}
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || !slices.Contains([]string{"http", "https", "socks5"}, u.Scheme) {
		return problem
	}
	return ""
}

func isControl(r rune) bool {
	return r < ' ' || r == 0x7F
}
