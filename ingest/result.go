package ingest

import "time"

// Exit codes of a run. Those of the whole program are the same.
const (
	ExitOK          = 0
	ExitStopped     = 1   // the run could not go on; Reason says why
	ExitUsage       = 2   // usage or config wrong; nothing was started
	ExitIncomplete  = 3   // pages failed or are stale, or the run is incomplete
	ExitLook        = 4   // a person must look
	ExitLocked      = 5   // another run holds the lock
	ExitInterrupted = 130 // run again to continue
)

// Result is what a run came to. It is what --json prints: names are extended, never changed.
type Result struct {
	Site           string      `json:"site"`
	Run            int64       `json:"run"`
	Destination    Destination `json:"destination"`
	Exit           int         `json:"exit"`
	Reason         string      `json:"reason"`
	Messages       []string    `json:"messages"` // for people: what the exit code means here, and what to do
	Complete       bool        `json:"complete"`
	Incomplete     []string    `json:"incomplete"` // why it is not complete
	Resumed        bool        `json:"resumed"`
	StartedAt      time.Time   `json:"started_at"`
	DurationMS     int64       `json:"duration_ms"`
	LastCompleteAt *time.Time  `json:"last_complete_at"`

	Pages        map[string]int `json:"pages"`
	InTarget     int            `json:"in_target"`
	Moved        int            `json:"moved"`
	Deleted      int            `json:"deleted"`
	Fetches      int64          `json:"fetches"`
	Upserts      int64          `json:"upserts"`
	APIRequests  int64          `json:"api_requests"`
	Retries      int64          `json:"retries"`
	BytesFetched int64          `json:"bytes_fetched"`

	Failures []PageProblem `json:"failures"`
	Stale    []PageProblem `json:"stale"`
	Held     []HeldItem    `json:"held"`
	Removed  []PageProblem `json:"removed"` // taken out of Fin by this run
	Gone     []PageProblem `json:"gone"`    // in Fin, and the site no longer has them or no longer wants them there

	Listing *Comparison `json:"listing,omitempty"` // how the API's listing differs from the ledger; nil: it was not read in this run

	Notes      []string `json:"notes"`        // what the site does that a person may want to know, though nothing is wrong with the run
	OutOfScope []Beside `json:"out_of_scope"` // linked, on the site's hosts, and not covered by the scope
}

// Destination says where a run delivers.
type Destination struct {
	Kind      string `json:"kind"`
	Host      string `json:"host"`
	Workspace string `json:"workspace"`
	SourceID  int64  `json:"source_id"`

	WorkspaceName string `json:"workspace_name,omitempty"`
	Region        string `json:"region,omitempty"`
	SourceURL     string `json:"source_url,omitempty"`
	InTarget      int    `json:"-"` // pages in it when the run began, as far as the ledger knows
	Adopted       int    `json:"-"` // of these, how many this run found in the listing
	State         string `json:"-"` // path of the ledger
}

// HeldItem is something that a guard has stopped, for a person to look at.
type HeldItem struct {
	URL    string `json:"url"`
	Action string `json:"action"` // update or delete; with a plan, any of its actions
	Why    string `json:"why"`
}

// PageProblem is one page that a person may want to look at.
type PageProblem struct {
	URL     string     `json:"url"`
	Outcome string     `json:"outcome,omitempty"`
	Class   string     `json:"class,omitempty"`
	Detail  string     `json:"detail,omitempty"`
	Since   *time.Time `json:"since,omitempty"`
}
