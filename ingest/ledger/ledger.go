// Package ledger keeps what is known of every page and run of one site, and what is still to crawl, in a SQLite file.
//
// It records intent before effect and state after acknowledgement, so that a process which is killed at any moment
// repeats at most the requests that were in flight.
package ledger

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"runtime"
	"time"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

//go:embed migrations/*.sql
var migrations embed.FS

// readers is how many connections read at once. Each has a cache of its own, so more of them cost memory.
const readers = 3

// Errors that a caller can act on.
var (
	// ErrNewer means that the file was written by a newer version of the program.
	ErrNewer = errors.New("the ledger was written by a newer version of pageferry")
	// ErrDiskFull means that the file could not grow. Nothing that was recorded is lost.
	ErrDiskFull = errors.New("no space left on the disk of the ledger")
	// ErrReadOnly means that the file or its directory cannot be written.
	ErrReadOnly = errors.New("the ledger cannot be written")
	// ErrDamaged means that the file is no ledger, or no longer one.
	ErrDamaged = errors.New("the ledger is damaged, or is another file; move it away: the next run finds in the API what was delivered")
)

// Ledger is an open ledger file. Its methods may be called concurrently. One process at a time may write to a file:
// the caller holds the site's lock.
type Ledger struct {
	path   string
	write  *sql.DB // one connection, held by the writer
	read   *sql.DB
	writer *writer
	intent *sql.Stmt // reads what shall be delivered for some pages
}

// Open opens or creates the ledger at path and brings its schema up to date.
func Open(ctx context.Context, path string) (*Ledger, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open ledger %s: %w", path, err)
	}
	l := &Ledger{path: path}
	if l.write, err = sql.Open("sqlite", dsn(abs, "")); err != nil {
		return nil, fmt.Errorf("open ledger %s: %w", path, err)
	}
	l.write.SetMaxOpenConns(1)
	if err := migrate(ctx, l.write); err != nil {
		l.write.Close()
		return nil, fmt.Errorf("open ledger %s: %w", path, plain(err))
	}
	if l.read, err = sql.Open("sqlite", dsn(abs, "ro")); err != nil {
		l.write.Close()
		return nil, fmt.Errorf("open ledger %s: %w", path, err)
	}
	l.read.SetMaxOpenConns(readers)
	l.intent, err = l.read.PrepareContext(ctx, `SELECT p.id, p.url, p.external_id, p.intent, a.title, p.intent_hash, a.html, p.remote_id,
			p.hash, p.signature = p.intent_signature, p.hidden_ms > 0, p.hidden_agent, p.hidden_copilot
		FROM json_each($1) j JOIN pages p ON p.id = j.value JOIN articles a ON a.page_id = p.id AND a.hash = p.intent_hash
		ORDER BY j.key`)
	if err != nil {
		l.write.Close()
		l.read.Close()
		return nil, fmt.Errorf("open ledger %s: %w", path, plain(err))
	}
	if l.writer, err = startWriter(ctx, l.write); err != nil {
		l.write.Close()
		l.read.Close()
		return nil, fmt.Errorf("open ledger %s: %w", path, plain(err))
	}
	return l, nil
}

// OpenReadOnly opens an existing ledger for reading, beside a run that may be writing to it. Methods that write fail.
func OpenReadOnly(ctx context.Context, path string) (*Ledger, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open ledger %s: %w", path, err)
	}
	l := &Ledger{path: path}
	if l.read, err = sql.Open("sqlite", dsn(abs, "ro")); err != nil {
		return nil, fmt.Errorf("open ledger %s: %w", path, err)
	}
	have, err := schemaVersion(ctx, l.read)
	if err == nil {
		err = readable(have)
	}
	if err == nil {
		var tables int
		err = l.read.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master WHERE name IN ('site', 'destinations')`).Scan(&tables)
		if err == nil && tables < 2 {
			err = errors.New("the file is no ledger")
		}
	}
	if err != nil {
		l.read.Close()
		return nil, fmt.Errorf("open ledger %s: %w", path, plain(err))
	}
	return l, nil
}

// Path returns the path that the ledger was opened with.
func (l *Ledger) Path() string { return l.path }

// Close writes what is waiting to be written and closes the file.
func (l *Ledger) Close() error {
	var errs []error
	if l.writer != nil {
		errs = append(errs, l.writer.close())
	}
	// The writer's connection goes last: only it can fold the write-ahead log into the file.
	errs = append(errs, l.read.Close())
	if l.write != nil {
		errs = append(errs, l.write.Close())
	}
	return plain(errors.Join(errs...))
}

// dsn builds SQLite's connection string in code, because the value of a _pragma is run as SQL.
func dsn(abs, mode string) string {
	q := url.Values{}
	for _, p := range []string{"busy_timeout(10000)", "foreign_keys(1)", "cache_size(-2000)"} {
		q.Add("_pragma", p)
	}
	if mode == "" {
		q.Add("_pragma", "journal_mode(WAL)")
		q.Add("_pragma", "synchronous(NORMAL)")
		q.Set("_txlock", "immediate")
	} else {
		q.Set("mode", mode)
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(abs), RawQuery: q.Encode()}).String()
}

// migrate brings the schema up to date. One that is already needs none of goose, whose parser takes 12 MB of buffers.
func migrate(ctx context.Context, db *sql.DB) error {
	newest, err := newestMigration()
	if err != nil {
		return err
	}
	have, err := schemaVersion(ctx, db)
	if err != nil {
		return err
	}
	if have > newest {
		return fmt.Errorf("%w (schema %d, this one knows %d): install that version again, or use another --state", ErrNewer, have, newest)
	}
	if have == newest {
		return nil
	}
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, dir, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	// The buffers are in a pool, which lets go of them at the second collection; until then they would count as live,
	// and the heap would grow to a multiple of them.
	runtime.GC()
	runtime.GC()
	return err
}

// readable refuses to read a schema that is not this version's.
func readable(have int64) error {
	newest, err := newestMigration()
	switch {
	case err != nil:
		return err
	case have > newest:
		return ErrNewer
	case have < newest:
		return errors.New("it was written by an older version: run a sync, which brings it up to date")
	}
	return nil
}

// schemaVersion returns the last migration that was applied; 0 for an empty file.
func schemaVersion(ctx context.Context, db *sql.DB) (int64, error) {
	var tables int
	err := db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master WHERE name = 'goose_db_version'`).Scan(&tables)
	if err != nil || tables == 0 {
		return 0, err
	}
	var version int64
	err = db.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version`).Scan(&version)
	return version, err
}

func newestMigration() (int64, error) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return 0, err
	}
	var newest int64
	for _, f := range files {
		v, err := goose.NumericComponent(f)
		if err != nil {
			return 0, err
		}
		newest = max(newest, v)
	}
	return newest, nil
}

// plain gives SQLite's errors that a person can act on their own identity.
func plain(err error) error {
	var se *sqlite.Error
	if !errors.As(err, &se) {
		return err
	}
	switch se.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("%w: %w", ErrDiskFull, err)
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return fmt.Errorf("%w: %w", ErrReadOnly, err)
	}
	return err
}

func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMS(v int64) time.Time {
	if v == 0 {
		return time.Time{}
	}
	return time.UnixMilli(v).UTC()
}
