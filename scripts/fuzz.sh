#!/usr/bin/env bash
# Feeds a reader with what libFuzzer thinks of, under the address sanitizer, beginning with the corpus in Tests/FuzzTargetsTests/Corpus.
#   scripts/fuzz.sh TARGET SECONDS [OPTION…]
# TARGET is json, zip, hdf5, safetensors, npy or csv. Options, such as -jobs=2 or -seed=1, are libFuzzer's.
# New inputs are kept in .build-fuzzer/found/TARGET, where the next run begins with them too. What breaks a reader is written to
# .build-fuzzer/broken/TARGET and ends the run with a failure: mend the reader, then put the input into the corpus.
source "$(dirname "$0")/help.sh"
[ $# -ge 2 ] || { print_help >&2; exit 2; }
target=$1 seconds=$2
shift 2
source "$(dirname "$0")/setup.sh"
corpus=Tests/FuzzTargetsTests/Corpus/$target
[[ "$target" =~ ^[a-z0-9]+$ ]] && [ -d "$corpus" ] ||
  { echo "TARGET: expected one of $(cd Tests/FuzzTargetsTests/Corpus && echo *), found '$target'" >&2; exit 2; }
[[ "$seconds" =~ ^[1-9][0-9]*$ ]] || { echo "SECONDS: expected a whole number from 1, found '$seconds'" >&2; exit 2; }

build=.build-fuzzer
# Not by two --sanitize, of which the Swift compiler would heed one alone.
swift build -c release --scratch-path $build --product FuzzTargets -Xswiftc -sanitize=fuzzer,address \
  -Xcc -fsanitize=fuzzer-no-link,address -Xcxx -fsanitize=fuzzer-no-link,address
library=$(swift build -c release --scratch-path $build --show-bin-path)/libFuzzTargets.a
# Not gold, the default: it warns of each of the sanitizer's own functions.
swiftc -use-ld=lld -sanitize=fuzzer,address -o $build/fuzz -Xlinker --whole-archive "$library" -Xlinker --no-whole-archive \
  -lz -lnettle -lsimdjson -lstdc++ -lm

found=$build/found/$target broken=$build/broken/$target
mkdir -p "$found" "$broken"
export RADIAL_FUZZ_TARGET=$target
# Leaks at exit are the runtime's own. An allocation that fails must be refused as any other input is.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0:allocator_may_return_null=1}
# The sanitizer tells where it was; Swift's own report would tell it again.
export SWIFT_BACKTRACE=enable=no
# Without instrumentation no input is more interesting than another, and a run would find nothing and say nothing.
replay=$($build/fuzz -runs=0 "$corpus/read" "$corpus/refused" 2>&1) && kept=$(sed -n 's/.*INITED.*corp: \([0-9]*\).*/\1/p' <<<"$replay") &&
  [ "${kept:-0}" -gt 1 ] || { echo "$replay" >&2; echo "expected a corpus of several inputs, that the readers survive" >&2; exit 1; }
# Two gigabytes and ten seconds for an input of at most 64 KiB are far beyond what any reader may take.
exec $build/fuzz -max_total_time="$seconds" -max_len=65536 -rss_limit_mb=2048 -timeout=10 -artifact_prefix="$broken/" \
  -print_final_stats=1 "$found" "$corpus/read" "$corpus/refused" "$@"
