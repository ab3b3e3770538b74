#!/usr/bin/env bash
# Lets promtool's linter read /metrics, without a warning, and a real Prometheus scrape three replicas with the shipped configuration. What it has
# counted must be what was sent, of every route and code, and must fill the dashboard. Each alert is tried before with series that it must and
# must not fire on.
source "$(dirname "$0")/setup.sh"
install_packages curl python3
unpacked prometheus prometheus promtool
source scripts/server.sh
find_radial

urls=()
for _ in 1 2 3; do
  # Between the cost of one row and that of 64, so that batches are computed where they arrived and by the queue.
  start_radial --threads 1 --model weights/digits.safetensors --inline-budget 0.05
  urls+=("$url")
done

# The shipped configuration, with these ports and a second for its five.
python3 - "${urls[@]##*:}" >"$folder/prometheus.yaml" <<'PYTHON'
import pathlib, sys
text = pathlib.Path("scripts/deploy/prometheus.yaml").read_text()
for shipped, port in zip(("8081", "8082", "8083"), sys.argv[1:]):
    assert f"127.0.0.1:{shipped}" in text
    text = text.replace(f"127.0.0.1:{shipped}", f"127.0.0.1:{port}")
print(text.replace("scrape_interval: 5s", "scrape_interval: 1s").replace("scrape_timeout: 4s", "scrape_timeout: 1s"))
PYTHON
promtool check config "$folder/prometheus.yaml" >/dev/null
promtool check rules scripts/deploy/alerts.yaml >/dev/null
promtool test rules scripts/metrics/alerts_test.yaml >"$folder/alerts" || { cat "$folder/alerts" >&2; exit 1; }
port=$(python3 -c 'import socket; print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])')
prometheus --config.file="$folder/prometheus.yaml" --storage.tsdb.path="$folder/data" \
  --web.listen-address="127.0.0.1:$port" >"$folder/prometheus" 2>&1 &
servers+=($!)
python3 scripts/metrics/check.py "http://127.0.0.1:$port" "${urls[@]}" || { tail -5 "$folder/prometheus" >&2; exit 1; }

# With every series that there is by now.
for url in "${urls[@]}"; do
  curl -sf "$url/metrics" >"$folder/metrics"
  promtool check metrics <"$folder/metrics" >"$folder/lint" 2>&1 || { cat "$folder/lint" >&2; exit 1; }
  [ ! -s "$folder/lint" ] || { echo "expected no warning of promtool's, found:" >&2; cat "$folder/lint" >&2; exit 1; }
done
echo "promtool: $(grep -c '^# TYPE' "$folder/metrics") families, $(grep -vc '^#' "$folder/metrics") samples of each replica, no warning"
