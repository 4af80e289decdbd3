package main

import (
	"fmt"
	"path/filepath"

	"github.com/pageferry/pageferry/configs"
	"github.com/pageferry/pageferry/ingest"
	"github.com/pageferry/pageferry/ingest/intercom"
)

type validateCmd struct {
	Configs []string `arg:"" name:"config" help:"Config files."`
}

// Run loads each config and says what it means, or what is wrong with it.
func (c *validateCmd) Run(e *runEnv) error {
	bad := 0
	for _, path := range c.Configs {
		cfg, err := configs.Load(path, e.world.getenv)
		if err == nil {
			_, _, err = e.reader(cfg)
		}
		if err != nil {
			bad++
			e.console.printf("%v", err)
			continue
		}
		to := "the sandbox"
		if cfg.Target.Kind == intercom.Intercom {
			to = "Intercom at " + cfg.Target.Endpoint()
		}
		fmt.Fprintf(e.console.out, "%s: ok (site %s, starts at %s, delivers to %s, state %s)\n", path, cfg.SiteName(), cfg.Crawler.Start[0], to,
			filepath.Join(e.stateDir(path), cfg.SiteName()+".db"))
		if cfg.Target.Kind == intercom.Intercom {
			if _, err := e.token(cfg); err != nil {
				fmt.Fprintf(e.console.out, "  but: %v\n", err)
			}
		}
	}
	if bad > 0 {
		return &exitError{code: ingest.ExitUsage}
	}
	return nil
}
