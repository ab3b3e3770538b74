#!/usr/bin/env bash
# Opens the page that `GET /` gives a browser in Debian's chromium, headless: draws a digit, pastes a row, and expects an answer, no error in the
# console, nothing loaded from elsewhere, and no horizontal scroll bar down to 320 pixels, in light and in dark.
# RADIAL names the binary; without it a release build is made.
source "$(dirname "$0")/setup.sh"
install_packages python3-venv chromium
source scripts/environment.sh
virtual_environment scripts/page
source scripts/server.sh
find_radial
start_radial --model weights/digits.safetensors
"$python" scripts/page/page.py "$url"
