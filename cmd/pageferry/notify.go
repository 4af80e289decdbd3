package main

import (
	"context"
	"errors"

	"github.com/pageferry/pageferry/configs"
	"github.com/pageferry/pageferry/ingest"
	"github.com/pageferry/pageferry/ingest/ledger"
)

// notify tells the webhook of a config how its run ended. What goes wrong with that is a note in the result. The caller
// holds the site's lock, and has closed the ledger.
func notify(ctx context.Context, cfg *configs.Config, from source, res *ingest.Result) {
	if cfg.Ingest.Notify.Webhook == "" {
		return
	}
	n := &ingest.Notifier{Config: cfg.Ingest.Notify, UserAgent: "pageferry/" + programVersion()}
	// Without a ledger nobody knows what was told last: a state that cannot be read is told by every run.
	l, err := ledger.Open(ctx, from.ledger)
	if err == nil {
		n.Ledger = l
	}
	err = n.Notify(ctx, res)
	if l != nil {
		err = errors.Join(err, l.Close())
	}
	if err != nil {
		res.Notes = append(res.Notes, err.Error())
	}
}
