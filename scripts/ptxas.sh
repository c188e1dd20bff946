#!/usr/bin/env bash
# Fetches NVIDIA's assembler of PTX, which the tests of GPU code use where it is: out
# of the PyPI wheel nvidia-cuda-nvcc, under NVIDIA's licence, into a directory that git
# ignores. Heddle itself neither needs nor ships it. Prints where it is.
set -euo pipefail
cd "$(dirname "$0")/.."

# The golden registers and spills are those of this version.
version=13.0.88
case "$(uname -s)-$(uname -m)" in
  Linux-x86_64)
    wheel=nvidia_cuda_nvcc-$version-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl
    sum=56fe502eb77625a12f25172caa3cdddb4e4c8ba2c8c17dba44b164761b380f03
    ;;
  Linux-aarch64)
    wheel=nvidia_cuda_nvcc-$version-py3-none-manylinux2014_aarch64.manylinux_2_17_aarch64.whl
    sum=c7ff28f86a24effdc6c034fa15230c549a273e4771b10a7fec14996f8cf3307f
    ;;
  *)
    echo "ptxas: NVIDIA has none for $(uname -s) on $(uname -m)" >&2
    exit 1
    ;;
esac

dir=.cache/ptxas
if [ -x "$dir/ptxas" ] && [ "$(cat "$dir/version" 2>/dev/null)" = "$version" ]; then
  echo "$PWD/$dir/ptxas"
  exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo "ptxas: fetching $wheel (37 MB)" >&2
python=$(command -v python3 || true)
if [ -n "$python" ] && "$python" -m pip --version >/dev/null 2>&1; then
  "$python" -m pip download -q --no-deps --only-binary=:all: --dest "$work" "nvidia-cuda-nvcc==$version" >&2
elif command -v curl >/dev/null; then
  index=$(curl -fsSL -H 'Accept: text/html' https://pypi.org/simple/nvidia-cuda-nvcc/)
  # Without grep's early end: a closed pipe would be an error.
  address=$(sed -n "s|.*href=\"\([^\"#]*/$wheel\)[#\"].*|\1|p" <<<"$index")
  [ -n "$address" ] || { echo "ptxas: the index has no $wheel" >&2; exit 1; }
  curl -fsSL -o "$work/$wheel" "$address"
else
  echo "ptxas: neither pip nor curl is here to fetch it" >&2
  exit 1
fi
[ -e "$work/$wheel" ] || { echo "ptxas: the index gave another file than $wheel" >&2; exit 1; }
echo "$sum  $work/$wheel" | sha256sum --check --status || {
  echo "ptxas: $wheel is not the file that it should be" >&2
  exit 1
}

inside=nvidia/cu13/bin/ptxas
if command -v unzip >/dev/null; then
  unzip -q -o "$work/$wheel" "$inside" -d "$work"
elif [ -n "$python" ]; then
  "$python" -c 'import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extract(sys.argv[2], sys.argv[3])' "$work/$wheel" "$inside" "$work"
else
  echo "ptxas: neither unzip nor Python is here to unpack it" >&2
  exit 1
fi
chmod +x "$work/$inside"
mkdir -p "$dir"
mv "$work/$inside" "$dir/ptxas"
echo "$version" >"$dir/version"
echo "$PWD/$dir/ptxas"
