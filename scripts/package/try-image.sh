#!/usr/bin/env bash
# Tries an image as a container would run it: its root read-only, in namespaces of its own, as a user of no name. Called by scripts/image.sh.
#   try-image.sh ARCHIVE LIMIT      ARCHIVE: as docker save writes it; LIMIT: the bytes that it may have unpacked
set -euo pipefail
archive=$1 limit=$2
folder=$(mktemp -d)
wrapper=
trap '[ -z "$wrapper" ] || { pkill -P "$wrapper" || true; wait "$wrapper" || true; }; rm -rf "$folder"' EXIT
fail() { echo "FAILED: $*" >&2; exit 1; }
mkdir "$folder/archive" "$folder/root"
tar -xf "$archive" -C "$folder/archive"
configuration=$folder/archive/$(jq -r '.[0].Config' "$folder/archive/manifest.json")
jq -r '.[0].Layers[]' "$folder/archive/manifest.json" | while read -r layer; do tar -xf "$folder/archive/$layer" -C "$folder/root"; done

# said FILTER EXPECTED: what the image says of itself.
said() {
  local found
  found=$(jq -c "$1" "$configuration")
  [ "$found" = "$2" ] || fail "$1: expected $2, found $found"
}
said .config.User '"65532:65532"'
said .config.Entrypoint '["/usr/bin/radial"]'
said .config.Cmd '["serve"]'
said .config.Healthcheck.Test '["CMD","/usr/bin/radial","probe"]'
said '.config.Labels["org.opencontainers.image.licenses"]' '"Apache-2.0"'
jq -e '.config.Labels["org.opencontainers.image.revision"] | test("^[0-9a-f]{40}$")' "$configuration" >/dev/null || fail "expected a revision"
bytes=$(find "$folder/root" -type f -printf '%s\n' | awk '{sum += $1} END {print sum}')
echo "size: $bytes bytes unpacked, $(find "$folder/root" -type f | wc -l) files; $(gzip -c "$archive" | wc -c) compressed"
found=$(find "$folder/root" -perm /6000)
[ -z "$found" ] || fail "expected no file that lends its owner's rights, found $found"
found=$(cd "$folder/root" && find . -type f -perm /111 | sort | xargs)
[[ $found =~ ^\./lib[^/]*/ld-[^/\ ]*\ \./usr/bin/radial$ ]] || fail "expected the dynamic linker and radial to be the only programs, found $found"

mapfile -t environment < <(jq -r '.config.Env[]' "$configuration")
# contained USER [VARIABLE=VALUE…] COMMAND…: as the image is run, with a root that cannot be written and the image's variables.
contained() {
  local user=$1 variables=("${environment[@]}")
  shift
  while [[ $1 == *=* ]]; do variables+=("$1"); shift; done
  # unshare heeds SIGKILL alone, which is the second signal, and takes what runs in it along. The image has no program to change the user
  # by; chroot does it inside.
  # shellcheck disable=SC2016
  timeout -k 1 60 unshare --mount --pid --fork --kill-child --propagation private bash -c '
    root=$1
    shift
    mount --bind "$root" "$root"
    mount -o remount,bind,ro "$root"
    mount -t proc proc "$root/proc"
    exec "$@"' bash "$folder/root" env -i "${variables[@]}" "$(command -v setpriv)" --no-new-privs \
    "$(command -v chroot)" --userspec="$user:$user" --groups= "$folder/root" "$@"
}

for user in 65532 12345; do
  started=$(date +%s%N)
  contained "$user" RADIAL_HOST=127.0.0.1 RADIAL_PORT=0 /usr/bin/radial serve >"$folder/out" 2>"$folder/err" &
  wrapper=$!
  until grep -q ' at http' "$folder/out" || ! kill -0 "$wrapper" 2>/dev/null; do sleep 0.01; done
  ready=$(date +%s%N)
  port=$(sed -n 's/.* at http:\/\/127\.0\.0\.1:\([0-9]*\),.*/\1/p' "$folder/out")
  [ -n "$port" ] || { cat "$folder/out" "$folder/err" >&2; fail "the server did not start"; }
  # Below the function's shell, timeout and unshare.
  server=$(pgrep -P "$(pgrep -P "$(pgrep -P "$wrapper")")")
  cat "$folder/out"
  echo "as user $user, process $(awk '/^NSpid/ {print $NF}' "/proc/$server/status") of its namespace:" \
    "ready in $(((ready - started) / 1000000)) ms, resident $(awk '/^VmRSS/ {print $2, $3}' "/proc/$server/status")," \
    "capabilities $(awk '/^CapEff/ {print $2}' "/proc/$server/status")"
  answer=$(curl -s -m 10 -d @Tests/EndToEndTests/Data/seven.json "http://127.0.0.1:$port/predict")
  echo "POST /predict: ${answer:0:160}…"
  grep -q '"class":7,"label":"7".*"known":true' <<<"$answer" || fail "expected a known 7"
  contained "$user" RADIAL_PORT="$port" /usr/bin/radial probe || fail "the health check"
  kill -TERM "$server"
  wait "$wrapper" || fail "the server ended with $?"
  wrapper=
  echo "SIGTERM: ended with 0"
  # refused COMMAND…: ends with 1, and not by a signal or for want of the command.
  refused() {
    local status=0
    contained "$user" "$@" 2>"$folder/err" || status=$?
    cat "$folder/err"
    [ "$status" -eq 1 ] || fail "$*: expected exit status 1, found $status"
  }
  refused RADIAL_PORT="$port" /usr/bin/radial probe
  refused /usr/bin/radial serve --port 0 --unknown-log /tmp/log
  grep -q 'Read-only file system' "$folder/err" || fail "expected a read-only root"
done
[ "$bytes" -le "$limit" ] || fail "expected at most $limit bytes, found $bytes"
echo "the image passed"
