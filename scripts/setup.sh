# Sourced by the other scripts: goes to the repository's root and installs the Debian packages that are missing.
# shellcheck shell=bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The libraries that Package.swift links, each explained there.
build_packages=(libmicrohttpd-dev libsimdjson-dev zlib1g-dev nettle-dev pkg-config)

# install_packages PACKAGE…: installs what is not there yet; asks for sudo only then.
install_packages() {
  local missing=() package as_root=()
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  echo "Installing ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

command -v swift >/dev/null || { echo "swift was not found: install Swift 6.3 from https://swift.org/install" >&2; exit 1; }
install_packages "${build_packages[@]}"
