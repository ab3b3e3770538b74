#!/usr/bin/env bash
# Starts a server on a free port and talks to it with curl as a user would: a real digit, distances, model, metrics, every
# error status that curl can provoke. RADIAL names the binary; without it a release build is made.
source "$(dirname "$0")/setup.sh"
install_packages curl
source scripts/server.sh
find_radial
start_radial --max-body-bytes 200000 --body-timeout 2 --header-timeout 2

passed=0 failed=0
# expect NAME STATUS PATTERN CURL-ARGUMENT…: patterns of the status and of what the body must hold.
expect() {
  local name=$1 status=$2 pattern=$3 found
  shift 3
  found=$(curl -s -m 10 -o "$folder/body" -w '%{http_code}' "$@" || true)
  if [[ "$found" =~ ^$status$ ]] && grep -Eq "$pattern" "$folder/body"; then
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
expect "byte order mark"    200 '"class":7' --data-binary @<(printf '\357\273\277'; cat $digit) "$url/predict"
expect "slash behind"       200 '"class":7'                -d @$digit "$url/predict/"
expect "compressed answer"  200 'radial_build_info' --compressed "$url/metrics/"
expect "model"              200 '"type":"rbf"'             "$url/model"
expect "models"             200 '"name":"digits"'          "$url/models"
expect "live"               200 'alive'                    "$url/livez"
expect "ready"              200 'ready'                    "$url/readyz"
expect "healthy"            200 'ready'                    "$url/healthz"
expect "root"               200 '"status":"alive"'         "$url/"
tensor='{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,3]}]}'
expect "openapi"            200 '"openapi": "3.1.0"'        "$url/openapi.json"
expect "v2"                 200 '"binary_tensor_data"'     "$url/v2"
expect "v2 ready"           200 '"ready":true'             "$url/v2/health/ready"
expect "v2 metadata"        200 '"shape":\[-1,784\]'       "$url/v2/models/digits"
expect "v2 raw infer"       200 '"binary_data_size":40'    -H 'Inference-Header-Content-Length: 0' --data-binary @<(head -c 3136 /dev/zero) "$url/v2/models/digits/infer"
expect "v2 bad shape"       400 'expected \[-1,784\], found \[1,3\]' -d "$tensor" "$url/v2/models/digits/infer"
expect "v2 statistics"      200 '"success":\{"count":[1-9]' "$url/v2/models/digits/stats"
expect "v2 index"           200 '"state":"READY"'          -X POST "$url/v2/repository/index"
expect "v1 status"          200 '"state":"AVAILABLE"'      "$url/v1/models/digits"
expect "v1 predict"         200 '"predictions":\[\['       -d @$digit "$url/v1/models/digits:predict"
expect "v1 metadata"        200 '"serving_default"'        "$url/v1/models/digits/metadata"
expect "head"               200 ''                         -I "$url/model"
expect "metrics"            200 'radial_requests_total\{route="/predict",code="200"\} 6' "$url/metrics"
expect "not JSON"           400 '"error":".*byte'          -d 'hello' "$url/predict"
expect "wrong width"        400 'expected 784 numbers, found 3' -d "$short" "$url/predict"
expect "no rows"            400 '"error"'                  -d '{"instances":[]}' "$url/predict"
expect "empty"              400 'empty'                    -X POST "$url/predict"
expect "unknown output"     400 '"error"'                  -d '{"outputs":["nope"],"instances":[]}' "$url/predict"
expect "bad timeout"        400 'X-Request-Timeout-Ms'     -H 'X-Request-Timeout-Ms: soon' -d @$digit "$url/predict"
expect "unknown path"       404 'no route'                 "$url/nowhere"
expect "unknown path of v1" 404 'models/NAME:predict'      "$url/v1/nowhere"
expect "unknown model"      404 'not served'               -d @$digit "$url/models/nope/predict"
expect "unknown version"    404 'no version'               -d @$digit "$url/models/digits/versions/9/predict"
expect "wrong method"       405 'use POST'                 "$url/predict"
expect "too large"          413 '"error"'                  -H 'Expect:' --data-binary @<(head -c 300000 /dev/zero) "$url/predict"
expect "unknown encoding"   415 '"error"'                  -H 'Content-Encoding: br' -d @$digit "$url/predict"
expect "not finite"         422 'row|instances\[0\]\[0\]'  -d '{"instances":[[1e999]]}' "$url/predict"
expect "header too large"   431 '"error"'                  -H "X-Long: $(head -c 9000 /dev/zero | tr '\0' a)" "$url/livez"
# libmicrohttpd's own answer on Debian 13.
expect "transfer coding"    '(400|501)' '"error"|Transfer-Encoding' -X POST -H 'Transfer-Encoding: gzip' "$url/predict"

kill -TERM "$server"
if wait "$server"; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED exit status after SIGTERM"; fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
