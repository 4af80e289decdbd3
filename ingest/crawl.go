package ingest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pageferry/pageferry/crawler"
	"github.com/pageferry/pageferry/ingest/ledger"
)

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
	found, err := r.site.Crawler.Discover(ctx, r.frontier())
	if errors.Is(err, crawler.ErrStopped) {
		return stopCause(stopping)
	}
	if err != nil {
		return err
	}
	for _, p := range found.Problems {
		r.log.Warn(p)
	}
	r.findings = append(r.findings, found.Problems...)
	r.incomplete = append(r.incomplete, found.Incomplete...)
	if f := found.SiteDown; f != nil {
		return r.siteDown(*f, Robots, strings.Join(r.site.Crawler.RobotsFailures(), "; ")+" (RFC 9309 2.3.1.4)")
	}
	// Where depth counts, links come before what is known: a page may be nearer to the start than it was.
	if r.site.Crawl.Scope.MaxDepth > 0 {
		if err := r.pass(ctx, creates); err != nil || stopping.Err() != nil {
			return err
		}
	}
	// Not while it crawls: the order in which pages are fetched shall not depend on chance.
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
	r.incomplete = append(r.incomplete, r.site.Crawler.Paused()...)
	return nil
}

// pass crawls until the frontier is empty, and returns when all of it is recorded.
func (r *run) pass(ctx context.Context, creates *queue) error {
	err := r.site.Crawler.Crawl(ctx, r.ledger, func(_ context.Context, p *crawler.Page) error { return r.visit(p, creates) })
	var down *crawler.HostDownError
	if errors.As(err, &down) {
		return r.siteDown(down.Last, Failed, down.Error())
	}
	if err != nil {
		return err
	}
	// A crawl that was stopped, or that reached a limit, ends with pages that are not recorded yet.
	return r.ledger.Flush()
}

// siteDown records that what is in Fin could not be confirmed, and says why the run ends.
// The pages that it did not come to get the outcome.
func (r *run) siteDown(f crawler.Failure, outcome, why string) error {
	class, reason := f.Class, ReasonSiteDown
	if f.Class == crawler.InsteadChallenge {
		outcome, reason = Challenge, ReasonBlocked
	}
	if outcome != Failed {
		class = ""
	}
	if err := r.ledger.Unreached(outcome, class, "not reached: "+why, time.Now()); err != nil {
		return err
	}
	advice := "run again when the site is back"
	switch f.Class {
	case crawler.InsteadChallenge:
		advice = adviceFor(Challenge)
	case crawler.FailBlockedAddress:
		advice = "if the site is in your own network, set fetch.allow_private: true"
	case crawler.FailDNS:
		advice = "check the host name in start, and this machine's network"
	}
	return stop(reason, fmt.Errorf("the site cannot be crawled: %s; what is in Fin stays as it is; %s", why, advice))
}

// place says whether a page that the ledger knows is still one of the site's.
func (r *run) place(k ledger.Known) (bool, ledger.Visit) {
	v := ledger.Visit{ExternalID: ExternalID(k.URL), At: time.Now()}
	if !r.judge.wants(k.URL) {
		return false, v // nothing is said of what this run leaves out
	}
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
	v := r.judge.pageOrKeptOut(p, known, stored)
	r.beside.add(v.beside)
	for _, t := range v.traps {
		if r.trapped.first(t.Item.URL) {
			v.NotFollowed = append(v.NotFollowed, t)
		}
	}
	r.progress.found.Store(int64(r.ledger.Found()))
	r.progress.fetched.Add(1)
	if v.Outcome != "" {
		r.progress.count(v.Outcome)
		if v.Outcome == Failed {
			r.log.Warn("page failed", "url", p.Item.URL, "class", v.Class, "detail", v.Detail)
		}
	} else if v.Intent != "" {
		r.progress.waiting.Add(1)
	}
	var staged func(ledger.Intent)
	if v.Intent == ledger.IntentCreate {
		staged = creates.put
	}
	r.ledger.Record(v.Visit, staged)
	return nil
}
