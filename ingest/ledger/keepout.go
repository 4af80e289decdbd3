package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// KeptOut is a pattern of pages that a person has taken out of a destination, and that no run may deliver.
type KeptOut struct {
	Pattern string
	Since   time.Time
}

// MaybeInDestination selects the pages that are in the destination, or perhaps: what was intended for them was not
// acknowledged. It goes with a run later than all.
const MaybeInDestination Condition = `(remote_id <> '' OR intent <> '') AND outcome_run <= $2`

// The statements of what is kept out.
const (
	addKeptOut  = `INSERT INTO kept_out (destination_id, pattern, since_ms) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`
	dropKeptOut = `DELETE FROM kept_out WHERE destination_id = $1 AND pattern = $2`
	knownAs     = `UPDATE pages SET remote_id = $2 WHERE id = $1`
	// It has this outcome until a run sees the page again, and by it the page is a seed of every run.
	takenOut = `UPDATE pages SET outcome = $2, class = $3, detail = $4, edge = '', outcome_ms = $5, removed_run = 0 WHERE id = $1`
)

// keepOutStatements are those above, prepared.
type keepOutStatements struct{ add, drop, knownAs, takenOut *sql.Stmt }

func (s *keepOutStatements) all() map[**sql.Stmt]string {
	return map[**sql.Stmt]string{&s.add: addKeptOut, &s.drop: dropKeptOut, &s.knownAs: knownAs, &s.takenOut: takenOut}
}

// KeptOut returns what is kept out of a destination, by pattern.
func (l *Ledger) KeptOut(ctx context.Context, destination int64) ([]KeptOut, error) {
	rows, err := l.read.QueryContext(ctx, `SELECT pattern, since_ms FROM kept_out WHERE destination_id = $1 ORDER BY pattern`, destination)
	if err != nil {
		return nil, fmt.Errorf("read what is kept out: %w", plain(err))
	}
	defer rows.Close()
	var all []KeptOut
	for rows.Next() {
		var k KeptOut
		var since int64
		if err := rows.Scan(&k.Pattern, &since); err != nil {
			return nil, fmt.Errorf("read what is kept out: %w", plain(err))
		}
		k.Since = fromMS(since)
		all = append(all, k)
	}
	return all, plain(rows.Err())
}

// KeepOut records patterns of pages that no run may deliver from now on; those that are kept out already stay so since
// when they were. An interrupted run is not resumed after it: what it did with these pages no longer counts.
func (l *Ledger) KeepOut(destination int64, patterns []string, now time.Time) error {
	return l.keepOut("what is kept out", func(s *statements) error {
		for _, p := range patterns {
			if _, err := s.keptOut.add.Exec(destination, p, ms(now)); err != nil {
				return err
			}
		}
		_, err := s.abandonRuns.Exec(destination)
		return err
	})
}

// LetIn ends KeepOut for patterns.
func (l *Ledger) LetIn(destination int64, patterns []string) error {
	return l.keepOut("what is no longer kept out", func(s *statements) error {
		for _, p := range patterns {
			if _, err := s.keptOut.drop.Exec(destination, p); err != nil {
				return err
			}
		}
		_, err := s.abandonRuns.Exec(destination)
		return err
	})
}

// IntendTakingOut records that a page is about to be deleted, outside of any run. remoteID is Intercom's id of it, which
// the ledger need not have known.
func (l *Ledger) IntendTakingOut(page int64, remoteID string) error {
	return l.keepOut("what is intended", func(s *statements) error {
		if _, err := s.keptOut.knownAs.Exec(page, remoteID); err != nil {
			return err
		}
		_, err := s.intend.Exec(page, IntentDelete, 0)
		return err
	})
}

// TookOut records that the destination no longer has a page that was to be taken out, and the outcome that says so.
func (l *Ledger) TookOut(page int64, outcome, class, detail string, at time.Time) error {
	return l.keepOut("deletion", func(s *statements) error {
		if _, err := s.removed.Exec(page); err != nil {
			return err
		}
		_, err := s.keptOut.takenOut.Exec(page, outcome, class, detail, ms(at))
		return err
	})
}

func (l *Ledger) keepOut(what string, do func(*statements) error) error {
	if l.writer == nil {
		return fmt.Errorf("record %s: %w", what, errors.New("the ledger is open for reading only"))
	}
	if err := l.writer.exec(do); err != nil {
		return fmt.Errorf("record %s: %w", what, err)
	}
	return nil
}

// CountClass returns how many URLs a run gave an outcome of a class.
func (r *Run) CountClass(ctx context.Context, outcome, class string) (n int, err error) {
	err = r.l.read.QueryRowContext(ctx, `SELECT count(*) FROM outcomes WHERE run_id = $1 AND outcome = $2 AND class = $3`, r.ID, outcome, class).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count outcomes: %w", plain(err))
	}
	return n, nil
}
