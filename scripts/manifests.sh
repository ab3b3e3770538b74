#!/usr/bin/env bash
# Holds the manifests of scripts/deploy to Kubernetes' schemas and to a running server's flags, probes, ports and metrics.
#   scripts/manifests.sh [KSERVE]      KSERVE: the folder of KServe's CustomResourceDefinitions, to hold its kinds to them too
source "$(dirname "$0")/setup.sh"
install_packages python3-venv
source scripts/environment.sh
virtual_environment scripts/manifests
source scripts/server.sh
find_radial
"$RADIAL" serve --help >"$folder/help"
start_radial --model weights/digits.safetensors
"$python" scripts/manifests/validate.py "$url" "$folder/help" "$@"
