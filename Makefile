# Heddle. `make help` lists the targets.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION)
TOOL    := $(GO) tool -modfile=tools/go.mod

# cgo gives wasmtime, the fast engine. CGO_ENABLED=0 builds with wazero alone.
export CGO_ENABLED ?= 1

# Packages whose goroutines share memory; `make test` runs those that exist
# under the race detector too.
RACE_PACKAGES ?= runtime/exec runtime/engine runtime/store runtime/device/cuda runtime/device/emulator runtime/device/memory internal/diag

SF       ?= 1
QUERIES  ?=
FLAGS    ?=
FUZZTIME ?= 60s
GPU_SF   ?= 10

.PHONY: help setup build demo test check fmt lint golden fuzz bench bench-duckdb ptxas gpu-binaries gpu-test gpu-bench clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-14s %s\n", $$1, $$2 }'

setup: ## install what is missing: a C compiler for cgo, LLVM for GPU code, and the Go modules
	@scripts/setup.sh

build: setup ## build bin/heddle
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/heddle ./cmd/heddle

demo: build ## make TPC-H data, compile and run queries, show a plan and timings
	@scripts/demo.sh

test: setup ## run every test, and the race detector where memory is shared
	@RACE_PACKAGES='$(RACE_PACKAGES)' scripts/test.sh

check: setup ## all that must hold before a change is proposed: format, vet, lint, test, tidy, clean tree
	@scripts/check.sh

fmt: ## format every Go file
	@git ls-files -z --cached --others --exclude-standard '*.go' | xargs -0 -r $(TOOL) gofumpt -w

lint: ## run the linters, which also know the layers of the architecture
	$(TOOL) golangci-lint run ./...

golden: setup ## rewrite the golden files; review the difference
	@scripts/golden.sh

fuzz: setup ## run every fuzz target for FUZZTIME=60s, one after the other
	@FUZZTIME='$(FUZZTIME)' scripts/fuzz.sh

bench: setup ## run the Go benchmarks
	$(GO) test -run '^$$' -bench . -benchmem ./...

bench-duckdb: setup ## compare with DuckDB on the same machine: SF=1 QUERIES=1,6 FLAGS='-threads 4'
	cd bench && $(GO) run . -sf $(SF) $(if $(QUERIES),-queries $(QUERIES)) $(FLAGS)

ptxas: ## fetch NVIDIA's ptxas, with which the tests assemble PTX; it is not shipped
	@scripts/ptxas.sh

gpu-binaries: setup ## build what gpu-test and gpu-bench need into bin/gpu and bin/gpu.tar.gz: GPU_SF=10
	@SF='$(GPU_SF)' scripts/gpu-binaries.sh

gpu-test: ## test on an NVIDIA GPU; without Go, with what is in bin/gpu or bin/gpu.tar.gz
	@SF='$(GPU_SF)' scripts/gpu-test.sh

gpu-bench: ## measure on an NVIDIA GPU, likewise: GPU_SF=10
	@SF='$(GPU_SF)' scripts/gpu-bench.sh

clean: ## delete what was built; data/ stays
	rm -rf bin dist
