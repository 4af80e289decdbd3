package intercom

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// Admin is the teammate a token belongs to.
type Admin struct {
	ID    string
	Email string
	Name  string
	App   App // zero if the API does not say
}

// App is a workspace.
type App struct {
	IDCode    string // the workspace ID, as in the addresses of its UI
	Name      string
	Region    string    // as the API spells it, such as US
	CreatedAt time.Time // zero if unknown
}

// UnmarshalJSON reads the API's admin object; unknown fields are ignored.
func (a *Admin) UnmarshalJSON(b []byte) error {
	var w struct {
		ID    looseString `json:"id"`
		Email looseString `json:"email"`
		Name  looseString `json:"name"`
		App   struct {
			IDCode    looseString `json:"id_code"`
			Name      looseString `json:"name"`
			Region    looseString `json:"region"`
			CreatedAt looseTime   `json:"created_at"`
		} `json:"app"`
	}
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*a = Admin{ID: string(w.ID), Email: string(w.Email), Name: string(w.Name), App: App{
		IDCode: string(w.App.IDCode), Name: string(w.App.Name), Region: string(w.App.Region),
		CreatedAt: time.Time(w.App.CreatedAt),
	}}
	return nil
}

// Me returns whose token this is and which workspace it opens ("GET /me"). It is the cheapest check of a token.
func (c *Client) Me(ctx context.Context) (Admin, error) {
	var admin Admin
	err := c.do(ctx, call{method: http.MethodGet, path: "/me", decode: func(b []byte) error {
		admin = Admin{}
		if err := json.Unmarshal(b, &admin); err != nil {
			return err
		}
		if admin.ID == "" && admin.App.IDCode == "" {
			return fmt.Errorf("%w: an admin without ID and workspace", ErrUnexpected)
		}
		return nil
	}})
	if err != nil {
		return Admin{}, err
	}
	return admin, nil
}
