#!/usr/bin/env bash
# Lets Prometheus read the metrics: promtool's linter without a warning, and a real Prometheus with scripts/deploy/prometheus.yaml (another
# port, a scrape a second), whose numbers must be those of the requests that were sent, and must fill the dashboard.
# RADIAL names the binary; without it a release build is made.
source "$(dirname "$0")/setup.sh"
install_packages prometheus curl python3
source scripts/server.sh
find_radial

# Every batch through the queue would leave the inline counters empty, and the other way round: the budget lies between one row and 64.
start_radial --inline-budget 0.2
free=$(python3 -c 'import socket; print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])')
sed -e "s/127.0.0.1:8080/${url#http://}/;s/scrape_interval: .*/scrape_interval: 1s/;s/scrape_timeout: .*/scrape_timeout: 1s/" \
  scripts/deploy/prometheus.yaml >"$folder/prometheus.yaml"
grep -q "${url#http://}" "$folder/prometheus.yaml" || { echo "expected the target 127.0.0.1:8080 in scripts/deploy/prometheus.yaml" >&2; exit 1; }
prometheus --config.file "$folder/prometheus.yaml" --storage.tsdb.path "$folder/data" \
  --web.listen-address "127.0.0.1:$free" --log.level warn 2>"$folder/prometheus" &
servers+=($!)
up() { curl -sf "http://127.0.0.1:$free/api/v1/query?query=up" | grep -q '"1"\]'; }
for _ in $(seq 150); do up && break; sleep 0.2; done
up || { echo "Prometheus did not scrape the server within 30 s:" >&2; cat "$folder/prometheus" >&2; exit 1; }

status=0
python3 scripts/metrics/check.py "$url" "http://127.0.0.1:$free" scripts/deploy/dashboard.json || status=1

# With every series there is by now.
curl -sf "$url/metrics" >"$folder/metrics"
if promtool check metrics <"$folder/metrics" >"$folder/lint" 2>&1 && [ ! -s "$folder/lint" ]; then
  echo "promtool: $(grep -c '^# TYPE' "$folder/metrics") families, $(grep -vc '^#' "$folder/metrics") samples, no warning"
else
  echo "promtool check metrics:" >&2
  cat "$folder/lint" >&2
  status=1
fi
exit $status
