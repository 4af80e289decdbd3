// Command pageferry ferries a help center into Intercom's Fin: it crawls the site of a config file, extracts the
// article of each page, and delivers what is new or changed. See README.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"github.com/pageferry/pageferry/ingest"
)

func main() { os.Exit(start()) }

// start connects the program to its process. After the first signal the default comes back, so that a second one ends
// the process at once; the ledger is made for that.
func start() int {
	ctx, restore := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer restore()
	context.AfterFunc(ctx, restore)
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200) // pages are short-lived garbage: a fifth less CPU for some megabytes
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(80 << 20) // a million URLs in the frontier must not be paid for three times over
	}
	return run(ctx, os.Args[1:], &world{program: os.Args[0], getenv: os.LookupEnv, stdout: os.Stdout, stderr: os.Stderr,
		terminal: term.IsTerminal(int(os.Stderr.Fd())), width: terminalWidth, stdin: os.Stdin,
		interactive: term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stderr.Fd()))})
}

func terminalWidth() int {
	w, _, err := term.GetSize(int(os.Stderr.Fd()))
	if err != nil || w <= 0 {
		return 80
	}
	return w
}

// world is what a command sees of the process.
type world struct {
	program  string // as it was called
	getenv   func(string) (string, bool)
	stdout   io.Writer
	stderr   io.Writer
	terminal bool       // stderr is one
	width    func() int // of the terminal, in columns

	stdin       io.Reader
	interactive bool // stdin and stderr are a terminal, so that a person can be asked
}

type cli struct {
	State      string `placeholder:"DIR" help:"Where ledgers, locks and the sandbox are kept. Default: $$PAGEFERRY_STATE, else .pageferry beside the config file."`
	LogFormat  string `enum:"auto,text,json" default:"auto" help:"auto, text or json. auto: coloured on a terminal, else text."`
	LogLevel   string `enum:"debug,info,warn,error" default:"info" help:"debug, info, warn or error."`
	Quiet      bool   `short:"q" help:"Print nothing when the exit code is 0 or 5."`
	NoProgress bool   `help:"No progress line."`

	Demo     demoCmd     `cmd:"" help:"Crawl the bundled help center into the sandbox, to see how it works."`
	Validate validateCmd `cmd:"" help:"Check configs. Fetches nothing."`
	Plan     planCmd     `cmd:"" help:"Dry run: what sync would do, page by page."`
	Sync     syncCmd     `cmd:"" help:"The cron job: crawl, compare, deliver what is new or changed."`
	Explain  explainCmd  `cmd:"" help:"Everything about one URL: scope, id, state, and what a run would make of it."`
	Status   statusCmd   `cmd:"" help:"Last runs, counts by outcome, failing and stale pages."`
	Check    checkCmd    `cmd:"" help:"Compare site, ledger and Fin; --repair rebuilds the ledger from what is in Fin."`
	Remove   removeCmd   `cmd:"" help:"Take pages out of Fin now and keep them out; asks first."`
	Sandbox  sandboxCmd  `cmd:"" help:"Serve the sandbox, a stand-in of Intercom's API that keeps what it is sent."`
	Version  versionCmd  `cmd:"" help:"Print the version."`
}

const exitHelp = `Exit codes:
    0  everything in scope is in Fin, unchanged, or skipped for a stated reason
    1  the run could not go on; the reason is printed
    2  usage or config wrong; nothing was started
    3  pages failed, are stale, or the run is incomplete; the rest is in
    4  something is held, or the result is implausible: a person must look
    5  another run holds the lock
  130  interrupted; run again to continue`

// exitError is an error that asks for an exit code of its own.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// run is the whole program as a function: it returns the exit code.
func run(ctx context.Context, args []string, w *world) int {
	var c cli
	helped := false
	parser, err := kong.New(&c, kong.Name("pageferry"), kong.Writers(w.stdout, w.stderr),
		kong.Description("Keeps Intercom's Fin fed with a company's help center.\n\nStart with: pageferry demo\n\n"+exitHelp),
		kong.Exit(func(int) { helped = true }), kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}))
	if err != nil {
		fmt.Fprintln(w.stderr, "pageferry:", err)
		return ingest.ExitStopped
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	kctx, err := parser.Parse(args)
	if helped {
		return ingest.ExitOK
	}
	if err != nil {
		fmt.Fprintf(w.stderr, "pageferry: %v\nRun `pageferry --help` to see what there is.\n", err)
		return ingest.ExitUsage
	}
	if c.State == "" {
		c.State, _ = w.getenv("PAGEFERRY_STATE")
	}
	out := newConsole(w, &c)
	err = kctx.Run(&runEnv{ctx: ctx, cli: &c, world: w, console: out})
	code := ingest.ExitOK
	var ee *exitError
	switch {
	case errors.As(err, &ee):
		code = ee.code
		if ee.err != nil {
			out.errorf("%v", ee.err)
		}
	case err != nil:
		code = ingest.ExitStopped
		out.errorf("%v", err)
	}
	out.close(code)
	return code
}

// runEnv is what kong hands to a command.
type runEnv struct {
	ctx     context.Context // of this one call; commands pass it on as their first parameter
	cli     *cli
	world   *world
	console *console
}
