#!/usr/bin/env bash
# The engine beside ONNX Runtime and OpenVINO on the networks of Sources/radial-bench/Networks.swift, one thread each on one core, at batch 1,
# 8 and 64; ROUNDS interleaved rounds, of which the medians are told.
#   scripts/bench/engines.sh [NETWORK…]
# Both peers come into an environment of the benchmark's own, .build/bench-environment; Radial needs none of it.
source "$(dirname "$0")/../setup.sh"
environment=.build/bench-environment
if ! "$environment/bin/python" -c 'import onnx, onnxruntime, openvino' 2>/dev/null; then
  install_packages python3-venv
  python3 -m venv "$environment"
  "$environment/bin/pip" install -q onnx onnxruntime openvino
fi
swift build -c release --static-swift-stdlib --product radial-bench
RADIAL_BENCH=$(swift build -c release --static-swift-stdlib --show-bin-path)/radial-bench
export RADIAL_BENCH
exec taskset -c 0 "$environment/bin/python" scripts/bench/engines.py "$@"
