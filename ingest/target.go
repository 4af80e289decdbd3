package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pageferry/pageferry/ingest/intercom"
	"github.com/pageferry/pageferry/ingest/ledger"
	"github.com/pageferry/pageferry/sanitize"
)

// adoptBatch is how many listed pages are recorded at once; each is held whole until then.
const adoptBatch = 50

// connect checks the token, the workspace and the source before anything is crawled, and says where the run delivers.
func (r *run) connect(ctx context.Context) error {
	me, id, err := r.identify(ctx)
	if err != nil {
		return err
	}
	if id, err = r.checkPlanned(me.App.IDCode, id); err != nil {
		return err
	}
	source, err := r.site.API.EnsureSource(ctx, id, r.sourceURL())
	if err != nil {
		return r.sourceError(ctx, err)
	}
	d, err := r.destination(ctx, me, source)
	if err != nil {
		return err
	}
	if d, err = r.site.Ledger.BindDestination(ctx, d); err != nil {
		return err
	}
	r.destID, r.verified = d.ID, d.Verified
	if !d.Adopted {
		if err := r.adopt(ctx, source); err != nil {
			return err
		}
		r.verified = time.Now()
	}
	r.dest.InTarget, err = r.site.Ledger.InTarget(ctx, d.ID)
	return err
}

// identify asks whose the token is, and returns the id of the source that the config or an earlier run names; 0: none
// does.
func (r *run) identify(ctx context.Context) (me intercom.Admin, source int64, err error) {
	t := r.site.Target
	if me, err = r.site.API.Me(ctx); err != nil {
		return me, 0, r.tokenError(ctx, err)
	}
	known, err := r.site.Ledger.Destinations(ctx, string(t.Kind))
	if err != nil {
		return me, 0, err
	}
	if t.Kind != intercom.Intercom {
		return me, t.SourceID, nil
	}
	if err := checkWorkspace(t, me, known); err != nil {
		return me, 0, err
	}
	if t.SourceID == 0 && len(known) > 0 && known[0].Workspace == me.App.IDCode {
		return me, known[0].SourceID, nil
	}
	return me, t.SourceID, nil
}

// sourceError says what it means that the source cannot be used.
func (r *run) sourceError(ctx context.Context, err error) error {
	if se := (*intercom.SourceError)(nil); !errors.As(err, &se) {
		return r.tokenError(ctx, err)
	}
	return stop(ReasonSourceGone, fmt.Errorf("%w; restore it in Intercom, or set target.source_id to another one, or move %s away to begin anew",
		err, r.site.Ledger.Path()))
}

// destination refuses a source that is not this site's, and returns where the pages go. It is not recorded yet.
func (r *run) destination(ctx context.Context, me intercom.Admin, source intercom.ContentImportSource) (ledger.Destination, error) {
	t := r.site.Target
	d := ledger.Destination{Kind: string(t.Kind), Host: host(t), Workspace: me.App.IDCode, SourceID: source.ID,
		SourceCreated: source.CreatedAt.Unix(), SourceURL: source.URL}
	if err := r.checkSource(source); err != nil {
		return d, err
	}
	r.dest = Destination{Kind: d.Kind, Host: d.Host, Workspace: d.Workspace, SourceID: d.SourceID, SourceURL: d.SourceURL,
		WorkspaceName: me.App.Name, Region: me.App.Region, State: r.site.Ledger.Path()}
	// Two configs on one source would each see the other's pages as pages that their site no longer has.
	if path, rival, err := r.site.Ledger.Rival(ctx, d); err != nil {
		return d, err
	} else if path != "" {
		return d, refuse(ReasonSourceShared, fmt.Errorf("source %d (%s) is fed by another config already: site %q, ledger %s; give this one a "+
			"source of its own with target.source_url, or use the other config's site name", source.ID, source.URL, rival, path))
	}
	return d, nil
}

// host names the API's host; a sandbox is on another port each time, and the same all the same.
func host(t intercom.Config) string {
	if t.Kind == intercom.Sandbox {
		return string(intercom.Sandbox)
	}
	return t.Host()
}

func (r *run) sourceURL() string {
	if r.site.Target.SourceURL != "" {
		return r.site.Target.SourceURL
	}
	return r.site.Crawl.Start[0]
}

func (r *run) tokenError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var api *intercom.Error
	if errors.As(err, &api) && api.Unauthorized() {
		from := "the variable " + r.site.Target.TokenEnv
		if r.site.Target.TokenFile != "" {
			from = "the file " + r.site.Target.TokenFile
		}
		return stop(ReasonTokenRefused, fmt.Errorf("%s refuses the token from %s: %w; check that it is an access token of this workspace, "+
			"and that target.region (%s) is the workspace's", host(r.site.Target), from, err, r.site.Target.Region))
	}
	return stop(ReasonAPIDown, fmt.Errorf("%s cannot be used: %w; nothing was crawled or sent", host(r.site.Target), err))
}

// checkWorkspace refuses a token of a workspace that is not the one of the config, or of the earlier runs.
func checkWorkspace(t intercom.Config, me intercom.Admin, known []ledger.Destination) error {
	have := me.App.IDCode
	switch {
	case t.Workspace != "" && t.Workspace != have:
		return stop(ReasonWrongWorkspace, fmt.Errorf("the token belongs to workspace %s (%s), the config wants %s: use the token of that "+
			"workspace, or correct target.workspace", have, me.App.Name, t.Workspace))
	case t.Workspace == "" && len(known) > 0 && !slices.ContainsFunc(known, func(d ledger.Destination) bool { return d.Workspace == have }):
		return stop(ReasonWrongWorkspace, fmt.Errorf("the token belongs to workspace %s (%s), but this site has been delivered to %s: use that "+
			"workspace's token; if the change is meant, set target.workspace: %s", have, me.App.Name, known[0].Workspace, have))
	}
	return nil
}

// checkSource refuses a source that was made for another site: its pages would be mixed with this one's.
func (r *run) checkSource(s intercom.ContentImportSource) error {
	if r.site.Target.SourceURL != "" && s.URL == r.site.Target.SourceURL {
		return nil
	}
	if sameHost(s.URL, r.site.Crawler.Scope().Hosts()) {
		return nil
	}
	return refuse(ReasonSourceMismatch, fmt.Errorf("source %d was made for %s, which is not this config's site: set target.source_id to 0 "+
		"to find or create this site's own, or, if it is meant, target.source_url: %s", s.ID, s.URL, s.URL))
}

// adopt reads the destination's listing and takes over the pages of our source that this config would have made: in
// scope, and under the hash of their URL. So a lost ledger costs no page its switches, and no page is sent twice. A source
// that was just created has none.
func (r *run) adopt(ctx context.Context, source intercom.ContentImportSource) error {
	if source.Fresh {
		return r.site.Ledger.SetAdopted(ctx, r.destID)
	}
	var batch []ledger.Adopted
	flush := func() error {
		err := r.site.Ledger.Adopt(ctx, r.destID, batch)
		r.dest.Adopted += len(batch)
		batch = batch[:0]
		return err
	}
	for p, err := range r.site.API.ListExternalPages(ctx) {
		if err != nil {
			return r.tokenError(ctx, fmt.Errorf("list what is in Fin already: %w", err))
		}
		if p.SourceID != r.dest.SourceID || p.ExternalID != ExternalID(p.URL) || !r.ours(p.URL) {
			continue
		}
		a := sanitize.Article{Title: p.Title, HTML: p.HTML}
		batch = append(batch, ledger.Adopted{URL: p.URL, ExternalID: p.ExternalID, RemoteID: p.ID, Title: p.Title, Hash: a.Hash(),
			HTML: p.HTML, Updated: p.UpdatedAt})
		if len(batch) == adoptBatch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	return r.site.Ledger.SetAdopted(ctx, r.destID)
}

// ours reports whether a URL is one that this config would deliver: canonical and in scope.
func (r *run) ours(u string) bool {
	c, err := r.site.Crawler.Canonicalizer().Canonical(u)
	return err == nil && c == u && r.judge.scope.Decide(u).In
}
