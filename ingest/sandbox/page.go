package sandbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"time"
)

// Page is an external page as the store keeps it and, but for the derived fields, as the API answers it. Times are
// Unix seconds.
type Page struct {
	ID                       int64  `json:"id,string"`
	Title                    string `json:"title"`
	HTML                     string `json:"html"`
	URL                      string `json:"url,omitempty"` // empty: none
	AIAgentAvailability      bool   `json:"ai_agent_availability"`
	AICopilotAvailability    bool   `json:"ai_copilot_availability"`
	AISalesAgentAvailability bool   `json:"ai_sales_agent_availability"`
	Locale                   string `json:"locale"`
	SourceID                 int64  `json:"source_id"`
	ExternalID               string `json:"external_id"`
	CreatedAt                int64  `json:"created_at"`
	UpdatedAt                int64  `json:"updated_at"`
	LastIngestedAt           int64  `json:"last_ingested_at"`
}

// pageWrite is what a POST or PUT says of a page. A nil flag keeps the value that the page has, false for a new one.
type pageWrite struct {
	sourceID                    int64
	externalID                  string // PUT: empty keeps it
	title, html, url, locale    string
	aiAgent, aiCopilot, aiSales *bool
}

// The refusals of the store. The handler turns them into answers.
var (
	errNoPage       = errors.New("no such page")
	errNoSource     = errors.New("no such content import source")
	errNotAPI       = errors.New("the source is not written through the API")
	errTaken        = errors.New("another page of the source has this external_id")
	errSyncBehavior = errors.New("sync_behavior cannot change to or from api")
	errURLNotAPI    = errors.New("only the url of an api source can change")
)

const pageColumns = `id, title, html, coalesce(url, ''), ai_agent_availability, ai_copilot_availability,
	ai_sales_agent_availability, locale, source_id, external_id, created_at, updated_at, last_ingested_at`

func (p *Page) columns() []any {
	return []any{&p.ID, &p.Title, &p.HTML, &p.URL, &p.AIAgentAvailability, &p.AICopilotAvailability,
		&p.AISalesAgentAvailability, &p.Locale, &p.SourceID, &p.ExternalID, &p.CreatedAt, &p.UpdatedAt, &p.LastIngestedAt}
}

// upsertPage is one statement, and so one transaction: it writes nothing when the source is unknown or not an api one.
const upsertPage = `
INSERT INTO external_pages (source_id, external_id, title, html, url, locale, ai_agent_availability,
	ai_copilot_availability, ai_sales_agent_availability, created_at, updated_at, last_ingested_at)
SELECT id, $2, $3, $4, nullif($5, ''), $6, coalesce($7, 0), coalesce($8, 0), coalesce($9, 0), $10, $10, $10
FROM content_import_sources WHERE id = $1 AND sync_behavior = 'api'
ON CONFLICT (source_id, external_id) DO UPDATE SET
	title = excluded.title, html = excluded.html, url = excluded.url, locale = excluded.locale,
	ai_agent_availability = coalesce($7, ai_agent_availability),
	ai_copilot_availability = coalesce($8, ai_copilot_availability),
	ai_sales_agent_availability = coalesce($9, ai_sales_agent_availability),
	updated_at = excluded.updated_at, last_ingested_at = excluded.last_ingested_at
RETURNING id, ai_agent_availability, ai_copilot_availability, ai_sales_agent_availability, created_at`

// upsertPage creates the page that w names, or replaces its content. It is committed when the method returns. An
// omitted url removes the stored one, which the documentation says of PUT 2.17 only.
func (s *Store) upsertPage(ctx context.Context, w pageWrite) (Page, error) {
	now := time.Now().Unix()
	p := Page{Title: w.title, HTML: w.html, URL: w.url, Locale: w.locale, SourceID: w.sourceID, ExternalID: w.externalID,
		UpdatedAt: now, LastIngestedAt: now}
	// A request that has been read is carried out whether its client still waits or not, as by a real server.
	rows, err := s.upsert.QueryContext(context.WithoutCancel(ctx), w.sourceID, w.externalID, w.title, w.html, w.url,
		w.locale, w.aiAgent, w.aiCopilot, w.aiSales, now)
	if err != nil {
		return Page{}, fmt.Errorf("upsert page: %w", err)
	}
	defer rows.Close()
	found := rows.Next()
	if found {
		err := rows.Scan(&p.ID, &p.AIAgentAvailability, &p.AICopilotAvailability, &p.AISalesAgentAvailability, &p.CreatedAt)
		if err != nil {
			return Page{}, fmt.Errorf("upsert page: %w", err)
		}
		rows.Next() // to the end of the statement: only there does SQLite commit, and report that it could not
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return Page{}, fmt.Errorf("upsert page: %w", err)
	}
	if found {
		return p, nil
	}
	if _, err := s.source(ctx, w.sourceID); err != nil {
		return Page{}, err
	}
	return Page{}, errNotAPI
}

// page returns the page id, or errNoPage.
func (s *Store) page(ctx context.Context, id int64) (Page, error) {
	var p Page
	err := s.read.QueryRowContext(ctx, `SELECT `+pageColumns+` FROM external_pages WHERE id = $1`, id).Scan(p.columns()...)
	if errors.Is(err, sql.ErrNoRows) {
		return Page{}, errNoPage
	}
	if err != nil {
		return Page{}, fmt.Errorf("read page %d: %w", id, err)
	}
	return p, nil
}

const replacePage = `
UPDATE external_pages SET source_id = $2, external_id = $3, title = $4, html = $5,
	url = nullif($6, ''), locale = $7, ai_agent_availability = coalesce($8, ai_agent_availability),
	ai_copilot_availability = coalesce($9, ai_copilot_availability),
	ai_sales_agent_availability = coalesce($10, ai_sales_agent_availability), updated_at = $11, last_ingested_at = $11
WHERE id = $1
RETURNING ` + pageColumns

// replacePage writes w over the page id. The page keeps its id when it moves to another source or external_id.
func (s *Store) replacePage(ctx context.Context, id int64, w pageWrite) (p Page, err error) {
	err = s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		externalID := w.externalID
		const get = `SELECT coalesce(nullif($2, ''), external_id) FROM external_pages WHERE id = $1`
		if err := tx.QueryRowContext(ctx, get, id, externalID).Scan(&externalID); errors.Is(err, sql.ErrNoRows) {
			return errNoPage
		} else if err != nil {
			return err
		}
		if behavior, err := syncBehavior(ctx, tx, w.sourceID); err != nil {
			return err
		} else if behavior != syncAPI {
			return errNotAPI
		}
		var taken bool
		const clash = `SELECT EXISTS (SELECT 1 FROM external_pages WHERE source_id = $1 AND external_id = $2 AND id <> $3)`
		if err := tx.QueryRowContext(ctx, clash, w.sourceID, externalID, id).Scan(&taken); err != nil {
			return err
		}
		if taken {
			return errTaken
		}
		return tx.QueryRowContext(ctx, replacePage, id, w.sourceID, externalID, w.title, w.html, w.url, w.locale,
			w.aiAgent, w.aiCopilot, w.aiSales, time.Now().Unix()).Scan(p.columns()...)
	})
	return p, err
}

// deletePage removes the page id and returns what it was, or errNoPage.
func (s *Store) deletePage(ctx context.Context, id int64) (p Page, err error) {
	err = s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		const remove = `DELETE FROM external_pages WHERE id = $1 RETURNING ` + pageColumns
		err := tx.QueryRowContext(ctx, remove, id).Scan(p.columns()...)
		if errors.Is(err, sql.ErrNoRows) {
			return errNoPage
		}
		return err
	})
	return p, err
}

// listPages returns one page of the workspace's external pages, newest id first, and how many there are.
func (s *Store) listPages(ctx context.Context, limit, offset int) (pages []Page, total int, err error) {
	const list = `SELECT ` + pageColumns + ` FROM external_pages ORDER BY id DESC LIMIT $1 OFFSET $2`
	if pages, err = s.queryPages(ctx, list, limit, offset); err != nil {
		return nil, 0, err
	}
	total, err = s.CountPages(ctx, 0)
	return pages, total, err
}

// CountPages returns how many pages the source has; source 0 stands for all of them.
func (s *Store) CountPages(ctx context.Context, sourceID int64) (int, error) {
	var n int
	const count = `SELECT count(*) FROM external_pages WHERE $1 IN (0, source_id)`
	if err := s.read.QueryRowContext(ctx, count, sourceID).Scan(&n); err != nil {
		return 0, fmt.Errorf("count pages: %w", err)
	}
	return n, nil
}

// Pages yields the pages of the source by ascending id; source 0 stands for all of them. It reads in batches and holds
// nothing open while it yields, so the loop may write to the store: it sees pages that come, and may miss ones that go.
// After an error it ends.
func (s *Store) Pages(ctx context.Context, sourceID int64) iter.Seq2[Page, error] {
	const batch = 100
	const next = `SELECT ` + pageColumns + ` FROM external_pages
		WHERE id > $1 AND $2 IN (0, source_id) ORDER BY id LIMIT $3`
	return func(yield func(Page, error) bool) {
		for after := int64(0); ; {
			pages, err := s.queryPages(ctx, next, after, sourceID, batch)
			if err != nil {
				yield(Page{}, err)
				return
			}
			for _, p := range pages {
				if !yield(p, nil) {
					return
				}
			}
			if len(pages) < batch {
				return
			}
			after = pages[len(pages)-1].ID
		}
	}
}

func (s *Store) queryPages(ctx context.Context, query string, args ...any) (pages []Page, err error) {
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list pages: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var p Page
		if err := rows.Scan(p.columns()...); err != nil {
			return nil, fmt.Errorf("list pages: %w", err)
		}
		pages = append(pages, p)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list pages: %w", err)
	}
	return pages, nil
}

// transact runs do in a transaction that is committed when transact returns nil. The context given to do is never
// cancelled: see upsertPage.
func (s *Store) transact(ctx context.Context, do func(ctx context.Context, tx *sql.Tx) error) error {
	ctx = context.WithoutCancel(ctx)
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	defer tx.Rollback() // after Commit it does nothing
	if err := do(ctx, tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit transaction: %w", err)
	}
	return nil
}
