#!/usr/bin/env bash
# Restarts three replicas, one after the other and all of them twice, under load, behind a balancer with the configuration that is in
# scripts/deploy; then kills each once; then overloads them. Counts requests: sent, answered, refused for a full queue, lost. A lost one
# is an error.
#   scripts/rolling.sh [haproxy|nginx]      default: both
#   CLIENTS=32 ROUNDS=2 DRAIN_DELAY=2 SETTLE=1 WAYS="TERM KILL FULL"
# RADIAL names the binary; without it a release build is made.
source "$(dirname "$0")/setup.sh"
install_packages curl python3
clients=${CLIENTS:-32} rounds=${ROUNDS:-2} delay=${DRAIN_DELAY:-2} ways=${WAYS:-TERM KILL FULL}
# Until HAProxy has seen that a replica is ready again, and the next one may go.
settle=${SETTLE:-1}
source scripts/server.sh
find_radial

# Free ports, of the balancer and of the replicas.
read -r front one two three < <(python3 - <<'PYTHON'
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(4)]
print(*(s.getsockname()[1] for s in sockets))
PYTHON
)

wait_for() { for _ in $(seq 200); do curl -sf -o /dev/null "$1" && return 0; sleep 0.05; done; echo "$1 does not answer" >&2; return 1; }

# start_replica PORT FLAG…: sets replica, its process.
start_replica() {
  "$RADIAL" serve --port "$@" --threads 1 --model weights/digits.safetensors --drain-delay "$delay" --allowed-host a 2>>"$folder/replicas" >/dev/null 9>&- &
  replica=$!
  servers+=("$replica")
  wait_for "http://127.0.0.1:$1/v2/health/ready"
}

# The shipped configuration with these ports.
configuration() {
  sed -e "s/127.0.0.1:8080/127.0.0.1:$front/;s/127.0.0.1:8081/127.0.0.1:$one/;s/127.0.0.1:8082/127.0.0.1:$two/;s/127.0.0.1:8083/127.0.0.1:$three/" \
    "scripts/deploy/$1"
}

start_balancer() {
  case $1 in
    haproxy)
      install_packages haproxy
      configuration haproxy.cfg >"$folder/haproxy.cfg"
      haproxy -db -f "$folder/haproxy.cfg" >"$folder/balancer" 2>&1 & ;;
    nginx)
      install_packages nginx-light
      configuration nginx.conf >"$folder/nginx.conf"
      nginx -p "$folder" -c "$folder/nginx.conf" -e "$folder/balancer" -g "daemon off; pid $folder/nginx.pid;" & ;;
    *) echo "expected haproxy or nginx, found $1" >&2; exit 2 ;;
  esac
  balancer=$!
  servers+=("$balancer")
  wait_for "http://127.0.0.1:$front/v2/health/ready" || { cat "$folder/balancer" >&2; exit 1; }
}

# restart_all WAY FLAG…: every replica ends by SIGTERM, with status 0, or by SIGKILL, and is started again.
restart_all() {
  local way=$1 index ended expected=0
  shift
  [ "$way" = TERM ] || expected=137
  for index in 0 1 2; do
    kill "-$way" "${replicas[$index]}"
    ended=0
    wait "${replicas[$index]}" 2>/dev/null || ended=$?
    [ $ended -eq $expected ] || { echo "SIG$way to a replica: expected exit status $expected, found $ended" >&2; status=1; }
    start_replica "${ports[$index]}" "$@"
    replicas[index]=$replica
    restarts=$((restarts + 1))
    sleep "$settle"
  done
}

# under_load KIND WAY: one line of figures.
under_load() {
  local load sent answered refused lost slowest restarts=0
  # A queue that holds fewer rows than arrive at once.
  if [ "$2" = FULL ]; then restart_all TERM --inline-budget 0 --max-queue-rows 2; restarts=0; fi
  rm -f "$folder/hold"
  mkfifo "$folder/hold"
  python3 scripts/rolling/load.py 127.0.0.1 "$front" "$clients" <"$folder/hold" >"$folder/load" &
  load=$!
  servers+=("$load")
  exec 9>"$folder/hold"
  for _ in $(seq 100); do grep -q ready "$folder/load" && break; kill -0 "$load" || exit 1; sleep 0.1; done
  case $2 in
    TERM) for _ in $(seq "$rounds"); do restart_all TERM; done ;;
    KILL) restart_all KILL ;;
    FULL) sleep 4 ;;
    *) echo "expected TERM, KILL or FULL, found $2" >&2; exit 2 ;;
  esac
  exec 9>&-
  wait "$load"
  read -r sent answered refused lost slowest < <(tail -1 "$folder/load")
  printf '%-10s %-4s %10d %10d %10d %10d %6d %8d ms\n' "$1" "$2" "$restarts" "$sent" "$answered" "$refused" "$lost" "$slowest"
  if [ "$sent" -eq 0 ] || [ "$lost" -ne 0 ] || [ $((answered + refused)) -ne "$sent" ]; then status=1; fi
  # Only a full queue refuses, and FULL must have filled it.
  if [ "$2" = FULL ]; then [ "$refused" -gt 0 ] || status=1; else [ "$refused" -eq 0 ] || status=1; fi
}

status=0
printf '%-10s %-4s %10s %10s %10s %10s %6s %11s\n' balancer way restarts sent answered refused lost slowest
for kind in ${1:-haproxy nginx}; do
  ports=("$one" "$two" "$three") replicas=()
  for port in "${ports[@]}"; do start_replica "$port"; replicas+=("$replica"); done
  start_balancer "$kind"
  for way in $ways; do under_load "$kind" "$way"; done
  kill -TERM "$balancer" "${replicas[@]}"
  wait "$balancer" "${replicas[@]}" || true
done
exit $status
