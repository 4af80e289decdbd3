package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Told is how the webhook was last told that the site stands. The zero value: it was told nothing.
type Told struct {
	Exit  int
	Since time.Time // since when runs have not ended well; zero: they do
	At    time.Time
}

// Told returns what the webhook was told last.
func (l *Ledger) Told(ctx context.Context) (Told, error) {
	var t Told
	var since, at int64
	err := l.read.QueryRowContext(ctx, `SELECT exit, since_ms, at_ms FROM told`).Scan(&t.Exit, &since, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return Told{}, nil
	}
	if err != nil {
		return Told{}, fmt.Errorf("read what the webhook was told: %w", plain(err))
	}
	t.Since, t.At = fromMS(since), fromMS(at)
	return t, nil
}

const tellStatement = `INSERT INTO told (id, exit, since_ms, at_ms) VALUES (1, $1, $2, $3)
	ON CONFLICT (id) DO UPDATE SET exit = excluded.exit, since_ms = excluded.since_ms, at_ms = excluded.at_ms`

// Tell records what the webhook has been told.
func (l *Ledger) Tell(t Told) error {
	err := l.writer.exec(func(s *statements) error {
		_, err := s.tell.Exec(t.Exit, ms(t.Since), ms(t.At))
		return err
	})
	if err != nil {
		return fmt.Errorf("record what the webhook was told: %w", err)
	}
	return nil
}
