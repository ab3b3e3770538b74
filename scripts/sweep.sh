#!/bin/sh
# Measures exp and tanh of the kernels at every float; some minutes on one core.
set -eu
cd "$(dirname "$0")/.."
program=$(mktemp)
trap 'rm -f "$program"' EXIT
"${CC:-clang}" -std=c17 -O2 -Wall -Wextra -Werror -I Sources/RadialKernels/include \
  scripts/sweep/main.c Sources/RadialKernels/*.c -lm -o "$program"
"$program"
