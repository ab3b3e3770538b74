#!/usr/bin/env bash
# Lets promtool check /metrics and the dashboard's expressions, and a real Prometheus scrape three replicas with the shipped configuration; what
# it has counted must be what was sent.
source "$(dirname "$0")/setup.sh"
install_packages curl python3
unpacked prometheus prometheus promtool
source scripts/server.sh
find_radial

urls=()
for _ in 1 2 3; do
  start_radial --threads 1 --model weights/digits.safetensors
  urls+=("$url")
done
# Every kind of request: native, tensors, TensorFlow Serving's, refused.
digit=Tests/EndToEndTests/Data/seven.json
for _ in $(seq 5); do curl -sf -o /dev/null -d @$digit "${urls[0]}/predict"; done
for _ in $(seq 4); do curl -sf -o /dev/null -d @$digit "${urls[1]}/v1/models/digits:predict"; done
for _ in $(seq 3); do head -c 3136 /dev/zero | curl -sf -o /dev/null -H 'Inference-Header-Content-Length: 0' --data-binary @- "${urls[2]}/v2/models/digits/infer"; done
curl -s -o /dev/null -d '{}' "${urls[0]}/predict"
curl -s -o /dev/null "${urls[0]}/nowhere"

for url in "${urls[@]}"; do curl -sf "$url/metrics" | promtool check metrics; done

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
port=$(python3 -c 'import socket; print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])')
prometheus --config.file="$folder/prometheus.yaml" --storage.tsdb.path="$folder/data" \
  --web.listen-address="127.0.0.1:$port" >"$folder/prometheus" 2>&1 &
servers+=($!)
python3 scripts/metrics/query.py "http://127.0.0.1:$port" "${urls[@]}" || { tail -5 "$folder/prometheus" >&2; exit 1; }
