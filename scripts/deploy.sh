#!/usr/bin/env bash
# Validates what scripts/deploy ships: manifests against Kubernetes' schemas and, with --kserve, KServe's; their flags, probes and
# drain times against a server that runs with their arguments; the dashboard against its metrics. Damages each and expects a refusal.
#   scripts/deploy.sh [--kserve DIR]      DIR: KServe's CustomResourceDefinitions, serving.kserve.io_*.yaml
kserve=()
while [ $# -gt 0 ]; do
  case "$1" in
    --kserve) kserve=(--kserve "$(realpath "$2")"); shift 2 ;;
    *) sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
done
source "$(dirname "$0")/setup.sh"
install_packages prometheus python3-venv
source scripts/environment.sh
virtual_environment scripts/deploy
source scripts/server.sh
find_radial
promtool check config scripts/deploy/prometheus.yaml >/dev/null
"$python" scripts/deploy/validate.py "$RADIAL" "${kserve[@]}"
