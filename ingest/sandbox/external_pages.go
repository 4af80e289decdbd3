package sandbox

import (
	"errors"
	"net/http"
	"regexp"
	"strconv"
)

// pageAnswer is the API's external_page.
type pageAnswer struct {
	Type string `json:"type"`
	Page
	FinAvailability bool `json:"fin_availability"` // deprecated, derived: on for the agent or the copilot
}

func newPageAnswer(p Page) pageAnswer {
	return pageAnswer{Type: "external_page", Page: p, FinAvailability: p.AIAgentAvailability || p.AICopilotAvailability}
}

// pageOperation returns what method does with the page id, or nil.
func (h *Handler) pageOperation(method, id string) func(*call) (answer, error) {
	number, err := strconv.ParseInt(id, 10, 64)
	if err != nil || strconv.FormatInt(number, 10) != id {
		number = 0 // no page has it
	}
	switch method {
	case http.MethodGet:
		return func(c *call) (answer, error) { return h.getExternalPage(c, number) }
	case http.MethodPut:
		return func(c *call) (answer, error) { return h.updateExternalPage(c, number) }
	case http.MethodDelete:
		return func(c *call) (answer, error) { return h.deleteExternalPage(c, number) }
	}
	return nil
}

// listExternalPages is GET /ai/external_pages: every page of the workspace, whatever its source.
func (h *Handler) listExternalPages(c *call) (answer, error) {
	paging, problems := pagingOf(c.URL.Query())
	if len(problems) > 0 {
		return answer{}, refuse(http.StatusBadRequest, problems...)
	}
	pages, total, err := h.store.listPages(c.Context(), paging.perPage, paging.offset())
	if err != nil {
		return answer{}, err
	}
	data := make([]pageAnswer, len(pages))
	for i, p := range pages {
		data[i] = newPageAnswer(p)
	}
	return listOf(c.Request, paging, data, total)
}

// upsertExternalPage is POST /ai/external_pages: it creates the page, or updates the one with its source_id and
// external_id; 200 either way.
func (h *Handler) upsertExternalPage(c *call) (answer, error) {
	f, err := c.body()
	if err != nil {
		return answer{}, err
	}
	w := pageWrite{
		title:      f.requiredText("title"),
		html:       f.requiredText("html"),
		url:        f.text("url"),
		locale:     f.locale(c.version),
		sourceID:   f.requiredID("source_id"),
		externalID: f.requiredText("external_id"),
		aiAgent:    f.flag("ai_agent_availability"),
		aiCopilot:  f.flag("ai_copilot_availability"),
	}
	if c.version.postSetsSales() {
		w.aiSales = f.flag("ai_sales_agent_availability")
	}
	c.externalID = w.externalID
	if len(f.problems) > 0 {
		return answer{}, refuse(http.StatusBadRequest, f.problems...)
	}
	return c.pageResult(h.store.upsertPage(c.Context(), w))
}

// getExternalPage is GET /ai/external_pages/{id}.
func (h *Handler) getExternalPage(c *call, id int64) (answer, error) {
	return c.pageResult(h.store.page(c.Context(), id))
}

// updateExternalPage is PUT /ai/external_pages/{id}. To version 2.16 it takes fin_availability, true when absent, and
// sets the agent's and the copilot's availability with it; later versions take the three flags, and keep what is absent.
func (h *Handler) updateExternalPage(c *call, id int64) (answer, error) {
	f, err := c.body()
	if err != nil {
		return answer{}, err
	}
	w := pageWrite{
		title:    f.requiredText("title"),
		html:     f.requiredText("html"),
		url:      f.text("url"),
		locale:   f.locale(c.version),
		sourceID: f.requiredID("source_id"),
	}
	if _, ok := f.raw["external_id"]; ok {
		w.externalID = f.requiredText("external_id")
	}
	if c.version.putRequiresURL() {
		f.required("url")
	}
	f.putFlags(c.version, &w)
	if len(f.problems) > 0 {
		return answer{}, refuse(http.StatusBadRequest, f.problems...)
	}
	return c.pageResult(h.store.replacePage(c.Context(), id, w))
}

// putFlags reads the availability flags of a PUT.
func (f *fields) putFlags(v version, w *pageWrite) {
	if v != v217 {
		fin := f.flag("fin_availability")
		if fin == nil && !v.putSetsFlags() {
			on := true
			fin = &on
		}
		w.aiAgent, w.aiCopilot = fin, fin
	}
	if !v.putSetsFlags() {
		return
	}
	if flag := f.flag("ai_agent_availability"); flag != nil {
		w.aiAgent = flag
	}
	if flag := f.flag("ai_copilot_availability"); flag != nil {
		w.aiCopilot = flag
	}
	w.aiSales = f.flag("ai_sales_agent_availability")
}

// deleteExternalPage is DELETE /ai/external_pages/{id}: 200 with the page, whose html is empty.
func (h *Handler) deleteExternalPage(c *call, id int64) (answer, error) {
	p, err := h.store.deletePage(c.Context(), id)
	p.HTML = ""
	return c.pageResult(p, err)
}

// languageCode is the form of a language tag: a language and what narrows it.
var languageCode = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)

// locale reads the locale: "en" alone to version 2.16 and in Preview; in 2.17 a language the workspace supports, here
// every code that has the form of one.
func (f *fields) locale(v version) string {
	if !v.anyLocale() {
		f.required("locale")
		return f.enum("locale", "en")
	}
	locale := f.requiredText("locale")
	if locale != "" && !languageCode.MatchString(locale) {
		f.add(codeParameterInvalid, "locale", "locale must be a language code")
	}
	return locale
}

// pageResult is the answer with the page, or with what the store says against it.
func (c *call) pageResult(p Page, err error) (answer, error) {
	switch {
	case err == nil:
		c.externalID = p.ExternalID
		return jsonAnswer(http.StatusOK, newPageAnswer(p))
	case errors.Is(err, errNoPage):
		return answer{}, refuse(http.StatusNotFound, problem{Code: codeNotFound, Message: "External Page Not Found"})
	case errors.Is(err, errNoSource):
		return answer{}, refuse(http.StatusNotFound, problem{Code: codeNotFound, Field: "source_id",
			Message: "Content Import Source Not Found"})
	case errors.Is(err, errNotAPI):
		return answer{}, refuse(http.StatusUnprocessableEntity, problem{Code: codeParameterInvalid, Field: "source_id",
			Message: "The sync_behavior of the Content Import Source must be api"})
	case errors.Is(err, errTaken):
		return answer{}, refuse(http.StatusConflict, problem{Code: codeConflict, Field: "external_id",
			Message: "Another External Page of the source has this external_id"})
	}
	return answer{}, err
}
