# Sourced: build_programs NAME… makes .build/bench/NAME of scripts/bench/NAME.c or .cpp where that is newer, or is compiled otherwise than it
# was; sets programs, the folder.
# shellcheck shell=bash
programs=$PWD/.build/bench
build_programs() {
  local name command sources
  mkdir -p "$programs"
  for name in "$@"; do
    sources=(scripts/bench/"$name".c)
    case $name in
      floor) command=(cc -O2 "${sources[@]}" -lmicrohttpd -lpthread) ;;
      memory) command=(cc -O3 -march=native "${sources[@]}") ;;
      openloop) command=(cc -O2 "${sources[@]}" -lm) ;;
      numbers)
        sources=(scripts/bench/numbers.cpp Sources/JSONCore Sources/DecimalNumber)
        command=(clang++ -std=c++17 -O2 -ISources/JSONCore/include -ISources/DecimalNumber/include scripts/bench/numbers.cpp
          Sources/JSONCore/*.cpp Sources/DecimalNumber/*.cpp -lsimdjson)
        ;;
      *) echo "build_programs: expected floor, memory, openloop or numbers, found $name" >&2; return 1 ;;
    esac
    [ -x "$programs/$name" ] && [ "${command[*]}" = "$(cat "$programs/$name.command" 2>/dev/null)" ] &&
      [ -z "$(find "${sources[@]}" -newer "$programs/$name" -type f)" ] && continue
    "${command[@]}" -o "$programs/$name"
    echo "${command[*]}" >"$programs/$name.command"
  done
}
