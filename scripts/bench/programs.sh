# Sourced: build_programs NAME… makes .build/bench/NAME of scripts/bench/NAME.c or .cpp where it is older than that; sets programs, the folder.
# shellcheck shell=bash
programs=$PWD/.build/bench
build_programs() {
  local name
  mkdir -p "$programs"
  for name in "$@"; do
    case $name in
      floor) built_of floor scripts/bench/floor.c || cc -O2 -o "$programs/floor" scripts/bench/floor.c -lmicrohttpd -lpthread ;;
      memory) built_of memory scripts/bench/memory.c || cc -O3 -march=native -o "$programs/memory" scripts/bench/memory.c -lpthread ;;
      openloop) built_of openloop scripts/bench/openloop.c || cc -O2 -o "$programs/openloop" scripts/bench/openloop.c -lm ;;
      numbers)
        built_of numbers scripts/bench/numbers.cpp Sources/JSONCore Sources/DecimalNumber ||
          clang++ -std=c++17 -O2 -ISources/JSONCore/include -ISources/DecimalNumber/include -o "$programs/numbers" \
            scripts/bench/numbers.cpp Sources/JSONCore/*.cpp Sources/DecimalNumber/*.cpp -lsimdjson
        ;;
    esac
  done
}

# built_of NAME SOURCE…: whether the program is there, and no source is newer.
built_of() {
  local program=$programs/$1
  shift
  [ -x "$program" ] && [ -z "$(find "$@" -newer "$program" -type f)" ]
}
