#!/usr/bin/env bash
# Builds all that a machine with a GPU needs to test and to measure, which then needs
# neither Go nor LLVM: programs and bundles in bin/gpu, and bin/gpu.tar.gz of them to
# carry there. Tables are made for their layouts: SF (10 unless told otherwise) for
# gpu-bench, TEST_SF (0.1) for gpu-test.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/gpu-tables.sh

[ "$(uname -s)" = Linux ] || { echo "gpu-binaries: GPUs are used on Linux alone" >&2; exit 1; }
rm -rf bin/gpu/bundles bin/gpu/complete
mkdir -p bin/gpu
version=$(git describe --tags --always --dirty 2>/dev/null || echo unknown)
go build -trimpath -ldflags "-s -w -X main.version=$version" -o bin/gpu/heddle ./cmd/heddle
go build -trimpath -ldflags '-s -w' -o bin/gpu/gpubench ./cmd/gpubench
go test -c -trimpath -ldflags '-s -w' -o bin/gpu/cuda.test ./runtime/device/cuda

gpu_tables "$TEST_SF"
bin/gpu/gpubench build -data "$GPU_DATA" -bundles bin/gpu/bundles -sf "$TEST_SF" -sizes ''
gpu_tables "$SF"
for size in ${SIZES//,/ }; do gpu_tables "$size" lineitem; done
bin/gpu/gpubench build -data "$GPU_DATA" -bundles bin/gpu/bundles -sf "$SF" -sizes "$SIZES"

tar -C bin -czf bin/gpu.tar.gz gpu/heddle gpu/gpubench gpu/cuda.test gpu/bundles
touch bin/gpu/complete
du -h bin/gpu.tar.gz >&2
