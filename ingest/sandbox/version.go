package sandbox

import (
	"net/http"
	"slices"
)

// version is an API version that has the AI content API.
type version int

const (
	v212 version = iota
	v213
	v214
	v215 // audience_ids on sources
	v216
	v217    // locales other than en; PUT of a page: url optional, the three flags
	preview // like 2.16, with ai_sales_agent_availability in POST and the three flags in PUT
)

// versionOf reads the Intercom-Version header. Without the header the API takes the version set on the app, which here
// is 2.14. The problem is set when there is no such version, or it is older than the AI content API.
func versionOf(h http.Header) (version, *problem) {
	known := []string{"2.12", "2.13", "2.14", "2.15", "2.16", "2.17", "Preview"}
	older := []string{"1.0", "1.1", "1.2", "1.3", "1.4", "2.0", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7", "2.8",
		"2.9", "2.10", "2.11"}
	name := h.Get("Intercom-Version")
	if name == "" {
		return v214, nil
	}
	if i := slices.Index(known, name); i >= 0 {
		return version(i), nil
	}
	message := "The requested version could not be found"
	if slices.Contains(older, name) {
		message = "The requested resource is not available in current API version"
	}
	return 0, &problem{Code: codeVersionInvalid, Message: message}
}

// hasAudiences says whether sources have audience_ids.
func (v version) hasAudiences() bool { return v >= v215 }

// anyLocale says whether locales other than en are allowed.
func (v version) anyLocale() bool { return v == v217 }

// putSetsFlags says whether PUT of a page takes the availability flags; before, it takes fin_availability alone.
func (v version) putSetsFlags() bool { return v >= v217 }

// putRequiresURL says whether PUT of a page must have a url; where it need not, leaving it out removes the stored one.
func (v version) putRequiresURL() bool { return v != v217 }

// postSetsSales says whether POST of a page takes ai_sales_agent_availability.
func (v version) postSetsSales() bool { return v == preview }
