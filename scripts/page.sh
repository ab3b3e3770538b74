#!/usr/bin/env bash
# Opens the page that `GET /` gives a browser in Debian's chromium, headless: draws a digit, pastes a row, and expects an answer, no error in the
# console, nothing loaded from elsewhere, and no horizontal scroll bar down to 320 pixels, in light and in dark. Then the same of a report
# of radial evaluate, without scripts, and whether axe finds anything that keeps somebody from reading it.
# RADIAL names the binary; without it a release build is made.
source "$(dirname "$0")/setup.sh"
install_packages python3-venv chromium
source scripts/environment.sh
virtual_environment scripts/page
source scripts/server.sh
find_radial
start_radial --model weights/digits.safetensors
"$python" scripts/page/page.py "$url"
sample=Tests/EndToEndTests/Data/mnist-sample.json
"$python" -c 'import json, sys
sample = json.load(open(sys.argv[1]))
for row, label in zip(sample["rows"], sample["labels"]):
    print(json.dumps({"instance": row, "label": label}))' "$sample" >"$folder/rows.jsonl"
"$RADIAL" evaluate weights/digits.safetensors "$folder/rows.jsonl" --label-column label --report "$folder/report.html" >"$folder/evaluation"
"$python" scripts/page/report.py "$folder/report.html"
