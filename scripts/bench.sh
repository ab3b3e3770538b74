#!/usr/bin/env bash
# Verify, then time. In one run, side by side: the engine alone beside a naive loop, OpenBLAS and the core's FMA peak; then
# Radial over HTTP beside the floor, a bare libmicrohttpd answerer that reads the same bodies and sends answers of the same size.
#   scripts/bench.sh [engine|http]      default: both
#   SECONDS_EACH=3 REPEATS=3 CONNECTIONS="1 16 64 256"
# Every figure is the median of REPEATS interleaved runs with one server thread and one wrk thread. Quote the ratios.
source "$(dirname "$0")/setup.sh"
install_packages wrk curl python3 libopenblas0-pthread gcc
part=${1:-all} seconds=${SECONDS_EACH:-3} repeats=${REPEATS:-3}
swift build -c release --static-swift-stdlib --product radial
swift build -c release --static-swift-stdlib --product radial-bench
bin=$(swift build -c release --static-swift-stdlib --show-bin-path)

if [ "$part" != http ]; then "$bin/radial-bench"; fi
[ "$part" = engine ] && exit 0

folder=$(mktemp -d)
servers=()
trap 'kill "${servers[@]}" 2>/dev/null || true; rm -rf "$folder"' EXIT
cc -O2 -o "$folder/floor" scripts/bench/floor.c -lmicrohttpd -lpthread

# A row of WIDTH six-digit numbers, seeded; and the wrk script that posts it.
make_body() {
  python3 - "$1" >"$folder/body-$1.json" <<'PYTHON'
import random, sys
random.seed(1)
print('{"instances":[[' + ",".join(f"{random.random():.6f}" for _ in range(int(sys.argv[1]))) + "]]}", end="")
PYTHON
  printf 'wrk.method = "POST"\nlocal file = io.open("%s", "rb")\nwrk.body = file:read("*a")\nfile:close()\n' \
    "$folder/body-$1.json" >"$folder/post-$1.lua"
}

# start_radial MODEL: sets url.
start_radial() {
  "$bin/radial" serve --port 0 --threads 1 --model "weights/$1.safetensors" >"$folder/out" 2>"$folder/err" &
  servers+=($!)
  for _ in $(seq 100); do grep -q ' at http' "$folder/out" && break; sleep 0.1; done
  url=$(sed -n 's/.* at \(http[^,]*\),.*/\1/p' "$folder/out")
  [ -n "$url" ] || { cat "$folder/err"; exit 1; }
}

# requests_per_second URL CONNECTIONS WIDTH; errors and answers other than 2xx end the benchmark.
requests_per_second() {
  wrk -t1 -c"$2" -d"${seconds}s" -s "$folder/post-$3.lua" "$1/predict" >"$folder/wrk"
  if grep -Eq 'Non-2xx|Socket errors' "$folder/wrk"; then cat "$folder/wrk" >&2; exit 1; fi
  awk '/Requests\/sec/ {print $2}' "$folder/wrk"
}

median() { sort -n | awk '{v[NR]=$1} END {print v[int((NR+1)/2)]}'; }

printf '\n%-24s %11s %14s %14s %7s\n' "one row, JSON" connections "floor req/s" "radial req/s" ratio
port=18080
for case in digits:784 example:100; do
  model=${case%%:*} width=${case##*:}
  make_body "$width"
  start_radial "$model"
  answer=$(curl -s -d @"$folder/body-$width.json" "$url/predict")
  [[ $answer == *'"predictions":[{"class":'* ]] || { echo "not an answer: $answer"; exit 1; }
  size=${#answer}
  port=$((port + 1))
  "$folder/floor" "$port" 1 "$size" &
  servers+=($!)
  sleep 0.3
  for connections in ${CONNECTIONS:-1 16 64 256}; do
    : >"$folder/floor.txt"; : >"$folder/radial.txt"
    for _ in $(seq "$repeats"); do
      requests_per_second "http://127.0.0.1:$port" "$connections" "$width" >>"$folder/floor.txt"
      requests_per_second "$url" "$connections" "$width" >>"$folder/radial.txt"
    done
    floor=$(median <"$folder/floor.txt") radial=$(median <"$folder/radial.txt")
    awk -v n="$width floats, $model" -v c="$connections" -v f="$floor" -v r="$radial" \
      'BEGIN {printf "%-24s %11d %14.0f %14.0f %7.2f\n", n, c, f, r, r/f}'
  done
done
