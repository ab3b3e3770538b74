#!/usr/bin/env bash
# Sweeps exp and tanh over all 2^32 floats and prints their largest errors; takes some minutes on two cores.
source "$(dirname "$0")/setup.sh"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
clang -O2 -std=gnu17 -ISources/RadialKernels/include -o "$folder/sweep" scripts/sweep/sweep.c Sources/RadialKernels/kernels.c -lm -lpthread
"$folder/sweep"
