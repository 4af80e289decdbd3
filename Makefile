# What a person and CI run. `make help` lists it.
SHELL := /bin/bash
GO    ?= go
BIN   := .build/pageferry
# Each fuzz target gets this long in `make check`.
FUZZTIME ?= 5s

.PHONY: help build demo test check fuzz bench clean

help:            ## this list
	@grep -E '^[a-z]+: .*##|^[a-z]+:  *##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 12

build:           ## build .build/pageferry
	@mkdir -p .build
	@CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN) ./cmd/pageferry

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
	@set -e; for pkg in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "fuzz $$pkg $$target"; \
	    $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1s $$pkg | tail -n 1; \
	  done; done

bench:           ## benchmarks of each stage and of the whole program
	$(GO) test -run '^$$' -bench . -benchmem ./...

clean:           ## remove what was built, and the demo's state
	rm -rf .build .pageferry
