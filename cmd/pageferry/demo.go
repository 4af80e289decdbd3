package main

import (
	"fmt"

	"github.com/pageferry/pageferry/cmd/pageferry/demo"
	"github.com/pageferry/pageferry/configs"
	"github.com/pageferry/pageferry/ingest"
)

type demoCmd struct{}

// Run crawls the bundled help center into the sandbox. The site is served behind a proxy on loopback, so that its host
// name, and with it every id, is the same whatever the port.
func (demoCmd) Run(e *runEnv) error {
	proxy, stop, err := demo.Serve(e.ctx)
	if err != nil {
		return fmt.Errorf("serve the sample help center: %w", err)
	}
	defer stop()
	cfg, err := configs.Parse("demo.yaml", configs.Demo(), e.world.getenv)
	if err != nil {
		return err
	}
	cfg.Crawler.Fetch.Proxy = proxy
	dir := e.cli.State
	if dir == "" {
		dir = ".pageferry"
	}
	s := &syncCmd{Sandbox: true}
	res := s.syncConfig(e.ctx, e, cfg, dir)
	if err := s.print(e, res); err != nil {
		return fmt.Errorf("print result: %w", err)
	}
	if res.Exit != ingest.ExitOK {
		return &exitError{code: res.Exit}
	}
	return demoNext(e, res)
}

func demoNext(e *runEnv, res ingest.Result) error {
	say := "This was the first run: %[1]d articles of a sample help center are in the sandbox now, a stand-in of Intercom's API.\n"
	if res.Upserts == 0 {
		say = "Nothing had changed: all %[1]d articles are in the sandbox as they were, and none was sent again.\n"
	} else if res.Pages[ingest.Created] == 0 {
		say = "What had changed was sent again: %[1]d articles of the sample help center are in the sandbox.\n"
	}
	_, err := fmt.Fprintf(e.console.out, "\n"+say+`
What to try next:
  %[2]s demo
      again: everything is unchanged
  cp configs/example.yaml acme.yaml
      a config for your own help center: set start and target.kind in it, then
  %[2]s validate acme.yaml
  %[2]s sync acme.yaml --sandbox --limit 20
      see what would arrive; nothing is sent to Intercom
`, res.InTarget, e.world.program)
	return err
}
