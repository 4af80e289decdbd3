package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// OtherSiteError refuses a config whose start URLs have nothing in common with those the ledger was made for.
type OtherSiteError struct {
	Path  string   // of the ledger
	Name  string   // the site it belongs to
	Start []string // that site's start URLs
}

func (e *OtherSiteError) Error() string {
	return fmt.Sprintf("the ledger %s belongs to another config: site %q, which starts at %s", e.Path, e.Name,
		strings.Join(e.Start, " "))
}

// BindSite claims an empty ledger for a site, or checks that it is this site's: at least one canonical start URL must
// be one it has known. Start URLs that are new to it are added.
func (l *Ledger) BindSite(ctx context.Context, name string, start []string) error {
	var had, lines string
	err := l.read.QueryRowContext(ctx, `SELECT name, start FROM site`).Scan(&had, &lines)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("read site of ledger: %w", plain(err))
	}
	var known []string
	if lines != "" {
		known = strings.Split(lines, "\n")
	}
	all := slices.Clone(known)
	common := len(known) == 0
	for _, s := range start {
		if slices.Contains(known, s) {
			common = true
		} else {
			all = append(all, s)
		}
	}
	if !common {
		return &OtherSiteError{Path: l.path, Name: had, Start: known}
	}
	if len(all) == len(known) {
		return nil
	}
	err = l.writer.exec(func(s *statements) error {
		_, err := s.bindSite.Exec(name, strings.Join(all, "\n"), ms(time.Now()))
		return err
	})
	if err != nil {
		return fmt.Errorf("bind ledger to site: %w", err)
	}
	return nil
}

// Destination is where pages are delivered. Two are the same only if all fields but ID, SourceURL, Adopted and Verified are:
// a sandbox whose store was deleted, or a source that was created anew, is another one.
type Destination struct {
	ID            int64 // row of the ledger
	Kind          string
	Host          string
	Workspace     string
	SourceID      int64
	SourceCreated int64 // Unix seconds
	SourceURL     string
	Adopted       bool      // the pages that were there before the ledger have been read
	Verified      time.Time // when its listing was last compared with the ledger; zero: never
}

// Destinations returns those of a kind that the ledger has delivered to, the last used first.
func (l *Ledger) Destinations(ctx context.Context, kind string) ([]Destination, error) {
	rows, err := l.read.QueryContext(ctx, `SELECT id, kind, host, workspace, source_id, source_created, source_url, adopted
		FROM destinations d WHERE kind = $1
		ORDER BY (SELECT max(r.id) FROM runs r WHERE r.destination_id = d.id) DESC, id DESC`, kind)
	if err != nil {
		return nil, fmt.Errorf("read destinations: %w", plain(err))
	}
	defer rows.Close()
	var all []Destination
	for rows.Next() {
		var d Destination
		if err := rows.Scan(&d.ID, &d.Kind, &d.Host, &d.Workspace, &d.SourceID, &d.SourceCreated, &d.SourceURL, &d.Adopted); err != nil {
			return nil, fmt.Errorf("read destinations: %w", plain(err))
		}
		all = append(all, d)
	}
	return all, plain(rows.Err())
}

// BindDestination returns d with its row and Adopted, adding it where it is new.
func (l *Ledger) BindDestination(ctx context.Context, d Destination) (Destination, error) {
	var verified int64
	err := l.writer.exec(func(s *statements) error {
		return s.bindDestination.QueryRow(d.Kind, d.Host, d.Workspace, d.SourceID, d.SourceCreated, d.SourceURL,
			ms(time.Now())).Scan(&d.ID, &d.Adopted, &verified)
	})
	if err != nil {
		return d, fmt.Errorf("record destination: %w", err)
	}
	d.Verified = fromMS(verified)
	return d, nil
}

// Rival returns another ledger in the directory of this one that delivers to the same destination, with the name of its
// site; empty: there is none. A file that is no ledger, or cannot be read, is none.
func (l *Ledger) Rival(ctx context.Context, d Destination) (path, site string, err error) {
	others, err := filepath.Glob(filepath.Join(filepath.Dir(l.path), "*.db"))
	if err != nil {
		return "", "", fmt.Errorf("look for other ledgers: %w", err)
	}
	for _, other := range others {
		if filepath.Base(other) == filepath.Base(l.path) {
			continue
		}
		o, err := OpenReadOnly(ctx, other)
		if err != nil {
			continue
		}
		var n int
		err = o.read.QueryRowContext(ctx, `SELECT count(*) FROM destinations
			WHERE kind = $1 AND host = $2 AND workspace = $3 AND source_id = $4 AND source_created = $5`,
			d.Kind, d.Host, d.Workspace, d.SourceID, d.SourceCreated).Scan(&n)
		if err == nil && n > 0 {
			err = o.read.QueryRowContext(ctx, `SELECT name FROM site`).Scan(&site)
		}
		if err := errors.Join(err, o.Close()); err != nil {
			return "", "", fmt.Errorf("read the ledger %s: %w", other, err)
		}
		if n > 0 {
			return other, site, nil
		}
	}
	return "", "", nil
}

// Adopted is a page that was in the destination before the ledger knew of it.
type Adopted struct {
	URL, ExternalID, RemoteID, Title, Hash, HTML string
	Updated                                      time.Time
}

// Adopt records pages that the destination's listing holds. A page that the ledger knows already is left as it is.
func (l *Ledger) Adopt(ctx context.Context, destination int64, pages []Adopted) error {
	packed := make([][]byte, len(pages))
	for i, p := range pages {
		packed[i] = pack(p.HTML)
	}
	err := l.writer.exec(func(s *statements) error {
		for i, p := range pages {
			var page int64
			err := s.adopt.QueryRow(destination, p.URL, p.ExternalID, p.RemoteID, p.Title, p.Hash, ms(p.Updated)).Scan(&page)
			if errors.Is(err, sql.ErrNoRows) {
				continue
			}
			if err != nil {
				return err
			}
			if _, err := s.addArticle.Exec(page, p.Hash, p.Title, packed[i], ms(p.Updated)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("adopt pages: %w", err)
	}
	return nil
}

// SetAdopted records that the listing of a destination has been read to its end, and compared with that.
func (l *Ledger) SetAdopted(ctx context.Context, destination int64) error {
	err := l.writer.exec(func(s *statements) error {
		_, err := s.setAdopted.Exec(destination, ms(time.Now()))
		return err
	})
	if err != nil {
		return fmt.Errorf("record adoption: %w", err)
	}
	return nil
}
