// Package ingest runs a sync: it decides what becomes of each page that the crawler brings, records it in the ledger,
// and delivers what is new or has changed.
package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
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
	Limit   int  // crawl that many URLs at the most; 0: all
	Refetch bool // send no validators
	Restart bool // do not resume an interrupted run
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

	leads   leading
	beside  tally
	foreign struct { // pages in Fin whose canonical is out of scope
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
	updates, err := r.ledger.Updates(ctx)
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
	return r.settleEdges(ctx)
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

// crawlAndCreate crawls the site and delivers new pages meanwhile.
func (r *run) crawlAndCreate(ctx, stopping context.Context) error {
	r.progress.phase.Store("crawling")
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	creates := newQueue(r.site.Target.Concurrency)
	delivered := make(chan error, 1)
	go func() {
		err := r.deliverAll(ctx, stopping, creates)
		if err != nil {
			cancel(err)
		}
		delivered <- err
	}()
	err := r.crawl(ctx, stopping, creates)
	if err != nil {
		cancel(err)
	}
	creates.close()
	// The first of the two to fail has cancelled the other, whose error then only echoes it.
	if derr := <-delivered; derr != nil {
		return derr
	}
	return err
}

// crawl fetches every page of the site once, and those again whose canonical turned out not to be live.
func (r *run) crawl(ctx, stopping context.Context, creates *queue) error {
	found, err := r.site.Crawler.Discover(ctx, r.ledger)
	if errors.Is(err, crawler.ErrStopped) {
		return errInterrupted
	}
	if err != nil {
		return err
	}
	for _, p := range found.Problems {
		r.log.Warn(p)
	}
	r.incomplete = append(r.incomplete, found.Incomplete...)
	if f := found.SiteDown; f != nil {
		return r.siteDown(*f, strings.Join(r.site.Crawler.RobotsFailures(), "; ")+" (RFC 9309 2.3.1.4)")
	}
	// Where depth counts, links come before what is known: a page may be nearer to the start than it was.
	if r.site.Crawl.Scope.MaxDepth > 0 {
		if err := r.pass(ctx, creates); err != nil || stopping.Err() != nil {
			return err
		}
	}
	if err := r.ledger.Seed(ctx, r.place); err != nil {
		return err
	}
	if err := r.pass(ctx, creates); err != nil || stopping.Err() != nil {
		return err
	}
	alone, err := r.standAlone(ctx)
	if err != nil {
		return err
	}
	if len(alone) > 0 {
		if err := r.ledger.Add(ctx, alone); err != nil {
			return err
		}
		if err := r.pass(ctx, creates); err != nil {
			return err
		}
	}
	r.incomplete = append(r.incomplete, r.site.Crawler.RobotsFailures()...)
	return nil
}

// pass crawls until the frontier is empty, and returns when all of it is recorded.
func (r *run) pass(ctx context.Context, creates *queue) error {
	err := r.site.Crawler.Crawl(ctx, r.ledger, func(_ context.Context, p *crawler.Page) error { return r.visit(p, creates) })
	var down *crawler.HostDownError
	if errors.As(err, &down) {
		return r.siteDown(down.Last, down.Error())
	}
	if err != nil {
		return err
	}
	// A crawl that was stopped, or that reached a limit, ends with pages that are not recorded yet.
	return r.ledger.Flush()
}

// siteDown records that what is in Fin could not be confirmed, and says why the run ends.
func (r *run) siteDown(f crawler.Failure, why string) error {
	if err := r.ledger.Unreached(Failed, f.Class, "not reached: "+why, time.Now()); err != nil {
		return err
	}
	advice := "run again when the site is back"
	switch f.Class {
	case crawler.FailBlockedAddress:
		advice = "if the site is in your own network, set fetch.allow_private: true"
	case crawler.FailDNS:
		advice = "check the host name in start, and this machine's network"
	}
	return stop(ReasonSiteDown, fmt.Errorf("the site cannot be crawled: %s; what is in Fin stays as it is; %s", why, advice))
}

// place says whether a page that the ledger knows is still one of the site's.
func (r *run) place(k ledger.Known) (bool, ledger.Visit) {
	v := ledger.Visit{ExternalID: ExternalID(k.URL), At: time.Now()}
	c, err := r.judge.canon.Canonical(k.URL)
	if err == nil && c != k.URL && r.judge.scope.Decide(c).In {
		v.Outcome, v.Edge, v.Detail = Canonicalized, c, "its canonical form is now "+c
		v.Follow = []crawler.Link{{URL: c, Via: crawler.ViaCanonical, From: k.URL, Depth: k.Depth}}
		return false, v
	}
	if s := r.judge.scope.Decide(k.URL); !s.In && k.InFin {
		v.Outcome, v.Detail, v.Evidence = Excluded, s.Why, true
		return false, v
	} else if !s.In {
		return false, v
	}
	return true, v
}

// visit is called for every fetched page, by several workers at once.
func (r *run) visit(p *crawler.Page, creates *queue) error {
	known := r.ledger.State(p.Item)
	var stored []string
	if p.NotModified {
		var err error
		if stored, err = known.Outlinks(); err != nil {
			return fmt.Errorf("links of %s in the ledger: %w; run once with --refetch", p.Item.URL, err)
		}
	}
	v := r.judge.page(p, known, stored)
	r.beside.add(v.beside)
	r.progress.found.Store(int64(r.ledger.Found()))
	r.progress.fetched.Add(1)
	if v.Outcome != "" {
		r.progress.count(v.Outcome)
		if v.Outcome == Failed {
			r.log.Warn("page failed", "url", p.Item.URL, "class", v.Class, "detail", v.Detail)
		}
	} else {
		r.progress.waiting.Add(1)
	}
	var staged func(ledger.Intent)
	if v.Intent == ledger.IntentCreate {
		staged = creates.put
	}
	r.ledger.Record(v.Visit, staged)
	return nil
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
