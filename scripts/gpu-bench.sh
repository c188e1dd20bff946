#!/usr/bin/env bash
# Measures on an NVIDIA GPU, at SF (10 unless told otherwise), and compares with CuPy or
# PyTorch where Python has one of them. It needs the GPU's driver and what
# gpu-binaries.sh has built, nothing else. Figures go to OUT (bin/gpu/results) as text
# and as JSON.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/gpu-tables.sh
gpu_binaries

results=${OUT:-bin/gpu/results}
mkdir -p "$results"
gpu_tables "$SF"
for size in ${SIZES//,/ }; do gpu_tables "$size" lineitem; done
bin/gpu/gpubench run -device "$DEVICE" -data "$GPU_DATA" -bundles bin/gpu/bundles -sf "$SF" -sizes "$SIZES" -runs "${RUNS:-5}" \
  -json "$results/heddle.json" | tee "$results/heddle.txt"

echo
if command -v python3 >/dev/null; then
  python3 scripts/gpu-compare.py --sf "$SF" --runs "${RUNS:-5}" --json "$results/compare.json" | tee "$results/compare.txt"
else
  echo "no comparison with CuPy or PyTorch: there is no python3"
fi
