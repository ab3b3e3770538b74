#!/usr/bin/env bash
# Sets everything up, checks the formatting and passes the tests. Arguments go to `swift test`.
#   --sanitize=thread or --sanitize=address builds and runs them under that sanitizer, in a folder of its own.
source "$(dirname "$0")/setup.sh"
install_packages curl
swift format lint --strict --recursive Package.swift Sources Tests

arguments=()
for argument in "$@"; do
  arguments+=("$argument")
  case "$argument" in --sanitize=*) arguments+=(--scratch-path ".build-${argument#--sanitize=}") ;; esac
done
# Leaks at exit are not looked for: the runtime's own, and what a process that ends still holds, would drown any of ours.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0}
swift test "${arguments[@]}"
case " $* " in
  *" --"*) ;;
  *)
    swift build --product radial
    RADIAL="$(swift build --show-bin-path)/radial" scripts/smoke.sh
    ;;
esac
