#!/usr/bin/env bash
# Makes sure that Heddle can be built here. Silent when nothing is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

die() { printf 'setup: %s\n' "$*" >&2; exit 1; }
say() { printf 'setup: %s\n' "$*" >&2; }

command -v go >/dev/null || die "Go is missing: install the version that go.mod names from https://go.dev/dl/"
need=$(awk '$1 == "go" { print $2 }' go.mod)
have=$(go env GOVERSION)
have=${have#go}
if [ "$(printf '%s\n%s\n' "$need" "$have" | sort -V | head -n 1)" != "$need" ]; then
  die "Go $have is too old: go.mod needs $need"
fi

# The package lists are fetched once, and only when something is missing.
can_install() { command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; }
listed=
install() {
  export DEBIAN_FRONTEND=noninteractive
  apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}
update() {
  [ -n "$listed" ] || apt-get update -qq || return 1
  listed=1
}

# The fast engine and the race detector need a C compiler.
if [ "${CGO_ENABLED:-1}" != 0 ] && ! command -v "$(go env CC)" >/dev/null; then
  can_install || die "no C compiler: install gcc or clang, or build with CGO_ENABLED=0"
  say "installing a C compiler"
  update
  install gcc libc6-dev
fi

# Code for GPUs needs LLVM's llc when it is compiled. The rest works without: the tests
# of GPU code are skipped then, so that a failure here is told and is not the end.
versions=(22 19 21 20 18 17 16 15 14)
has_llc() {
  local name
  for name in "${HEDDLE_LLC:-}" "${versions[@]/#/llc-}" llc; do
    # grep reads to the end, so that llc does not die of a closed pipe.
    if [ -n "$name" ] && command -v "$name" >/dev/null && "$name" --version 2>/dev/null | grep nvptx64 >/dev/null; then return 0; fi
  done
  return 1
}
install_llvm() {
  local version
  update || return 1
  for version in "${versions[@]}"; do
    if apt-cache show --no-all-versions "llvm-$version" >/dev/null 2>&1; then
      say "installing LLVM $version, for GPU code"
      install "llvm-$version"
      return
    fi
  done
  return 1
}
if ! has_llc && ! { can_install && install_llvm && has_llc; }; then
  say "no LLVM that makes PTX: GPU code cannot be compiled, and its tests are skipped."
  case "$(uname -s)" in
    Darwin) say "  to have it: brew install llvm, and set HEDDLE_LLC=\$(brew --prefix llvm)/bin/llc" ;;
    *) say "  to have it: install llvm-22 (or 14 to 21) of your distribution or of https://apt.llvm.org, or set HEDDLE_LLC to an llc" ;;
  esac
fi

# Fetches nothing when the cache has the modules.
go mod download
