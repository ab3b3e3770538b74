#!/usr/bin/env bash
# The engine beside ONNX Runtime and OpenVINO on networks of scripts/bench/networks.py, as scripts/bench.sh engine has it.
#   scripts/bench/engines.sh [--quick] [--json FILE] [NETWORK…]
exec "$(dirname "$0")/../bench.sh" engine "$@"
