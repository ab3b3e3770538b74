# Sourced by the other scripts: goes to the repository's root and installs the Debian packages that are missing.
# shellcheck shell=bash
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/help.sh"
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The libraries that Package.swift links, each explained there.
build_packages=(libmicrohttpd-dev libgnutls28-dev libsimdjson-dev zlib1g-dev nettle-dev pkg-config)

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

all_there() { local program; for program in "$@"; do command -v "$program" >/dev/null || return 1; done; }

# unpack FOLDER PACKAGE…: what Debian's packages hold, into a folder. None is installed.
unpack() {
  local folder=$1 package
  shift
  mkdir -p "$folder"
  for package in "$@"; do
    (cd "$folder" && apt-get download -qq "$package" && dpkg -x "$package"_*.deb . && rm -f "$package"_*.deb)
  done
}

# unpacked PACKAGE PROGRAM…: makes the programs of a Debian package callable without installing it, since an installed daemon would be started.
# What is not in it is in a package of its own name: promtool in Debian 13.
unpacked() {
  local package=$1 place=$PWD/.build/debian/$1 as_root=() program
  shift
  PATH=$PATH:$place/usr/bin:$place/usr/sbin
  all_there "$@" && return 0
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  echo "Unpacking $package"
  "${as_root[@]}" apt-get update -qq
  for program in "$package" "$@"; do
    all_there "$@" && return 0
    unpack "$place" "$program"
  done
  all_there "$@" || { echo "expected $* in Debian's package $package or in packages of their own, found less" >&2; return 1; }
}

command -v swift >/dev/null || { echo "swift was not found: install Swift 6.3 from https://swift.org/install" >&2; exit 1; }
install_packages "${build_packages[@]}"
