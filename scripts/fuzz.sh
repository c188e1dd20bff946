#!/usr/bin/env bash
# Runs every fuzz target for FUZZTIME, one after the other; go test can run only
# one at a time. Inputs that fail are kept under testdata/fuzz of the package.
set -euo pipefail
cd "$(dirname "$0")/.."

time=${FUZZTIME:-60s}
count=0
failed=()
while IFS=: read -r file target; do
  dir=$(dirname "$file")
  count=$((count + 1))
  echo "--- $dir $target ($time)"
  # Minimising inputs that are merely interesting would eat most of the time.
  go test "./$dir" -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 20x || failed+=("$dir/$target")
done < <(git ls-files --cached --others --exclude-standard '*_test.go' |
  xargs -r grep -HoE '^func Fuzz[A-Za-z0-9_]+' | sed 's/:func /:/' | sort)

echo "--- $count targets, ${#failed[@]} failed"
if [ "${#failed[@]}" -gt 0 ]; then
  printf '%s\n' "${failed[@]}"
  exit 1
fi
