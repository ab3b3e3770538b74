#!/usr/bin/env bash
# Reading and writing the numbers of JSON, verified, then timed: the smallest of many passes.
#   scripts/bench/numbers.sh [PASSES]      default: 2000
source "$(dirname "$0")/../setup.sh"
install_packages "${build_packages[@]}"
source scripts/bench/programs.sh
build_programs numbers
"$programs/numbers" "$@"
