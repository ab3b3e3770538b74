#!/usr/bin/env bash
# Makes random small ONNX graphs, of sizes of one above all, and holds Radial's answers to ONNX Runtime's: each is served with these answers,
# or refused with a sentence. Fails where an answer is another, or the process ends otherwise; the graph and its rows are kept then.
#   scripts/graphs.sh [--graphs N] [--seed N] [--keep DIR]     N: 1,000 graphs of seed 1, about a minute; DIR: .build/graphs
# RADIAL names the binary; without it a release build is made.
source "$(dirname "$0")/help.sh"
graphs=1000 seed=1 kept=
while [ $# -gt 0 ]; do
  case "$1" in
    --graphs) graphs=${2:?expected a number of graphs}; shift 2 ;;
    --seed) seed=${2:?expected a number}; shift 2 ;;
    --keep) kept=$(realpath -m "${2:?expected a folder}"); shift 2 ;;
    *) print_help >&2; exit 2 ;;
  esac
done
source "$(dirname "$0")/setup.sh"
install_packages python3-venv
source scripts/environment.sh
virtual_environment scripts/graphs
source scripts/server.sh
find_radial
# shellcheck disable=SC2154  # set by server.sh and environment.sh
timeout 3600 "$python" scripts/graphs/graphs.py "$RADIAL" "$folder" "${kept:-.build/graphs}" "$graphs" "$seed"
