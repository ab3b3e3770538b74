#!/usr/bin/env bash
# What callers with ordinary rights can do to the others, of each of the builds that are given, one after the other:
#   scripts/bench/overload.sh [RADIAL…]      by default a release build of this tree
# large     four callers send the worst of large requests without pause; how long /livez and a row of 784 take meanwhile
# unread    six callers ask for 85 MB each and do not read; resident memory before, at most, and ten seconds later
# promised  540 connections promise a megabyte each and send a byte; how long other bodies are refused
# patience  300 callers of a 117 MB model give up after 5 s and come again; rows/s answered in each 6 s, beside 16 that wait
# turns     30 callers keep that model busy; how long 1,000 rows of the default model take
source "$(dirname "$0")/../setup.sh"
install_packages python3
if [ $# -eq 0 ]; then
  swift build -c release --product radial
  set -- "$(swift build -c release --show-bin-path)/radial"
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 scripts/bench/overload.py models "$folder"
for binary in "$@"; do
  echo "== $("$binary" version) ($binary)"
  for case in large unread promised patience turns; do
    python3 scripts/bench/overload.py "$case" "$folder" "$binary"
  done
done
