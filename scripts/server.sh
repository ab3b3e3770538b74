# Sourced: where the binary is, and a server for as long as the script runs.
# shellcheck shell=bash
servers=()
folder=$(mktemp -d)
trap 'kill "${servers[@]}" 2>/dev/null || true; rm -rf "$folder"' EXIT

# find_radial: sets RADIAL, the binary, unless it is set; without it a release build is made.
find_radial() {
  [ -n "${RADIAL:-}" ] && return 0
  swift build -c release --static-swift-stdlib --product radial
  RADIAL="$(swift build -c release --static-swift-stdlib --show-bin-path)/radial"
}

# start_radial ARGUMENT…: starts a server on a free port; sets server (its process) and url.
start_radial() {
  local out="$folder/out-${#servers[@]}" err="$folder/err-${#servers[@]}"
  "$RADIAL" serve --port 0 "$@" >"$out" 2>"$err" &
  server=$!
  servers+=("$server")
  for _ in $(seq 100); do grep -q ' at http' "$out" && break; sleep 0.1; done
  url=$(sed -n 's/.* at \(http[^,]*\),.*/\1/p' "$out")
  [ -n "$url" ] || { echo "the server did not start:" >&2; cat "$err" >&2; return 1; }
}
