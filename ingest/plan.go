package ingest

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/pageferry/pageferry/ingest/ledger"
	"github.com/pageferry/pageferry/sanitize"
)

// planVersion is that of the JSON of a Plan: an older program refuses a newer one.
const planVersion = 1

// What a run does with a page, as plans name it.
const (
	PlanCreate = "create"
	PlanUpdate = "update"
	PlanShow   = "show" // switch on again what is hidden
	PlanHide   = "hide"
	PlanDelete = "delete"
	PlanHold   = "hold"
)

// Plan is what a run would do: the result that it would have, and each page that it would change.
type Plan struct {
	Version int `json:"plan_version"`
	Result
	MadeAt    time.Time `json:"made_at"`
	AfterRun  int64     `json:"after_run"` // the last run in the ledger when the plan was made; 0: there was none
	Signature string    `json:"signature"` // of the config
	Limit     int       `json:"limit,omitempty"`
	Refetch   bool      `json:"refetch,omitempty"`
	Only      string    `json:"only,omitempty"`

	NewSource    bool           `json:"new_source"` // the source does not exist yet and would be created
	FirstSync    bool           `json:"first_sync"` // nothing of this site is in the destination
	Visible      Visibility     `json:"visible"`    // of what would be created
	OtherSources []SourceOnSite `json:"other_sources"`
	Totals       map[string]int `json:"totals"` // items by action
	Items        []PlanItem     `json:"-"`      // by action and URL; WriteJSON has them as items

	ledger *ledger.Ledger
}

// Visibility says who may use pages that are created.
type Visibility struct {
	Agent   bool `json:"ai_agent"`
	Copilot bool `json:"ai_copilot"`
}

// SourceOnSite is another source of the workspace on a host of this site: what both have, Fin has twice.
type SourceOnSite struct {
	ID           int64  `json:"id"`
	URL          string `json:"url"`
	SyncBehavior string `json:"sync_behavior"`
}

// PlanItem is what a run would do with one page.
type PlanItem struct {
	URL        string `json:"url"`
	ExternalID string `json:"external_id"`
	Action     string `json:"action"`          // one of the Plan constants
	Holds      string `json:"holds,omitempty"` // what is held: update or delete
	Key        string `json:"key"`             // hash of the article, or the outcome that speaks for the removal: with another one it is another thing
	Why        string `json:"why"`
	Title      string `json:"title,omitempty"`
	Before     int    `json:"bytes_before,omitempty"` // of the article's HTML in the destination
	After      int    `json:"bytes_after,omitempty"`  // of the HTML that would be sent
	Diff       string `json:"diff,omitempty"`         // of the text; only WriteJSON fills it

	page     int64
	old, new string // hashes of the versions to compare; empty: none
}

// MakePlan does all that Sync does, but for what would change something: no source is created, no page is sent, hidden
// or deleted. site.Ledger must be a copy, because the plan is carried out there; it stays open for Diff and WriteJSON.
func MakePlan(ctx context.Context, site Site, flags Flags, progress *Progress) *Plan {
	p := &Plan{Version: planVersion, MadeAt: time.Now().UTC().Truncate(time.Second), Signature: site.Signature, Limit: flags.Limit,
		Refetch: flags.Refetch, ledger: site.Ledger, OtherSources: []SourceOnSite{}, Totals: map[string]int{},
		Visible: Visibility{site.Target.Availability.AIAgent, site.Target.Availability.AICopilot}}
	if flags.Only != nil {
		p.Only = flags.Only.String()
	}
	runs, err := site.Ledger.Runs(ctx, 1)
	if len(runs) > 0 {
		p.AfterRun = runs[0].ID
	}
	planned := &planner{noNewSource: noNewSource{API: site.API}, at: map[string]int{}}
	site.API = planned
	r := newRun(site, flags, progress)
	r.plan, planned.run = planned, r
	if err != nil {
		p.Result = r.finish(ctx, err)
		return p
	}
	p.Result = r.sync(ctx)
	p.Run = 0 // a run of the copy, which nobody can look up
	p.NewSource, p.FirstSync = planned.missing, r.dest.InTarget == 0
	p.OtherSources = append(p.OtherSources, planned.others...)
	if err := p.gather(ctx, r, planned); err != nil {
		s := classify(err)
		p.Exit, p.Reason, p.Complete, p.Messages = s.Exit, s.Reason, false, append(p.Messages, s.Error())
	}
	return p
}

// gather puts what would be done and what would be held in order.
func (p *Plan) gather(ctx context.Context, r *run, planned *planner) error {
	p.Items = planned.items
	if r.ledger != nil {
		holds, err := r.site.Ledger.Holds(ctx, r.destID, r.ledger.ID)
		if err != nil {
			return err
		}
		for _, h := range holds {
			it := PlanItem{URL: h.URL, ExternalID: ExternalID(h.URL), Action: PlanHold, Holds: h.Action, Key: h.Key, Why: h.Why, page: h.Page}
			if h.Action == ledger.IntentUpdate {
				page, _, err := r.site.Ledger.Page(ctx, r.destID, h.URL)
				if err != nil {
					return err
				}
				it.old, it.new = page.Hash, h.Key
			}
			p.Items = append(p.Items, it)
		}
	}
	order := []string{PlanCreate, PlanUpdate, PlanShow, PlanHide, PlanDelete, PlanHold}
	for _, action := range order {
		p.Totals[action] = 0
	}
	slices.SortFunc(p.Items, func(a, b PlanItem) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Action), slices.Index(order, b.Action)), cmp.Compare(a.URL, b.URL))
	})
	for _, it := range p.Items {
		p.Totals[it.Action]++
	}
	return nil
}

// Done reports whether the plan is one: the run came to its end.
func (p *Plan) Done() bool {
	return p.Exit == ExitOK || p.Exit == ExitLook || p.Exit == ExitIncomplete && p.Reason != ReasonTimeBudget
}

// Diff compares the text of an article with what is in the destination; empty: there is nothing to compare, or only
// markup, a link or the title is another.
func (p *Plan) Diff(ctx context.Context, it PlanItem) (string, error) {
	if it.old == "" || it.new == "" || it.old == it.new {
		return "", nil
	}
	before, err := p.ledger.Article(ctx, it.page, it.old)
	if err != nil {
		return "", err
	}
	after, err := p.ledger.Article(ctx, it.page, it.new)
	if err != nil {
		return "", err
	}
	return textDiff(sanitize.Text(before), sanitize.Text(after)), nil
}
