package intercom

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// ContentImportSource is what pages are imported from. It owns its pages: deleting it deletes them.
type ContentImportSource struct {
	ID           int64 // never 0
	URL          string
	SyncBehavior string // SyncAPI, or automatic or manual for Intercom's own website sync
	Status       string // StatusActive or deactivated
	LastSyncedAt time.Time
	CreatedAt    time.Time // zero if unknown, as the other times
	UpdatedAt    time.Time

	Fresh bool // EnsureSource has created it, so it holds no pages
}

// Values of a source that this client can write to.
const (
	SyncAPI      = "api"
	StatusActive = "active"
)

// UnmarshalJSON reads the API's content_import_source object; unknown fields are ignored.
func (s *ContentImportSource) UnmarshalJSON(b []byte) error {
	var w struct {
		ID           looseInt    `json:"id"`
		URL          looseString `json:"url"`
		SyncBehavior looseString `json:"sync_behavior"`
		Status       looseString `json:"status"`
		LastSyncedAt looseTime   `json:"last_synced_at"`
		CreatedAt    looseTime   `json:"created_at"`
		UpdatedAt    looseTime   `json:"updated_at"`
	}
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*s = ContentImportSource{
		ID: int64(w.ID), URL: string(w.URL), SyncBehavior: string(w.SyncBehavior), Status: string(w.Status),
		LastSyncedAt: time.Time(w.LastSyncedAt), CreatedAt: time.Time(w.CreatedAt), UpdatedAt: time.Time(w.UpdatedAt),
	}
	return nil
}

// SourceReason says why a source cannot be written to.
type SourceReason string

// The reasons of a SourceError.
const (
	SourceGone        SourceReason = "gone"
	SourceDeactivated SourceReason = "deactivated"
	SourceNotAPI      SourceReason = "not_api"
)

// SourceError is a source that exists no more or takes no pages, so that a run cannot deliver.
type SourceError struct {
	Reason SourceReason
	ID     int64
	Err    error // the API's answer; nil unless Reason is SourceGone
}

// Error says what is wrong and what can be done.
func (e *SourceError) Error() string {
	id := "content import source " + strconv.FormatInt(e.ID, 10)
	switch e.Reason {
	case SourceGone:
		return id + " does not exist: it was deleted in Intercom, or target.source_id is not of this workspace"
	case SourceDeactivated:
		return id + " is deactivated: activate it in Intercom, or set another target.source_id"
	}
	return id + " is not one for the API (sync_behavior api): Intercom fills it itself; " +
		"set target.source_id to another, or to 0"
}

// Unwrap returns Err.
func (e *SourceError) Unwrap() error { return e.Err }

// usable returns nil if pages can be written to s, else a *SourceError.
func (s ContentImportSource) usable() error {
	switch {
	case s.SyncBehavior != SyncAPI:
		return &SourceError{Reason: SourceNotAPI, ID: s.ID}
	case !s.active():
		return &SourceError{Reason: SourceDeactivated, ID: s.ID}
	}
	return nil
}

// active reports whether s takes pages. An API that does not say has nothing against it.
func (s ContentImportSource) active() bool { return s.Status == StatusActive || s.Status == "" }

// ListContentImportSources returns all sources of the workspace, also those of Intercom's own sync ("GET
// /ai/content_import_sources"). Each ID comes once. An error ends the list; what came before it is not the whole.
func (c *Client) ListContentImportSources(ctx context.Context) iter.Seq2[ContentImportSource, error] {
	return list(ctx, c, "/ai/content_import_sources", func(s ContentImportSource) string {
		if s.ID == 0 {
			return ""
		}
		return strconv.FormatInt(s.ID, 10)
	})
}

// GetContentImportSource returns one source ("GET /ai/content_import_sources/{id}"). Error.NotFound says that there is
// none.
func (c *Client) GetContentImportSource(ctx context.Context, id int64) (ContentImportSource, error) {
	var source ContentImportSource
	path := "/ai/content_import_sources/" + strconv.FormatInt(id, 10)
	err := c.do(ctx, call{method: http.MethodGet, path: path, decode: func(b []byte) error {
		if err := decodeSource(b, &source); err != nil {
			return err
		}
		if source.ID != id {
			return fmt.Errorf("%w: it is about source %d", ErrUnexpected, source.ID)
		}
		return nil
	}})
	if err != nil {
		return ContentImportSource{}, err
	}
	return source, nil
}

// CreateContentImportSource creates a source for pages from the API ("POST /ai/content_import_sources"). The API does
// not promise that a second POST with the same URL finds the first source: the request is repeated only if the API
// says that it was not carried out (429). After an error that is Temporary the source may exist: see EnsureSource.
func (c *Client) CreateContentImportSource(ctx context.Context, sourceURL string) (ContentImportSource, error) {
	body := struct {
		SyncBehavior string `json:"sync_behavior"`
		URL          string `json:"url"`
	}{SyncAPI, sourceURL}
	var source ContentImportSource
	decode := func(b []byte) error { return decodeSource(b, &source) }
	err := c.do(ctx, call{
		method: http.MethodPost, path: "/ai/content_import_sources", body: body, once: true, decode: decode,
	})
	if err != nil {
		return ContentImportSource{}, err
	}
	return source, nil
}

func decodeSource(b []byte, source *ContentImportSource) error {
	*source = ContentImportSource{}
	if err := json.Unmarshal(b, source); err != nil {
		return err
	}
	if source.ID <= 0 {
		return fmt.Errorf("%w: a source without ID", ErrUnexpected)
	}
	return nil
}

// EnsureSource returns the source that pages are to be written to: the one with the given ID; for ID 0 the one with
// this URL and sync_behavior api, which is created if there is none. Of several with the URL it takes the active one
// with the lowest ID. It returns a *SourceError if that source is gone, deactivated or not one for the API: it never
// creates one in place of one that exists. Two callers at the same time may create two.
func (c *Client) EnsureSource(ctx context.Context, id int64, sourceURL string) (ContentImportSource, error) {
	if id != 0 {
		return c.knownSource(ctx, id)
	}
	if sourceURL == "" {
		return ContentImportSource{}, errors.New("find the content import source: neither ID nor URL is given")
	}
	for n := 1; ; n++ {
		source, found, err := c.findSource(ctx, sourceURL)
		if found || err != nil {
			return source, err
		}
		source, err = c.CreateContentImportSource(ctx, sourceURL)
		if err == nil {
			source.Fresh = true
			return source, source.usable()
		}
		// What became of the request is unknown: look before another one is made.
		var e *Error
		if !errors.As(err, &e) || !e.Temporary() || n == maxTries {
			return ContentImportSource{}, fmt.Errorf("create the content import source of %s: %w", sourceURL, err)
		}
		wait := backoff(n)
		if err := sleep(ctx, wait+jitter(wait)); err != nil {
			return ContentImportSource{}, fmt.Errorf("create the content import source of %s: %w", sourceURL, err)
		}
	}
}

func (c *Client) knownSource(ctx context.Context, id int64) (ContentImportSource, error) {
	source, err := c.GetContentImportSource(ctx, id)
	var e *Error
	if errors.As(err, &e) && e.NotFound() {
		return ContentImportSource{}, &SourceError{Reason: SourceGone, ID: id, Err: err}
	}
	if err != nil {
		return ContentImportSource{}, err
	}
	return source, source.usable()
}

// FindSource is EnsureSource for those who only look: false says that there is no source yet.
func (c *Client) FindSource(ctx context.Context, id int64, sourceURL string) (s ContentImportSource, found bool, err error) {
	if id == 0 {
		return c.findSource(ctx, sourceURL)
	}
	s, err = c.knownSource(ctx, id)
	return s, err == nil, err
}

// findSource reads the whole list, so that the choice does not depend on its order.
func (c *Client) findSource(ctx context.Context, sourceURL string) (best ContentImportSource, found bool, err error) {
	for s, err := range c.ListContentImportSources(ctx) {
		if err != nil {
			return ContentImportSource{}, false, fmt.Errorf("find the content import source of %s: %w", sourceURL, err)
		}
		if s.SyncBehavior != SyncAPI || !sameURL(s.URL, sourceURL) {
			continue
		}
		if !found || preferred(s, best) {
			best, found = s, true
		}
	}
	if found {
		err = best.usable()
	}
	return best, found, err
}

// preferred reports whether a is to be taken rather than b.
func preferred(a, b ContentImportSource) bool {
	if a.active() != b.active() {
		return a.active()
	}
	return a.ID < b.ID
}

// sameURL reports whether two source URLs are meant to be one: whether the API keeps case and a slash at the end as
// they were sent is not documented, and a second source for a site would double its pages.
func sameURL(a, b string) bool {
	return a == b || rootURL(a) == rootURL(b)
}

func rootURL(raw string) string {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil {
		return raw
	}
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	return strings.TrimRight(u.String(), "/")
}
