#!/usr/bin/env bash
# Every test, then the packages of RACE_PACKAGES under the race detector.
set -euo pipefail
cd "$(dirname "$0")/.."

log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=0
start=$SECONDS

go test -timeout 30m "$@" ./... 2>&1 | tee -a "$log" || failed=1

race=()
for package in ${RACE_PACKAGES:-}; do
  if compgen -G "$package/*_test.go" >/dev/null; then race+=("./$package/..."); fi
done
if [ "${#race[@]}" -gt 0 ]; then
  if [ "$(go env CGO_ENABLED)" = 1 ]; then
    echo "--- with the race detector: ${race[*]}"
    go test -race -timeout 30m "$@" "${race[@]}" 2>&1 | tee -a "$log" || failed=1
  else
    echo "--- no race detector without cgo"
  fi
fi

ok=$(grep -c '^ok ' "$log" || true)
bad=$(grep -c '^FAIL[[:space:]]' "$log" || true)
echo "--- $ok passed, $bad failed, $((SECONDS - start)) s"
grep '^FAIL[[:space:]]' "$log" || true
exit "$failed"
