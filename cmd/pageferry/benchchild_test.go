package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Values of asChild that make the test binary one of the servers of a benchmark. They run as processes of their own, so
// that what they cost is not counted.
const (
	asBenchSite = "site"
	asBenchSink = "sink"
)

const (
	benchPages = "PAGEFERRY_BENCH_PAGES" // how many pages the site has
	// goroutinesFile names a file in which the program notes, when it ends, how many goroutines it had at the most.
	goroutinesFile = "PAGEFERRY_TEST_GOROUTINES"
	sampleEvery    = 5 * time.Millisecond
	// profileFile names a file for a CPU profile of the program, which `make pgo` turns into cpu.pgo.
	profileFile = "PAGEFERRY_TEST_CPUPROFILE"
)

// sampled runs the program and notes the largest number of its goroutines in a file.
func sampled(file string, program func() int) int {
	end, most := make(chan struct{}), make(chan int)
	go func() {
		tick := time.NewTicker(sampleEvery)
		defer tick.Stop()
		n := 0
		for {
			n = max(n, runtime.NumGoroutine()-1) // without this one
			select {
			case <-end:
				most <- n
				return
			case <-tick.C:
			}
		}
	}()
	code := profiled(os.Getenv(profileFile), program)
	close(end)
	if err := os.WriteFile(file, []byte(strconv.Itoa(<-most)), 0o600); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// profiled runs the program and, if file is not empty, writes a CPU profile of it there.
func profiled(file string, program func() int) int {
	if file == "" {
		return program()
	}
	f, err := os.Create(file)
	if err == nil {
		err = pprof.StartCPUProfile(f)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := program()
	pprof.StopCPUProfile()
	if err := f.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// serveBench serves h on a free loopback port, prints its address, and ends when stdin does: with the process that
// started it, however that ends.
func serveBench(h http.Handler) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	go http.Serve(l, h) //nolint:errcheck // it ends with the process
	fmt.Println("http://" + l.Addr().String())
	io.Copy(io.Discard, os.Stdin) //nolint:errcheck // any end is the end
	return 0
}

// benchSitePages is how many pages the site of this process has.
func benchSitePages() int {
	n, err := strconv.Atoi(os.Getenv(benchPages))
	if err != nil || n < 1 {
		return 10_000
	}
	return n
}

// startServer starts a server process and returns its address.
func startServer(b *testing.B, kind string, pages int) string {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asChild+"="+kind, benchPages+"="+strconv.Itoa(pages))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			b.Errorf("%s: %v", kind, err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatalf("%s: %v", kind, err)
	}
	return strings.TrimSpace(line)
}

const (
	benchFetchers   = 8
	benchDeliverers = 16
	benchToken      = "PAGEFERRY_TEST_TOKEN"
)

// bench is a site, an API to deliver to, and a config for both.
type bench struct {
	site, sink, config string
}

func newBench(b *testing.B, pages int) *bench {
	b.Helper()
	f := &bench{site: startServer(b, asBenchSite, pages), sink: startServer(b, asBenchSink, pages), config: filepath.Join(b.TempDir(), "bench.yaml")}
	yaml := fmt.Sprintf("site: bench\nstart: [%s%s]\nfetch: {allow_private: true, rate: 0, concurrency: %d}\n"+
		"target: {kind: intercom, base_url: %s, token_env: %s, concurrency: %d}\n", f.site, benchHome, benchFetchers, f.sink, benchToken, benchDeliverers)
	if err := os.WriteFile(f.config, []byte(yaml), 0o600); err != nil {
		b.Fatal(err)
	}
	return f
}

// readCounts reads the counts of a server, which begin anew.
func readCounts[T any](b *testing.B, url string) (c T) {
	b.Helper()
	resp, err := http.Get(url)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&c); err != nil {
		b.Fatal(err)
	}
	return c
}
