package main

import (
	"context"
	"fmt"
	"time"

	"github.com/pageferry/pageferry/ingest"
)

const (
	redrawEvery = 200 * time.Millisecond // of the live line
	logEvery    = 30 * time.Second       // elsewhere
	rateOver    = 10 * time.Second       // the rate shown is that of the last seconds
)

// watch shows the progress of a run until ctx ends: a line that is redrawn on a terminal, a log line now and then
// elsewhere. It returns a function that stops it and waits until it has.
func watch(ctx context.Context, e *runEnv, site string, p *ingest.Progress) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	live := e.world.terminal && !e.cli.NoProgress && !e.cli.Quiet && e.cli.LogFormat != "json"
	every := logEvery
	if live {
		every = redrawEvery
	}
	go func() {
		defer close(done)
		t := time.NewTicker(every)
		defer t.Stop()
		var m meter
		for {
			select {
			case <-ctx.Done():
				if live {
					e.console.err.status("")
				}
				return
			case now := <-t.C:
				s := p.Snapshot()
				rate := m.rate(now, s.Fetched)
				if live {
					e.console.err.status(cut(progressLine(site, s, rate), e.world.width()))
				} else if !e.cli.NoProgress {
					e.console.log.Info(s.Phase, "site", site, "found", s.Found, "fetched", s.Fetched, "delivered", s.Delivered,
						"same", s.Same, "skipped", s.Skipped, "failed", s.Failed, "per_second", fmt.Sprintf("%.1f", rate), "left", left(s, rate).String())
				}
			}
		}
	}()
	return func() { cancel(); <-done }
}

// progressLine is what a terminal shows of a run.
func progressLine(site string, s ingest.Snapshot, rate float64) string {
	line := fmt.Sprintf("%s: %s", site, s.Phase)
	if s.Found > 0 {
		line += fmt.Sprintf("  found %d  fetched %d  delivered %d", s.Found, s.Fetched, s.Delivered)
		if s.Failed > 0 {
			line += fmt.Sprintf("  failed %d", s.Failed)
		}
		line += fmt.Sprintf("  %.0f/s", rate)
		if l := left(s, rate); l > 0 {
			line += fmt.Sprintf("  %s left", l)
		}
	}
	return line
}

// left estimates the time that the URLs found so far will take.
func left(s ingest.Snapshot, rate float64) time.Duration {
	if rate <= 0 || s.Found <= s.Fetched {
		return 0
	}
	return time.Duration(float64(s.Found-s.Fetched) / rate * float64(time.Second)).Round(time.Second)
}

func cut(s string, width int) string {
	if r := []rune(s); width > 1 && len(r) >= width {
		return string(r[:width-1])
	}
	return s
}

// meter measures a rate over the last seconds.
type meter struct {
	at []time.Time
	n  []int64
}

func (m *meter) rate(now time.Time, n int64) float64 {
	m.at, m.n = append(m.at, now), append(m.n, n)
	for len(m.at) > 2 && now.Sub(m.at[0]) > rateOver {
		m.at, m.n = m.at[1:], m.n[1:]
	}
	if d := now.Sub(m.at[0]).Seconds(); d > 0 {
		return float64(n-m.n[0]) / d
	}
	return 0
}
