#!/usr/bin/env bash
# Trains a model that ships, or compares a running server with Keras; in a virtual environment of its own.
#   scripts/train.sh digits [--data DIR] [--far DIR]    weights/digits.safetensors
#   scripts/train.sh example                            weights/example.safetensors
#   scripts/train.sh verify [--data DIR] [--url URL]    10,000 MNIST rows over HTTP against Keras' own numbers
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:?which: digits, example or verify}
shift
environment=${RADIAL_VENV:-scripts/train/.venv}
[ -x "$environment/bin/python" ] || python3 -m venv "$environment"
"$environment/bin/python" -m pip install -q -r scripts/train/requirements.txt
exec "$environment/bin/python" "scripts/train/$what.py" "$@"
