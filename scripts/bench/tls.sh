#!/usr/bin/env bash
# What TLS costs: requests a second over 64 open connections, and new connections a second, in plain text and with either kind of key; and
# certificates that are replaced every 100 ms meanwhile, by which no request and no handshake may fail.
#   scripts/bench/tls.sh      SECONDS_EACH=3 REPEATS=5
# Every figure is the median of REPEATS interleaved runs with one server thread and one wrk thread, each on a core of its own where there are
# two. wrk resumes no session: each new connection is a whole handshake.
source "$(dirname "$0")/../setup.sh"
install_packages wrk curl openssl python3
seconds=${SECONDS_EACH:-3} repeats=${REPEATS:-5}
source scripts/server.sh
find_radial
on_client_core=()
[ "$(nproc)" -ge 2 ] && on_client_core=(taskset -c 1)
python3 scripts/bench/bodies.py "$folder"
echo 'wrk.headers["Connection"] = "close"' >"$folder/new.lua"

# certificate NAME KIND…: a certificate of its own that lies in NAME.pem and NAME.key, by renaming.
certificate() {
  local name=$1
  shift
  openssl req -x509 -newkey "$@" -nodes -days 30 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
    -keyout "$folder/$name.key.new" -out "$folder/$name.pem.new" 2>/dev/null
  mv "$folder/$name.key.new" "$folder/$name.key"
  mv "$folder/$name.pem.new" "$folder/$name.pem"
}
certificate ecdsa ec -pkeyopt ec_paramgen_curve:P-256
certificate rsa rsa:2048

# start KIND: a server on its core; sets url.
start() {
  local arguments=()
  [ "$1" = plain ] || arguments=(--tls-cert "$folder/$1.pem" --tls-key "$folder/$1.key")
  start_radial --threads 1 --model weights/example.safetensors "${arguments[@]}"
  [ ${#on_client_core[@]} -eq 0 ] || taskset -acp 0 "$server" >/dev/null
}

# per_second CONNECTIONS SCRIPT PATH: requests; errors and answers other than 2xx end the benchmark.
per_second() {
  "${on_client_core[@]}" wrk -t1 -c"$1" -d"${seconds}s" -s "$folder/$2.lua" "$url$3" >"$folder/wrk-$2"
  if grep -Eq 'Non-2xx|Socket errors' "$folder/wrk-$2"; then cat "$folder/wrk-$2" >&2; exit 1; fi
  awk '/Requests\/sec/ {print $2}' "$folder/wrk-$2"
}

median() { sort -n | awk '{v[NR]=$1} END {print v[int((NR+1)/2)]}'; }

for _ in $(seq "$repeats"); do
  for kind in plain ecdsa rsa; do
    start "$kind"
    per_second 64 predict-1-100 /predict >>"$folder/$kind.open"
    per_second 16 new /livez >>"$folder/$kind.opened"
    kill "$server"
    wait "$server" || true
  done
done
printf '%-8s %20s %8s %24s\n' "" "requests/s, 64 open" ratio "new connections/s, 16"
for kind in plain ecdsa rsa; do
  echo "$(median <"$folder/$kind.open") $(median <"$folder/plain.open") $(median <"$folder/$kind.opened")" |
    awk -v k="$kind" '{printf "%-8s %20.0f %8.2f %24.0f\n", k, $1, $1 / $2, $3}'
done

# Either of the files may be read before the other is replaced: then the old pair stays, until the next SIGHUP.
start ecdsa
per_second 64 predict-1-100 /predict >"$folder/open" &
open=$!
per_second 16 new /livez >"$folder/opened" &
opened=$!
reloads=0
while kill -0 "$open" 2>/dev/null; do
  certificate ecdsa ec -pkeyopt ec_paramgen_curve:P-256
  kill -HUP "$server"
  reloads=$((reloads + 1))
  sleep 0.1
done
wait "$open"
wait "$opened"
read_files=$(grep -c 'certificate read' "$folder/err-$((${#servers[@]} - 1))")
echo "$reloads replacements, $read_files read: $(cat "$folder/open") requests/s over open connections, $(cat "$folder/opened") new ones, none failed"
