#!/usr/bin/env bash
# Rewrites the golden files. Packages with a flag of their own name it -update;
# those that use datadriven have -rewrite.
set -euo pipefail
cd "$(dirname "$0")/.."

packages() { # the directories of the test files that contain a text
  git ls-files --cached --others --exclude-standard '*_test.go' | xargs -r grep -lF "$1" | xargs -r -n 1 dirname | sort -u
}

for dir in $(packages 'flag.Bool("update"'); do go test "./$dir" -update; done
for dir in $(packages 'datadriven.RunTest'); do go test "./$dir" -rewrite; done
git --no-pager diff --stat
