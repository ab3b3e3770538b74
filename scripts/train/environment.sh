# Sourced by the scripts beside this folder: makes the virtual environment once, and again when the requirements change.
# Afterwards "$python" runs with this folder importable as the package `train`.
train_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
environment=${RADIAL_VENV:-$train_folder/.venv}
if ! cmp -s "$train_folder/requirements.txt" "$environment/installed-requirements.txt"; then
  echo "installing the training environment into $environment" >&2
  "${PYTHON:-python3}" -m venv "$environment"
  "$environment/bin/python" -m pip install --quiet --disable-pip-version-check -r "$train_folder/requirements.txt" >&2
  cp "$train_folder/requirements.txt" "$environment/installed-requirements.txt"
fi
python=$environment/bin/python
export KERAS_BACKEND=jax PYTHONPATH=${train_folder%/*} PYTHONUNBUFFERED=1
