package ledger

import (
	"fmt"
	"time"
)

// What is intended for a page that goes.
const (
	IntentDelete = "delete"
	IntentHide   = "hide"
)

// Switches are who may use a page.
type Switches struct{ Agent, Copilot bool }

// IntendDelete records that a page is about to be deleted.
func (r *Run) IntendDelete(page int64) error {
	return r.removal("what is intended", func(s *statements) error {
		_, err := s.intend.Exec(page, IntentDelete, r.ID)
		return err
	})
}

// IntendHide records that a page is about to be switched off, and how its switches stood.
func (r *Run) IntendHide(page int64, before Switches, at time.Time) error {
	return r.removal("what is intended", func(s *statements) error {
		_, err := s.intendHide.Exec(page, r.ID, ms(at), before.Agent, before.Copilot)
		return err
	})
}

// Removed records that the destination no longer has a page. What the page was is kept with the runs that saw it.
func (r *Run) Removed(page int64) error {
	return r.removal("deletion", func(s *statements) error {
		_, err := s.removed.Exec(page)
		return err
	})
}

// Hidden records that a page is switched off.
func (r *Run) Hidden(page int64) error {
	return r.removal("that a page is hidden", func(s *statements) error {
		_, err := s.hidden.Exec(page)
		return err
	})
}

func (r *Run) removal(what string, do func(*statements) error) error {
	if err := r.l.writer.exec(do); err != nil {
		return fmt.Errorf("record %s: %w", what, err)
	}
	return nil
}

// Shown records that a page that was hidden is switched on again, which is its outcome.
func (r *Run) Shown(page int64, outcome string, at time.Time) error {
	return r.removal("that a page is shown again", func(s *statements) error {
		if _, err := s.shown.Exec(page, outcome, ms(at)); err != nil {
			return err
		}
		return s.outcome(r.ID, page, outcome, "", "switched on again")
	})
}
