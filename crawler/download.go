package crawler

import (
	"context"
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
		to := location(x.header)
		next, err := u.Parse(to)
		if err != nil || to == "" || manyLocations(x.header) || next.Scheme != "http" && next.Scheme != "https" {
			return x, nil
		}
		next.User = nil
		u = next
	}
}

func (c *Crawler) downloadOnce(ctx context.Context, u *url.URL, limit int64) *exchange {
	x := &exchange{limit: limit}
	req, err := http.NewRequestWithContext(context.WithValue(ctx, exchangeKey{}, x), http.MethodGet, u.String(), nil)
	if err != nil {
		x.err = err
		return x
	}
	req.Header = c.header(u, plainAccept)
	if _, err := (recorder{next: c.transport, decoders: &c.decoders}).RoundTrip(req); err != nil {
		x.err = err
	}
	return x
}
