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
	API     API
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
	Plan    *Plan // deliver what it lists and nothing else; nil: all

	Only        *crawler.Pattern // crawl and deliver only what matches, and delete nothing; nil: everything
	MaxDuration time.Duration    // stop then as after an interruption; the next run goes on; 0: no limit
}

// run is one run of a site.
type run struct {
	site     Site
	flags    Flags
	progress *Progress
	log      *slog.Logger
	judge    *judge
	plan     *planner // stands in for the API where the run is only planned; nil: it is not

	listed map[string]PlanItem // by URL: what Flags.Plan lists; not written to once the run is under way
	missed []HeldItem          // what it lists and the run did not come to do

	dest   Destination
	destID int64
	ledger *ledger.Run
	began  time.Time

	verified     time.Time // when the destination's listing was compared last
	verification verification

	upserts, exhausted atomic.Int64
	incomplete         []string // why the run is not complete; written by one goroutine at a time

	removedPages int // kept out because a person has taken them out

	leads    leading
	findings []string // what was found out about the site, and how it was taken

	moves          []move
	held           map[int64]ledger.Held // by page: what Flags.Accept lets through
	sparing        bool                  // the share of pages that are gone does not make the run implausible
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
// When ctx or the time budget ends no new page is begun, what is in flight may finish for ten seconds, and the result
// says which it was.
// progress may be read meanwhile.
func Sync(ctx context.Context, site Site, flags Flags, progress *Progress) Result {
	return newRun(site, flags, progress).sync(ctx)
}

func newRun(site Site, flags Flags, progress *Progress) *run {
	r := &run{site: site, flags: flags, progress: progress, log: site.Log, began: time.Now()}
	progress.began.Store(r.began.UnixMilli())
	return r
}

func (r *run) sync(ctx context.Context) Result {
	stopping, release := r.budget(ctx)
	defer release()
	work, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	disarm := context.AfterFunc(stopping, func() {
		if ctx.Err() == nil {
			r.log.Info("the time budget is over: requests in flight may finish", "site", r.site.Name, "max_duration", r.flags.MaxDuration)
		}
		graceTimer(stopping, work, cancel)
	})
	defer disarm()
	return r.finish(work, r.run(work, stopping))
}

// run is the run from the first check to the last delivery. stopping ends when the user wants to stop; ctx ends when
// nothing may go on.
func (r *run) run(ctx, stopping context.Context) error {
	r.progress.phase.Store("checking")
	r.judge = newJudge(r.site)
	if err := r.checkPlan(); err != nil {
		return err
	}
	if err := r.bind(ctx); err != nil {
		return err
	}
	// Before the crawl there is nothing that must finish: an interruption ends it at once.
	checking, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(stopping, func() { cancel(stopCause(stopping)) })()
	if err := r.connect(checking); err != nil {
		return err
	}
	if r.site.Connected != nil {
		r.site.Connected(r.dest)
	}
	var err error
	if r.judge.keptOut, err = keptOutOf(ctx, r.site.Ledger, r.destID); err != nil {
		return err
	}
	if err := r.open(ctx); err != nil {
		return err
	}
	if err := r.verify(checking); err != nil {
		return err
	}
	r.judge.seen, r.judge.only = r.ledger.Seen, r.flags.Only
	defer context.AfterFunc(stopping, func() {
		r.ledger.Stop()
		r.site.Crawler.Stop()
	})()
	if err := r.crawlAndCreate(ctx, stopping); err != nil {
		return err
	}
	if stopping.Err() != nil {
		return stopCause(stopping)
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
		return stopCause(stopping)
	}
	r.progress.phase.Store("finishing")
	if err := r.settleEdges(ctx); err != nil {
		return err
	}
	if err := r.takeOver(ctx); err != nil {
		return err
	}
	if err := r.remove(ctx, stopping); err != nil {
		return err
	}
	return r.missedPlan(ctx)
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
	signature := r.site.Signature + r.flags.signature()
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
