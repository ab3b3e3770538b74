#!/usr/bin/env bash
# Tries the page that `GET /` gives a browser, in Debian's chromium, headless: draws digits and what is none with a pointer and by keyboard,
# drops a picture, pastes rows, moves the slider; behind a prefix, with a key, after the server's end; at 320, 390 and 1280 pixels, in light
# and in dark, with reduced motion. The console is silent, nothing is loaded from elsewhere, nothing scrolls sideways, one request is on its
# way at a time, and axe finds nothing that keeps somebody from using it. Then a report of radial evaluate, without scripts.
#   scripts/page.sh                      all of it; pictures of the page are left in .build/page
#   scripts/page.sh --short              two widths, one model, no report, no pictures; half a minute
# RADIAL names the binary; without it a release build is made.
source "$(dirname "$0")/setup.sh"
arguments=(--screenshots .build/page)
case "${1:-}" in
  --short) arguments=(--short) ;;
  "") ;;
  *) echo "expected --short or nothing, found $1" >&2; exit 2 ;;
esac
install_packages python3-venv chromium
source scripts/environment.sh
virtual_environment scripts/page
source scripts/server.sh
find_radial
# A model of two versions.
mkdir -p "$folder/models/two/1" "$folder/models/two/2"
cp weights/digits.safetensors "$folder/models/two/1/model.safetensors"
cp weights/digits.safetensors "$folder/models/two/2/model.safetensors"
start_radial --models-dir "$folder/models" --default-model digits --model weights/digits.safetensors --model weights/lenet5.safetensors \
  --model weights/lenet5-1998.safetensors --model weights/fashion.safetensors --model weights/example.safetensors \
  --model Tests/EndToEndTests/Data/softmax.keras --model Tests/ModelsTests/ONNX/scikit_ocsvm_standard/model.onnx=one \
  --model Tests/ModelsTests/ONNX/scikit_svr/model.onnx=number
open=$url
key=$("$python" -c 'import secrets; print(secrets.token_hex(16))')
(umask 077 && echo "page:$key" >"$folder/keys")
start_radial --path-prefix /radial --api-key-file "$folder/keys" --model weights/digits.safetensors
"$python" scripts/page/page.py "$open" "$url/radial" "$server" "$key" "${arguments[@]}"
[ "${1:-}" != --short ] || exit 0
PYTHONPATH=scripts/page "$python" -c 'import browser, json
for row, label in browser.digits():
    print(json.dumps({"instance": row, "label": label}))' >"$folder/rows.jsonl"
"$RADIAL" evaluate weights/digits.safetensors "$folder/rows.jsonl" --label-column label --report "$folder/report.html" >"$folder/evaluation"
"$python" scripts/page/report.py "$folder/report.html"
