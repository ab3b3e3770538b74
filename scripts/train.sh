#!/usr/bin/env bash
# Trains a model and writes it to weights/, or computes Keras' own answers of one.
#   scripts/train.sh digits|lenet5|lenet5-1998|fashion [--data DIR] [--outside DIR] [--epochs N] [--seed N] [--fresh]
#   scripts/train.sh example
#   scripts/train.sh reference MODEL --data DIR --out FILE
# An interrupted training goes on where its last epoch ended when the same command is given again.
set -euo pipefail
source "$(dirname "$0")/help.sh"
case "${1:-}" in
  digits | lenet5 | lenet5-1998 | fashion) module=model arguments=("$@") ;;
  example | reference) module=$1 arguments=("${@:2}") ;;
  *) print_help >&2; exit 2 ;;
esac
source "$(dirname "$0")/train/environment.sh"
exec "$python" -m "train.$module" "${arguments[@]}"
