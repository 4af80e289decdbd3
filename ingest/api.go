package ingest

import (
	"context"
	"iter"
	"net/url"
	"slices"
	"strings"

	"github.com/pageferry/pageferry/ingest/intercom"
)

// API is what a run needs of the destination; its methods are those of intercom.Client. A plan has another one, which
// writes down what it is asked to change.
type API interface {
	Me(context.Context) (intercom.Admin, error)
	EnsureSource(ctx context.Context, id int64, sourceURL string) (intercom.ContentImportSource, error)
	FindSource(ctx context.Context, id int64, sourceURL string) (intercom.ContentImportSource, bool, error)
	ListContentImportSources(context.Context) iter.Seq2[intercom.ContentImportSource, error]
	UpsertExternalPage(context.Context, intercom.UpsertExternalPageRequest) (intercom.ExternalPage, error)
	GetExternalPage(ctx context.Context, id string) (intercom.ExternalPage, error)
	DeleteExternalPage(ctx context.Context, id string) error
	ListExternalPages(context.Context) iter.Seq2[intercom.ExternalPage, error]
	Stats() intercom.Stats
}

var _ API = (*intercom.Client)(nil)

// noNewSource is the API for those who only look: a source that is missing is not created.
type noNewSource struct {
	API
	missing bool // there is no source yet
}

// EnsureSource finds the source, or makes one up that has no id.
func (n *noNewSource) EnsureSource(ctx context.Context, id int64, sourceURL string) (intercom.ContentImportSource, error) {
	s, found, err := n.FindSource(ctx, id, sourceURL)
	if found || err != nil {
		return s, err
	}
	n.missing = true
	return intercom.ContentImportSource{URL: sourceURL, SyncBehavior: intercom.SyncAPI, Status: intercom.StatusActive, Fresh: true}, nil
}

// sameHost reports whether a source's URL is on one of these hosts. Ports do not count: the URL is only a label, often
// without one.
func sameHost(sourceURL string, hosts []string) bool {
	u, err := url.Parse(sourceURL)
	return err == nil && slices.ContainsFunc(hosts, func(h string) bool {
		return strings.EqualFold((&url.URL{Host: h}).Hostname(), u.Hostname())
	})
}
