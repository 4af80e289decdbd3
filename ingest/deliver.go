package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pageferry/pageferry/ingest/intercom"
	"github.com/pageferry/pageferry/ingest/ledger"
)

// exhaustedInARow is how many pages in a row the API may fail to take, in all their tries, before the run gives up: one
// bad page says nothing of the API, this many do.
const exhaustedInARow = 10

// queue hands staged pages from the ledger's goroutine to the pool. It keeps as many articles as the pool can send at
// once; of those that wait beyond, eight bytes a page, and their articles are read again when it is their turn.
type queue struct {
	mu     sync.Mutex
	next   []ledger.Intent // with their articles
	keep   int             // how many of those at the most
	rows   []int64         // come after them
	closed bool
	signal chan struct{} // holds a token while there may be something to see
}

func newQueue(keep int) *queue { return &queue{keep: keep, signal: make(chan struct{}, 1)} }

func closedQueue(rows []int64, keep int) *queue {
	return &queue{rows: rows, keep: keep, closed: true, signal: make(chan struct{}, 1)}
}

func (q *queue) notify() {
	select {
	case q.signal <- struct{}{}:
	default:
	}
}

func (q *queue) put(in ledger.Intent) {
	q.mu.Lock()
	if len(q.next) < q.keep && len(q.rows) == 0 {
		q.next = append(q.next, in)
	} else {
		q.rows = append(q.rows, in.Page)
	}
	q.mu.Unlock()
	q.notify()
}

// close says that nothing more will be put.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.notify()
}

// take waits for pages and returns as many as the pool can send at once: with their articles, or only their rows.
// Neither: the queue is closed and empty, or stopping or ctx is over. One goroutine may call it.
func (q *queue) take(ctx, stopping context.Context) ([]ledger.Intent, []int64) {
	for ctx.Err() == nil && stopping.Err() == nil {
		q.mu.Lock()
		next, closed := q.next, q.closed
		q.next = nil
		var rows []int64
		if len(next) == 0 {
			n := min(len(q.rows), q.keep)
			rows, q.rows = q.rows[:n], q.rows[n:]
		}
		q.mu.Unlock()
		if len(next) > 0 || len(rows) > 0 || closed {
			return next, rows
		}
		select {
		case <-ctx.Done():
		case <-stopping.Done():
		case <-q.signal:
		}
	}
	return nil, nil
}

// deliverAll delivers the pages of a queue, target.concurrency at a time. When stopping ends it takes no new ones and
// lets those in flight finish; when ctx ends they are cut off, and their intents stay open.
func (r *run) deliverAll(ctx, stopping context.Context, q *queue) error {
	g, gctx := errgroup.WithContext(ctx)
	// A place is free only once the answer is recorded: a crash repeats as many requests as there are places.
	g.SetLimit(r.site.Target.Concurrency)
	var err error
	for err == nil {
		intents, rows := q.take(gctx, stopping)
		if len(rows) > 0 {
			intents, err = r.ledger.Intents(gctx, rows)
		}
		if len(intents) == 0 {
			break
		}
		for _, in := range intents {
			if gctx.Err() != nil || stopping.Err() != nil {
				break
			}
			g.Go(func() error { return r.deliver(gctx, in) })
		}
	}
	if werr := g.Wait(); werr != nil {
		return werr
	}
	return cmp.Or(err, context.Cause(ctx))
}

// deliver sends what is intended for one page, and records the answer last. An error ends the run; what concerns only
// this page is recorded as its outcome.
func (r *run) deliver(ctx context.Context, in ledger.Intent) error {
	if held, err := r.holdUnplanned(in); held || err != nil {
		return err
	}
	r.upserts.Add(1)
	answer, err := r.site.API.UpsertExternalPage(ctx, r.request(in))
	if err == nil && in.RemoteID != "" && answer.ID != in.RemoteID {
		// It was deleted in Intercom, and the update has made it anew, switched off.
		in.RemoteID = ""
		r.upserts.Add(1)
		answer, err = r.site.API.UpsertExternalPage(ctx, r.request(in))
	}
	r.progress.waiting.Add(-1)
	var api *intercom.Error
	switch {
	case err == nil:
		r.exhausted.Store(0)
		r.progress.delivered.Add(1)
		return r.ledger.Settle(in, answer.ID, map[string]string{ledger.IntentCreate: Created, ledger.IntentUpdate: Updated}[in.Action], time.Now())
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case !errors.As(err, &api):
		return r.undelivered(in, failExhausted, err)
	case api.Unauthorized():
		return stop(ReasonTokenRefused, fmt.Errorf("the API refused the token in the middle of the run: %w; renew it and run again: the run goes on where it was", err))
	case api.SourceUnknown():
		return stop(ReasonSourceGone, fmt.Errorf("the API no longer knows source %d: %w", r.dest.SourceID, err))
	case api.Rejected():
		r.exhausted.Store(0)
		return r.undelivered(in, failRejected, err)
	}
	return r.undelivered(in, failExhausted, err)
}

// undelivered records that a page could not be delivered, and stops the run if the API takes none any more.
func (r *run) undelivered(in ledger.Intent, class string, err error) error {
	r.progress.failed.Add(1)
	r.log.Warn("page was not delivered", "url", in.URL, "class", class, "err", err)
	if rerr := r.ledger.Revise(ledger.Revision{Page: in.Page, Outcome: Failed, Class: class, Detail: err.Error(),
		Stale: in.RemoteID != "", At: time.Now()}); rerr != nil {
		return rerr
	}
	if class == failExhausted && r.exhausted.Add(1) >= exhaustedInARow {
		return stop(ReasonAPIDown, fmt.Errorf("the API took none of the last %d pages: %w; run again later: the run goes on where it was", exhaustedInARow, err))
	}
	return nil
}

// request is what is sent for an intent. Switches go along when the page is created, because the API's default hides
// it from Fin, and not when it is updated, so that an operator's choice survives.
func (r *run) request(in ledger.Intent) intercom.UpsertExternalPageRequest {
	t := r.site.Target
	q := intercom.UpsertExternalPageRequest{SourceID: r.dest.SourceID, ExternalID: in.ExternalID, Title: in.Title, HTML: in.HTML,
		URL: in.URL, Locale: t.Locale}
	switch {
	case in.RemoteID == "" || t.Availability.Apply == "always":
		q.AIAgentAvailability, q.AICopilotAvailability = &t.Availability.AIAgent, &t.Availability.AICopilot
	case in.Restore != nil:
		q.AIAgentAvailability, q.AICopilotAvailability = &in.Restore.Agent, &in.Restore.Copilot
	}
	return q
}
