package main

import (
	"fmt"

	"github.com/pageferry/pageferry/crawler"
	"github.com/pageferry/pageferry/ingest"
)

// flags turns the flags of the command into those of a run. The error is one of usage.
func (c *syncCmd) flags() (ingest.Flags, error) {
	f := ingest.Flags{Limit: c.Limit, Refetch: c.Refetch, Restart: c.Restart, Accept: c.Accept, MaxDuration: c.MaxDuration}
	if c.Limit < 0 {
		return f, fmt.Errorf("--limit %d: give a number of URLs greater than 0", c.Limit)
	}
	if c.MaxDuration < 0 {
		return f, fmt.Errorf("--max-duration %s: give a time greater than 0, such as 2h or 90m", c.MaxDuration)
	}
	if c.Only != "" {
		p, err := crawler.CompilePattern(c.Only)
		if err != nil {
			return f, fmt.Errorf("--only: %w", err)
		}
		f.Only = &p
	}
	if c.Plan == "" {
		return f, nil
	}
	if len(c.Configs) > 1 {
		return f, fmt.Errorf("--plan %s: a plan is of one config, and %d are given", c.Plan, len(c.Configs))
	}
	p, err := loadPlan(c.Plan)
	if err != nil {
		return f, err
	}
	return adopt(f, p)
}

// trial reports whether the run is one by hand, of which nobody needs to be told.
func (c *syncCmd) trial() bool { return c.Sandbox || c.Limit > 0 || c.Only != "" }
