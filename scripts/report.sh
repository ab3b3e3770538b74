#!/usr/bin/env bash
# Measures models that ship with radial evaluate, and keeps the reports as pictures: weights/NAME-report.png.
#   scripts/report.sh MNIST FASHION [NAME…]      folders of the data sets' IDX files; by default all models but example
# RADIAL names the binary; without it a release build is made.
source "$(dirname "$0")/help.sh"
[ $# -ge 2 ] || { print_help >&2; exit 2; }
mnist=$(realpath "$1") fashion=$(realpath "$2") names=("${@:3}")
[ ${#names[@]} -gt 0 ] || names=(digits lenet5 lenet5-1998 fashion)
source "$(dirname "$0")/setup.sh"
install_packages python3-venv chromium
source scripts/environment.sh
virtual_environment scripts/page
source scripts/server.sh
find_radial
# The far set is called by its file's name.
ln -s "$mnist/t10k-images-idx3-ubyte.gz" "$folder/MNIST"
ln -s "$fashion/t10k-images-idx3-ubyte.gz" "$folder/Fashion-MNIST"
for name in "${names[@]}"; do
  own=MNIST far=Fashion-MNIST labels=$mnist
  if [ "$name" = fashion ]; then own=Fashion-MNIST far=MNIST labels=$fashion; fi
  "$RADIAL" evaluate "weights/$name.safetensors" "$folder/$own" --labels "$labels/t10k-labels-idx1-ubyte.gz" --far "$folder/$far" \
    --report "$folder/$name.html"
  # shellcheck disable=SC2154  # set by environment.sh
  PYTHONPATH=scripts/page "$python" scripts/page/picture.py "$folder/$name.html" "weights/$name-report.png"
done
