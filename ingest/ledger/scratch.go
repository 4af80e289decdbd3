package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// OpenCopy opens a copy of the ledger at path, which it makes in dir: whatever is done to the copy, the ledger stays as
// it is. The copy calls itself by the path of the ledger, so that messages name that one, and Rival looks beside it.
// A run may be writing to the ledger meanwhile: it does not wait, and the copy is as of one moment. Where there is no
// ledger yet the copy is empty.
func OpenCopy(ctx context.Context, path, dir string) (*Ledger, error) {
	scratch := filepath.Join(dir, filepath.Base(path))
	_, err := os.Stat(path)
	if err == nil {
		err = copyTo(ctx, path, scratch)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("copy the ledger %s to %s: %w", path, dir, plain(err))
	}
	l, err := Open(ctx, scratch)
	if err != nil {
		return nil, err
	}
	l.path = path
	return l, nil
}

func copyTo(ctx context.Context, path, scratch string) (err error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	db, err := sql.Open("sqlite", dsn(abs, "ro"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	_, err = db.ExecContext(ctx, `VACUUM INTO $1`, scratch)
	return err
}

// Intended returns the page with Intercom's id of which something is intended; false: there is none.
func (l *Ledger) Intended(ctx context.Context, destination int64, remoteID string) (Page, bool, error) {
	p, err := scanPage(l.read.QueryRowContext(ctx, `SELECT `+pageColumns+` FROM pages
		WHERE destination_id = $1 AND intent <> '' AND remote_id = $2`, destination, remoteID))
	if errors.Is(err, sql.ErrNoRows) {
		return Page{}, false, nil
	}
	if err != nil {
		return Page{}, false, fmt.Errorf("read what is intended: %w", plain(err))
	}
	return p, true, nil
}
