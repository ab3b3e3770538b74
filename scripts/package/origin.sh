# Sourced by bundle.sh and image-root.sh.
# shellcheck shell=bash

# origin FILE: the Debian package that it is of, its source package, and that one's version.
origin() {
  local file package
  file=$(readlink -f "$1")
  # Debian 12 knows some files by their place before /lib became /usr/lib.
  package=$(dpkg -S "$file" 2>/dev/null || dpkg -S "${file#/usr}")
  dpkg-query -W -f='${Package} ${source:Package} ${source:Version}\n' "${package%%:*}" | head -n 1
}
