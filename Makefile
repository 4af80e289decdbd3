# What a person and CI run. `make help` lists it.
SHELL := /bin/bash
GO    ?= go
BIN   := .build/pageferry
# Each fuzz target gets this long in `make check`.
FUZZTIME ?= 5s
# Each stage is measured for this long in `make bench`, and the whole program on a site of so many pages.
BENCHTIME ?= 1s
PAGES     ?= 10000
# Where the public suites are. They belong to others, so they are no part of this repository.
CONFORMANCE ?= $(wildcard ../shared/conformance)

.PHONY: help build demo test check fuzz conformance bench pgo clean

help:            ## this list
	@grep -E '^[a-z]+: .*##|^[a-z]+:  *##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 12

build:           ## build .build/pageferry
	@mkdir -p .build
	@echo "building $(BIN) (the first time takes some minutes)"
	@CGO_ENABLED=0 $(GO) build -trimpath -pgo=cmd/pageferry/cpu.pgo -o $(BIN) ./cmd/pageferry

demo: build      ## crawl the bundled help center into the sandbox
	@$(BIN) demo

test:            ## all tests; needs only Go, git and make
	CGO_ENABLED=0 $(GO) test ./...

check:           ## the whole gate: format, vet, staticcheck, tidy, race tests, short fuzzing
	@test -z "$$(gofmt -l .)" || { echo "gofmt wants to change:"; gofmt -l .; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) mod tidy -diff
	$(GO) test -race ./...
	@$(MAKE) --no-print-directory fuzz

fuzz:            ## each fuzz target for $(FUZZTIME)
	@set -eo pipefail; for pkg in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "fuzz $$pkg $$target"; \
	    $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1s $$pkg | tail -n 1; \
	  done; done

conformance:     ## the public suites of robots.txt, URLs and sitemaps, where they lie in ../shared/conformance
	@test -n "$(CONFORMANCE)" || { echo "no suites in ../shared/conformance: nothing is run"; exit 0; }; \
	mkdir -p .build; set -o pipefail; \
	PAGEFERRY_CONFORMANCE="$(abspath $(CONFORMANCE))" CGO_ENABLED=0 $(GO) test -count=1 -run '^TestConformance' -v ./... > .build/conformance.txt 2>&1 \
	  && sed -nE 's/^ +conformance_[a-z]+_test\.go:[0-9]+: ([a-z_]+(\.json)?: [0-9]+ of .*)/\1/p' .build/conformance.txt \
	  || { grep -vE '^=== |^ *--- PASS|no test files|no tests to run' .build/conformance.txt; exit 1; }

# The raw figures stay in .build/bench.txt. To compare two commits, measure them in turns, so that what else the machine
# does falls on both, and let benchstat say which differences are more than noise:
#	git worktree add ../old COMMIT
#	for round in 1 2 3 4 5 6; do
#	  make -C ../old bench && cat ../old/.build/bench.txt >> /tmp/old.txt
#	  make bench && cat .build/bench.txt >> /tmp/new.txt
#	done
#	go run golang.org/x/perf/cmd/benchstat@latest /tmp/old.txt /tmp/new.txt
bench:           ## benchmarks of each stage and of the whole program, as a table; about two minutes
	@mkdir -p .build
	@{ CGO_ENABLED=0 $(GO) test -run '^$$' -bench . -skip '^BenchmarkProgram$$' -benchmem -benchtime $(BENCHTIME) ./... && \
	  PAGEFERRY_BENCH_PAGES=$(PAGES) CGO_ENABLED=0 $(GO) test -run '^$$' -bench '^BenchmarkProgram$$' -benchtime 1x ./cmd/pageferry; } \
	  > .build/bench.txt 2>&1 || { cat .build/bench.txt; exit 1; }
	@awk -f .ci/bench.awk .build/bench.txt

# The profile is not called default.pgo: tests would be built with it too, and take twice as long to build.
pgo:             ## renew cmd/pageferry/cpu.pgo, the profile that the compiler optimizes `make build` for
	PAGEFERRY_TEST_CPUPROFILE=$(CURDIR)/cmd/pageferry/cpu.pgo CGO_ENABLED=0 $(GO) test -run '^$$' -bench '^BenchmarkProgram$$/^cold$$' -benchtime 1x ./cmd/pageferry

clean:           ## remove what was built, and the demo's state
	rm -rf .build .pageferry
