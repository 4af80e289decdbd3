package ledger

import (
	"context"
	"fmt"
	"time"
)

// Lately says when runs to the last used destination of a kind last ended well; zero times: none has.
type Lately struct {
	Success  time.Time // with exit code 0
	Complete time.Time // complete, whatever the exit code
}

// Lately returns when the runs to the last used destination of a kind last ended well.
func (l *Ledger) Lately(ctx context.Context, kind string) (Lately, error) {
	var success, complete int64
	err := l.read.QueryRowContext(ctx, `SELECT coalesce(max(iif(exit = 0 AND state = 'closed', ended_ms, 0)), 0),
			coalesce(max(iif(complete = 1, ended_ms, 0)), 0)
		FROM runs WHERE destination_id = (SELECT d.id FROM runs r JOIN destinations d ON d.id = r.destination_id
			WHERE d.kind = $1 ORDER BY r.id DESC LIMIT 1)`, kind).Scan(&success, &complete)
	if err != nil {
		return Lately{}, fmt.Errorf("read runs: %w", plain(err))
	}
	return Lately{fromMS(success), fromMS(complete)}, nil
}

// Change is a page that a run has created, updated or taken out.
type Change struct{ URL, Title, Why string }

// Delivered returns the first n pages, by URL, that a run has given an outcome such as created or updated.
func (l *Ledger) Delivered(ctx context.Context, run int64, outcome string, n int) ([]Change, error) {
	return l.changes(ctx, `SELECT p.url, p.title, o.detail FROM outcomes o JOIN pages p ON p.id = o.page_id
		WHERE o.run_id = $1 AND o.outcome = $3 ORDER BY p.url LIMIT $2`, run, n, outcome)
}

// TakenOut returns the first n pages, by URL, that a run has taken out of the destination.
func (l *Ledger) TakenOut(ctx context.Context, run int64, n int) ([]Change, error) {
	return l.changes(ctx, `SELECT url, title, trim(outcome || ' ' || detail) FROM pages
		WHERE removed_run = $1 AND removed_run > 0 ORDER BY url LIMIT $2`, run, n)
}

func (l *Ledger) changes(ctx context.Context, query string, args ...any) ([]Change, error) {
	rows, err := l.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read what a run has changed: %w", plain(err))
	}
	defer rows.Close()
	var all []Change
	for rows.Next() {
		var c Change
		if err := rows.Scan(&c.URL, &c.Title, &c.Why); err != nil {
			return nil, fmt.Errorf("read what a run has changed: %w", plain(err))
		}
		all = append(all, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read what a run has changed: %w", plain(err))
	}
	return all, nil
}
