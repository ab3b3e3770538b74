#!/usr/bin/env bash
# What the server does when it is used for long, or badly: time to be ready, memory over a million requests, idle connections
# beside busy ones, clients that drip. One server process and one thread each for it and for wrk; only 127.0.0.1.
#   scripts/soak.sh [--requests N] [--data DIR]      N: 1000000; DIR: MNIST's test set, else a hundred rows of it
#   SECONDS_EACH=5 REPEATS=5 IDLE=5000 DRIPPING=1000
source "$(dirname "$0")/help.sh"
requests=1000000 data=
while [ $# -gt 0 ]; do
  case "$1" in
    --requests) requests=$2; shift 2 ;;
    --data) data=$(realpath "$2"); shift 2 ;;
    *) print_help >&2; exit 2 ;;
  esac
done
source "$(dirname "$0")/setup.sh"
install_packages wrk curl python3
seconds=${SECONDS_EACH:-5} repeats=${REPEATS:-5} idle=${IDLE:-5000} dripping=${DRIPPING:-1000}
header_timeout=5 body_timeout=10
# A connection is a descriptor of the server's and one of its client's.
needed=$((idle + dripping + 256))
[ "$(ulimit -n)" = unlimited ] || [ "$(ulimit -n)" -ge $needed ] || ulimit -n $needed ||
  { echo "expected at least $needed open files, found $(ulimit -Hn): raise the limit or set IDLE" >&2; exit 1; }

source scripts/server.sh
find_radial
export BODIES=$folder/bodies
python3 scripts/soak/bodies.py "${data:-Tests/EndToEndTests/Data/mnist-sample.json}" >"$BODIES"

arguments=(--threads 1 --model weights/digits.safetensors)
row() { printf '%-62s %s\n' "$1" "$2"; }

read -r median longest memory < <(python3 scripts/soak/start.py 10 "$RADIAL" serve --port 0 "${arguments[@]}")
row "ready after exec, median and longest of 10 (aim < 100 ms)" "$median ms, $longest ms"
row "resident memory, idle (aim < 40 MB)" "$(awk "BEGIN {printf \"%.1f\", $memory / 1000 * 1.024}") MB"

start_radial "${arguments[@]}" --idle-timeout 3600 --header-timeout $header_timeout --body-timeout $body_timeout
port=${url##*:}

# busy SECONDS: requests a second of 64 connections, and the server's processor time for each in microseconds, which other
# programs on the machine disturb far less. An answer other than 2xx ends the run.
ticks() { awk '{print $14 + $15}' "/proc/$server/stat"; }
busy() {
  local before
  before=$(ticks)
  wrk -t1 -c64 -d"$1s" -s scripts/soak/post.lua "$url" >"$folder/wrk"
  if grep -Eq 'Non-2xx|Socket errors' "$folder/wrk"; then cat "$folder/wrk" >&2; exit 1; fi
  awk -v ticks="$(($(ticks) - before))" -v second="$(getconf CLK_TCK)" \
    '/requests in/ {n = $1} /Requests\/sec/ {printf "%.0f %.2f\n", $2, ticks / second / n * 1e6}' "$folder/wrk"
}
column() { awk -v column="$1" '{print $column}' "$2"; }
median() { sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }
resident() { awk '/VmRSS/ {print $2}' "/proc/$server/status"; }
answered() { curl -s "$url/metrics" | awk '/^radial_requests_total\{route="\/predict",code="200"\}/ {print $2}'; }
megabytes() { awk "BEGIN {printf \"%.1f MB\", $1 * 1.024 / 1000}"; }
change() { awk "BEGIN {printf \"%+.1f %%\", ($2 - $1) / $1 * 100}"; }

# serve_until N: busy connections until N predictions have been answered.
serve_until() { while [ "$(answered | grep . || echo 0)" -lt "$1" ]; do busy "$2" >/dev/null; done; }
first=$(resident)
serve_until 10000 1
warm=$(resident)
row "resident memory before the first request" "$(megabytes "$first")"
row "resident memory after $(answered) requests" "$(megabytes "$warm")"
serve_until "$requests" 10
soaked=$(resident)
row "resident memory after $(answered) requests (aim ±5 %)" "$(megabytes "$soaked"), $(change "$warm" "$soaked")"

# start_clients idle|drip COUNT [SECONDS]: in the background, until they say that they are connected.
start_clients() {
  rm -f "$folder/hold"
  mkfifo "$folder/hold"
  python3 scripts/soak/clients.py 127.0.0.1 "$port" "$@" <"$folder/hold" >"$folder/clients" &
  clients=$!
  servers+=("$clients")
  exec 9>"$folder/hold"
  for _ in $(seq 600); do grep -q ready "$folder/clients" && return; sleep 0.1; done
  echo "the clients did not connect" >&2
  exit 1
}
end_clients() { exec 9>&-; wait "$clients"; }

: >"$folder/alone"; : >"$folder/beside"
held=$idle
for _ in $(seq "$repeats"); do
  busy "$seconds" >>"$folder/alone"
  start_clients idle "$idle"
  busy "$seconds" >>"$folder/beside"
  with_idle=$(resident)
  end_clients
  now=$(tail -1 "$folder/clients")
  [ "$now" -ge "$held" ] || held=$now
done
alone=$(column 1 "$folder/alone" | median) alone_time=$(column 2 "$folder/alone" | median)
beside=$(column 1 "$folder/beside" | median) beside_time=$(column 2 "$folder/beside" | median)
spread() { column 1 "$1" | sort -n | sed -n '1p;$p' | paste -sd' ' | sed 's/ / to /'; }
row "64 busy connections alone" "$alone requests/s ($(spread "$folder/alone")), $alone_time us of the server's each"
row "  beside $idle idle ones, $held of them kept" "$beside requests/s ($(spread "$folder/beside")), $beside_time us"
row "  change (aim > -10 % requests/s)" \
  "$(change "$alone" "$beside") requests/s, $(change "$alone_time" "$beside_time") processor time"
row "  resident memory with them" "$(megabytes "$with_idle")"

start_clients drip "$dripping" $((body_timeout + 20))
read -r dripped dripped_time < <(busy $((body_timeout + 2)))
[ -n "$dripped" ] || exit 1
end_clients
row "  beside $dripping clients that drip a byte a second" \
  "$dripped requests/s, $(change "$alone" "$dripped"); $dripped_time us, $(change "$alone_time" "$dripped_time")"
while read -r part refused closed left earliest latest; do
  case $part in header) limit=$header_timeout ;; body) limit=$body_timeout ;; *) continue ;; esac
  row "  $part dripped, limit $limit s and a sweep of 1 s" \
    "$refused answered 408, $closed closed, $left left; after $earliest to $latest s"
done <"$folder/clients"
row "resident memory at the end" "$(megabytes "$(resident)")"
row "load average of the machine, its processors" "$(cut -d' ' -f1-3 /proc/loadavg), $(nproc)"

kill -TERM $server
wait $server && row "SIGTERM: exit" 0
