package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/pageferry/pageferry/crawler"
)

// statements are the prepared changes of the writer's connection.
type statements struct {
	done      []int64        // rows of the frontier that the batch has closed
	confirmed []confirmation // pages that it found as they were

	listing listingStatements
	keptOut keepOutStatements

	bindSite, bindDestination, adopt, setAdopted *sql.Stmt

	tell                                               *sql.Stmt
	begin, commit                                      *sql.Stmt
	newRun, resumeRun, abandonRuns, closeRun, progress *sql.Stmt
	disarmIntents, reopenIntents                       *sql.Stmt
	anyOpen, emptyFrontier                             *sql.Stmt
	clearFrontier, pruneOutcomes, pruneRuns            *sql.Stmt
	pruneOutlinks, pruneDrafts, prunePages, oldestKept *sql.Stmt

	addLinks, doneMany, insertPage, insertStaged, newPage, newStaged, reach, stage, setOutlinks *sql.Stmt
	settle, revise, addOutcome, count                                                           *sql.Stmt
	addArticle, pruneArticles, dropOutlinks, setCanonical                                       *sql.Stmt
	confirmMany, addOutcomes                                                                    *sql.Stmt
	unreached, staleUnreached                                                                   *sql.Stmt
	hold, withdraw, intend, removed, intendHide, hidden, shown, forget, pruneHolds              *sql.Stmt
}

func (s *statements) all() map[**sql.Stmt]string {
	all := map[**sql.Stmt]string{
		&s.tell: tellStatement,
		&s.bindSite: `INSERT INTO site (id, name, start, created_ms) VALUES (1, $1, $2, $3)
			ON CONFLICT (id) DO UPDATE SET start = excluded.start`,
		&s.bindDestination: `INSERT INTO destinations (kind, host, workspace, source_id, source_created, source_url, created_ms)
			VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (kind, host, workspace, source_id, source_created) DO UPDATE SET source_url = excluded.source_url
			RETURNING id, adopted, verified_ms`,
		&s.adopt: `INSERT INTO pages (destination_id, url, external_id, via, remote_id, title, hash, delivered_ms)
			VALUES ($1, $2, $3, 'listing', $4, $5, $6, $7) ON CONFLICT (destination_id, url) DO NOTHING RETURNING id`,
		&s.setAdopted: `UPDATE destinations SET adopted = 1, verified_ms = $2 WHERE id = $1`,

		&s.newRun: `INSERT INTO runs (destination_id, state, signature, started_ms, progress_ms)
			VALUES ($1, 'open', $2, $3, $3) RETURNING id`,
		&s.resumeRun: `UPDATE runs SET resumed = resumed + 1, progress_ms = $2, ended_ms = 0, exit = 0, reason = '' WHERE id = $1`,
		&s.abandonRuns: `UPDATE runs SET state = 'closed', reason = 'abandoned', exit = 1, ended_ms = progress_ms
			WHERE destination_id = $1 AND state = 'open'`,
		&s.closeRun: `UPDATE runs SET state = $2, ended_ms = $3, progress_ms = $3, complete = $4, exit = $5, reason = $6,
			fetches = $7, upserts = $8, api_requests = $9, retries = $10, bytes_fetched = $11, result = $12 WHERE id = $1`,
		&s.begin:    `BEGIN IMMEDIATE`,
		&s.commit:   `COMMIT`,
		&s.progress: `UPDATE runs SET progress_ms = $2 WHERE id = $1`,

		// An intent of an earlier process is not sent before its page has been fetched again.
		&s.disarmIntents: `UPDATE pages SET intent_run = 0 WHERE destination_id = $1 AND intent <> '' AND intent_run <> 0`,
		// A page that was fetched twice, to stand alone, has two rows, of which the later counts.
		&s.reopenIntents: `UPDATE frontier SET done = 0 WHERE run_id = $1 AND done = 1 AND seq IN (SELECT max(f.seq) FROM frontier f
			JOIN pages p ON p.destination_id = $2 AND p.url = f.url AND p.intent <> '' WHERE f.run_id = $1 GROUP BY f.url)`,
		&s.clearFrontier: `DELETE FROM frontier WHERE run_id IN (SELECT id FROM runs WHERE destination_id = $1 AND state = 'closed')`,
		// Without a condition SQLite drops the rows all at once.
		&s.anyOpen:       `SELECT EXISTS (SELECT 1 FROM runs WHERE state = 'open')`,
		&s.emptyFrontier: `DELETE FROM frontier`,
		&s.pruneOutcomes: `DELETE FROM outcomes WHERE run_id IN (SELECT id FROM runs WHERE destination_id = $1
			ORDER BY id DESC LIMIT -1 OFFSET $2)`,
		// URLs that were never delivered and that no kept run has seen. What refers to them goes first.
		&s.pruneOutlinks: `DELETE FROM outlinks WHERE page_id IN (SELECT id FROM pages WHERE destination_id = $1
			AND remote_id = '' AND intent = '' AND outcome_run < $2)`,
		&s.pruneDrafts: `DELETE FROM articles WHERE page_id IN (SELECT id FROM pages WHERE destination_id = $1
			AND remote_id = '' AND intent = '' AND outcome_run < $2)`,
		&s.prunePages: `DELETE FROM pages WHERE destination_id = $1 AND remote_id = '' AND intent = '' AND outcome_run < $2`,
		&s.oldestKept: `SELECT coalesce(min(id), 0) FROM (SELECT id FROM runs WHERE destination_id = $1 ORDER BY id DESC LIMIT $2)`,
		&s.pruneRuns: `DELETE FROM runs WHERE destination_id = $1 AND id NOT IN (SELECT id FROM runs
			WHERE destination_id = $1 ORDER BY id DESC LIMIT 20 * $2)`,

		// $2 is a JSON list of URLs: a page leads to many, and what is said of them is the same.
		&s.addLinks: `INSERT INTO frontier (run_id, url, via, found_from, depth, hops, alone)
			SELECT $1, value, $3, $4, $5, $6, $7 FROM json_each($2) ORDER BY key`,
		&s.doneMany: `UPDATE frontier SET done = 1 WHERE seq IN (SELECT value FROM json_each($1))`,
		&s.confirmMany: `UPDATE pages SET outcome = $2, class = '', detail = '', edge = '', outcome_run = $3, outcome_ms = $4, confirmed_ms = $4,
			stale_ms = 0, evidence = '', evidence_ms = 0, evidence_runs = 0 WHERE id IN (SELECT value FROM json_each($1))`,
		&s.addOutcomes: `INSERT INTO outcomes (run_id, page_id, outcome, class, detail) SELECT $3, value, $2, '', '' FROM json_each($1) WHERE true
			ON CONFLICT (run_id, page_id) DO UPDATE SET outcome = excluded.outcome, class = '', detail = ''`,
		&s.insertPage: `INSERT INTO pages (destination_id, url, external_id, via, found_from, depth) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (destination_id, url) DO NOTHING`,
		&s.insertStaged: `INSERT INTO pages (destination_id, url, external_id, via, found_from, depth,
				intent, intent_run, intent_hash, intent_signature, intent_etag, intent_modified, intent_body_hash)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (destination_id, url) DO NOTHING`,
		// Where another page's canonical or depth has made the row meanwhile.
		&s.newPage: `INSERT INTO pages (destination_id, url, external_id, via, found_from, depth) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (destination_id, url) DO UPDATE SET depth = min(depth, excluded.depth) RETURNING id`,
		&s.newStaged: `INSERT INTO pages (destination_id, url, external_id, via, found_from, depth,
				intent, intent_run, intent_hash, intent_signature, intent_etag, intent_modified, intent_body_hash)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
			ON CONFLICT (destination_id, url) DO UPDATE SET depth = min(depth, excluded.depth), intent = excluded.intent,
				intent_run = excluded.intent_run, intent_hash = excluded.intent_hash, intent_signature = excluded.intent_signature,
				intent_etag = excluded.intent_etag, intent_modified = excluded.intent_modified,
				intent_body_hash = excluded.intent_body_hash
			RETURNING id`,
		// The page was reached: $8 keeps its validators or takes the new ones, $13 confirms it, $14 makes it stale,
		// $15 counts as evidence for deletion.
		&s.reach: `UPDATE pages SET outcome = $2, class = $3, detail = $4, edge = $5, outcome_run = $6, outcome_ms = $7,
			etag = iif($8, $9, ''), last_modified = iif($8, $10, ''), body_hash = iif($8, $11, ''), signature = iif($8, $12, signature),
			confirmed_ms = iif($13, $7, confirmed_ms),
			stale_ms = iif($14, iif(stale_ms > 0, stale_ms, $7), iif($13 OR $15, 0, stale_ms)), depth = $16,
			evidence_ms = iif($15, iif(evidence = $2, evidence_ms, $7), iif($13 OR $2 IN (` + onSite + `), 0, evidence_ms)),
			evidence_runs = iif(($15 AND evidence <> $2) OR $13 OR $2 IN (` + onSite + `), 0, evidence_runs),
			evidence = iif($15, $2, iif($13 OR $2 IN (` + onSite + `), '', evidence))
			WHERE id = $1`,
		// A page that has an article is on the site, whatever becomes of its delivery.
		&s.stage: `UPDATE pages SET intent = $2, intent_run = $3, intent_hash = $4, intent_signature = $5, intent_etag = $6,
			intent_modified = $7, intent_body_hash = $8, evidence = '', evidence_ms = 0, evidence_runs = 0 WHERE id = $1`,
		// An article that comes back is the latest version again.
		&s.addArticle:   `INSERT OR REPLACE INTO articles (page_id, hash, title, html, made_ms) VALUES ($1, $2, $3, $4, $5)`,
		&s.setOutlinks:  `INSERT INTO outlinks (page_id, links) VALUES ($1, $2) ON CONFLICT (page_id) DO UPDATE SET links = excluded.links`,
		&s.dropOutlinks: `DELETE FROM outlinks WHERE page_id = $1`,
		&s.setCanonical: `UPDATE pages SET canonical = $2, canonical_out = $3 WHERE id = $1`,
		&s.settle: `UPDATE pages SET remote_id = $2, title = $6, hash = $7, signature = intent_signature, etag = intent_etag,
			last_modified = intent_modified, body_hash = intent_body_hash,
			delivered_ms = $5, confirmed_ms = $5, stale_ms = 0, evidence = '', evidence_ms = 0, evidence_runs = 0,
			outcome = $3, class = '', detail = '', edge = '', outcome_run = $4, outcome_ms = $5, hidden_ms = 0, listed_hash = '',
			intent = '', intent_run = 0, intent_hash = '', intent_signature = '', intent_etag = '', intent_modified = '',
			intent_body_hash = '' WHERE id = $1`,
		// The delivered article is kept whatever its age: a page may have been settled with an older one.
		&s.pruneArticles: `DELETE FROM articles WHERE page_id = $1
			AND hash NOT IN (SELECT hash FROM pages WHERE id = $1 UNION SELECT intent_hash FROM pages WHERE id = $1)
			AND id NOT IN (SELECT id FROM articles WHERE page_id = $1 ORDER BY id DESC LIMIT $2)`,
		&s.revise: `UPDATE pages SET outcome = $2, class = $3, detail = $4, outcome_run = $5, outcome_ms = $6,
			stale_ms = iif($7, iif(stale_ms > 0, stale_ms, $6), iif($8, 0, stale_ms)),
			evidence_ms = iif($8, iif(evidence = $2, evidence_ms, $6), iif($7, 0, evidence_ms)),
			evidence_runs = iif(($8 AND evidence <> $2) OR ($7 AND NOT $8), 0, evidence_runs),
			evidence = iif($8, $2, iif($7, '', evidence)) WHERE id = $1`,
		&s.unreached: `INSERT INTO outcomes (run_id, page_id, outcome, class, detail)
			SELECT $1, id, $2, $3, $4 FROM pages WHERE destination_id = $5 AND remote_id <> '' AND outcome_run <> $1
			ON CONFLICT (run_id, page_id) DO NOTHING`,
		&s.staleUnreached: `UPDATE pages SET outcome = $2, class = $3, detail = $4, outcome_run = $1, outcome_ms = $6,
			stale_ms = iif(stale_ms > 0, stale_ms, $6) WHERE destination_id = $5 AND remote_id <> '' AND outcome_run <> $1`,
		&s.addOutcome: `INSERT INTO outcomes (run_id, page_id, outcome, class, detail) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (run_id, page_id) DO UPDATE SET outcome = excluded.outcome, class = excluded.class, detail = excluded.detail`,
		&s.hold: `INSERT INTO holds (run_id, page_id, action, key, why) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (run_id, page_id) DO UPDATE SET action = excluded.action, key = excluded.key, why = excluded.why`,
		// Without validators the next run reads the page again, and finds what is held.
		&s.withdraw: `UPDATE pages SET intent = '', intent_run = 0, intent_hash = '', intent_signature = '', intent_etag = '',
			intent_modified = '', intent_body_hash = '', etag = '', last_modified = '', body_hash = '',
			outcome = 'held', class = '', detail = $2, edge = '', outcome_run = $3, outcome_ms = $4 WHERE id = $1`,
		&s.intend: `UPDATE pages SET intent = $2, intent_run = $3 WHERE id = $1`,
		// What is taken out is taken out by the run that saw why.
		&s.removed: `UPDATE pages SET removed_run = outcome_run, remote_id = '', hash = '', delivered_ms = 0, confirmed_ms = 0, intent = '', intent_run = 0,
			etag = '', last_modified = '', body_hash = '', signature = '', stale_ms = 0, evidence = '', evidence_ms = 0, evidence_runs = 0,
			hidden_ms = 0 WHERE id = $1`,
		&s.intendHide: `UPDATE pages SET intent = 'hide', intent_run = $2, hidden_ms = $3, hidden_agent = $4, hidden_copilot = $5 WHERE id = $1`,
		&s.shown:      `UPDATE pages SET hidden_ms = 0, outcome = $2, detail = 'switched on again', outcome_ms = $3 WHERE id = $1`,
		&s.hidden:     `UPDATE pages SET intent = '', intent_run = 0 WHERE id = $1`,
		// Nobody knows whether a deletion that was intended has come to pass: the page is delivered as a new one.
		&s.forget:     `UPDATE pages SET remote_id = '' WHERE id = $1`,
		&s.pruneHolds: `DELETE FROM holds WHERE run_id NOT IN (SELECT id FROM runs)`,
		// A complete run counts once for each page whose evidence it saw itself. The time begins with the first that counts.
		&s.count: `UPDATE pages SET evidence_runs = evidence_runs + 1, evidence_ms = iif(evidence_runs = 0, outcome_ms, evidence_ms)
			WHERE destination_id = $1 AND outcome_run = $2 AND stale_ms = 0 AND evidence <> '' AND evidence = outcome`,
	}
	maps.Copy(all, s.listing.all())
	maps.Copy(all, s.keptOut.all())
	return all
}

// onSite are outcomes that only a page has that is on the site: what spoke for its deletion before no longer does.
const onSite = `'locale', 'listing', 'follow_only', 'not_html', 'empty', 'too_large', 'needs_js', 'too_deep', 'trap'`

func (s *statements) prepare(ctx context.Context, conn *sql.Conn) error {
	for stmt, query := range s.all() {
		var err error
		if *stmt, err = conn.PrepareContext(ctx, query); err != nil {
			return err
		}
	}
	return nil
}

func (s *statements) close() error {
	var errs []error
	for stmt := range s.all() {
		errs = append(errs, (*stmt).Close())
	}
	return errors.Join(errs...)
}

// confirmation is a page that a run found as it was.
type confirmation struct {
	run, page int64
	outcome   string
	at        time.Time
}

func (s *statements) confirm(run, page, seq int64, v Visit) {
	s.done = append(s.done, seq)
	s.confirmed = append(s.confirmed, confirmation{run, page, v.Outcome, v.At})
}

// flush writes what the batch has gathered, many rows at once. It ends every batch.
func (s *statements) flush() error {
	if len(s.done) > 0 {
		if _, err := s.doneMany.Exec(idList(s.done)); err != nil {
			return err
		}
		s.done = s.done[:0]
	}
	for rest := s.confirmed; len(rest) > 0; {
		first := rest[0]
		var pages []int64
		for len(rest) > 0 && rest[0].run == first.run && rest[0].outcome == first.outcome {
			pages, rest = append(pages, rest[0].page), rest[1:]
		}
		list := idList(pages)
		if _, err := s.confirmMany.Exec(list, first.outcome, first.run, ms(first.at)); err != nil {
			return err
		}
		if _, err := s.addOutcomes.Exec(list, first.outcome, first.run); err != nil {
			return err
		}
	}
	s.confirmed = s.confirmed[:0]
	return nil
}

// dropFrontier forgets what the closed runs of a destination have found.
func (s *statements) dropFrontier(destination int64) error {
	var open bool
	if err := s.anyOpen.QueryRow().Scan(&open); err != nil {
		return err
	}
	if !open {
		_, err := s.emptyFrontier.Exec()
		return err
	}
	_, err := s.clearFrontier.Exec(destination)
	return err
}

// idList returns ids as a JSON list.
func idList(ids []int64) string {
	b := []byte{'['}
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, id, 10)
	}
	return string(append(b, ']'))
}

// linksAtOnce is how many links a statement adds: SQLite holds the list several times over.
const linksAtOnce = 256

// insertLinks adds links to the frontier, in their order.
func (s *statements) insertLinks(run int64, links []crawler.Link) error {
	for len(links) > 0 {
		first, n := links[0], 1
		urls := appendJSON([]byte{'['}, first.URL)
		for n < min(len(links), linksAtOnce) && sameWay(first, links[n]) {
			urls = appendJSON(append(urls, ','), links[n].URL)
			n++
		}
		urls = append(urls, ']')
		_, err := s.addLinks.Exec(run, string(urls), first.Via, first.From, first.Depth, first.Hops, first.Alone)
		if err != nil {
			return err
		}
		links = links[n:]
	}
	return nil
}

// sameWay reports whether two links differ in nothing but their URLs.
func sameWay(a, b crawler.Link) bool {
	a.URL, b.URL = "", ""
	return a == b
}

// appendJSON appends a URL as a JSON string. Canonical URLs hold nothing that JSON escapes.
func appendJSON(b []byte, url string) []byte {
	b = append(b, '"')
	for i := range len(url) {
		switch c := url[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ':
			b = fmt.Appendf(b, "\\u%04x", c)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// record stores a visit of a page of which known is known, and returns the page's row.
func (s *statements) record(r *Run, v Visit, known State, article, outlinks []byte) (int64, error) {
	if v.Intent != "" && known.Intent == IntentDelete {
		if _, err := s.forget.Exec(known.ID); err != nil {
			return 0, err
		}
	}
	page, err := s.place(r, v, known.ID)
	if err != nil {
		return 0, err
	}
	if v.Intent != "" {
		if err := s.keepArticle(page, v, article, known); err != nil {
			return 0, err
		}
	}
	if v.Read {
		if err := s.recordReading(page, outlinks, v, known); err != nil {
			return 0, err
		}
	}
	if v.Outcome == "" {
		return page, nil
	}
	_, err = s.reach.Exec(page, v.Outcome, v.Class, v.Detail, v.Edge, r.ID, ms(v.At), v.KeepValidators, v.Validators.ETag,
		v.Validators.LastModified, v.Validators.BodyHash, v.Signature, v.Confirmed, v.Stale, v.Evidence, v.Item.Depth)
	if err != nil {
		return 0, err
	}
	if known.Listed != "" && v.Confirmed {
		stmt := s.listing.drop
		if v.Hash == known.Listed {
			stmt = s.listing.take
		}
		if _, err := stmt.Exec(page); err != nil {
			return 0, err
		}
	}
	return page, s.outcome(r.ID, page, v.Outcome, v.Class, v.Detail)
}

// keepArticle adds a version, and lets the oldest go where there are too many.
func (s *statements) keepArticle(page int64, v Visit, article []byte, known State) error {
	if _, err := s.addArticle.Exec(page, v.Hash, v.Title, article, ms(v.At)); err != nil || known.ID == 0 {
		return err
	}
	_, err := s.pruneArticles.Exec(page, keepVersions)
	return err
}

// place makes sure that the page has a row, with the visit's intent if it has one, and returns it.
func (s *statements) place(r *Run, v Visit, page int64) (int64, error) {
	it, intent := v.Item, []any{v.Intent, r.ID, v.Hash, v.Signature, v.Validators.ETag, v.Validators.LastModified, v.Validators.BodyHash}
	var err error
	switch {
	case v.Intent != "" && page == 0:
		row := append([]any{r.opts.Destination, it.URL, v.ExternalID, it.Via, it.From, it.Depth}, intent...)
		page, err = insert(s.insertStaged, s.newStaged, row...)
	case v.Intent != "":
		_, err = s.stage.Exec(append([]any{page}, intent...)...)
	case page == 0:
		page, err = insert(s.insertPage, s.newPage, r.opts.Destination, it.URL, v.ExternalID, it.Via, it.From, it.Depth)
	}
	return page, err
}

// insert adds a row, or changes the one that is there by or, and returns it. A query with RETURNING costs twice what the
// plain insert does, and nearly always there is no row.
func insert(plain, or *sql.Stmt, row ...any) (id int64, err error) {
	res, err := plain.Exec(row...)
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	if err != nil {
		return 0, err
	}
	if n > 0 {
		return res.LastInsertId()
	}
	err = or.QueryRow(row...).Scan(&id)
	return id, err
}

func (s *statements) recordReading(page int64, outlinks []byte, v Visit, known State) error {
	var err error
	if len(outlinks) == 0 {
		_, err = s.dropOutlinks.Exec(page)
	} else {
		_, err = s.setOutlinks.Exec(page, outlinks)
	}
	if err != nil || v.Canonical == "" && known.Canonical == "" {
		return err
	}
	_, err = s.setCanonical.Exec(page, v.Canonical, v.CanonicalOut)
	return err
}

func (s *statements) outcome(run, page int64, outcome, class, detail string) error {
	_, err := s.addOutcome.Exec(run, page, outcome, class, detail)
	return err
}
