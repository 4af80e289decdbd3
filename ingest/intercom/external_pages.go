package intercom

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// ExternalPage is a page of the workspace's content library, as the API returns it.
type ExternalPage struct {
	ID         string // Intercom's ID, which GET and DELETE take; never empty
	SourceID   int64
	ExternalID string
	Title      string
	HTML       string
	URL        string // empty: Fin does not cite the page
	Locale     string

	AIAgentAvailability   *bool // nil if the API does not say
	AICopilotAvailability *bool // nil if the API does not say

	CreatedAt      time.Time // zero if unknown, as the next two
	UpdatedAt      time.Time
	LastIngestedAt time.Time
}

// UnmarshalJSON reads the API's external_page object; unknown fields are ignored.
func (p *ExternalPage) UnmarshalJSON(b []byte) error {
	var w struct {
		ID             looseString `json:"id"`
		SourceID       looseInt    `json:"source_id"`
		ExternalID     looseString `json:"external_id"`
		Title          string      `json:"title"`
		HTML           string      `json:"html"`
		URL            string      `json:"url"`
		Locale         string      `json:"locale"`
		AIAgent        *bool       `json:"ai_agent_availability"`
		AICopilot      *bool       `json:"ai_copilot_availability"`
		CreatedAt      looseTime   `json:"created_at"`
		UpdatedAt      looseTime   `json:"updated_at"`
		LastIngestedAt looseTime   `json:"last_ingested_at"`
	}
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*p = ExternalPage{
		ID: string(w.ID), SourceID: int64(w.SourceID), ExternalID: string(w.ExternalID),
		Title: w.Title, HTML: w.HTML, URL: w.URL, Locale: w.Locale,
		AIAgentAvailability: w.AIAgent, AICopilotAvailability: w.AICopilot,
		CreatedAt: time.Time(w.CreatedAt), UpdatedAt: time.Time(w.UpdatedAt), LastIngestedAt: time.Time(w.LastIngestedAt),
	}
	return nil
}

// UpsertExternalPageRequest is a page to create or update: SourceID and ExternalID together say which.
type UpsertExternalPageRequest struct {
	SourceID   int64  `json:"source_id"`   // required
	ExternalID string `json:"external_id"` // required
	Title      string `json:"title"`
	HTML       string `json:"html"`
	URL        string `json:"url,omitempty"` // what Fin links to; give it with every update: omitting it may remove it
	Locale     string `json:"locale"`        // empty: that of the Config

	// Nil leaves the flag out: an update keeps its value, a create sets it to false.
	AIAgentAvailability   *bool `json:"ai_agent_availability,omitempty"`
	AICopilotAvailability *bool `json:"ai_copilot_availability,omitempty"`
}

// UpsertExternalPage creates a page, or updates the one with the same source and external ID ("POST
// /ai/external_pages"). It returns the page that the API acknowledges, whose external ID is the one sent. It may send
// the request several times, which the API's upsert makes safe; never call it for one external ID while another call
// for it is under way.
func (c *Client) UpsertExternalPage(ctx context.Context, r UpsertExternalPageRequest) (ExternalPage, error) {
	if r.ExternalID == "" || r.SourceID <= 0 {
		return ExternalPage{}, errors.New("POST /ai/external_pages: source ID or external ID is missing: nothing was sent")
	}
	r.Locale = orDefault(r.Locale, c.locale)
	var page ExternalPage
	decode := func(b []byte) error {
		if err := decodePage(b, &page); err != nil {
			return err
		}
		if page.ExternalID != r.ExternalID {
			return fmt.Errorf("%w: it is about the page with external ID %q", ErrUnexpected, shorten(page.ExternalID))
		}
		if page.SourceID != 0 && page.SourceID != r.SourceID {
			return fmt.Errorf("%w: it is about a page of source %d", ErrUnexpected, page.SourceID)
		}
		return nil
	}
	err := c.do(ctx, call{method: http.MethodPost, path: "/ai/external_pages", body: r, upsert: true, decode: decode})
	if err != nil {
		return ExternalPage{}, err
	}
	return page, nil
}

// GetExternalPage returns the page with Intercom's ID id ("GET /ai/external_pages/{id}"). Error.NotFound says that
// there is none.
func (c *Client) GetExternalPage(ctx context.Context, id string) (ExternalPage, error) {
	path, err := pagePath(http.MethodGet, id)
	if err != nil {
		return ExternalPage{}, err
	}
	var page ExternalPage
	err = c.do(ctx, call{method: http.MethodGet, path: path, decode: func(b []byte) error {
		return decodePageWithID(b, &page, id)
	}})
	if err != nil {
		return ExternalPage{}, err
	}
	return page, nil
}

// DeleteExternalPage deletes the page with Intercom's ID id ("DELETE /ai/external_pages/{id}"). A page that is not
// there, because it was deleted before, is no error. The documented answer is 200 with the page; the 204 of sources is
// taken too.
func (c *Client) DeleteExternalPage(ctx context.Context, id string) error {
	path, err := pagePath(http.MethodDelete, id)
	if err != nil {
		return err
	}
	err = c.do(ctx, call{method: http.MethodDelete, path: path, empty: true, decode: func(b []byte) error {
		var page ExternalPage
		return decodePageWithID(b, &page, id)
	}})
	var e *Error
	if errors.As(err, &e) && e.NotFound() {
		return nil
	}
	return err
}

// ListExternalPages returns all pages of the workspace ("GET /ai/external_pages"), those of other sources too: the API
// has no filter. Each ID comes once. An error ends the list; what came before it is not the whole. Do not delete pages
// while the list is read: that moves pages from one answer to another.
func (c *Client) ListExternalPages(ctx context.Context) iter.Seq2[ExternalPage, error] {
	return list(ctx, c, "/ai/external_pages", func(p ExternalPage) string { return p.ID })
}

// pagePath refuses IDs that would make the path that of another operation.
func pagePath(method, id string) (string, error) {
	if id == "" || id == "." || id == ".." {
		return "", fmt.Errorf("%s /ai/external_pages/{id}: %q is no ID: nothing was sent", method, id)
	}
	return "/ai/external_pages/" + url.PathEscape(id), nil
}

func decodePage(b []byte, page *ExternalPage) error {
	if err := page.UnmarshalJSON(b); err != nil { // json.Unmarshal would read the HTML once more
		return err
	}
	if page.ID == "" {
		return fmt.Errorf("%w: a page without ID", ErrUnexpected)
	}
	return nil
}

func decodePageWithID(b []byte, page *ExternalPage, id string) error {
	if err := decodePage(b, page); err != nil {
		return err
	}
	if page.ID != id {
		return fmt.Errorf("%w: it is about the page with ID %q", ErrUnexpected, shorten(page.ID))
	}
	return nil
}
