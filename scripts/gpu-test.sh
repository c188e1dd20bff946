#!/usr/bin/env bash
# Tests on an NVIDIA GPU: the driver's conformance, and all queries against the CPU. It
# needs the GPU's driver and what gpu-binaries.sh has built, nothing else.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/gpu-tables.sh
gpu_binaries

log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=0
if [ "$DEVICE" = cuda ]; then
  echo "--- the driver"
  bin/gpu/cuda.test -test.run '^TestGPU$' -test.v 2>&1 | tee "$log" || failed=1
  # A test that is skipped where there is no GPU is no success here.
  if ! grep -q '^--- PASS: TestGPU' "$log"; then failed=1; fi
fi
echo "--- queries at SF $TEST_SF, on the GPU and on the CPU"
gpu_tables "$TEST_SF"
bin/gpu/gpubench check -device "$DEVICE" -data "$GPU_DATA" -bundles bin/gpu/bundles -sf "$TEST_SF" || failed=1
[ "$failed" = 0 ] && echo "--- passed" || echo "--- failed"
exit "$failed"
