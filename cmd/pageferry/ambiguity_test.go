package main

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/pageferry/pageferry/ingest/sandbox"
)

// A source that is deleted in the middle of a run ends it, and the next run creates no other in its place.
func TestSourceDeletedInMidRun(t *testing.T) {
	f := newFixture(t, "")
	manyPages(f, 80)
	f.api.SetFaults(sandbox.Fault{Delay: 10 * time.Millisecond})
	begun := f.when(func(r sandbox.Record) bool {
		return r.Method == http.MethodPost && r.ExternalID != "" && r.Status == http.StatusOK
	})
	deleted := make(chan error, 1)
	go func() {
		<-begun
		for p, err := range f.store.Pages(t.Context(), 0) {
			if err != nil {
				deleted <- err
				return
			}
			req, err := http.NewRequest(http.MethodDelete, fmt.Sprintf("%s/ai/content_import_sources/%d", f.api.URL, p.SourceID), nil)
			if err != nil {
				deleted <- err
				return
			}
			req.Header = http.Header{"Authorization": {"Bearer x"}, "Accept": {"application/json"}, "Intercom-Version": {"2.14"}}
			res, err := http.DefaultClient.Do(req)
			if err == nil {
				err = res.Body.Close()
			}
			deleted <- err
			return
		}
	}()
	res := f.sync()
	if err := <-deleted; err != nil {
		t.Fatal(err)
	}
	if res.Exit != 1 || res.Reason != "source_gone" || res.Upserts > 80 {
		t.Errorf("exit %d %s: %v", res.Exit, res.Reason, res.Messages)
	}
	f.api.SetFaults()
	res = f.sync()
	if res.Exit != 1 || res.Reason != "source_gone" || len(f.inFin()) != 0 || res.Upserts != 0 || res.Fetches != 0 {
		t.Errorf("the next run: exit %d %s, %d fetches, %d in Fin: %v", res.Exit, res.Reason, res.Fetches, len(f.inFin()), res.Messages)
	}
}
