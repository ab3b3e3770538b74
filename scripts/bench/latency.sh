#!/usr/bin/env bash
# Latency under a load by the clock, beside the floor's, a bare libmicrohttpd that reads and answers as many bytes: p50, p99, p99.9 at 25, 50
# and 80 % of each one's own peak rate, and of the floor at Radial's rates too; medians of REPEATS interleaved runs, and p99 of each of them.
#   SECONDS_EACH=5 REPEATS=3 SHARES="25 50 80" scripts/bench/latency.sh
# One server thread and the load, each on a core of its own. Aim: p99 at half the peak at most 3 times the floor's at half of its own.
source "$(dirname "$0")/../setup.sh"
install_packages curl python3 gcc
seconds=${SECONDS_EACH:-5} repeats=${REPEATS:-3} connections=64
source scripts/server.sh
find_radial
source scripts/bench/programs.sh
build_programs floor openloop
python3 scripts/bench/bodies.py "$folder"
start_radial --threads 1 --model weights/digits.safetensors
taskset -acp 0 "$server" >/dev/null
path=/v1/models/digits:predict floor_port=18200

median() { sort -n | awk '{v[NR]=$1} END {print v[int((NR+1)/2)]}'; }
column() { awk -v column="$1" '{print $column}' "$folder/runs.$2"; }
# load PORT CASE RATE: requests, a second, p50, p99, p99.9, largest.
load() { taskset -c 1 "$programs/openloop" "$1" $connections "$3" "$seconds" "$folder/$2.body" $path; }

printf '%-16s %8s %12s %8s %8s %8s   %s\n' "" "of peak" "requests/s" p50 p99 p99.9 "p99 of each run"
for case in predict-1-784 image-1-784; do
  size=$(curl -sf -o /dev/null -w '%{size_header} %{size_download}' --data-binary @"$folder/$case.body" "$url$path" | awk '{print $1 + $2 - 109}')
  floor_port=$((floor_port + 1))
  taskset -c 0 "$programs/floor" $floor_port 1 "$size" &
  servers+=($!)
  sleep 0.3
  ports=("${url##*:}" $floor_port) names=(radial floor)
  for i in 0 1; do : >"$folder/peak.$i"; done
  for _ in $(seq "$repeats"); do
    for i in 0 1; do load "${ports[$i]}" $case 0 | awk '{print int($2)}' >>"$folder/peak.$i"; done
  done
  peaks=("$(median <"$folder/peak.0")" "$(median <"$folder/peak.1")")
  echo "$case: peak of radial ${peaks[0]}, of the floor ${peaks[1]} requests/s"
  for share in ${SHARES:-25 50 80}; do
    # Radial at its share; the floor at the same share of its own, and at Radial's rate.
    rates=("$((peaks[0] * share / 100))" "$((peaks[1] * share / 100))" "$((peaks[0] * share / 100))") which=(0 1 1)
    for i in 0 1 2; do : >"$folder/runs.$i"; done
    for _ in $(seq "$repeats"); do
      for i in 0 1 2; do load "${ports[${which[$i]}]}" $case "${rates[$i]}" >>"$folder/runs.$i"; done
    done
    for i in 0 1 2; do
      of=$share; [ $i -lt 2 ] || of="radial's"
      printf '%-16s %8s %12s %8s %8s %8s   %s\n' "${names[${which[$i]}]}" "$of" "${rates[$i]}" "$(column 3 $i | median)" \
        "$(column 4 $i | median)" "$(column 5 $i | median)" "$(column 4 $i | sort -n | xargs)"
    done
  done
done
