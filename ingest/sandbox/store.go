// Package sandbox is a stand-in for Intercom's AI content API: GET /me, /ai/external_pages and
// /ai/content_import_sources, with the state they imply, over a SQLite file. It is a target for trying pageferry
// without an account, and the API that the tests of the client and of whole runs talk to. It shares no type with the
// client, so that a mistake in one is not repeated in the other.
//
// Where the API's documentation is silent the sandbox takes the stricter reading, and the doc comment says so.
package sandbox

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite" // registers the database/sql driver "sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// applicationID marks a sandbox store in the header of its SQLite file; the first migration writes the same number.
const applicationID = 1346794338

//go:embed migrations/*.sql
var migrations embed.FS

// Store holds the sources and pages of one sandbox workspace. Its methods may be called concurrently, and several
// processes may have the same file open. A write that has returned survives the end of the process, however it ends;
// the last writes before a power failure may be lost (synchronous=NORMAL).
type Store struct {
	write *sql.DB // one connection: SQLite has one writer
	read  *sql.DB // the same pool as write when the store is in memory

	upsert *sql.Stmt

	id        string
	createdAt int64 // Unix seconds
}

// Open opens the store in the SQLite file path and creates it, with a new random id, when there is no file. The
// directory must exist. The path ":memory:" gives a store that ends with Close. A file that is another kind of
// database, or that a newer program has written, is refused.
func Open(path string) (*Store, error) {
	s, err := open(path)
	// While another process brings the same new file into write-ahead mode, SQLite says that it is busy without waiting.
	for tries := 0; busy(err) && tries < openTries; tries++ {
		time.Sleep(openPause)
		s, err = open(path)
	}
	if err != nil {
		return nil, fmt.Errorf("open sandbox store %s: %w", path, err)
	}
	return s, nil
}

const (
	openTries = 20
	openPause = 50 * time.Millisecond
)

func busy(err error) bool {
	var se *sqlite.Error
	return errors.As(err, &se) && se.Code()&0xff == sqlite3.SQLITE_BUSY
}

func open(path string) (_ *Store, err error) {
	s := &Store{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if s.write, err = sql.Open("sqlite", dataSource(path, "")); err != nil {
		return nil, err
	}
	s.write.SetMaxOpenConns(1)
	ctx := context.Background()
	if err := checkKind(ctx, s.write); err != nil {
		return nil, err
	}
	if err := migrate(ctx, s.write); err != nil {
		return nil, err
	}
	s.read = s.write
	if path != ":memory:" {
		if s.read, err = sql.Open("sqlite", dataSource(path, "ro")); err != nil {
			return nil, err
		}
		s.read.SetMaxOpenConns(4)
	}
	if s.upsert, err = s.write.PrepareContext(ctx, upsertPage); err != nil {
		return nil, fmt.Errorf("prepare upsert: %w", err)
	}
	err = s.write.QueryRowContext(ctx, `SELECT id, created_at FROM store`).Scan(&s.id, &s.createdAt)
	if err != nil {
		return nil, fmt.Errorf("read store id: %w", err)
	}
	return s, nil
}

// dataSource gives the driver's name for path. Only the file: form makes SQLite heed mode.
func dataSource(path, mode string) string {
	query := url.Values{"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(NORMAL)", "foreign_keys(1)"}}
	if mode == "ro" {
		query["_pragma"] = []string{"busy_timeout(10000)"}
		query.Set("mode", "ro")
	} else {
		query.Set("_txlock", "immediate")
	}
	if path == ":memory:" {
		return "file::memory:?" + query.Encode()
	}
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a Windows drive: file:///C:/…
	}
	return "file://" + (&url.URL{Path: path}).EscapedPath() + "?" + query.Encode()
}

// checkKind refuses a database that has tables and is not a sandbox store. goose's own table and its counter may be
// there already, when another process is creating the same store now.
func checkKind(ctx context.Context, db *sql.DB) error {
	var id, tables int
	if err := db.QueryRowContext(ctx, `PRAGMA application_id`).Scan(&id); err != nil {
		return err
	}
	const count = `SELECT count(*) FROM sqlite_master WHERE name NOT IN ('goose_db_version', 'sqlite_sequence')`
	if err := db.QueryRowContext(ctx, count).Scan(&tables); err != nil {
		return err
	}
	if id != applicationID && (id != 0 || tables > 0) {
		return errors.New("the file is a database, but not a sandbox store; name another file")
	}
	return nil
}

// migrate brings the schema to the program's version.
func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("load migrations: %w", err)
	}
	// Goose does not lock SQLite between looking and applying. When another process creates the same store at the
	// same time, each failure here means that the other one has made a step (its version table, or a migration).
	for tries := len(provider.ListSources()) + 1; ; tries-- {
		_, err = provider.Up(ctx)
		if err == nil || tries == 0 {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	current, target, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if current > target {
		return fmt.Errorf("a newer pageferry has written it (schema %d, this program knows %d): update pageferry, "+
			"or name another file", current, target)
	}
	return nil
}

// Close closes the store.
func (s *Store) Close() error {
	var errs []error
	if s.upsert != nil {
		errs = append(errs, s.upsert.Close())
	}
	if s.read != nil && s.read != s.write {
		errs = append(errs, s.read.Close())
	}
	if s.write != nil {
		errs = append(errs, s.write.Close()) // last: it folds the write-ahead log into the file
	}
	return errors.Join(errs...)
}

// WorkspaceID is the id_code that GET /me answers: "sandbox_" and the first 8 hex digits of the store's id. A store
// that was deleted and made again is another workspace.
func (s *Store) WorkspaceID() string {
	return "sandbox_" + s.id[:8]
}
