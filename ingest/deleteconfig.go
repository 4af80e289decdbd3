package ingest

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// DeleteConfig says what becomes of pages in Fin that the site no longer has, or no longer wants there.
type DeleteConfig struct {
	// Action: delete takes them out; hide switches them off first and takes them out after as long again; keep leaves
	// them and lists them. Default: delete.
	Action DeleteAction `yaml:"action"`
	// After is how long the site must have said so, in two complete runs at least. Default: 24h.
	After time.Duration `yaml:"after"`
	// Max is how many pages a run takes out or hides: a share of those in Fin, such as 10%, and then at least 5; or a
	// number. More are held, all of them, and it is never more than half. Pages that moved do not count. Default: 10%.
	Max Share `yaml:"max"`
}

// DeleteAction is delete, hide or keep.
type DeleteAction string

// The values of a DeleteAction.
const (
	ActionDelete DeleteAction = "delete"
	ActionHide   DeleteAction = "hide"
	ActionKeep   DeleteAction = "keep"
)

func (c *DeleteConfig) validate(report func(path, problem string)) {
	switch c.Action {
	case ActionDelete, ActionHide, ActionKeep:
	default:
		report("delete.action", fmt.Sprintf("%q is none of delete, hide and keep", string(c.Action)))
	}
	if c.After < 0 {
		report("delete.after", "must not be negative; 0s is as soon as two complete runs agree")
	}
}

// Share is a number of pages, or a share of them in percent. As text it is "12" or "10%".
type Share struct {
	N       int
	Percent bool // N is one of a hundred
}

// MarshalText returns what UnmarshalText reads.
func (s Share) MarshalText() ([]byte, error) {
	text := strconv.Itoa(s.N)
	if s.Percent {
		text += "%"
	}
	return []byte(text), nil
}

// UnmarshalText reads a share of at most 50 %, or a number that is not negative.
func (s *Share) UnmarshalText(text []byte) error {
	number, percent := strings.CutSuffix(strings.TrimSpace(string(text)), "%")
	n, err := strconv.Atoi(strings.TrimSpace(number))
	switch {
	case err != nil || n < 0:
		return fmt.Errorf("%q is neither a number of pages, such as 20, nor a share of them, such as 10%%", text)
	case percent && n > 50:
		return fmt.Errorf("%q is more than half; write at most 50%%", text)
	}
	*s = Share{n, percent}
	return nil
}

// minShare is how many pages a share allows at least, so that a small site is not held for one page.
const minShare = 5

// of returns how many of total pages the share allows: never more than half.
func (s Share) of(total int) int {
	n := s.N
	if s.Percent {
		n = max(minShare, total*s.N/100)
	}
	return min(n, total/2)
}
