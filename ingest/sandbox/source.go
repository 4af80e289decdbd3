package sandbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// The ways in which a source gets its pages. Only those of an api source are written through the API.
const (
	syncAPI       = "api"
	syncAutomatic = "automatic"
	syncManual    = "manual"
)

// Source is a content import source as the store keeps it and the API answers it. Times are Unix seconds.
type Source struct {
	ID           int64   `json:"id"`
	URL          string  `json:"url"`
	SyncBehavior string  `json:"sync_behavior"` // api, automatic or manual
	Status       string  `json:"status"`        // active or deactivated
	LastSyncedAt int64   `json:"last_synced_at"`
	CreatedAt    int64   `json:"created_at"`
	UpdatedAt    int64   `json:"updated_at"`
	AudienceIDs  []int64 `json:"audience_ids,omitzero"` // nil: not answered, see sourceAnswer
}

// sourceWrite is what a POST or PUT says of a source. A PUT keeps what is nil or empty here.
type sourceWrite struct {
	url, syncBehavior string
	status            string
	audienceIDs       []int64
}

const sourceColumns = `id, url, sync_behavior, status, last_synced_at, created_at, updated_at, audience_ids`

// scan reads sourceColumns with row, the Scan of a row or rows.
func (s *Source) scan(row func(...any) error) error {
	var audiences string
	err := row(&s.ID, &s.URL, &s.SyncBehavior, &s.Status, &s.LastSyncedAt, &s.CreatedAt, &s.UpdatedAt, &audiences)
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(audiences), &s.AudienceIDs); err != nil {
		return fmt.Errorf("read audience_ids of source %d: %w", s.ID, err)
	}
	return nil
}

// AddSource adds an active source as Intercom's UI does, where syncBehavior may also be automatic or manual: the API
// makes api sources only.
func (s *Store) AddSource(ctx context.Context, url, syncBehavior string) (Source, error) {
	return s.createSource(ctx, sourceWrite{url: url, syncBehavior: syncBehavior, status: "active"})
}

func (s *Store) createSource(ctx context.Context, w sourceWrite) (src Source, err error) {
	err = s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		const insert = `INSERT INTO content_import_sources
			(url, sync_behavior, status, audience_ids, last_synced_at, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $5, $5) RETURNING ` + sourceColumns
		return src.scan(tx.QueryRowContext(ctx, insert, w.url, w.syncBehavior, w.status, audienceText(w.audienceIDs),
			time.Now().Unix()).Scan)
	})
	if err != nil {
		return Source{}, fmt.Errorf("create source: %w", err)
	}
	return src, nil
}

// source returns the source id, or errNoSource.
func (s *Store) source(ctx context.Context, id int64) (Source, error) {
	var src Source
	const get = `SELECT ` + sourceColumns + ` FROM content_import_sources WHERE id = $1`
	err := src.scan(s.read.QueryRowContext(ctx, get, id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return Source{}, errNoSource
	}
	if err != nil {
		return Source{}, fmt.Errorf("read source %d: %w", id, err)
	}
	return src, nil
}

// updateSource writes w over the source id. sync_behavior cannot change to or from api, and the url only of an api
// source.
func (s *Store) updateSource(ctx context.Context, id int64, w sourceWrite) (src Source, err error) {
	err = s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		const get = `SELECT ` + sourceColumns + ` FROM content_import_sources WHERE id = $1`
		err := src.scan(tx.QueryRowContext(ctx, get, id).Scan)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return errNoSource
		case err != nil:
			return err
		case (src.SyncBehavior == syncAPI) != (w.syncBehavior == syncAPI):
			return errSyncBehavior
		case src.SyncBehavior != syncAPI && src.URL != w.url:
			return errURLNotAPI
		}
		var audiences any
		if w.audienceIDs != nil {
			audiences = audienceText(w.audienceIDs)
		}
		const update = `UPDATE content_import_sources SET url = $2, sync_behavior = $3,
			status = coalesce(nullif($4, ''), status), audience_ids = coalesce($5, audience_ids), updated_at = $6
			WHERE id = $1 RETURNING ` + sourceColumns
		return src.scan(tx.QueryRowContext(ctx, update, id, w.url, w.syncBehavior, w.status, audiences,
			time.Now().Unix()).Scan)
	})
	return src, err
}

// deleteSource removes the source id and every page of it.
func (s *Store) deleteSource(ctx context.Context, id int64) error {
	return s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `DELETE FROM content_import_sources WHERE id = $1`, id)
		if err != nil {
			return fmt.Errorf("delete source %d: %w", id, err)
		}
		if n, err := result.RowsAffected(); err != nil || n > 0 {
			return err
		}
		return errNoSource
	})
}

// Sources returns every source by ascending id.
func (s *Store) Sources(ctx context.Context) ([]Source, error) {
	sources, _, err := s.listSources(ctx, -1, 0)
	return sources, err
}

// listSources returns one page of the sources, by ascending id, and how many there are. A negative limit is none.
func (s *Store) listSources(ctx context.Context, limit, offset int) (sources []Source, total int, err error) {
	const list = `SELECT ` + sourceColumns + ` FROM content_import_sources ORDER BY id LIMIT $1 OFFSET $2`
	rows, err := s.read.QueryContext(ctx, list, limit, offset)
	if err != nil {
		return nil, 0, fmt.Errorf("list sources: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var src Source
		if err := src.scan(rows.Scan); err != nil {
			return nil, 0, fmt.Errorf("list sources: %w", err)
		}
		sources = append(sources, src)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, 0, fmt.Errorf("list sources: %w", err)
	}
	const count = `SELECT count(*) FROM content_import_sources`
	if err := s.read.QueryRowContext(ctx, count).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("count sources: %w", err)
	}
	return sources, total, nil
}

// syncBehavior returns how the source id gets its pages, or errNoSource.
func syncBehavior(ctx context.Context, tx *sql.Tx, id int64) (behavior string, err error) {
	const get = `SELECT sync_behavior FROM content_import_sources WHERE id = $1`
	err = tx.QueryRowContext(ctx, get, id).Scan(&behavior)
	if errors.Is(err, sql.ErrNoRows) {
		return "", errNoSource
	}
	return behavior, err
}

// audienceText is the stored form of audience_ids, a JSON array; nil is the empty one.
func audienceText(ids []int64) string {
	return strings.ReplaceAll(fmt.Sprint(ids), " ", ",")
}
