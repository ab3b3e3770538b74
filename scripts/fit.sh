#!/usr/bin/env bash
# Measures radial fit on plain Keras networks: two of MNIST and two of Fashion-MNIST, three seeds of each, trained where they are not there yet;
# and what training with the loss of scripts/python does instead. Prints two tables. About an hour on two cores the first time.
#   scripts/fit.sh FOLDER MNIST FASHION [SEED…]
# FOLDER keeps networks and rows; MNIST and FASHION are folders of the data sets' four IDX files (Debian's dataset-fashion-mnist has the latter).
# RADIAL names the binary; without it a release build is made.
source "$(dirname "$0")/help.sh"
[ $# -ge 3 ] || { print_help >&2; exit 2; }
source "$(dirname "$0")/setup.sh"
install_packages python3-venv
source scripts/environment.sh
virtual_environment scripts/train
if [ -z "${RADIAL:-}" ]; then
  swift build -c release --product radial
  RADIAL=$(swift build -c release --show-bin-path)/radial
fi
"$python" scripts/fit/measure.py "$RADIAL" "$@"
# The same networks with another last layer, or trained otherwise.
PYTHONPATH=scripts/python KERAS_BACKEND=jax "$python" scripts/fit/training.py "$RADIAL" "$1" "${@:4}"
