# What gpu-binaries.sh, gpu-test.sh and gpu-bench.sh have in common; they read it.
# shellcheck shell=bash
SF=${SF:-10}
TEST_SF=${TEST_SF:-0.1}
SIZES=${SIZES-0.001,0.003,0.01,0.03,0.1,0.3,1}
GPU_DATA=${GPU_DATA:-data/gpu}
# DEVICE=emulator goes through the same steps without a GPU; its times mean nothing.
DEVICE=${DEVICE:-cuda}

# gpu_tables makes the tables of a scale factor that are missing: all, or those named.
gpu_tables() {
  local scale=$1 table
  local dir=$GPU_DATA/sf$scale
  shift
  [ $# -gt 0 ] || set -- region nation supplier customer part partsupp orders lineitem
  for table; do
    [ -e "$dir/$table.htab" ] || bin/gpu/heddle gen tpch --sf "$scale" --format native --out "$dir" --table "$table" --progress none
  done
}

# gpu_binaries unpacks the archive if it is newer than what is there, and builds what is
# missing where Go is. The file "complete" says that nothing is missing.
gpu_binaries() {
  if [ -e bin/gpu.tar.gz ] && [ ! bin/gpu/complete -nt bin/gpu.tar.gz ]; then
    tar -C bin -xzf bin/gpu.tar.gz
    touch bin/gpu/complete
  fi
  if [ ! -e bin/gpu/complete ] && command -v go >/dev/null; then scripts/gpu-binaries.sh; fi
  [ -e bin/gpu/complete ] || {
    echo "bin/gpu is empty: run make gpu-binaries on a machine that has Go and LLVM, and bring bin/gpu.tar.gz" >&2
    exit 1
  }
}
