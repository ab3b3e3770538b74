#!/usr/bin/env bash
# Formats Swift (swift format), C and C++ (clang-format of a pinned version, from PyPI).
#   scripts/format.sh            writes
#   scripts/format.sh --check    changes nothing and fails where something would change
source "$(dirname "$0")/help.sh"
source "$(dirname "$0")/setup.sh"
install_packages python3-venv
source scripts/environment.sh
virtual_environment scripts/format
# shellcheck disable=SC2154  # set by virtual_environment
clang_format=${python%/*}/clang-format
mapfile -t sources < <(git ls-files '*.c' '*.cpp' '*.h' '*.inc')
if [ "${1:-}" = --check ]; then
  swift format lint --strict --recursive Package.swift Sources Tests
  "$clang_format" --dry-run --Werror "${sources[@]}"
else
  swift format --in-place --recursive Package.swift Sources Tests
  "$clang_format" -i "${sources[@]}"
fi
