#!/usr/bin/env bash
# Trains a model and writes it to a folder, measures a model file, or computes Keras' own answers of one.
#   scripts/train.sh digits|lenet5|lenet5-1998|fashion [--data DIR] [--outside DIR] [--out DIR] [--epochs N] [--seed N] [--fresh]
#     [--hold-test-back]
#   scripts/train.sh measure MODEL [--data DIR] [--outside DIR]
#   scripts/train.sh example
#   scripts/train.sh reference MODEL --data DIR --out FILE
# An interrupted training goes on where its last epoch ended when the same command is given again. Model, figures and pictures go to
# .build/train/NAME-SEED unless --out names another folder. Of several seeds take the one with the least choice_loss, which is of rows that
# neither train nor calibrate; choose settings with --hold-test-back, which shows no figure of the test rows.
# measure without --data says what a model of digits makes of 24 drawings that are none.
set -euo pipefail
source "$(dirname "$0")/help.sh"
case "${1:-}" in
  digits | lenet5 | lenet5-1998 | fashion) module=model arguments=("$@") ;;
  example | reference | measure) module=$1 arguments=("${@:2}") ;;
  *) print_help >&2; exit 2 ;;
esac
source "$(dirname "$0")/train/environment.sh"
case "$module ${arguments[*]}" in
  "model fashion"*) ;; # neither trained nor measured with letters
  model* | measure*--data*)
    # shellcheck disable=SC2154  # set by environment.sh, as python is
    source "$train_folder/fonts.sh"
    unpack_fonts "$(cd "$train_folder/../.." && pwd)/.build/train/fonts"
    ;;
esac
# shellcheck disable=SC2154
exec "$python" -m "train.$module" "${arguments[@]}"
