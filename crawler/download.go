package crawler

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
)

const plainAccept = "*/*"

// download requests a file that is no page, a robots.txt or a sitemap, through the same transport, limiter and retries
// as pages, and follows up to redirects redirects. At most limit bytes of the body are kept; x.read is larger than
// limit if there was more. The error is the cause of ctx's end, or ErrStopped.
func (c *Crawler) download(ctx context.Context, u *url.URL, limit int64, redirects int) (*exchange, error) {
	for hop := 0; ; hop++ {
		x, err := c.try(ctx, u.Host, func(ctx context.Context) *exchange { return c.downloadOnce(ctx, u, limit) })
		if err != nil || hop == redirects || !isRedirect(x.status) || x.err != nil {
			return x, err
		}
		next, err := u.Parse(x.header.Get("Location"))
		if err != nil || x.header.Get("Location") == "" || next.Scheme != "http" && next.Scheme != "https" {
			return x, nil
		}
		next.User = nil
		u = next
	}
}

func (c *Crawler) downloadOnce(ctx context.Context, u *url.URL, limit int64) *exchange {
	x := &exchange{}
	req, err := http.NewRequestWithContext(context.WithValue(ctx, exchangeKey{}, x), http.MethodGet, u.String(), nil)
	if err != nil {
		x.err = err
		return x
	}
	req.Header = c.header(u, plainAccept)
	res, err := recorder{next: c.transport}.RoundTrip(req)
	if err != nil {
		x.err = err
		return x
	}
	var body bytes.Buffer
	// A sitemap is large: growing into its size would leave several times that as garbage.
	body.Grow(int(min(max(res.ContentLength, 0), limit)) + bytes.MinRead)
	_, err = body.ReadFrom(io.LimitReader(res.Body, limit+1))
	x.body = body.Bytes()[:min(int64(body.Len()), limit)]
	_ = res.Body.Close() // what was read decides
	x.err = err
	return x
}
