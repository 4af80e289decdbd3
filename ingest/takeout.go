package ingest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pageferry/pageferry/crawler"
	"github.com/pageferry/pageferry/ingest/intercom"
	"github.com/pageferry/pageferry/ingest/ledger"
)

// Removal is what taking pages out came to. It is what --json prints: names are extended, never changed.
type Removal struct {
	Site        string        `json:"site"`
	Destination Destination   `json:"destination"`
	Exit        int           `json:"exit"`
	Reason      string        `json:"reason"`
	Messages    []string      `json:"messages"`
	Undo        bool          `json:"undo"`
	Matched     int           `json:"matched"`   // pages in the destination, or perhaps, that match
	Removed     int           `json:"removed"`   // deleted now
	NotThere    int           `json:"not_there"` // were not there any more
	Failures    []PageProblem `json:"failures"`  // could not be deleted; they are kept out all the same
	InTarget    int           `json:"in_target"` // pages left
	KeptOut     []KeptOut     `json:"kept_out"`  // all that is kept out now
}

// KeptOut is a pattern of pages that no run delivers.
type KeptOut struct {
	Pattern string    `json:"pattern"`
	Since   time.Time `json:"since"`
}

// Remove takes the pages that match one of the patterns out of the destination and keeps them out. Only pages of the
// site's own source are touched. confirm is asked before anything is changed, with how many they are and some of their
// URLs; an error of it ends the call. Killed half way, it is finished by a second call.
func Remove(ctx context.Context, site Site, patterns []string, confirm func(pages int, examples []string) error) Removal {
	m := newRemover(site)
	return m.result(ctx, m.remove(ctx, patterns, confirm))
}

// LetIn ends what Remove has begun for these patterns, as they were given: the next run delivers the pages again. Without
// a pattern it only says what is kept out.
func LetIn(ctx context.Context, site Site, patterns []string) Removal {
	m := newRemover(site)
	m.res.Undo = true
	return m.result(ctx, m.letIn(ctx, patterns))
}

// remover is a call of Remove or LetIn.
type remover struct {
	*run
	mu    sync.Mutex
	res   Removal
	begun bool // something may be changed
}

func newRemover(site Site) *remover {
	return &remover{run: &run{site: site, log: site.Log, began: time.Now()}, res: Removal{Site: site.Name, Messages: []string{},
		Failures: []PageProblem{}, KeptOut: []KeptOut{}}}
}

func (m *remover) say(format string, args ...any) {
	m.res.Messages = append(m.res.Messages, fmt.Sprintf(format, args...))
}

// open finds the destination. It creates no source: where there is none, nothing is in Fin.
func (m *remover) open(ctx context.Context) error {
	m.judge = newJudge(m.site)
	if err := m.bind(ctx); err != nil {
		return err
	}
	me, id, err := m.identify(ctx)
	if err != nil {
		return err
	}
	source, found, err := m.site.API.FindSource(ctx, id, m.sourceURL())
	if err != nil {
		return m.sourceError(ctx, err)
	}
	if !found {
		return refuse(ReasonSourceGone, fmt.Errorf("there is no source for %s, so nothing of this site is in Fin; to keep pages out, "+
			"use scope.exclude", m.sourceURL()))
	}
	d, err := m.destination(ctx, me, source)
	if err != nil {
		return err
	}
	if d, err = m.site.Ledger.BindDestination(ctx, d); err != nil {
		return err
	}
	m.destID = d.ID
	if !d.Adopted {
		err = m.adopt(ctx, source)
	}
	return err
}

func (m *remover) remove(ctx context.Context, patterns []string, confirm func(int, []string) error) error {
	if err := m.open(ctx); err != nil {
		return err
	}
	pages, err := m.matching(ctx, patterns)
	if err != nil {
		return err
	}
	m.res.Matched = len(pages)
	if len(pages) == 0 {
		m.say("no page in Fin matches, and nothing was done")
		return nil
	}
	var examples []string
	for _, p := range pages[:min(len(pages), shownDifferences)] {
		examples = append(examples, p.URL)
	}
	if err := confirm(len(pages), examples); err != nil {
		return err
	}
	m.begun = true
	// From here on, also if the process is killed, no run delivers them.
	if err := m.site.Ledger.KeepOut(m.destID, patterns, time.Now()); err != nil {
		return err
	}
	if err := m.findUnacknowledged(ctx, pages); err != nil {
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(m.site.Target.Concurrency)
	if m.judge.keptOut, err = keptOutOf(ctx, m.site.Ledger, m.destID); err != nil {
		return err
	}
	for _, p := range pages {
		if gctx.Err() != nil {
			break
		}
		g.Go(func() error { return m.takeOutNow(gctx, p) })
	}
	return errors.Join(g.Wait(), context.Cause(ctx))
}

// matching returns the pages that are in the destination, or perhaps, and match a pattern.
func (m *remover) matching(ctx context.Context, patterns []string) ([]ledger.Page, error) {
	var compiled []crawler.Pattern
	for _, s := range patterns {
		p, err := crawler.CompilePattern(s)
		if err != nil {
			return nil, refuse(ReasonConfigInvalid, err)
		}
		compiled = append(compiled, p)
	}
	var pages []ledger.Page
	for p, err := range m.site.Ledger.Pages(ctx, m.destID, math.MaxInt64, ledger.MaybeInDestination) {
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(compiled, func(c crawler.Pattern) bool { return c.Match(p.URL) }) {
			pages = append(pages, p)
		}
	}
	return pages, nil
}

// findUnacknowledged gives the pages whose first delivery was not acknowledged the id that they have in Intercom, if they
// arrived.
func (m *remover) findUnacknowledged(ctx context.Context, pages []ledger.Page) error {
	unknown := map[string]int{}
	for i, p := range pages {
		if p.RemoteID == "" {
			unknown[p.ExternalID] = i
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	for p, err := range m.site.API.ListExternalPages(ctx) {
		if err != nil {
			return m.tokenError(ctx, fmt.Errorf("look for pages whose delivery was not acknowledged: %w", err))
		}
		if i, ok := unknown[p.ExternalID]; ok && p.SourceID == m.dest.SourceID {
			pages[i].RemoteID = p.ID
		}
	}
	return nil
}

// takeOutNow deletes a page, after a look at whether it is ours.
func (m *remover) takeOutNow(ctx context.Context, p ledger.Page) error {
	if p.RemoteID == "" {
		return m.gone(p, &m.res.NotThere)
	}
	there, err := m.site.API.GetExternalPage(ctx, p.RemoteID)
	var api *intercom.Error
	switch {
	case errors.As(err, &api) && api.NotFound():
		return m.gone(p, &m.res.NotThere)
	case err != nil:
		return m.failed(ctx, p, fmt.Errorf("read it before it is taken out: %w", err))
	case there.SourceID != m.dest.SourceID || there.ExternalID != p.ExternalID:
		return m.failed(ctx, p, fmt.Errorf("page %s in Intercom is another one by now (source %d, %s): it is not touched", p.RemoteID, there.SourceID, there.URL))
	}
	if err := m.site.Ledger.IntendTakingOut(p.ID, p.RemoteID); err != nil {
		return err
	}
	if err := m.site.API.DeleteExternalPage(ctx, p.RemoteID); err != nil {
		return m.failed(ctx, p, fmt.Errorf("delete it: %w", err))
	}
	return m.gone(p, &m.res.Removed)
}

// gone records and counts a page that is not in the destination any more.
func (m *remover) gone(p ledger.Page, counter *int) error {
	m.mu.Lock()
	*counter++
	m.mu.Unlock()
	return m.site.Ledger.TookOut(p.ID, Excluded, classRemoved, m.judge.keptOut.match(p.URL), time.Now())
}

// failed lists a page that could not be taken out. What would hold for the others too ends the call.
func (m *remover) failed(ctx context.Context, p ledger.Page, err error) error {
	var api *intercom.Error
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &api) && api.Unauthorized():
		return stop(ReasonTokenRefused, fmt.Errorf("the API refused the token: %w; renew it and run again: it goes on where it was", err))
	case errors.As(err, &api) && api.SourceUnknown():
		return stop(ReasonSourceGone, fmt.Errorf("the API no longer knows source %d: %w", m.dest.SourceID, err))
	}
	m.mu.Lock()
	m.res.Failures = append(m.res.Failures, PageProblem{URL: p.URL, Outcome: Failed, Class: failExhausted, Detail: err.Error()})
	m.mu.Unlock()
	return nil
}

func (m *remover) letIn(ctx context.Context, patterns []string) error {
	if err := m.open(ctx); err != nil {
		return err
	}
	have, err := m.site.Ledger.KeptOut(ctx, m.destID)
	if err != nil {
		return err
	}
	for _, p := range patterns {
		if !slices.ContainsFunc(have, func(k ledger.KeptOut) bool { return k.Pattern == p }) {
			return refuse(ReasonConfigInvalid, fmt.Errorf("nothing was taken out by the pattern %q, as it stands there; nothing was changed", p))
		}
	}
	if len(patterns) == 0 {
		m.say("%s kept out; to let pages in again, give their pattern as it stands there", patternsAre(len(have)))
		return nil
	}
	if err := m.site.Ledger.LetIn(m.destID, patterns); err != nil {
		return err
	}
	m.say("the next sync delivers again what the site has of these pages")
	return nil
}

func patternsAre(n int) string {
	if n == 1 {
		return "1 pattern is"
	}
	return fmt.Sprintf("%d patterns are", n)
}

// result says what it came to.
func (m *remover) result(ctx context.Context, err error) Removal {
	read, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTimeout)
	defer cancel()
	m.res.Destination = m.dest
	if m.destID != 0 {
		err = errors.Join(err, m.state(read))
	}
	slices.SortFunc(m.res.Failures, func(a, b PageProblem) int { return strings.Compare(a.URL, b.URL) })
	switch {
	case err != nil && ctx.Err() != nil:
		m.res.Exit, m.res.Reason = ExitInterrupted, ReasonInterrupted
		if m.begun {
			m.say("interrupted; run it again to take out the rest, which no run delivers any more")
		} else {
			m.say("interrupted; nothing was changed")
		}
	case err != nil:
		s := classify(err)
		m.res.Exit, m.res.Reason = s.Exit, s.Reason
		m.say("%s", s.Error())
	case len(m.res.Failures) > 0:
		m.res.Exit, m.res.Reason = ExitIncomplete, ReasonFailed
		m.say("%s could not be taken out: run it again", count(len(m.res.Failures), "page"))
	}
	return m.res
}

// state reads what is left in the destination, and what is kept out of it.
func (m *remover) state(ctx context.Context) error {
	var err error
	if m.res.InTarget, err = m.site.Ledger.InTarget(ctx, m.destID); err != nil {
		return err
	}
	have, err := m.site.Ledger.KeptOut(ctx, m.destID)
	for _, k := range have {
		m.res.KeptOut = append(m.res.KeptOut, KeptOut(k))
	}
	return err
}
