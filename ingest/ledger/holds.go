package ledger

import (
	"context"
	"fmt"
	"time"
)

// Held is something that a guard has stopped.
type Held struct {
	Page   int64
	URL    string
	Action string // one of the Intents
	Key    string // hash of the article, or the outcome that speaks for deletion: with another one it is another thing
	Why    string
}

// Hold records that the run has not done something. An article is withdrawn: the page keeps its version, or stays out, and
// is read anew in the next run.
func (r *Run) Hold(h Held, at time.Time) error {
	err := r.l.writer.exec(func(s *statements) error {
		if _, err := s.hold.Exec(r.ID, h.Page, h.Action, h.Key, h.Why); err != nil {
			return err
		}
		if h.Action != IntentUpdate && h.Action != IntentCreate {
			return nil
		}
		if _, err := s.withdraw.Exec(h.Page, h.Why, r.ID, ms(at)); err != nil {
			return err
		}
		return s.outcome(r.ID, h.Page, "held", "", h.Why)
	})
	if err != nil {
		return fmt.Errorf("record what is held: %w", err)
	}
	return nil
}

// Holds returns what a run of a destination held, by URL.
func (l *Ledger) Holds(ctx context.Context, destination, run int64) ([]Held, error) {
	rows, err := l.read.QueryContext(ctx, `SELECT h.page_id, p.url, h.action, h.key, h.why FROM holds h JOIN pages p ON p.id = h.page_id
		WHERE h.run_id = $1 AND p.destination_id = $2 ORDER BY p.url`, run, destination)
	if err != nil {
		return nil, fmt.Errorf("read what run %d held: %w", run, plain(err))
	}
	defer rows.Close()
	var all []Held
	for rows.Next() {
		var h Held
		if err := rows.Scan(&h.Page, &h.URL, &h.Action, &h.Key, &h.Why); err != nil {
			return nil, fmt.Errorf("read what run %d held: %w", run, plain(err))
		}
		all = append(all, h)
	}
	return all, plain(rows.Err())
}

// Article returns the HTML of a version of a page; empty: the ledger does not have it.
func (l *Ledger) Article(ctx context.Context, page int64, hash string) (html string, err error) {
	rows, err := l.read.QueryContext(ctx, `SELECT html FROM articles WHERE page_id = $1 AND hash = $2`, page, hash)
	if err != nil {
		return "", fmt.Errorf("read article: %w", plain(err))
	}
	defer rows.Close()
	var packed []byte
	for rows.Next() {
		if err := rows.Scan(&packed); err != nil {
			return "", fmt.Errorf("read article: %w", plain(err))
		}
	}
	if err := rows.Err(); err != nil {
		return "", fmt.Errorf("read article: %w", plain(err))
	}
	return unpack(packed)
}

// Compared counts the pages in the destination that this run has compared with what was delivered under the same
// signature, and how many of them have changed.
func (r *Run) Compared(ctx context.Context) (all, changed int, err error) {
	err = r.l.read.QueryRowContext(ctx, `SELECT
		(SELECT count(*) FROM outcomes WHERE run_id = $2 AND outcome IN ('unchanged', 'not_modified')),
		(SELECT count(*) FROM pages WHERE destination_id = $1 AND intent <> '' AND intent = 'update' AND intent_run = $2
			AND signature = intent_signature)`, r.opts.Destination, r.ID).Scan(&all, &changed)
	if err != nil {
		return 0, 0, fmt.Errorf("count what has changed: %w", plain(err))
	}
	return all + changed, changed, nil
}
