#!/usr/bin/env bash
# Holds what the server takes for requests against what h11 does, a strict parser of HTTP/1.1 in Python: each connection carries a few
# requests with some bytes changed, and both say how many requests it holds and whether it ends with a refusal. Every disagreement must have
# a reason in scripts/framing/compare.py; those without one are printed, and fail.
#   scripts/framing.sh [CONNECTIONS [SEED]]      20000 connections by default, of seed 1
# RADIAL names the binary; without it a release build is made.
source "$(dirname "$0")/setup.sh"
install_packages python3-venv
source scripts/environment.sh
virtual_environment scripts/framing
source scripts/server.sh
find_radial
start_radial --max-body-bytes 65536
"$python" scripts/framing/compare.py "${url##*:}" "${1:-20000}" "${2:-1}"
