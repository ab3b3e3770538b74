#!/usr/bin/env bash
# Reading and writing the numbers of JSON, verified, then timed.
source "$(dirname "$0")/../setup.sh"
install_packages "${build_packages[@]}"
mkdir -p .build/bench
clang++ -std=c++17 -O2 -ISources/JSONCore/include -ISources/DecimalNumber/include -o .build/bench/numbers \
  scripts/bench/numbers.cpp Sources/JSONCore/*.cpp Sources/DecimalNumber/*.cpp -lsimdjson
.build/bench/numbers
