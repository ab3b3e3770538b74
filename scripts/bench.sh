#!/usr/bin/env bash
# Verify, then time. In one run, side by side: the engine alone beside a naive loop, OpenBLAS and the core's FMA peak; then
# Radial over HTTP beside the floor, a bare libmicrohttpd answerer that reads the same bodies and sends answers of the same size.
#   scripts/bench.sh [engine|http|tensors]      default: all
#   SECONDS_EACH=3 REPEATS=3 CONNECTIONS="1 16 64 256" TENSOR_CONNECTIONS="16 64"
# http: one JSON row, POST /predict. tensors: one row, an image's too, by TensorFlow Serving's protocol; one row and batches of 64 rows of 784, as JSON to /predict, as JSON and as binary to the Open
# Inference Protocol. Every figure is the median of REPEATS interleaved runs with one server thread and one wrk thread, each on a core of its
# own where there are two. Quote the ratios.
# What is compared: the floor reads the same bytes of a request, discards them, and sends as many bytes as Radial answers, headers included
# (for binary: the JSON, the numbers behind it and Inference-Header-Content-Length). The engine's time is Radial's own measure of the same
# runs, a row's share of its batch. Aims: one binary row, ratio >= 0.6; 64 binary rows, time / (floor + engine) <= 1.25.
source "$(dirname "$0")/setup.sh"
install_packages wrk curl python3 libopenblas0-pthread gcc
part=${1:-all} seconds=${SECONDS_EACH:-3} repeats=${REPEATS:-3}
swift build -c release --static-swift-stdlib --product radial
swift build -c release --static-swift-stdlib --product radial-bench
bin=$(swift build -c release --static-swift-stdlib --show-bin-path)

case $part in all | engine) "$bin/radial-bench" ;; esac
[ "$part" = engine ] && exit 0

source scripts/server.sh
cc -O2 -o "$folder/floor" scripts/bench/floor.c -lmicrohttpd -lpthread
RADIAL=$bin/radial
on_server_core=() on_client_core=()
[ "$(nproc)" -ge 2 ] && on_server_core=(taskset -c 0) on_client_core=(taskset -c 1)
python3 scripts/bench/bodies.py "$folder"

# start_server MODEL: Radial on its core; sets url.
start_server() {
  start_radial --threads 1 --model "weights/$1.safetensors"
  [ ${#on_server_core[@]} -eq 0 ] || taskset -acp 0 "$server" >/dev/null
}

port=18080
# start_floor BYTES: the floor on its core, which answers so many bytes; sets floor_url.
start_floor() {
  port=$((port + 1))
  "${on_server_core[@]}" "$folder/floor" "$port" 1 "$1" &
  servers+=($!)
  floor_url=http://127.0.0.1:$port
  sleep 0.3
}

# requests_per_second URL CONNECTIONS CASE; errors and answers other than 2xx end the benchmark.
requests_per_second() {
  "${on_client_core[@]}" wrk -t1 -c"$2" -d"${seconds}s" -s "$folder/$3.lua" "$1" >"$folder/wrk"
  if grep -Eq 'Non-2xx|Socket errors' "$folder/wrk"; then cat "$folder/wrk" >&2; exit 1; fi
  awk '/Requests\/sec/ {print $2}' "$folder/wrk"
}

median() { sort -n | awk '{v[NR]=$1} END {print v[int((NR+1)/2)]}'; }

# forward: the engine's time and rows so far.
forward() { curl -s "$url/metrics" | awk '/^radial_forward_duration_seconds_sum/ {s=$2} /^radial_batch_rows_sum/ {r=$2} END {print s, r}'; }

# compare TITLE CASE PATH CONNECTIONS…: a line for each number of connections, beside a floor that answers as many bytes.
compare() {
  local title=$1 case=$2 path=$3 size connections before after
  shift 3
  # 109 bytes are the floor's own header section.
  size=$(curl -sf -o /dev/null -w '%{size_header} %{size_download}' -H "$(cat "$folder/$case.header")" --data-binary @"$folder/$case.body" "$url$path" |
    awk '{print $1 + $2 - 109}')
  start_floor "$size"
  for connections in "$@"; do
    : >"$folder/floor.txt"; : >"$folder/radial.txt"
    before=$(forward)
    for _ in $(seq "$repeats"); do
      requests_per_second "$floor_url/" "$connections" "$case" >>"$folder/floor.txt"
      requests_per_second "$url$path" "$connections" "$case" >>"$folder/radial.txt"
    done
    after=$(forward)
    echo "$(median <"$folder/floor.txt") $(median <"$folder/radial.txt") $before $after" |
      awk -v n="$title" -v c="$connections" -v rows="$(cat "$folder/$case.rows")" '{
        engine = ($5 - $3) / ($6 - $4) * rows * 1e6
        printf "%-30s %11d %12.0f %12.0f %6.2f %9.1f %22.2f\n", n, c, $1, $2, $2 / $1, engine, 1e6 / $2 / (1e6 / $1 + engine)}'
  done
}

printf '\n%-30s %11s %12s %12s %6s %9s %22s\n' "" connections "floor req/s" "radial req/s" ratio "engine us" "time / (floor + engine)"
case $part in all | http)
  for model in digits:784 example:100; do
    start_server "${model%%:*}"
    compare "${model##*:} floats, JSON, ${model%%:*}" "predict-1-${model##*:}" /predict ${CONNECTIONS:-1 16 64 256}
  done
esac
case $part in all | tensors)
  start_server digits
  for body in predict image; do
    compare "1 x 784, :predict, $body" "$body-1-784" /v1/models/digits:predict ${TENSOR_CONNECTIONS:-16 64}
  done
  for rows in 1 64; do
    compare "$rows x 784, /predict JSON" "predict-$rows-784" /predict ${TENSOR_CONNECTIONS:-16 64}
    compare "$rows x 784, infer JSON" "json-$rows-784" /v2/models/digits/infer ${TENSOR_CONNECTIONS:-16 64}
    compare "$rows x 784, infer binary" "binary-$rows-784" /v2/models/digits/infer ${TENSOR_CONNECTIONS:-16 64}
  done
esac
