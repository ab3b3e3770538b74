#!/usr/bin/env bash
# LeNet-5 in the engine beside ONNX Runtime, one thread each, at batch 1, 8 and 64; ROUNDS interleaved rounds.
#   scripts/bench/lenet5.sh
# ONNX Runtime comes into an environment of the benchmark's own, .build/bench-environment; Radial needs none of it.
source "$(dirname "$0")/../setup.sh"
environment=.build/bench-environment
if ! "$environment/bin/python" -c 'import onnx, onnxruntime' 2>/dev/null; then
  install_packages python3-venv
  python3 -m venv "$environment"
  "$environment/bin/pip" install -q onnx onnxruntime
fi
swift build -c release --static-swift-stdlib --product radial-bench
bench=$(swift build -c release --static-swift-stdlib --show-bin-path)/radial-bench
for _ in $(seq "${ROUNDS:-3}"); do
  "$bench" lenet5
  "$environment/bin/python" scripts/bench/lenet5_onnxruntime.py
done
