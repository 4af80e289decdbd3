package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"time"
)

// Expected is a page that the destination's listing is expected to have, or may have.
type Expected struct {
	Page       int64
	ExternalID string
	InFin      bool // it was acknowledged; else a create was intended, and may have arrived
}

// Expected returns what the destination is expected to have, in no order.
func (l *Ledger) Expected(ctx context.Context, destination int64) iter.Seq2[Expected, error] {
	return func(yield func(Expected, error) bool) {
		rows, err := l.read.QueryContext(ctx, `SELECT id, external_id, remote_id <> '' FROM pages
			WHERE destination_id = $1 AND (remote_id <> '' OR intent <> '')`, destination)
		if err != nil {
			yield(Expected{}, fmt.Errorf("read pages: %w", plain(err)))
			return
		}
		defer rows.Close()
		for rows.Next() {
			var e Expected
			err := rows.Scan(&e.Page, &e.ExternalID, &e.InFin)
			if !yield(e, plain(err)) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(Expected{}, fmt.Errorf("read pages: %w", plain(err)))
		}
	}
}

// LastRunTo returns the last run to a destination; 0: there was none.
func (l *Ledger) LastRunTo(ctx context.Context, destination int64) (run int64, err error) {
	if err := l.read.QueryRowContext(ctx, `SELECT coalesce(max(id), 0) FROM runs WHERE destination_id = $1`, destination).Scan(&run); err != nil {
		return 0, fmt.Errorf("read runs: %w", plain(err))
	}
	return run, nil
}

// ByRow returns pages by their rows, in no order; rows that are not there are left out.
func (l *Ledger) ByRow(ctx context.Context, rows []int64) (map[int64]Page, error) {
	found, err := l.read.QueryContext(ctx, `SELECT `+pageColumns+` FROM pages WHERE id IN (SELECT value FROM json_each($1))`, idList(rows))
	if err != nil {
		return nil, fmt.Errorf("read pages: %w", plain(err))
	}
	defer found.Close()
	pages := make(map[int64]Page, len(rows))
	for found.Next() {
		p, err := scanPage(found)
		if err != nil {
			return nil, fmt.Errorf("read pages: %w", plain(err))
		}
		pages[p.ID] = p
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("read pages: %w", plain(err))
	}
	return pages, nil
}

// The statements of a comparison with the listing.
const (
	clearListed = `DELETE FROM listed`
	addListed   = `INSERT OR REPLACE INTO listed (external_id, url, remote_id, title, hash, html, updated_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	// Whatever was intended for a page that was not known to be there: what is there is now known.
	adoptListed = `INSERT INTO pages (destination_id, url, external_id, via, remote_id, title, hash, delivered_ms)
		SELECT $1, url, external_id, 'listing', remote_id, title, hash, updated_ms FROM listed WHERE true
		ON CONFLICT (destination_id, url) DO UPDATE SET remote_id = excluded.remote_id, title = excluded.title, hash = excluded.hash,
			delivered_ms = excluded.delivered_ms, etag = '', last_modified = '', body_hash = '', signature = '', listed_hash = '',
			intent = '', intent_run = 0, intent_hash = '', intent_signature = '', intent_etag = '', intent_modified = '', intent_body_hash = ''
		WHERE pages.remote_id = ''`
	// A page that differs from what was delivered is read anew, and is unchanged if it is either of the two.
	rememberListed = `UPDATE pages SET listed_hash = l.hash, etag = '', last_modified = '', body_hash = ''
		FROM listed l WHERE pages.destination_id = $1 AND pages.url = l.url AND pages.remote_id <> '' AND pages.hash <> l.hash`
	keepListed = `INSERT OR REPLACE INTO articles (page_id, hash, title, html, made_ms)
		SELECT p.id, l.hash, l.title, l.html, l.updated_ms FROM listed l JOIN pages p ON p.destination_id = $1 AND p.url = l.url
		WHERE l.hash IN (p.hash, p.listed_hash)
			AND NOT EXISTS (SELECT 1 FROM articles a WHERE a.page_id = p.id AND a.hash = l.hash)`
	// The intent makes the page a seed of the next crawl, which asks for the whole of it.
	lostPages = `UPDATE pages SET remote_id = '', hash = '', delivered_ms = 0, confirmed_ms = 0, listed_hash = '',
		intent = 'create', intent_run = 0, intent_hash = '', intent_signature = '', intent_etag = '', intent_modified = '', intent_body_hash = '',
		etag = '', last_modified = '', body_hash = '', signature = '', stale_ms = 0 WHERE id IN (SELECT value FROM json_each($1))`
	forgetPages = `UPDATE pages SET remote_id = '', hash = '', delivered_ms = 0, confirmed_ms = 0, listed_hash = '',
		intent = '', intent_run = 0, intent_hash = '', intent_signature = '', intent_etag = '', intent_modified = '', intent_body_hash = '',
		etag = '', last_modified = '', body_hash = '', signature = '', stale_ms = 0, evidence = '', evidence_ms = 0, evidence_runs = 0,
		hidden_ms = 0 WHERE id IN (SELECT value FROM json_each($1))`
	renumberPage = `UPDATE pages SET remote_id = $2 WHERE id = $1`
	setVerified  = `UPDATE destinations SET verified_ms = $2 WHERE id = $1`
	// What was listed is what the site has: it counts as delivered.
	takeListed = `UPDATE pages SET title = coalesce((SELECT title FROM articles WHERE page_id = id AND hash = listed_hash), title),
		hash = listed_hash, listed_hash = '' WHERE id = $1 AND listed_hash <> ''`
	dropListed = `UPDATE pages SET listed_hash = '' WHERE id = $1`
)

// listingStatements are those above, prepared.
type listingStatements struct {
	clear, add, adopt, remember, keep, lost, forget, renumber, verified, take, drop *sql.Stmt
}

func (s *listingStatements) all() map[**sql.Stmt]string {
	return map[**sql.Stmt]string{&s.clear: clearListed, &s.add: addListed, &s.adopt: adoptListed, &s.remember: rememberListed,
		&s.keep: keepListed, &s.lost: lostPages, &s.forget: forgetPages, &s.renumber: renumberPage, &s.verified: setVerified,
		&s.take: takeListed, &s.drop: dropListed}
}

// BeginListing forgets what an earlier reading of a listing has kept.
func (l *Ledger) BeginListing() error {
	return l.listing("begin to read the listing", func(s *listingStatements) error {
		_, err := s.clear.Exec()
		return err
	})
}

// KeepListed keeps what a listing has of some pages until Reconcile. It changes nothing that is known of them.
func (l *Ledger) KeepListed(pages []Adopted) error {
	packed := make([][]byte, len(pages))
	for i, p := range pages {
		packed[i] = pack(p.HTML)
	}
	return l.listing("keep what is listed", func(s *listingStatements) error {
		for i, p := range pages {
			if _, err := s.add.Exec(p.ExternalID, p.URL, p.RemoteID, p.Title, p.Hash, packed[i], ms(p.Updated)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Reconciliation is what a listing that was read to its end says of the pages that the ledger knows. What it says of
// others, KeepListed has kept.
type Reconciliation struct {
	Lost       []int64          // in the ledger, not in the destination: to be delivered as new
	Forgotten  []int64          // as Lost, but the site does not want them there either
	Renumbered map[int64]string // there under another of Intercom's ids
	At         time.Time
}

// Reconcile brings the ledger in line with the listing, in one transaction: pages that were kept are adopted, and where
// the ledger has another version than the listing both count as delivered until the page has been read.
func (l *Ledger) Reconcile(destination int64, c Reconciliation) error {
	return l.listing("bring the ledger in line with the listing", func(s *listingStatements) error {
		if _, err := s.lost.Exec(idList(c.Lost)); err != nil {
			return err
		}
		if _, err := s.forget.Exec(idList(c.Forgotten)); err != nil {
			return err
		}
		for page, id := range c.Renumbered {
			if _, err := s.renumber.Exec(page, id); err != nil {
				return err
			}
		}
		for _, stmt := range []*sql.Stmt{s.remember, s.adopt, s.keep} {
			if _, err := stmt.Exec(destination); err != nil {
				return err
			}
		}
		if _, err := s.clear.Exec(); err != nil {
			return err
		}
		_, err := s.verified.Exec(destination, ms(c.At))
		return err
	})
}

func (l *Ledger) listing(what string, do func(*listingStatements) error) error {
	if err := l.writer.exec(func(s *statements) error { return do(&s.listing) }); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// Conditions of Pages that a check asks for, beside those of a run.
const (
	// Undelivered selects the pages that shall be in the destination and are not yet.
	Undelivered Condition = `remote_id = '' AND (intent <> '' OR outcome = 'failed') AND outcome_run <= $2`
	// Outdated selects the pages of which the site has a version that was not delivered, or not acknowledged.
	Outdated Condition = `remote_id <> '' AND (intent = 'update' OR outcome = 'held') AND outcome_run <= $2`
)
