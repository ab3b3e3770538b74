#!/usr/bin/env bash
# `radial predict` over one million rows of 784 float32 (3 GB, written to a temporary folder and deleted): rows a second beside the
# engine's own limit, with one thread and with all cores, and the peak of resident memory.
#   ROWS=1000000 REPEATS=3 TMPDIR=/somewhere scripts/bench/predict.sh
# The engine's limit is radial-bench's figure for batches of 256 rows of that model on one thread, taken in the same run. Quote the ratios.
source "$(dirname "$0")/../setup.sh"
install_packages gcc python3
rows=${ROWS:-1000000} repeats=${REPEATS:-3}
swift build -c release --static-swift-stdlib --product radial
swift build -c release --static-swift-stdlib --product radial-bench
bin=$(swift build -c release --static-swift-stdlib --show-bin-path)

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
needed=$((rows * 784 * 4 / 1024 + 1048576))
free=$(df --output=avail -k "$folder" | tail -n 1)
[ "$free" -gt "$needed" ] || { echo "$folder has $free KiB free, $needed are needed; set TMPDIR" >&2; exit 1; }
cc -O2 -o "$folder/rows" scripts/bench/rows.c
"$folder/rows" "$rows" 784 >"$folder/rows.npy"

engine=$("$bin/radial-bench" 21 weights/digits.safetensors | awk '$1 == "digits" && $2 == 256 {printf "%.0f", $3}')
[ -n "$engine" ] || { echo "radial-bench: expected a line of digits with 256 rows, found none" >&2; exit 1; }

# measure ARGUMENT…: seconds and peak resident memory in MiB, of the fastest of the repeats.
measure() {
  python3 - "$repeats" "$bin/radial" predict weights/digits.safetensors "$folder/rows.npy" "$@" <<'PYTHON'
import os, subprocess, sys, time
best, peak = float("inf"), 0
for _ in range(int(sys.argv[1])):
    start = time.monotonic()
    with subprocess.Popen(sys.argv[2:], stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"exit code {process.returncode}")
    best, peak = min(best, time.monotonic() - start), max(peak, usage.ru_maxrss)
print(f"{best:.3f} {peak / 1024:.0f}")
PYTHON
}

printf '\n%d rows of 784 float32, %d MiB; the engine alone on one thread: %d rows/s\n' \
  "$rows" $((rows * 784 * 4 >> 20)) "$engine"
printf '%-32s %7s %10s %10s %18s %14s\n' output threads seconds rows/s "of threads x engine" "peak RSS, MiB"
for output in "csv" "jsonl" "jsonl --outputs none"; do
  for threads in 1 "$(nproc)"; do
    # shellcheck disable=SC2086
    read -r seconds peak < <(measure --threads "$threads" --output-format $output)
    awk -v o="$output" -v t="$threads" -v s="$seconds" -v p="$peak" -v n="$rows" -v e="$engine" \
      'BEGIN {printf "%-32s %7d %10.2f %10.0f %18.2f %14d\n", o, t, s, n/s, n/s/(t*e), p}'
  done
done
