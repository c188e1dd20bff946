#!/usr/bin/env bash
# What must hold before a change is proposed. Each step runs, also after one has
# failed, so that one run tells everything.
set -euo pipefail
cd "$(dirname "$0")/.."

failed=()
step() {
  local name=$1
  shift
  echo "--- $name"
  "$@" || failed+=("$name")
}

tool() { go tool -modfile=tools/go.mod "$@"; }

formatted() {
  local files
  files=$(git ls-files -z '*.go' | xargs -0 -r go tool -modfile=tools/go.mod gofumpt -l)
  [ -z "$files" ] || { printf 'make fmt would change:\n%s\n' "$files"; return 1; }
}

clean() {
  local changed
  changed=$(git status --porcelain)
  [ -z "$changed" ] || { printf 'not committed:\n%s\n' "$changed"; return 1; }
}

step format formatted
step vet go vet ./...
step lint tool golangci-lint run ./...
step test make --no-print-directory test
step tidy go mod tidy -diff
step "clean tree" clean

if [ "${#failed[@]}" -gt 0 ]; then
  printf 'check failed:'
  printf ' [%s]' "${failed[@]}"
  printf '\n'
  exit 1
fi
echo "check passed"
