package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pageferry/pageferry/ingest"
	"github.com/pageferry/pageferry/ingest/intercom"
	"github.com/pageferry/pageferry/ingest/ledger"
)

// tooOld returns a sentence for each ledger whose last complete run is older than maxAge, as an error with exit code 3;
// nil: there is none. Where a site was ever delivered to Intercom, trials in the sandbox do not count.
func tooOld(ctx context.Context, ledgers []string, maxAge time.Duration, now time.Time) error {
	var old []error
	for _, path := range ledgers {
		complete, err := lastComplete(ctx, path)
		if err != nil {
			return err
		}
		site := strings.TrimSuffix(filepath.Base(path), ".db")
		switch age := now.Sub(complete); {
		case complete.IsZero():
			old = append(old, fmt.Errorf("%s: no run has been complete yet", site))
		case age > maxAge:
			old = append(old, fmt.Errorf("%s: the last complete run ended %s, which is %s ago and more than %s", site, when(complete),
				age.Round(time.Minute), maxAge))
		}
	}
	if len(old) == 0 {
		return nil
	}
	return &exitError{ingest.ExitIncomplete, errors.Join(old...)}
}

// lastComplete returns when the last complete run of a ledger ended; zero: none was, or there is no ledger.
func lastComplete(ctx context.Context, path string) (t time.Time, err error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return t, nil
	}
	l, err := ledger.OpenReadOnly(ctx, path)
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	kind := string(intercom.Intercom)
	real, err := l.Destinations(ctx, kind)
	if err != nil {
		return t, err
	}
	if len(real) == 0 {
		kind = string(intercom.Sandbox)
	}
	lately, err := l.Lately(ctx, kind)
	return lately.Complete, err
}
