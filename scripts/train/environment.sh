# Sourced by the scripts beside this folder: afterwards "$python" runs with this folder importable as the package `train`.
train_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$train_folder/../environment.sh"
virtual_environment "$train_folder"
export KERAS_BACKEND=jax PYTHONPATH=${train_folder%/*}:${train_folder%/*}/python PYTHONUNBUFFERED=1
# A convolution's patches are up to 90 MB, taken from the system and given back each step: in huge pages, and of one arena, a step takes 0.7 of the time.
export GLIBC_TUNABLES=glibc.malloc.hugetlb=1 MALLOC_ARENA_MAX=1 MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=8589934592
