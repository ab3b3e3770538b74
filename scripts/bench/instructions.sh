#!/usr/bin/env bash
# Instructions a request, counted by callgrind: the same on a noisy machine as on a quiet one.
#   scripts/bench/instructions.sh BEFORE AFTER      two radial binaries side by side
#   scripts/bench/instructions.sh --check           this state of the code beside what scripts/bench/instructions.tsv has of an earlier one: fails
#                                                   where a request takes 3 % more
#   scripts/bench/instructions.sh --record          writes that file
# Each request is sent many times over one connection by a lone client to a server of one thread. What starting costs is taken off: the
# difference of a long run and a short one is divided by the difference of their requests. Valgrind knows no AVX-512: both run on AVX2. memset
# and memcpy are left out: valgrind counts their `rep stosb` and `rep movsb` as an instruction a byte, of which a processor does 32 in a cycle.
# Under it everything seems to take long: the budget is such that all is computed where it arrives, as it is without it.
source "$(dirname "$0")/../help.sh"
case "$*" in
  --check | --record) mode=$1 ;;
  *)
    [ $# -eq 2 ] || { echo "expected two radial binaries, --check or --record, found $# arguments; see --help" >&2; exit 2; }
    mode=both before=$(realpath "$1") after=$(realpath "$2")
    ;;
esac
source "$(dirname "$0")/../setup.sh"
install_packages valgrind python3 binutils
if [ $mode != both ]; then
  swift build -c release --static-swift-stdlib --product radial
  after=$(swift build -c release --static-swift-stdlib --show-bin-path)/radial
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 scripts/bench/bodies.py "$folder"
# Valgrind gives up on debugging information that it does not know.
[ $mode != both ] || strip -o "$folder/before" "$before"
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

record=scripts/bench/instructions.tsv is_dearer=
[ $mode != --record ] || : >$record
printf '%-26s %12s %12s %8s\n' "" before after change
compare() {
  local title=$1 old new
  shift
  new=$(instructions "$folder/after" "$@")
  case $mode in
    both) old=$(instructions "$folder/before" "$@") ;;
    --check) old=$(awk -F '\t' -v t="$title" '$1 == t {print $2}' $record) ;;
    --record) old=$new && printf '%s\t%s\n' "$title" "$new" >>$record ;;
  esac
  awk -v t="$title" -v o="$old" -v n="$new" 'BEGIN {printf "%-26s %12d %12d %+7.2f%%\n", t, o, n, (n / o - 1) * 100; exit n > o * 1.03}' || is_dearer=yes
}
compare "1 x 100, /predict" example predict-1-100 /predict 100 1100
compare "1 x 784, /predict" digits predict-1-784 /predict 100 1100
compare "1 image, :predict" digits image-1-784 /v1/models/digits:predict 100 1100
compare "64 x 784, /predict" digits predict-64-784 /predict 10 60
compare "1 x 784, infer JSON" digits json-1-784 /v2/models/digits/infer 100 1100
compare "1 x 784, infer binary" digits binary-1-784 /v2/models/digits/infer 100 1100
if [ $mode = --check ] && [ -n "$is_dearer" ]; then
  echo "a request takes over 3 % more instructions than recorded; mend it, or say why and run scripts/bench/instructions.sh --record" >&2
  exit 1
fi
