// Package ingest runs a sync: it decides what becomes of each page that the crawler brings, records it in the ledger,
// and delivers what is new or has changed.
package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/pageferry/pageferry/crawler"
	"github.com/pageferry/pageferry/ingest/intercom"
	"github.com/pageferry/pageferry/ingest/ledger"
	"github.com/pageferry/pageferry/sanitize"
)

// grace is how long requests in flight may go on after an interruption.
const grace = 10 * time.Second

// Site is everything that a run works with. The caller holds the site's lock and closes what it opened.
type Site struct {
	Name      string
	Config    Config
	Crawl     crawler.Config
	Target    intercom.Config
	Signature string // of what decides what a run does: an interrupted run is resumed only under the same one

	Crawler *crawler.Crawler
	Extract *sanitize.Extractor
	API     *intercom.Client
	Ledger  *ledger.Ledger
	Log     *slog.Logger

	// Connected, if not nil, is called once the destination is known, before anything is crawled.
	Connected func(Destination)
}

// Flags change a single run.
type Flags struct {
	Limit   int   // crawl that many URLs at the most; 0: all
	Refetch bool  // send no validators
	Restart bool  // do not resume an interrupted run
	Accept  int64 // let through what this run held, if it is the same; 0: none
}

// run is one run of a site.
type run struct {
	site     Site
	flags    Flags
	progress *Progress
	log      *slog.Logger
	judge    *judge

	dest   Destination
	destID int64
	ledger *ledger.Run
	began  time.Time

	upserts, exhausted atomic.Int64
	incomplete         []string // why the run is not complete; written by one goroutine at a time

	leads leading
	alike []string // what too many canonicals to one page were taken for

	moves          []move
	held           map[int64]ledger.Held // by page: what Flags.Accept lets through
	suspect        string                // why all updates of the run are held; empty: they are not
	trusted        bool                  // what the run saw of the whole site may speak for deletion
	removed, moved atomic.Int64
	beside         tally
	trapped        trapped
	foreign        struct { // pages in Fin whose canonical is out of scope
		pages              int
		example, canonical string
	}
}

// Sync runs a site once and returns what it came to; it never panics over a page and never returns without a result.
// When ctx ends no new page is begun, what is in flight may finish for ten seconds, and the result says interrupted.
// progress may be read meanwhile.
func Sync(ctx context.Context, site Site, flags Flags, progress *Progress) Result {
	r := &run{site: site, flags: flags, progress: progress, log: site.Log, began: time.Now()}
	progress.began.Store(r.began.UnixMilli())
	work, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	disarm := context.AfterFunc(ctx, func() {
		t := time.AfterFunc(grace, func() { cancel(errInterrupted) })
		context.AfterFunc(work, func() { t.Stop() })
	})
	defer disarm()
	return r.finish(work, r.run(work, ctx))
}

// run is the run from the first check to the last delivery. stopping ends when the user wants to stop; ctx ends when
// nothing may go on.
func (r *run) run(ctx, stopping context.Context) error {
	r.progress.phase.Store("checking")
	r.judge = newJudge(r.site)
	if err := r.bind(ctx); err != nil {
		return err
	}
	// Before the crawl there is nothing that must finish: an interruption ends it at once.
	checking, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(stopping, func() { cancel(errInterrupted) })()
	if err := r.connect(checking); err != nil {
		return err
	}
	if r.site.Connected != nil {
		r.site.Connected(r.dest)
	}
	if err := r.open(ctx); err != nil {
		return err
	}
	r.judge.seen = r.ledger.Seen
	defer context.AfterFunc(stopping, func() {
		r.ledger.Stop()
		r.site.Crawler.Stop()
	})()
	if err := r.crawlAndCreate(ctx, stopping); err != nil {
		return err
	}
	if stopping.Err() != nil {
		return errInterrupted
	}
	r.progress.phase.Store("updating")
	updates, err := r.guard(ctx)
	if err != nil {
		return err
	}
	if err := r.deliverAll(ctx, stopping, closedQueue(updates, r.site.Target.Concurrency)); err != nil {
		return err
	}
	if stopping.Err() != nil {
		return errInterrupted
	}
	r.progress.phase.Store("finishing")
	if err := r.settleEdges(ctx); err != nil {
		return err
	}
	if err := r.takeOver(ctx); err != nil {
		return err
	}
	return r.remove(ctx, stopping)
}

// bind claims the ledger for this site, by its canonical start URLs.
func (r *run) bind(ctx context.Context) error {
	var start []string
	for _, s := range r.site.Crawl.Start {
		c, err := r.judge.canon.Canonical(s)
		if err != nil {
			return refuse(ReasonOtherSite, fmt.Errorf("start URL %s: %w", s, err))
		}
		start = append(start, c)
	}
	return r.site.Ledger.BindSite(ctx, r.site.Name, start)
}

func (r *run) open(ctx context.Context) error {
	limit := r.site.Crawl.Scope.MaxPages
	if r.flags.Limit > 0 && (limit == 0 || r.flags.Limit < limit) {
		limit = r.flags.Limit
	}
	var err error
	signature := r.site.Signature
	if r.flags.Refetch {
		signature += ":refetch" // what is left of it must not be read with validators
	}
	if r.flags.Limit > 0 {
		signature += ":limit" // a trial must not end a whole run that was interrupted as if it had been one
	}
	r.ledger, err = r.site.Ledger.OpenRun(ctx, ledger.RunOptions{Destination: r.destID, Signature: signature, Reading: r.judge.reading,
		Restart: r.flags.Restart, Refetch: r.flags.Refetch, MaxItems: limit, Now: time.Now()})
	return err
}

// ArticleSignature is what a site's articles depend on, beside the pages: with another one, pages are read anew.
func ArticleSignature(s Site) string {
	b, err := json.Marshal([]any{s.Extract.Signature(), s.Crawl.Scope.Canonical, s.Crawl.Scope.NoIndex, s.Crawl.Scope.DropParams, s.Config.Locale})
	if err != nil {
		panic(fmt.Sprintf("marshal strings: %v", err)) // cannot fail: they are strings
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}
