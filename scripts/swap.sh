#!/usr/bin/env bash
# Swaps models under load: version 2 of `digits` comes and goes every 200 ms while 64 connections ask. Every answer must be wholly version
# 1's or version 2's, none may fail, and resident memory must stay flat.
#   scripts/swap.sh [SECONDS]        default: 60
source "$(dirname "$0")/setup.sh"
install_packages wrk curl python3
seconds=${1:-60}
source scripts/server.sh
find_radial

mkdir -p "$folder/models/digits/1" "$folder/next"
cp weights/digits.safetensors "$folder/models/digits/1/model.safetensors"
# Version 2: the same network, some weights of its last layer changed, without the rows of the self-test, which would no longer hold.
python3 - weights/digits.safetensors "$folder/next/model.safetensors" <<'PYTHON'
import json, struct, sys
data = open(sys.argv[1], "rb").read()
size = struct.unpack("<Q", data[:8])[0]
header, body = json.loads(data[8:8 + size]), bytearray(data[8 + size:])
metadata = header.pop("__metadata__")
centers = next(t for n, t in header.items() if n.endswith(".centers"))
begin, end = centers["data_offsets"]
for at in range(begin, end, 4):
    body[at:at + 4] = struct.pack("<f", struct.unpack("<f", body[at:at + 4])[0] * 1.01)
kept = {n: t for n, t in header.items() if not n.startswith("selftest.")}
out, packed = bytearray(), {"__metadata__": metadata}
for name, tensor in sorted(kept.items(), key=lambda item: item[1]["data_offsets"]):
    piece = body[slice(*tensor["data_offsets"])]
    packed[name] = {**tensor, "data_offsets": [len(out), len(out) + len(piece)]}
    out += piece
text = json.dumps(packed).encode()
text += b" " * (-len(text) % 8)
open(sys.argv[2], "wb").write(struct.pack("<Q", len(text)) + text + out)
PYTHON

start_radial --models-dir "$folder/models" --models-scan-interval 0.05
body=Tests/EndToEndTests/Data/seven.json
ask() { curl -s -d @"$body" "$url/predict"; }
ask >"$folder/one"
cp -r "$folder/next" "$folder/models/digits/2.tmp" && mv "$folder/models/digits/2.tmp" "$folder/models/digits/2"
for _ in $(seq 100); do ask >"$folder/two"; grep -q '"version":"2"' "$folder/two" && break; sleep 0.05; done
cmp -s "$folder/one" "$folder/two" && { echo "version 2 was not served"; cat "$folder"/err-*; exit 1; }

cat >"$folder/check.lua" <<LUA
local function read(path) local file = io.open(path, "rb"); local text = file:read("*a"); file:close(); return text end
wrk.method = "POST"
wrk.body = read("$body")
local one, two, bad = read("$folder/one"), read("$folder/two"), 0
function response(status, headers, body)
  if status ~= 200 or (body ~= one and body ~= two) then
    bad = bad + 1
    if bad == 1 then io.stderr:write("a wrong answer: ", status, " ", body, "\n") end
    io.stderr:write("wrong\n")
  end
end
LUA
resident() { awk '/VmRSS/ {print $2}' "/proc/$server/status"; }
sleep 1
before=$(resident)
wrk -t1 -c64 -d"${seconds}s" -s "$folder/check.lua" "$url/predict" >"$folder/wrk" 2>"$folder/wrong" &
load=$!
swaps=0
while kill -0 "$load" 2>/dev/null; do
  if [ -d "$folder/models/digits/2" ]; then
    mv "$folder/models/digits/2" "$folder/models/.2" && rm -r "$folder/models/.2"
  else
    cp -r "$folder/next" "$folder/models/digits/2.tmp" && mv "$folder/models/digits/2.tmp" "$folder/models/digits/2"
  fi
  swaps=$((swaps + 1))
  sleep 0.2
done
wait "$load"
grep -E 'requests in|Requests/sec|Socket errors|Non-2xx' "$folder/wrk"
echo "$(grep -c '^wrong' "$folder/wrong" || true) wrong answers; $swaps swaps; $(curl -s "$url/metrics" | awk '/loads_total.*success/ {print $2}') loads"
echo "resident memory: $before KiB before, $(resident) KiB after"
if grep -Eq 'Non-2xx|Socket errors' "$folder/wrk" || [ -s "$folder/wrong" ]; then exit 1; fi
