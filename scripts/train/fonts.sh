# Sourced: unpack_fonts FOLDER unpacks the Debian packages of fonts.tsv into FOLDER/PACKAGE, those that are not there yet; none is installed.
# shellcheck shell=bash
unpack_fonts() {
  local folder=$1 package missing=() as_root=()
  while IFS=$'\t' read -r package _; do
    case $package in '#'*) continue ;; esac
    [ -d "$folder/$package/usr" ] || missing+=("$package")
  done <"$(dirname "${BASH_SOURCE[0]}")/fonts.tsv"
  [ ${#missing[@]} -eq 0 ] && return 0
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  echo "unpacking ${#missing[@]} packages of fonts into $folder" >&2
  "${as_root[@]}" apt-get update -qq
  for package in "${missing[@]}"; do
    rm -rf "${folder:?}/$package.partial"
    mkdir -p "$folder/$package.partial"
    (cd "$folder/$package.partial" && apt-get download -qq "$package" && dpkg -x "$package"_*.deb . && rm "$package"_*.deb)
    mv "$folder/$package.partial" "$folder/$package"
  done
}
