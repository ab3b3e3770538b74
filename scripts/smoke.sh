#!/usr/bin/env bash
# Starts a server on a free port and talks to it with curl as a user would: a real digit, distances, model, metrics, every
# error status that curl can provoke. RADIAL names the binary; without it a release build is made.
if [ -z "${RADIAL:-}" ]; then
  source "$(dirname "$0")/setup.sh"
  install_packages curl
  swift build -c release --product radial
  RADIAL="$(swift build -c release --show-bin-path)/radial"
fi
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
"$RADIAL" serve --port 0 --max-body-bytes 200000 --body-timeout 2 --header-timeout 2 >"$folder/out" 2>"$folder/err" &
server=$!
trap 'kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
for _ in $(seq 100); do grep -q ' at http' "$folder/out" && break; sleep 0.1; done
url=$(sed -n 's/.* at \(http[^,]*\),.*/\1/p' "$folder/out")
[ -n "$url" ] || { echo "the server did not start:"; cat "$folder/err"; exit 1; }

passed=0 failed=0
# expect NAME STATUS PATTERN CURL-ARGUMENT…: the status, and a pattern that the body must hold.
expect() {
  local name=$1 status=$2 pattern=$3 found
  shift 3
  found=$(curl -s -m 10 -o "$folder/body" -w '%{http_code}' "$@" || true)
  if [ "$found" = "$status" ] && grep -Eq "$pattern" "$folder/body"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED $name: expected $status with /$pattern/, found $found: $(head -c 300 "$folder/body")"
  fi
}

digit=Tests/EndToEndTests/Data/seven.json
short='{"instances":[[1,2,3]]}'
expect "a digit"            200 '"class":7,"label":"7".*"known":true' -d @$digit "$url/predict"
expect "by model name"      200 '"class":7'                -d @$digit "$url/models/digits/predict"
expect "by version"         200 '"class":7'                -d @$digit "$url/models/digits/versions/1/predict"
expect "distances"          200 '"distances":\[\[.*"nearest":\[\{"class":7' -d @$digit "$url/distances"
expect "gzip"               200 '"class":7' -H 'Content-Encoding: gzip' --data-binary @<(gzip -c $digit) "$url/predict"
expect "model"              200 '"type":"rbf"'             "$url/model"
expect "models"             200 '"name":"digits"'          "$url/models"
expect "live"               200 'alive'                    "$url/livez"
expect "ready"              200 'ready'                    "$url/readyz"
expect "healthy"            200 'ready'                    "$url/healthz"
expect "root"               200 '"status":"alive"'         "$url/"
expect "head"               200 ''                         -I "$url/model"
expect "metrics"            200 'radial_requests_total\{route="/predict",code="200"\} 4' "$url/metrics"
expect "not JSON"           400 '"error":".*byte'          -d 'hello' "$url/predict"
expect "wrong width"        400 'expected 784 numbers, found 3' -d "$short" "$url/predict"
expect "no rows"            400 '"error"'                  -d '{"instances":[]}' "$url/predict"
expect "empty"              400 'empty'                    -X POST "$url/predict"
expect "unknown output"     400 '"error"'                  -d '{"outputs":["nope"],"instances":[]}' "$url/predict"
expect "bad timeout"        400 'X-Request-Timeout-Ms'     -H 'X-Request-Timeout-Ms: soon' -d @$digit "$url/predict"
expect "unknown path"       404 'no route'                 "$url/nowhere"
expect "unknown model"      404 'not served'               -d @$digit "$url/models/nope/predict"
expect "unknown version"    404 'no version'               -d @$digit "$url/models/digits/versions/9/predict"
expect "wrong method"       405 'use POST'                 "$url/predict"
expect "too large"          413 '"error"'                  -H 'Expect:' --data-binary @<(head -c 300000 /dev/zero) "$url/predict"
expect "unknown encoding"   415 '"error"'                  -H 'Content-Encoding: br' -d @$digit "$url/predict"
expect "not finite"         422 'row|instances\[0\]\[0\]'  -d '{"instances":[[1e999]]}' "$url/predict"
expect "header too large"   431 '"error"'                  -H "X-Long: $(head -c 9000 /dev/zero | tr '\0' a)" "$url/livez"
expect "transfer coding"    501 '"error"'                  -X POST -H 'Transfer-Encoding: gzip' "$url/predict"

kill -TERM "$server"
if wait "$server"; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED exit status after SIGTERM"; fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
