#!/usr/bin/env bash
# Instructions a request, counted by callgrind, of two builds of the server side by side: the same on a noisy machine as on a quiet one.
#   scripts/bench/instructions.sh BEFORE AFTER      two radial binaries
# Each request is sent many times over one connection by a lone client to a server of one thread. What starting costs is taken off: the
# difference of a long run and a short one is divided by the difference of their requests. Valgrind knows no AVX-512: both run on AVX2. memset
# and memcpy are left out: valgrind counts their `rep stosb` and `rep movsb` as an instruction a byte, of which a processor does 32 in a cycle.
# Under it everything seems to take long: the budget is such that all is computed where it arrives, as it is without it.
source "$(dirname "$0")/../help.sh"
[ $# -eq 2 ] || { echo "expected two radial binaries, found $# arguments; see --help" >&2; exit 2; }
before=$(realpath "$1") after=$(realpath "$2")
source "$(dirname "$0")/../setup.sh"
install_packages valgrind python3 binutils
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 scripts/bench/bodies.py "$folder"
# Valgrind gives up on debugging information that it does not know.
strip -o "$folder/before" "$before"
strip -o "$folder/after" "$after"

# instructions BINARY MODEL CASE PATH: a request's instructions.
instructions() {
  local requests cleared total=() out="$folder/callgrind"
  for requests in "$5" "$6"; do
    RADIAL_ISA=avx2 python3 scripts/bench/instructions.py "$folder/$3" "$4" "$requests" \
      valgrind --tool=callgrind --callgrind-out-file="$out" "$1" serve --model "weights/$2.safetensors" --port 0 --threads 1 \
      --models-scan-interval 0 --inline-budget 10000 >&2
    cleared=$(callgrind_annotate --threshold=100 --auto=no "$out" | awk '/mem(set|cpy|move)/ {gsub(",", "", $1); sum += $1} END {print sum + 0}')
    total+=($(($(sed -n 's/^totals: //p' "$out") - cleared)))
  done
  echo $(((total[1] - total[0]) / ($6 - $5)))
}

printf '%-26s %12s %12s %8s\n' "" before after change
compare() {
  local title=$1 old new
  shift
  old=$(instructions "$folder/before" "$@")
  new=$(instructions "$folder/after" "$@")
  awk -v t="$title" -v o="$old" -v n="$new" 'BEGIN {printf "%-26s %12d %12d %+7.2f%%\n", t, o, n, (n / o - 1) * 100}'
}
compare "1 x 100, /predict" example predict-1-100 /predict 100 1100
compare "1 x 784, /predict" digits predict-1-784 /predict 100 1100
compare "64 x 784, /predict" digits predict-64-784 /predict 10 60
compare "1 x 784, infer binary" digits binary-1-784 /v2/models/digits/infer 100 1100
