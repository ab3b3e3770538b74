#!/usr/bin/env bash
# One table: how fast the engine, HTTP, loading and numbers are, each figure beside its bound, its target and the best peer.
#   scripts/bench.sh [--quick] [--markdown] [--json FILE] [engine | http | load | numbers | latency | NETWORK]…      default: all parts
# Every figure is the median of runs in turns with its peers'; verified first, and a wrong answer ends the run. --quick: two minutes,
# when all is built. Quote the ratios.
#   engine   networks of scripts/bench/networks.py, one thread, as shares of the core's FMA peak; beside ONNX Runtime and OpenVINO on the same
#            core, called from Python (NETWORK: of that one only)
#   http     a request's time, with one server thread on a core of its own and the load on another, beside the floor, a bare libmicrohttpd that
#            reads the same bytes and sends as many, and the engine's share of it; and beside Granian with ONNX Runtime, two workers on all cores
#   load     117 MB of safetensors: checked and hashed, and until the server is ready
#   numbers  of JSON, read and written: scripts/bench/numbers.sh
#   latency  by the clock at half the peak rate, beside the floor's at half of its own
# The peers come into an environment of the benchmark's own, .build/environments/bench; Radial needs none of it.
export CALLED_IN=$PWD
source "$(dirname "$0")/setup.sh"
source scripts/environment.sh
source scripts/bench/programs.sh
install_packages gcc python3-venv
export RADIAL_VENVS=${RADIAL_VENVS:-$PWD/.build/environments}
virtual_environment scripts/bench # sets python
build_programs floor memory openloop
swift build -c release --static-swift-stdlib --product radial
swift build -c release --static-swift-stdlib --product radial-bench
bin=$(swift build -c release --static-swift-stdlib --show-bin-path)
export RADIAL=$bin/radial RADIAL_BENCH=$bin/radial-bench PYTHONPATH=scripts/python
# shellcheck disable=SC2154
exec "$python" scripts/bench/bench.py "$@"
