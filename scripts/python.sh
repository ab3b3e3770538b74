#!/usr/bin/env bash
# Tests the Python package of scripts/python: its types, its layer, loss, outliers and files with Keras on JAX, and the example of README; and
# the trainer of scripts/train.
#   scripts/python.sh [--all]
# --all adds a wheel, built and tried in an environment of its own with Keras on TensorFlow (1.8 GB for as long as it runs), and PyTorch
# (Debian's). RADIAL names the binary that reads the files; without it a release build is made.
source "$(dirname "$0")/help.sh"
all=
case "${1:-}" in
  "") ;;
  --all) all=yes ;;
  *) print_help >&2; exit 2 ;;
esac
source "$(dirname "$0")/setup.sh"
install_packages python3-venv
source scripts/environment.sh
source scripts/server.sh
find_radial
export RADIAL PYTHONDONTWRITEBYTECODE=1
virtual_environment scripts/python
# shellcheck disable=SC2154  # set by virtual_environment
"$python" -m mypy --config-file scripts/python/pyproject.toml --cache-dir=/dev/null scripts/python/radial
package=$PWD/scripts/python
KERAS_BACKEND=jax "$python" -m pytest -q -c "$package/pyproject.toml" "$package"/tests/test_*.py "$package/tests/keras_tests"
KERAS_BACKEND=jax PYTHONPATH=scripts "$python" -m pytest -q -c "$package/pyproject.toml" scripts/train/tests
[ -n "$all" ] || exit 0

# With the versions that a user gets today; Keras is not told its backend by the package.
clean=$folder/clean
"${PYTHON:-python3}" -m venv "$clean"
"$clean/bin/pip" wheel --quiet --disable-pip-version-check --no-deps --wheel-dir "$folder" "$package"
rm -rf "$package/build" "$package/radial.egg-info"
"$clean/bin/pip" install --quiet --disable-pip-version-check "$(echo "$folder"/radial-*.whl)[keras]" tensorflow-cpu scikit-learn pillow pytest
(
  tests=$package/tests
  cd "$folder"
  KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 "$clean/bin/python" -m pytest -q -c /dev/null --rootdir "$tests" -o "pythonpath=$tests" \
    --import-mode=importlib -p no:cacheprovider "$tests/keras_tests" --ignore "$tests/keras_tests/test_outliers.py"
)

install_packages python3-torch python3-pytest python3-sklearn python3-pil
/usr/bin/python3 -m pytest -q -c "$package/pyproject.toml" "$package"/tests/test_*.py "$package/tests/torch_tests"
