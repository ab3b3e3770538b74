# Sourced: unpack_fonts FOLDER unpacks the Debian packages of fonts.tsv into FOLDER/PACKAGE, those that are not there yet; none is installed.
# shellcheck shell=bash
unpack_fonts() (
  source "$(dirname "${BASH_SOURCE[0]}")/../setup.sh"
  folder=$1 missing=() as_root=()
  while IFS=$'\t' read -r package _; do
    case $package in '#'*) continue ;; esac
    [ -d "$folder/$package" ] || missing+=("$package")
  done <scripts/train/fonts.tsv
  [ ${#missing[@]} -eq 0 ] && exit 0
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  echo "unpacking ${#missing[@]} packages of fonts into $folder" >&2
  "${as_root[@]}" apt-get update -qq
  for package in "${missing[@]}"; do
    rm -rf "${folder:?}/$package.partial"
    unpack "$folder/$package.partial" "$package"
    mv "$folder/$package.partial" "$folder/$package"
  done
)
