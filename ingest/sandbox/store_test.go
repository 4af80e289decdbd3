package sandbox_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pageferry/pageferry/ingest/sandbox"
)

func TestReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a #100% store?.db")
	store, err := sandbox.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	a := serve(t, store, sandbox.Options{})
	source := a.newSource("https://help.example.com/")
	created := a.do("POST", "/ai/external_pages", page(source, "x")).ok()
	workspace := store.WorkspaceID()
	if err := a.server.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("the store is not at its path: %v", err)
	}

	again := openStoreAt(t, path)
	if got := again.WorkspaceID(); got != workspace {
		t.Errorf("WorkspaceID = %q after reopening, %q before", got, workspace)
	}
	b := serve(t, again, sandbox.Options{})
	if diff := cmp.Diff(created, b.do("GET", pagePath(created), nil).ok()); diff != "" {
		t.Errorf("page after reopening (-before +after):\n%s", diff)
	}
}

func TestAnotherStoreIsAnotherWorkspace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sandbox.db")
	var ids []string
	for range 2 {
		store, err := sandbox.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, store.WorkspaceID())
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	if ids[0] == ids[1] {
		t.Errorf("a store that was deleted and made again has the same WorkspaceID %q", ids[0])
	}
}

func TestOpenRefuses(t *testing.T) {
	ctx := context.Background()
	write := func(t *testing.T, path string, statements ...string) {
		t.Helper()
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		for _, statement := range statements {
			if _, err := db.ExecContext(ctx, statement); err != nil {
				t.Fatal(err)
			}
		}
	}
	tests := []struct {
		name    string
		prepare func(t *testing.T, path string)
		want    string
	}{
		{"newer", func(t *testing.T, path string) {
			if err := openAndClose(path); err != nil {
				t.Fatal(err)
			}
			write(t, path, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)`)
		}, "a newer pageferry has written it (schema 999"},
		{"other database", func(t *testing.T, path string) {
			write(t, path, `CREATE TABLE pages (url TEXT)`)
		}, "not a sandbox store"},
		{"other application", func(t *testing.T, path string) {
			write(t, path, `PRAGMA application_id = 7`)
		}, "not a sandbox store"},
		{"no database", func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "not a database"},
		{"no directory", func(t *testing.T, path string) {
			if err := os.Remove(filepath.Dir(path)); err != nil {
				t.Fatal(err)
			}
		}, "open sandbox store"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "sub", "sandbox.db")
			if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			test.prepare(t, path)
			err := openAndClose(path)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("Open = %v, want an error with %q and the path", err, test.want)
			}
		})
	}
}

func openAndClose(path string) error {
	store, err := sandbox.Open(path)
	if err != nil {
		return err
	}
	return store.Close()
}

// TestOpenAtOnce: runs of two sites may create the sandbox's store at the same moment.
func TestOpenAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sandbox.db")
	ids := make([]string, 8)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			store, err := sandbox.Open(path)
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := store.AddSource(t.Context(), "https://help.example.com/", "api"); err != nil {
				t.Error(err)
			}
			ids[i] = store.WorkspaceID()
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Errorf("workspace ids differ: %q", ids)
			break
		}
	}
	sources, err := openStoreAt(t, path).Sources(t.Context())
	if err != nil || len(sources) != len(ids) {
		t.Errorf("Sources = %d of them, %v; want %d", len(sources), err, len(ids))
	}
}

func TestPages(t *testing.T) {
	a := newAPI(t)
	source, other := a.newSource("https://help.example.com/"), a.newSource("https://docs.example.com/")
	for i := range 250 {
		a.do("POST", "/ai/external_pages", page([]int64{source, other}[i%5/4], fmt.Sprint(i))).ok()
	}
	count := func(sourceID int64) (n int) {
		last := int64(0)
		for p, err := range a.store.Pages(t.Context(), sourceID) {
			if err != nil {
				t.Fatal(err)
			}
			if p.ID <= last || p.HTML == "" || sourceID != 0 && p.SourceID != sourceID {
				t.Fatalf("page after %d: %+v", last, p)
			}
			last = p.ID
			n++
		}
		return n
	}
	for id, want := range map[int64]int{0: 250, source: 200, other: 50, 1: 0} {
		if got := count(id); got != want {
			t.Errorf("Pages of source %d yields %d, want %d", id, got, want)
		}
	}
	for p, err := range a.store.Pages(t.Context(), other) {
		if err != nil {
			t.Fatal(err)
		}
		a.do("DELETE", fmt.Sprintf("/ai/external_pages/%d", p.ID), nil).ok() // nothing is locked meanwhile
	}
	if got := count(0); got != 200 {
		t.Errorf("%d pages after deleting those of one source, want 200", got)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range a.store.Pages(ended, 0) {
		if err == nil {
			t.Error("Pages yields pages under an ended context")
		}
	}
}

// TestTheShellCanRead: the tables are for people with the sqlite3 shell, an older SQLite than the one linked in.
func TestTheShellCanRead(t *testing.T) {
	shell, err := exec.LookPath("sqlite3")
	if err != nil {
		t.Skip("no sqlite3 shell")
	}
	path := filepath.Join(t.TempDir(), "sandbox.db")
	a := serve(t, openStoreAt(t, path), sandbox.Options{})
	a.do("POST", "/ai/external_pages", page(a.newSource("https://help.example.com/"), "x")).ok()
	const query = `SELECT title, s.url, ai_agent_availability FROM external_pages AS p
		JOIN content_import_sources AS s ON s.id = p.source_id; PRAGMA integrity_check`
	out, err := exec.Command(shell, "-readonly", path, query).CombinedOutput()
	if want := "Title of x|https://help.example.com/|0\nok\n"; err != nil || string(out) != want {
		t.Errorf("sqlite3 = %q, %v; want %q", out, err, want)
	}
}

// serveForKill makes this test binary serve the store in the file it names until it is killed.
const serveForKill = "PAGEFERRY_SANDBOX_SERVE"

func TestMain(m *testing.M) {
	if path := os.Getenv(serveForKill); path != "" {
		if err := serveUntilKilled(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// serveUntilKilled prints the URL and serves until its standard input ends, which it does with the parent.
func serveUntilKilled(path string) error {
	store, err := sandbox.Open(path)
	if err != nil {
		return err
	}
	server, err := sandbox.Serve(store, sandbox.Options{Token: token}, "")
	if err != nil {
		return err
	}
	fmt.Println(server.URL)
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// TestAnsweredSurvivesKill: what was answered is there after the process was killed with no chance to write anything.
func TestAnsweredSurvivesKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sandbox.db")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serveForKill+"="+path)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	url, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	a := newAPI(t) // for its client and headers; the requests go to the other process
	url = strings.TrimSpace(url)
	create := object{"sync_behavior": "api", "url": "https://help.example.com/"}
	source := a.do("POST", url+sourcesPath, create).ok().number("id")

	answered := make(chan string, 10_000)
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range cap(answered) / 4 {
				id := fmt.Sprintf("%d-%d", w, i)
				r, err := a.send("POST", url+"/ai/external_pages", page(source, id))
				if err != nil {
					return // the process is gone
				}
				if r.status != 200 {
					t.Errorf("POST: %d %s", r.status, r.body)
					return
				}
				answered <- id
				if w == 0 && i == 100 {
					if err := cmd.Process.Kill(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	close(answered)
	if err := cmd.Wait(); err == nil {
		t.Error("the process ended by itself")
	}

	stored := map[string]bool{}
	for p, err := range openStoreAt(t, path).Pages(t.Context(), source) {
		if err != nil {
			t.Fatal(err)
		}
		stored[p.ExternalID] = true
	}
	n := 0
	for id := range answered {
		n++
		if !stored[id] {
			t.Errorf("page %s was answered and is lost", id)
		}
	}
	if n < 100 || len(stored) > n+4 {
		t.Errorf("%d answered, %d stored: at most the 4 in flight may differ", n, len(stored))
	}
}
