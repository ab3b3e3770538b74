#!/usr/bin/env bash
# Trains a model and writes it to weights/, or computes Keras' own answers of one.
#   scripts/train.sh digits [--data DIR] [--outside DIR]
#   scripts/train.sh example
#   scripts/train.sh reference MODEL --data DIR --out FILE.json
set -euo pipefail
case "${1:-}" in
  digits | example | reference) ;;
  *) sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
source "$(dirname "$0")/train/environment.sh"
exec "$python" -m "train.$1" "${@:2}"
