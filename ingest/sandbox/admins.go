package sandbox

import "net/http"

// me is GET /me: the admin whom the token belongs to, and the workspace.
func (h *Handler) me(*call) (answer, error) {
	type app struct {
		Type                 string `json:"type"`
		IDCode               string `json:"id_code"`
		Name                 string `json:"name"`
		Region               string `json:"region"`
		CreatedAt            int64  `json:"created_at"`
		Timezone             string `json:"timezone"`
		IdentityVerification bool   `json:"identity_verification"`
	}
	type admin struct {
		Type  string `json:"type"`
		ID    string `json:"id"`
		Email string `json:"email"`
		Name  string `json:"name"`
		App   app    `json:"app"`
	}
	return jsonAnswer(http.StatusOK, admin{
		Type: "admin", ID: "1", Email: "sandbox@example.com", Name: "pageferry sandbox",
		App: app{Type: "app", IDCode: h.store.WorkspaceID(), Name: "pageferry sandbox", Region: "US",
			CreatedAt: h.store.createdAt, Timezone: "UTC"},
	})
}
