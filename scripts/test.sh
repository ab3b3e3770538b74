#!/usr/bin/env bash
# Sets everything up, checks the formatting, builds the documentation and passes the tests; then real clients, Prometheus, Schemathesis and
# the manifests' schemas are held against the server. Arguments go to `swift test`, and with an option among them it is that alone.
#   --all adds what is long: the tests under the address sanitizer, the browser at every width, KServe's and NVIDIA's own clients, a thousand
#   random ONNX graphs, replicas behind balancers, models that are swapped under load, a million requests, as many rows
#   through Spark. Without it a quarter of an hour on two cores.
#   --sanitize=thread or --sanitize=address builds and runs them under that sanitizer, in a folder of its own.
# RADIAL_KSERVE_CRDS names a folder of CustomResourceDefinitions of KServe and the Gateway API, whose kinds are held to no schema without it.
source "$(dirname "$0")/help.sh"
all=
if [ "${1:-}" = --all ]; then
  all=yes
  export TEST_ALL=1
  shift
fi
kserve=
if [ -n "${RADIAL_KSERVE_CRDS:-}" ]; then kserve=$(cd "$RADIAL_KSERVE_CRDS" && pwd) || exit 2; fi
# The server warns of variables that it does not read.
unset RADIAL_KSERVE_CRDS
source "$(dirname "$0")/setup.sh"
install_packages curl openssl python3
scripts/format.sh --check
scripts/documentation.sh

arguments=() preload=()
for argument in "$@"; do
  arguments+=("$argument")
  # AllocationTests take the process's last memory, and a sanitizer needs some; nor does memory stay flat under one, which keeps what
  # was freed. Both are for the plain build.
  case "$argument" in
    --sanitize=*) arguments+=(--scratch-path ".build-${argument#--sanitize=}" --skip AllocationTests --skip "memory does not grow") ;;
  esac
  if [ "$argument" = --sanitize=thread ]; then
    mkdir -p .build-thread
    clang -O1 -Wall -Wextra -Werror -fPIC -shared -o .build-thread/mutex.so scripts/tsan/mutex.c
    preload=(env "LD_PRELOAD=$PWD/.build-thread/mutex.so")
  fi
done
# Leaks at exit are not looked for: the runtime's own, and what a process that ends still holds, would drown any of ours. Memory that is not
# to be had is refused, as without the sanitizer: tests ask for it.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0:allocator_may_return_null=1:suppressions=$PWD/scripts/asan/foundation.supp}
"${preload[@]}" swift test "${arguments[@]}"
case " $* " in
  *" --"*) ;;
  *)
    swift build --product radial
    RADIAL="$(swift build --show-bin-path)/radial"
    export RADIAL
    scripts/smoke.sh
    scripts/clients.sh ${all:+--kserve --perf-analyzer}
    scripts/metrics.sh
    scripts/manifests.sh ${kserve:+"$kserve"}
    scripts/schemathesis.sh
    scripts/python.sh ${all:+--all}
    [ -n "$all" ] || scripts/page.sh --short
    if [ -n "$all" ]; then
      swift build -c release --product radial
      RADIAL="$(swift build -c release --show-bin-path)/radial"
      scripts/page.sh
      scripts/neon.sh
      scripts/graphs.sh
      scripts/rolling.sh
      scripts/swap.sh 30
      scripts/spark.sh
      scripts/soak.sh --requests 1000000
      scripts/test.sh --sanitize=address
    fi
    ;;
esac
