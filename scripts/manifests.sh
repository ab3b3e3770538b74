#!/usr/bin/env bash
# Holds the manifests of scripts/deploy to Kubernetes' schemas, to each other, and to a server that runs with their arguments: flags, probes,
# ports, metrics and the way to stop; and the dashboard to the server's metrics. Then damages each and expects a refusal.
#   scripts/manifests.sh [KSERVE]      KSERVE: the folder of KServe's CustomResourceDefinitions, to hold its kinds to them too
source "$(dirname "$0")/help.sh"
kserve=${1:+$(realpath "$1")}
source "$(dirname "$0")/setup.sh"
install_packages python3-venv
unpacked prometheus promtool
source scripts/environment.sh
virtual_environment scripts/manifests
source scripts/server.sh
find_radial
"$python" scripts/manifests/validate.py "$RADIAL" ${kserve:+--kserve "$kserve"}
