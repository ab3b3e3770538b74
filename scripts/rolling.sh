#!/usr/bin/env bash
# Restarts three replicas, one after the other and all of them twice, under load, behind a balancer with the configuration that is in
# scripts/deploy, and counts requests: sent, answered, lost. A lost one is an error.
#   scripts/rolling.sh [haproxy|nginx]      default: both
#   CLIENTS=32 ROUNDS=2 DRAIN_DELAY=2
source "$(dirname "$0")/setup.sh"
install_packages curl python3
clients=${CLIENTS:-32} rounds=${ROUNDS:-2} delay=${DRAIN_DELAY:-2}
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

# start_replica PORT: sets replica, its process.
start_replica() {
  "$RADIAL" serve --port "$1" --threads 1 --model weights/digits.safetensors --drain-delay "$delay" 2>>"$folder/replicas" >/dev/null 9>&- &
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
      nginx -p "$folder" -c "$folder/nginx.conf" -e "$folder/balancer" \
        -g "daemon off; pid $folder/nginx.pid;" >"$folder/balancer" 2>&1 & ;;
    *) echo "expected haproxy or nginx, found $1" >&2; exit 2 ;;
  esac
  balancer=$!
  servers+=("$balancer")
  wait_for "http://127.0.0.1:$front/v2/health/ready" || { cat "$folder/balancer" >&2; exit 1; }
}

status=0
printf '%-10s %10s %10s %10s %6s\n' balancer restarts sent answered lost
for kind in ${1:-haproxy nginx}; do
  ports=("$one" "$two" "$three") replicas=()
  for port in "${ports[@]}"; do start_replica "$port"; replicas+=("$replica"); done
  start_balancer "$kind"
  rm -f "$folder/hold"
  mkfifo "$folder/hold"
  python3 scripts/rolling/load.py 127.0.0.1 "$front" "$clients" <"$folder/hold" >"$folder/load" &
  load=$!
  servers+=("$load")
  exec 9>"$folder/hold"
  restarts=0
  for _ in $(seq "$rounds"); do
    for index in 0 1 2; do
      kill -TERM "${replicas[$index]}"
      wait "${replicas[$index]}" || { echo "a replica did not exit 0" >&2; status=1; }
      start_replica "${ports[$index]}"
      replicas[index]=$replica
      restarts=$((restarts + 1))
      # The balancer must have taken it in before the next one goes.
      sleep 2.5
    done
  done
  exec 9>&-
  wait "$load"
  read -r sent answered lost < <(tail -1 "$folder/load")
  printf '%-10s %10d %10d %10d %6d\n' "$kind" "$restarts" "$sent" "$answered" "$lost"
  [ "$lost" -eq 0 ] && [ "$sent" -eq "$answered" ] || status=1
  kill -TERM "$balancer" "${replicas[@]}"
  wait "$balancer" "${replicas[@]}" || true
done
exit $status
