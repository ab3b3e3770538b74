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

# unpacked PACKAGE PROGRAM…: makes the programs of a Debian package callable without installing it, since an installed daemon would be started.
unpacked() {
  local package=$1 place program
  shift
  place=$PWD/.build/debian/$package
  for program in "$@"; do command -v "$program" >/dev/null || PATH=$PATH:$place/usr/bin:$place/usr/sbin; done
  for program in "$@"; do
    command -v "$program" >/dev/null && continue
    mkdir -p "$place"
    apt-cache show "$package" >/dev/null 2>&1 || { [ "$(id -u)" -eq 0 ] && apt-get update -qq || sudo apt-get update -qq; }
    (cd "$place" && apt-get download -qq "$package" 2>/dev/null && dpkg -x "$package"_*.deb . && rm -f "$package"_*.deb)
  done
}

command -v swift >/dev/null || { echo "swift was not found: install Swift 6.3 from https://swift.org/install" >&2; exit 1; }
install_packages "${build_packages[@]}"
