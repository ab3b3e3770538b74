# Sourced by the scripts beside this folder: afterwards "$python" runs with this folder importable as the package `train`.
train_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$train_folder/../environment.sh"
virtual_environment "$train_folder"
export KERAS_BACKEND=jax PYTHONPATH=${train_folder%/*}:${train_folder%/*}/python PYTHONUNBUFFERED=1
