package ingest

import (
	"context"
	"errors"
	"fmt"

	"github.com/pageferry/pageferry/ingest/intercom"
	"github.com/pageferry/pageferry/ingest/ledger"
)

// Reasons why a run could not go on, or did not begin. They are part of results: extend, never rename.
const (
	ReasonTokenRefused   = "token_refused"
	ReasonWrongWorkspace = "wrong_workspace"
	ReasonSourceGone     = "source_gone"
	ReasonSourceMismatch = "source_mismatch"
	ReasonSourceShared   = "source_shared"
	ReasonOtherSite      = "other_site"
	ReasonOtherPlan      = "other_plan"
	ReasonNotConfirmed   = "not_confirmed"
	ReasonAPIDown        = "api_down"
	ReasonSiteDown       = "site_down"
	ReasonBlocked        = "blocked"
	ReasonLoginExpired   = "login_expired"
	ReasonDiskFull       = "disk_full"
	ReasonStateUnusable  = "state_unusable"
	ReasonInterrupted    = "interrupted"
	ReasonTimeBudget     = "time_budget"
	ReasonConfigInvalid  = "config_invalid"
	ReasonLocked         = "locked"
	ReasonOutputFailed   = "output_failed" // the run went well, but a file that was asked for could not be written
	ReasonInternal       = "internal"
)

// Reasons of the exits 3 and 4.
const (
	ReasonFailed      = "failed"
	ReasonStale       = "stale"
	ReasonIncomplete  = "incomplete"
	ReasonImplausible = "implausible"
	ReasonNoPages     = "no_pages"
	ReasonHeld        = "held"
	ReasonDiffers     = "differs" // of a check
)

// StopError says why a run could not go on.
type StopError struct {
	Exit   int
	Reason string // one of the Reason constants
	Err    error  // for a person: what was found and what to do
}

func (e *StopError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *StopError) Unwrap() error { return e.Err }

func stop(reason string, err error) error {
	return &StopError{Exit: ExitStopped, Reason: reason, Err: err}
}

func refuse(reason string, err error) error {
	return &StopError{Exit: ExitUsage, Reason: reason, Err: err}
}

// errInterrupted is the cause of a run's context when the grace after an interruption is over.
var errInterrupted = errors.New("interrupted")

// classify turns any error that ends a run into a StopError.
func classify(err error) *StopError {
	var se *StopError
	var api *intercom.Error
	var other *ledger.OtherSiteError
	switch {
	case errors.As(err, &se):
		return se
	case errors.Is(err, errTimeBudget):
		return &StopError{ExitIncomplete, ReasonTimeBudget, fmt.Errorf("%w; the next run goes on where this one stopped", err)}
	case errors.Is(err, errInterrupted), errors.Is(err, context.Canceled):
		return &StopError{ExitInterrupted, ReasonInterrupted, errInterrupted}
	case errors.Is(err, ledger.ErrDiskFull):
		return &StopError{ExitStopped, ReasonDiskFull, fmt.Errorf("%w; free some space and run again: nothing that was recorded is lost", err)}
	case errors.Is(err, ledger.ErrReadOnly), errors.Is(err, ledger.ErrNewer), errors.Is(err, ledger.ErrDamaged):
		return &StopError{ExitStopped, ReasonStateUnusable, err}
	case errors.As(err, &other):
		return &StopError{ExitUsage, ReasonOtherSite, fmt.Errorf("%w; give this config a `site` name of its own, or another --state", err)}
	case errors.As(err, &api):
		return &StopError{ExitStopped, ReasonAPIDown, err}
	}
	return &StopError{ExitStopped, ReasonInternal, err}
}
