#!/usr/bin/env bash
# Makes sure that Heddle can be built here. Silent when nothing is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

command -v go >/dev/null || die "Go is missing: install the version that go.mod names from https://go.dev/dl/"
need=$(awk '$1 == "go" { print $2 }' go.mod)
have=$(go env GOVERSION)
have=${have#go}
if [ "$(printf '%s\n%s\n' "$need" "$have" | sort -V | head -n 1)" != "$need" ]; then
  die "Go $have is too old: go.mod needs $need"
fi

# The fast engine and the race detector need a C compiler.
if [ "${CGO_ENABLED:-1}" != 0 ] && ! command -v "$(go env CC)" >/dev/null; then
  if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    echo "setup: installing a C compiler" >&2
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends gcc libc6-dev >/dev/null
  else
    die "no C compiler: install gcc or clang, or build with CGO_ENABLED=0"
  fi
fi

# Fetches nothing when the cache has the modules.
go mod download
