#!/usr/bin/env bash
# Holds the manifests of scripts/deploy, alone and as kustomize puts them together, to the schemas of Kubernetes, KEDA, Prometheus Operator and
# Compose, to each other, and to a server that runs with their arguments: flags, probes, ports, metrics and the way to stop; the Job to what its
# pods write; and the dashboard to the server's metrics. Then damages each and expects a refusal.
#   scripts/manifests.sh [FOLDER]      FOLDER: of CustomResourceDefinitions of KServe and of the Gateway API, to hold their kinds to them too
source "$(dirname "$0")/help.sh"
definitions=${1:+$(realpath "$1")}
source "$(dirname "$0")/setup.sh"
install_packages python3-venv
unpacked prometheus promtool
without=()
if ! all_there kubectl && ! all_there kustomize; then
  # Debian 12 has neither.
  if grep -qx 'VERSION_CODENAME=bookworm' /etc/os-release; then without=(--without-kustomize); else unpacked kustomize kustomize; fi
fi
source scripts/environment.sh
virtual_environment scripts/manifests
source scripts/server.sh
find_radial
"$python" scripts/manifests/validate.py "$RADIAL" "${without[@]}" ${definitions:+--definitions "$definitions"}
