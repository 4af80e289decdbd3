package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/pageferry/pageferry/crawler"
)

// Counts returns how many URLs ended the run with each outcome.
func (r *Run) Counts(ctx context.Context) (map[string]int, error) {
	return r.l.Counts(ctx, r.ID)
}

// Counts returns how many URLs ended a run with each outcome.
func (l *Ledger) Counts(ctx context.Context, run int64) (map[string]int, error) {
	rows, err := l.read.QueryContext(ctx, `SELECT outcome, count(*) FROM outcomes WHERE run_id = $1 GROUP BY outcome`, run)
	if err != nil {
		return nil, fmt.Errorf("count outcomes: %w", plain(err))
	}
	defer rows.Close()
	counts := map[string]int{}
	for rows.Next() {
		var outcome string
		var n int
		if err := rows.Scan(&outcome, &n); err != nil {
			return nil, fmt.Errorf("count outcomes: %w", plain(err))
		}
		counts[outcome] = n
	}
	return counts, plain(rows.Err())
}

// InTarget returns how many pages the destination holds, as far as the ledger knows.
func (l *Ledger) InTarget(ctx context.Context, destination int64) (int, error) {
	var n int
	err := l.read.QueryRowContext(ctx, `SELECT count(*) FROM pages WHERE destination_id = $1 AND remote_id <> ''`, destination).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count pages: %w", plain(err))
	}
	return n, nil
}

// ForeignCanonicals returns how many of the pages in the destination that a run reached name a canonical URL out of
// scope, with the first of them.
func (r *Run) ForeignCanonicals(ctx context.Context) (n int, page, canonical string, err error) {
	err = r.l.read.QueryRowContext(ctx, `SELECT count(*), coalesce(min(url), ''), coalesce(canonical, '') FROM pages
		WHERE destination_id = $1 AND outcome_run = $2 AND remote_id <> '' AND canonical_out = 1 -- canonical is that of the least url`, r.opts.Destination, r.ID).Scan(&n, &page, &canonical)
	if err != nil {
		return 0, "", "", fmt.Errorf("count canonicals: %w", plain(err))
	}
	return n, page, canonical, nil
}

// Page is what the ledger holds of one URL.
type Page struct {
	ID         int64
	URL        string
	ExternalID string
	Via, From  string
	Depth      int

	RemoteID  string
	Title     string
	Hash      string
	Delivered time.Time
	Confirmed time.Time
	Intent    string // create or update: sent or about to be, not acknowledged
	IntentRun int64

	Outcome, Class, Detail, Edge string
	OutcomeRun                   int64
	OutcomeAt                    time.Time
	StaleSince                   time.Time
	Evidence                     string
	EvidenceSince                time.Time
	EvidenceRuns                 int
	Hidden                       time.Time // since when it is switched off, on its way out
	Before                       Switches  // how its switches stood then
}

const pageColumns = `id, url, external_id, via, found_from, depth, remote_id, title, hash, delivered_ms, confirmed_ms, intent, intent_run,
	outcome, class, detail, edge, outcome_run, outcome_ms, stale_ms, evidence, evidence_ms, evidence_runs, hidden_ms, hidden_agent, hidden_copilot`

func scanPage(row interface{ Scan(...any) error }) (Page, error) {
	var p Page
	var delivered, confirmed, outcome, stale, evidence, hidden int64
	err := row.Scan(&p.ID, &p.URL, &p.ExternalID, &p.Via, &p.From, &p.Depth, &p.RemoteID, &p.Title, &p.Hash, &delivered,
		&confirmed, &p.Intent, &p.IntentRun, &p.Outcome, &p.Class, &p.Detail, &p.Edge, &p.OutcomeRun, &outcome, &stale, &p.Evidence,
		&evidence, &p.EvidenceRuns, &hidden, &p.Before.Agent, &p.Before.Copilot)
	p.Delivered, p.Confirmed, p.OutcomeAt = fromMS(delivered), fromMS(confirmed), fromMS(outcome)
	p.StaleSince, p.EvidenceSince, p.Hidden = fromMS(stale), fromMS(evidence), fromMS(hidden)
	return p, err
}

// Page returns what the ledger holds of a URL; false: nothing.
func (l *Ledger) Page(ctx context.Context, destination int64, url string) (Page, bool, error) {
	row := l.read.QueryRowContext(ctx, `SELECT `+pageColumns+` FROM pages WHERE destination_id = $1 AND url = $2`, destination, url)
	p, err := scanPage(row)
	if errors.Is(err, sql.ErrNoRows) {
		return Page{}, false, nil
	}
	if err != nil {
		return Page{}, false, fmt.Errorf("read page %s: %w", url, plain(err))
	}
	return p, true, nil
}

// Condition selects pages of a destination; those below are all there are.
type Condition string

// Conditions of Pages.
const (
	// Failed selects the pages that a run could not read or deliver.
	Failed Condition = `outcome = 'failed' AND outcome_run = $2`
	// Stale selects the pages in the destination, or perhaps there, that a run could not confirm.
	Stale Condition = `(remote_id <> '' OR intent <> '') AND stale_ms > 0 AND outcome_run <= $2`
	// Edges selects the pages that a run saw lead to another one.
	Edges Condition = `outcome IN ('redirected', 'canonicalized') AND outcome_run = $2`
	// Removable selects the pages in the destination of which this run has seen that they should not be there.
	Removable Condition = `remote_id <> '' AND stale_ms = 0 AND evidence <> '' AND evidence = outcome AND outcome_run = $2`
	// Doubtful selects the pages in the destination of which this run cannot say whether the site has them.
	Doubtful Condition = `remote_id <> '' AND stale_ms > 0 AND outcome = 'soft_404' AND outcome_run = $2`
	// Back selects the pages that are switched off on their way out, and that this run has seen to be on the site.
	Back Condition = `remote_id <> '' AND hidden_ms > 0 AND outcome IN ('unchanged', 'not_modified', 'held') AND outcome_run = $2`
	// Gone selects the pages in the destination, or perhaps there, that were last seen to be no longer on the site, or no
	// longer to be in the destination.
	Gone Condition = `(remote_id <> '' OR intent <> '') AND evidence <> '' AND evidence = outcome AND outcome_run <= $2`
)

// Pages returns the pages of a destination that fit one of the conditions above, by URL.
func (l *Ledger) Pages(ctx context.Context, destination, run int64, condition Condition) iter.Seq2[Page, error] {
	return func(yield func(Page, error) bool) {
		rows, err := l.read.QueryContext(ctx, `SELECT `+pageColumns+` FROM pages
			WHERE destination_id = $1 AND `+string(condition)+` ORDER BY url`, destination, run)
		if err != nil {
			yield(Page{}, fmt.Errorf("read pages: %w", plain(err)))
			return
		}
		defer rows.Close()
		for rows.Next() {
			p, err := scanPage(rows)
			if !yield(p, err) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(Page{}, fmt.Errorf("read pages: %w", plain(err)))
		}
	}
}

// WithOutcome returns the pages that a run gave an outcome, by URL; of each only the URL and what the run said of it.
func (l *Ledger) WithOutcome(ctx context.Context, run int64, outcome string) iter.Seq2[Page, error] {
	return func(yield func(Page, error) bool) {
		rows, err := l.read.QueryContext(ctx, `SELECT p.url, o.outcome, o.class, o.detail FROM outcomes o JOIN pages p ON p.id = o.page_id
			WHERE o.run_id = $1 AND o.outcome = $2 ORDER BY p.url`, run, outcome)
		if err != nil {
			yield(Page{}, fmt.Errorf("read outcomes: %w", plain(err)))
			return
		}
		defer rows.Close()
		for rows.Next() {
			var p Page
			err := rows.Scan(&p.URL, &p.Outcome, &p.Class, &p.Detail)
			if !yield(p, plain(err)) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(Page{}, fmt.Errorf("read outcomes: %w", plain(err)))
		}
	}
}

// RunInfo is a run as history shows it.
type RunInfo struct {
	ID               int64
	Destination      Destination
	Open             bool // running, or killed
	Started, Ended   time.Time
	Resumed          int
	Complete         bool
	Exit             int
	Reason           string
	Fetches, Upserts int64
	Result           string // JSON; empty for a run that was killed
}

// Runs returns the last n runs over all destinations, the latest first.
func (l *Ledger) Runs(ctx context.Context, n int) ([]RunInfo, error) {
	rows, err := l.read.QueryContext(ctx, `SELECT r.id, d.id, d.kind, d.host, d.workspace, d.source_id, d.source_url, r.state = 'open',
			r.started_ms, r.ended_ms, r.resumed, r.complete, r.exit, r.reason, r.fetches, r.upserts, r.result
		FROM runs r JOIN destinations d ON d.id = r.destination_id ORDER BY r.id DESC LIMIT $1`, n)
	if err != nil {
		return nil, fmt.Errorf("read runs: %w", plain(err))
	}
	defer rows.Close()
	var all []RunInfo
	for rows.Next() {
		var r RunInfo
		var started, ended int64
		d := &r.Destination
		if err := rows.Scan(&r.ID, &d.ID, &d.Kind, &d.Host, &d.Workspace, &d.SourceID, &d.SourceURL, &r.Open, &started, &ended,
			&r.Resumed, &r.Complete, &r.Exit, &r.Reason, &r.Fetches, &r.Upserts, &r.Result); err != nil {
			return nil, fmt.Errorf("read runs: %w", plain(err))
		}
		r.Started, r.Ended = fromMS(started), fromMS(ended)
		all = append(all, r)
	}
	return all, plain(rows.Err())
}

// LastComplete returns when the last complete run of a destination ended; the zero time if there was none.
func (l *Ledger) LastComplete(ctx context.Context, destination int64) (time.Time, error) {
	var ended int64
	err := l.read.QueryRowContext(ctx, `SELECT coalesce(max(ended_ms), 0) FROM runs WHERE destination_id = $1 AND complete = 1`, destination).Scan(&ended)
	if err != nil {
		return time.Time{}, fmt.Errorf("read runs: %w", plain(err))
	}
	return fromMS(ended), nil
}

// OutcomeOf is what one run made of a page.
type OutcomeOf struct {
	Run                    int64
	Started                time.Time
	Outcome, Class, Detail string
}

// History returns what the last n runs made of a page, the latest first.
func (l *Ledger) History(ctx context.Context, page int64, n int) ([]OutcomeOf, error) {
	rows, err := l.read.QueryContext(ctx, `SELECT o.run_id, r.started_ms, o.outcome, o.class, o.detail
		FROM runs r CROSS JOIN outcomes o ON o.run_id = r.id AND o.page_id = $1 ORDER BY r.id DESC LIMIT $2`, page, n)
	if err != nil {
		return nil, fmt.Errorf("read history: %w", plain(err))
	}
	defer rows.Close()
	var all []OutcomeOf
	for rows.Next() {
		var o OutcomeOf
		var started int64
		if err := rows.Scan(&o.Run, &started, &o.Outcome, &o.Class, &o.Detail); err != nil {
			return nil, fmt.Errorf("read history: %w", plain(err))
		}
		o.Started = fromMS(started)
		all = append(all, o)
	}
	return all, plain(rows.Err())
}

// Reading returns how a page was read last: what its version is known by, and the signature it was read under. Both
// are zero where the next run asks for the whole page.
func (l *Ledger) Reading(ctx context.Context, page int64) (v crawler.Validators, signature string, err error) {
	err = l.read.QueryRowContext(ctx, `SELECT etag, last_modified, body_hash, signature FROM pages WHERE id = $1`, page).
		Scan(&v.ETag, &v.LastModified, &v.BodyHash, &signature)
	if err != nil {
		return v, "", fmt.Errorf("read validators: %w", plain(err))
	}
	return v, signature, nil
}
