package demo

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// proxied is a client that sends everything through the proxy, over connections of its own.
func proxied(t *testing.T, proxyURL string) *http.Client {
	t.Helper()
	u, err := url.Parse(proxyURL)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{Proxy: http.ProxyURL(u)}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func TestServeAsProxy(t *testing.T) {
	defer goleak.VerifyNone(t)
	proxyURL, stop, err := Serve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	client := proxied(t, proxyURL)
	defer client.CloseIdleConnections()
	for _, test := range []struct {
		url    string
		status int
		body   string
		final  string
	}{
		{StartURL, 200, "How can we help?", StartURL},
		{"http://" + Host, 200, "How can we help?", "http://" + Host},
		{absolute("/articles/old-calendar-sync"), 200, "Google", absolute("/articles/connect-google-calendar")},
		{"http://other.example/", 403, "serves", "http://other.example/"},
	} {
		resp, err := client.Get(test.url)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != test.status || !strings.Contains(string(body), test.body) || resp.Request.URL.String() != test.final {
			t.Errorf("%s: %d at %s", test.url, resp.StatusCode, resp.Request.URL)
		}
	}
	if _, err := client.Get("https://" + Host + "/"); err == nil {
		t.Error("a tunnel was opened")
	}
}

func TestServeInBrowser(t *testing.T) {
	defer goleak.VerifyNone(t)
	address, stop, err := Serve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Get(address + "/articles/glossary")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("status %d", resp.StatusCode)
	}
}

func TestServeStops(t *testing.T) {
	defer goleak.VerifyNone(t)
	ctx, cancel := context.WithCancel(t.Context())
	first, stopFirst, err := Serve(ctx)
	if err != nil {
		t.Fatal(err)
	}
	second, stopSecond, err := Serve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	stopFirst()
	stopSecond()
	stopSecond()
	for _, proxyURL := range []string{first, second} {
		if resp, err := proxied(t, proxyURL).Get(StartURL); err == nil {
			resp.Body.Close()
			t.Errorf("%s still answers", proxyURL)
		}
	}
	if _, _, err := Serve(ctx); err == nil {
		t.Error("served with an ended context")
	}
}
