package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pageferry/pageferry/ingest/ledger"
)

// NotifyConfig says who is told how the runs of a site end.
type NotifyConfig struct {
	// Webhook is the URL that is told, by POST of the result as JSON with a sentence as its first field, text: when a run
	// no longer ends with exit code 0, or with another one; when one does again; and weekly while none does. Empty: nobody
	// is. It may hold a password or a key, so it is a secret.
	Webhook string `yaml:"webhook"`
}

func (c *NotifyConfig) validate(report func(path, problem string)) {
	if c.Webhook == "" {
		return
	}
	u, err := url.Parse(c.Webhook)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		report("notify.webhook", "must be an http or https URL, such as the one that a chat gives for incoming webhooks")
	}
}

// Bounds of a notification.
const (
	// notifyAgain is how often a state that stays bad is told: a week, less what a nightly run may come early.
	notifyAgain = 7*24*time.Hour - 12*time.Hour
	// notifyTotal bounds all tries together, so that the end of a run is not held up.
	notifyTotal = 10 * time.Second
	notifyTry   = 3 * time.Second
	notifyTries = 3
	notifyPause = 500 * time.Millisecond // before the second try; before the third it is twice that
	// notifyAnswer is how much of an answer is read, so that its connection ends well.
	notifyAnswer = 4 << 10
)

// Notifier tells a webhook how the runs of a site end.
type Notifier struct {
	Config    NotifyConfig
	Ledger    *ledger.Ledger    // remembers what was told last; nil: it cannot be read, and every bad end is told
	Transport http.RoundTripper // nil: the network, by the proxy of the environment
	UserAgent string
}

// Notify tells the webhook of a result, if it changes what was told last or if that was long ago. What was told is
// recorded when the webhook has taken it, so that the next run tries again otherwise. It takes ten seconds at the most.
// The error says what is wrong with the webhook, not its URL.
func (n *Notifier) Notify(ctx context.Context, res *Result) error {
	if n.Config.Webhook == "" || res.Exit == ExitInterrupted || res.Exit == ExitLocked {
		return nil // these say nothing of how the site stands
	}
	ctx, cancel := context.WithTimeout(ctx, notifyTotal)
	defer cancel()
	var last ledger.Told
	if n.Ledger != nil {
		var err error
		if last, err = n.Ledger.Told(ctx); err != nil {
			return err
		}
	}
	now := time.Now()
	text := telling(res, last, now)
	if text == "" {
		return nil
	}
	body, err := notification(text, res)
	if err != nil {
		return err
	}
	if err := n.post(ctx, body); err != nil {
		return fmt.Errorf("notify.webhook was not told: %w", err)
	}
	if n.Ledger == nil {
		return nil
	}
	told := ledger.Told{Exit: res.Exit, At: now}
	if res.Exit != ExitOK {
		told.Since = last.Since
		if told.Since.IsZero() {
			told.Since = now
		}
	}
	return n.Ledger.Tell(told)
}

// telling returns the sentence to tell, or nothing if there is no news.
func telling(res *Result, last ledger.Told, now time.Time) string {
	switch {
	case res.Exit == last.Exit && (res.Exit == ExitOK || now.Sub(last.At) < notifyAgain):
		return ""
	case res.Exit == ExitOK:
		return fmt.Sprintf("pageferry: %s is up to date in Fin again, with %s", res.Site, count(res.InTarget, "page"))
	}
	state := "is not up to date in Fin"
	if res.Exit == ExitLook {
		state = "needs a person to look"
	}
	if res.Exit == last.Exit {
		state = fmt.Sprintf("still %s, since %s", state, last.Since.UTC().Format("2 Jan 2006"))
	}
	why := res.Reason
	if len(res.Messages) > 0 {
		why = strings.Join(strings.Fields(res.Messages[0]), " ")
	}
	return fmt.Sprintf("pageferry: %s %s (exit %d, %s): %s", res.Site, state, res.Exit, strings.ReplaceAll(res.Reason, "_", " "), why)
}

// post sends a notification, and again if it may help.
func (n *Notifier) post(ctx context.Context, body []byte) error {
	client := &http.Client{Transport: n.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if n.Transport == nil {
		t := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
		defer t.CloseIdleConnections()
		client.Transport = t
	}
	var err error
	for try := range notifyTries {
		if try > 0 {
			pause := notifyPause << (try - 1)
			if !sleep(ctx, pause+rand.N(pause/4)) {
				break
			}
		}
		var again bool
		if again, err = n.try(ctx, client, body); !again {
			return err
		}
	}
	return err
}

// try sends a notification once and reports whether it is worth doing again.
func (n *Notifier) try(ctx context.Context, client *http.Client, body []byte) (again bool, err error) {
	tryCtx, cancel := context.WithTimeout(ctx, notifyTry)
	defer cancel()
	req, err := http.NewRequestWithContext(tryCtx, http.MethodPost, n.Config.Webhook, bytes.NewReader(body))
	if err != nil {
		return false, errors.New("the URL cannot be used")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", n.UserAgent)
	resp, err := client.Do(req)
	if err != nil {
		return ctx.Err() == nil, n.plain(ctx, tryCtx, err)
	}
	defer resp.Body.Close()
	// Only read so that the connection ends well; what it says is not shown, because it may repeat the URL.
	_, _ = io.CopyN(io.Discard, resp.Body, notifyAnswer)
	switch c := resp.StatusCode; {
	case c >= 200 && c < 300:
		return false, nil
	case c >= 300 && c < 400:
		return false, fmt.Errorf("it answered HTTP %d; redirects are not followed", c)
	default:
		return c == http.StatusTooManyRequests || c == http.StatusRequestTimeout || c >= 500, fmt.Errorf("it answered HTTP %d", c)
	}
}

// plain says what went wrong without the URL, which the errors of net/http quote.
func (n *Notifier) plain(ctx, tryCtx context.Context, err error) error {
	var quoted *url.Error
	switch {
	case tryCtx.Err() == nil:
	case errors.Is(ctx.Err(), context.Canceled):
		return errors.New("interrupted")
	default:
		return fmt.Errorf("no answer within %s", notifyTry)
	}
	if errors.As(err, &quoted) {
		err = quoted.Err
	}
	if strings.Contains(err.Error(), n.Config.Webhook) {
		return errors.New("the request failed")
	}
	return err
}

// sleep waits; false: ctx has ended.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
