#!/usr/bin/env bash
# Lets the clients that people have talk to the server: every method of tritonclient's HTTP client, synchronous and asyncio, and
# TensorFlow Serving's REST and KServe's version 1 through requests. Every number is compared with the native answer.
#   scripts/clients.sh [--kserve] [--perf-analyzer]
# --kserve adds KServe's own client (450 MB of packages), --perf-analyzer NVIDIA's load generator (160 MB). RADIAL names the binary.
source "$(dirname "$0")/help.sh"
kserve= perf_analyzer=
for argument in "$@"; do
  case "$argument" in
    --kserve) kserve=yes ;;
    --perf-analyzer) perf_analyzer=yes ;;
    *) print_help >&2; exit 2 ;;
  esac
done
source "$(dirname "$0")/setup.sh"
install_packages python3-venv
source scripts/environment.sh
virtual_environment scripts/clients
source scripts/server.sh
find_radial

start_radial --model weights/digits.safetensors --model-name m
first=$url
start_radial --model weights/digits.safetensors=m --allow-unload
"$python" scripts/clients/triton.py "${first#http://}" "${url#http://}"
"$python" scripts/clients/rest.py "$first"
if [ -n "$kserve" ]; then
  virtual_environment scripts/clients/kserve
  "$python" scripts/clients/kserve/rest_client.py "$first"
fi
[ -z "$perf_analyzer" ] || RADIAL=$RADIAL scripts/clients/perf_analyzer.sh
