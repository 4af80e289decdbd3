package sandbox

import (
	"errors"
	"net/http"
	"strconv"
)

// sourceAnswer is the API's content_import_source.
type sourceAnswer struct {
	Type string `json:"type"`
	Source
}

// newSourceAnswer leaves audience_ids out where the version does not have them.
func newSourceAnswer(s Source, v version) sourceAnswer {
	if !v.hasAudiences() {
		s.AudienceIDs = nil
	}
	return sourceAnswer{Type: "content_import_source", Source: s}
}

// sourceOperation returns what method does with the source id, or nil.
func (h *Handler) sourceOperation(method, id string) func(*call) (answer, error) {
	number, err := strconv.ParseInt(id, 10, 64)
	if err != nil || strconv.FormatInt(number, 10) != id {
		number = 0 // no source has it
	}
	switch method {
	case http.MethodGet:
		return func(c *call) (answer, error) { return h.getContentImportSource(c, number) }
	case http.MethodPut:
		return func(c *call) (answer, error) { return h.updateContentImportSource(c, number) }
	case http.MethodDelete:
		return func(c *call) (answer, error) { return h.deleteContentImportSource(c, number) }
	}
	return nil
}

// listContentImportSources is GET /ai/content_import_sources: sources of every sync_behavior.
func (h *Handler) listContentImportSources(c *call) (answer, error) {
	paging, problems := pagingOf(c.URL.Query())
	if len(problems) > 0 {
		return answer{}, refuse(http.StatusBadRequest, problems...)
	}
	sources, total, err := h.store.listSources(c.Context(), paging.perPage, paging.offset())
	if err != nil {
		return answer{}, err
	}
	data := make([]sourceAnswer, len(sources))
	for i, s := range sources {
		data[i] = newSourceAnswer(s, c.version)
	}
	return listOf(c.Request, paging, data, total)
}

// createContentImportSource is POST /ai/content_import_sources. It is not an upsert: the same url twice makes two
// sources.
func (h *Handler) createContentImportSource(c *call) (answer, error) {
	f, err := c.body()
	if err != nil {
		return answer{}, err
	}
	f.required("sync_behavior")
	w := f.source(c.version, syncAPI)
	if w.status == "" {
		w.status = "active"
	}
	if len(f.problems) > 0 {
		return answer{}, refuse(http.StatusBadRequest, f.problems...)
	}
	return c.sourceResult(h.store.createSource(c.Context(), w))
}

// getContentImportSource is GET /ai/content_import_sources/{id}.
func (h *Handler) getContentImportSource(c *call, id int64) (answer, error) {
	return c.sourceResult(h.store.source(c.Context(), id))
}

// updateContentImportSource is PUT /ai/content_import_sources/{id}. An absent status or audience_ids is kept.
func (h *Handler) updateContentImportSource(c *call, id int64) (answer, error) {
	f, err := c.body()
	if err != nil {
		return answer{}, err
	}
	f.required("sync_behavior")
	w := f.source(c.version, syncAPI, "automated", syncManual)
	if w.syncBehavior == "automated" {
		w.syncBehavior = syncAutomatic // the request spells it otherwise than the response
	}
	if c.version.hasAudiences() {
		f.flag("apply_audience_to_existing_content") // pages show no audience, so there is nothing to apply it to
	}
	if len(f.problems) > 0 {
		return answer{}, refuse(http.StatusBadRequest, f.problems...)
	}
	return c.sourceResult(h.store.updateSource(c.Context(), id, w))
}

// source reads the members that POST and PUT share.
func (f *fields) source(v version, behaviors ...string) sourceWrite {
	w := sourceWrite{
		url:          f.requiredText("url"),
		syncBehavior: f.enum("sync_behavior", behaviors...),
		status:       f.enum("status", "active", "deactivated"),
	}
	if v.hasAudiences() {
		w.audienceIDs = f.ids("audience_ids")
	}
	return w
}

// deleteContentImportSource is DELETE /ai/content_import_sources/{id}: 204, and every page of the source is gone.
func (h *Handler) deleteContentImportSource(c *call, id int64) (answer, error) {
	if err := h.store.deleteSource(c.Context(), id); err != nil {
		return c.sourceResult(Source{}, err)
	}
	return answer{status: http.StatusNoContent}, nil
}

// sourceResult is the answer with the source, or with what the store says against it.
func (c *call) sourceResult(s Source, err error) (answer, error) {
	switch {
	case err == nil:
		return jsonAnswer(http.StatusOK, newSourceAnswer(s, c.version))
	case errors.Is(err, errNoSource):
		return answer{}, refuse(http.StatusNotFound, problem{Code: codeNotFound, Message: "Content Import Source Not Found"})
	case errors.Is(err, errSyncBehavior):
		return answer{}, refuse(http.StatusUnprocessableEntity, problem{Code: codeParameterInvalid, Field: "sync_behavior",
			Message: "sync_behavior cannot be changed to or from api"})
	case errors.Is(err, errURLNotAPI):
		return answer{}, refuse(http.StatusUnprocessableEntity, problem{Code: codeParameterInvalid, Field: "url",
			Message: "url can only be changed if sync_behavior is api"})
	}
	return answer{}, err
}
