#!/usr/bin/env bash
# Runs NVIDIA's perf_analyzer in every form that it can ask in: binary, JSON, asynchronous, batched, by version, with metrics, and with
# outputs that it compares bit for bit. Its binary comes with tritonclient 2.50, the last that runs on Debian 12.
source "$(dirname "$0")/../setup.sh"
install_packages python3-venv libb64-0d
source scripts/environment.sh
virtual_environment scripts/clients/perf_analyzer
analyzer=$(realpath "${python%/*}")/perf_analyzer
LD_LIBRARY_PATH=$("$python" -c 'import nvidia.cuda_runtime as runtime; print(list(runtime.__path__)[0] + "/lib")')
export LD_LIBRARY_PATH
source scripts/server.sh
find_radial

start_radial --model weights/digits.safetensors=m
address=${url#http://}
"$python" - "$url" >"$folder/rows.json" <<'PYTHON'
import json, sys, urllib.request
rows = [[float(value) for value in row] for row in json.load(open("Tests/EndToEndTests/Data/mnist-sample.json"))["rows"][:4]]
request = urllib.request.Request(sys.argv[1] + "/predict", json.dumps({"instances": rows}).encode())
answers = json.load(urllib.request.urlopen(request))["predictions"]
expected = [{name: answer[name] for name in ("scores", "distances")} for answer in answers]
print(json.dumps({"data": [{"x": row} for row in rows], "validation_data": expected}))
PYTHON

run() {
  "$analyzer" -m m -u "$address" -p 500 -r 3 -s 900 "$@" >"$folder/analyzer" 2>&1 || { echo "perf_analyzer $*:" >&2; tail -5 "$folder/analyzer" >&2; exit 1; }
  printf 'perf_analyzer %-90s %s\n' "$*" "$(grep -m 1 -o 'Throughput.*' "$folder/analyzer")"
}
run --request-count 200
run --request-count 200 --input-tensor-format json --output-tensor-format json
run --request-count 200 -a --concurrency-range 4
run --request-count 200 -b 4
run --request-count 200 -x 1
run --request-count 200 --collect-metrics --metrics-url "$address/metrics"
run --request-count 200 --input-data "$folder/rows.json"
run --concurrency-range 4
