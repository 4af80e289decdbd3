package intercom

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// errTimeout is the cause of a try that took longer than Options.Timeout.
var errTimeout = errors.New("timeout of the request")

// sighting is what an answer says about the rate limit; ok is false if it says nothing.
type sighting struct {
	rate rate
	ok   bool
}

// try sends one request and judges the answer. The error lacks Attempts.
func (c *Client) try(ctx context.Context, call *call, body *payload) (sighting, *Error) {
	e := &Error{Op: call.op(), upsert: call.upsert}
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout, errTimeout)
	defer cancel()
	req, err := c.newRequest(ctx, call, body)
	if err != nil {
		e.Err = c.foreign(err)
		return sighting{}, e
	}
	c.requests.Add(1)
	res, err := c.http.Do(req)
	if err != nil {
		e.Err = c.unanswered(ctx, err)
		return sighting{}, e
	}
	defer res.Body.Close()

	now := time.Now()
	var seen sighting
	seen.rate, seen.ok = parseRate(res.Header, now)
	e.Status = res.StatusCode
	switch {
	case res.StatusCode == http.StatusOK:
		c.forbidden.Store(0)
		e = c.accept(ctx, call, res, e)
	case res.StatusCode == http.StatusNoContent && call.empty:
		c.forbidden.Store(0)
		e = nil
	default:
		c.refuse(ctx, res, e)
	}
	if e != nil {
		var problem string
		if e.after, problem = askedWait(res.Header, now, e.rateLimited()); problem != "" {
			c.log.Debug("header ignored", "op", e.Op, "problem", c.redact(problem))
		}
	}
	return seen, e
}

func (c *Client) newRequest(ctx context.Context, call *call, body *payload) (*http.Request, error) {
	u := call.url
	if u == nil {
		var err error
		if u, err = url.Parse(c.base.String() + call.path); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, call.method, u.String(), nil)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Body = body.reader()
		req.ContentLength = int64(body.buf.Len())
		req.GetBody = func() (io.ReadCloser, error) { return body.reader(), nil }
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Intercom-Version", c.version)
	req.Header.Set("User-Agent", c.userAgent)
	return req, nil
}

// accept reads an answer with status 200. It returns nil if that is the answer to the call, else e with what is wrong.
func (c *Client) accept(ctx context.Context, call *call, res *http.Response, e *Error) *Error {
	body, err := readLimited(res.Body, res.ContentLength, maxAnswer)
	switch {
	case errors.Is(err, ErrTooLarge):
		e.Err = err // a second answer would be as large
		return e
	case err != nil:
		e.unusable = true
		e.Err = fmt.Errorf("read the answer: %w", c.unanswered(ctx, err))
		return e
	}
	if bytes.Contains(body, []byte(errorListType)) {
		if list, ok := parseErrorList(body); ok {
			e.unusable = true
			e.fill(list, c.redact)
			return e
		}
	}
	if isHTML(res.Header.Get("Content-Type")) {
		e.unusable = true
		e.Err = c.notJSON(res, body)
		return e
	}
	if err := call.decode(body); err != nil {
		e.unusable = true
		switch {
		case errors.Is(err, ErrUnexpected):
			e.Err = c.foreign(err)
		case json.Valid(body):
			e.Err = fmt.Errorf("%w: %s", ErrUnexpected, c.redact(err.Error()))
		default:
			e.Err = fmt.Errorf("%w (%s)", c.notJSON(res, body), c.redact(err.Error()))
		}
		return e
	}
	return nil
}

// refuse reads an answer with another status into e.
func (c *Client) refuse(ctx context.Context, res *http.Response, e *Error) {
	// A status of success that the API does not document for the call leaves open what was done.
	e.unusable = res.StatusCode >= 200 && res.StatusCode < 300
	body, err := readLimited(res.Body, res.ContentLength, maxErrorAnswer)
	list, ok := parseErrorList(body)
	switch {
	case ok:
		e.fill(list, c.redact)
	case res.StatusCode >= 300 && res.StatusCode < 400:
		e.Err = fmt.Errorf("%w: a redirect to %s is not followed: check target.region and target.base_url",
			ErrUnexpected, c.redact(redirectHost(res)))
	case err != nil && !errors.Is(err, ErrTooLarge):
		e.Err = fmt.Errorf("read the answer: %w", c.unanswered(ctx, err))
	case e.unusable && len(bytes.TrimSpace(body)) == 0:
		e.Err = fmt.Errorf("%w: no body, and a status that the API does not document here", ErrUnexpected)
	case e.unusable && json.Valid(body):
		e.Err = fmt.Errorf("%w: a status that the API does not document here", ErrUnexpected)
	default:
		e.Err = c.notErrorList(res, body)
		if err != nil {
			e.Err = fmt.Errorf("%w; %w", e.Err, err)
		}
	}
	if res.StatusCode == http.StatusForbidden && !e.list {
		e.third = c.forbidden.Add(1) >= 3
	} else {
		c.forbidden.Store(0)
	}
}

func redirectHost(res *http.Response) string {
	if u, err := res.Location(); err == nil && u.Host != "" {
		return u.Host
	}
	return "nowhere"
}

// isHTML reports whether a content type is that of a page for people. Other types do not matter: the body decides.
func isHTML(contentType string) bool {
	t, _, err := mime.ParseMediaType(contentType)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		return false
	}
	return t == "text/html" || t == "application/xhtml+xml"
}

// shownBody is how much of a foreign body an error repeats: enough to recognize a proxy or a maintenance page.
const shownBody = 120

// notErrorList describes a body of a refusal that does not say why in the API's words.
func (c *Client) notErrorList(res *http.Response, body []byte) error {
	if json.Valid(body) {
		return fmt.Errorf("%w: no error.list, begins %q", ErrUnexpected, c.beginning(body))
	}
	return c.notJSON(res, body)
}

// notJSON describes a body that is not the API's.
func (c *Client) notJSON(res *http.Response, body []byte) error {
	t := orDefault(shorten(c.redact(res.Header.Get("Content-Type"))), "no content type")
	text := c.beginning(body)
	if text == "" {
		return fmt.Errorf("%w: %s, empty", ErrNotJSON, t)
	}
	return fmt.Errorf("%w: %s, begins %q", ErrNotJSON, t, text)
}

// beginning returns the first words of a body, on one line.
func (c *Client) beginning(body []byte) string {
	text := strings.Join(strings.Fields(c.redact(strings.ToValidUTF8(string(body), "\uFFFD"))), " ")
	if len(text) > shownBody {
		text = strings.ToValidUTF8(text[:shownBody], "") + "…"
	}
	return text
}

// unanswered describes an error of the transport without the URL, which Op has.
func (c *Client) unanswered(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), errTimeout) {
		return fmt.Errorf("no answer within %s", c.timeout)
	}
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	return c.foreign(err)
}

// foreign returns err unless its text has the token in it; then only the rest of the text.
func (c *Client) foreign(err error) error {
	if text := err.Error(); c.redact(text) != text {
		return errors.New(c.redact(text))
	}
	return err
}
