package main

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/lmittmann/tint"

	"github.com/pageferry/pageferry/ingest"
)

// maxHeldLog bounds what -q holds back of stderr until the exit code is known.
const maxHeldLog = 4 << 20

// console is where a command writes: results to out, everything else through err, which keeps the progress line apart
// from log lines. With -q both are held until the exit code says whether they are wanted.
type console struct {
	out io.Writer
	err *liveWriter
	log *slog.Logger

	world *world
	held  []*heldWriter
}

func newConsole(w *world, c *cli) *console {
	con := &console{world: w, out: w.stdout}
	stderr := w.stderr
	if c.Quiet {
		// Results are complete or nothing; only the log can be too long to be held.
		o, e := &heldWriter{to: w.stdout, max: math.MaxInt}, &heldWriter{to: w.stderr, max: maxHeldLog}
		con.out, stderr, con.held = o, e, []*heldWriter{o, e}
	}
	con.err = &liveWriter{to: stderr}
	con.log = slog.New(logHandler(con.err, c, w))
	return con
}

func logHandler(to io.Writer, c *cli, w *world) slog.Handler {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		level = slog.LevelInfo // kong has checked the value
	}
	opts := &slog.HandlerOptions{Level: level}
	_, noColor := w.getenv("NO_COLOR")
	switch {
	case c.LogFormat == "json":
		return slog.NewJSONHandler(to, opts)
	case c.LogFormat == "auto" && w.terminal && !c.Quiet:
		return tint.NewTextHandler(to, &tint.Options{Level: level, TimeFormat: time.TimeOnly, NoColor: noColor})
	}
	return slog.NewTextHandler(to, opts)
}

// printf writes a line for people to stderr.
func (c *console) printf(format string, args ...any) { fmt.Fprintf(c.err, format+"\n", args...) }

func (c *console) errorf(format string, args ...any) { c.printf("pageferry: "+format, args...) }

// close lets go of what -q held back, unless the exit code says that nobody wants it.
func (c *console) close(code int) {
	c.err.status("")
	if code == ingest.ExitOK || code == ingest.ExitLocked {
		return
	}
	for _, h := range c.held {
		h.release()
	}
}

// heldWriter keeps what is written until it is released.
type heldWriter struct {
	mu      sync.Mutex
	buf     bytes.Buffer
	max     int
	dropped int
	to      io.Writer
}

func (h *heldWriter) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.buf.Len()+len(p) > h.max {
		h.dropped += len(p)
		return len(p), nil
	}
	return h.buf.Write(p)
}

func (h *heldWriter) release() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.to.Write(h.buf.Bytes())
	if h.dropped > 0 {
		fmt.Fprintf(h.to, "(%d more bytes were written; run without -q to see them)\n", h.dropped)
	}
}

// liveWriter writes lines above a status line that is redrawn below them.
type liveWriter struct {
	mu   sync.Mutex
	to   io.Writer
	line string
}

const clearLine = "\r\x1b[K"

func (l *liveWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.line == "" {
		return l.to.Write(p)
	}
	if _, err := fmt.Fprintf(l.to, "%s%s%s", clearLine, p, l.line); err != nil {
		return 0, err
	}
	return len(p), nil
}

// status shows a line until the next one; an empty one clears it.
func (l *liveWriter) status(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if line == l.line {
		return
	}
	l.line = line
	fmt.Fprint(l.to, clearLine, line)
}
