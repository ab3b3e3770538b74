#!/usr/bin/env bash
# Makes the folder that an image is made of: the binary without symbols, the models, and what they need of this Debian.
#   image-root.sh BINARY FOLDER
set -euo pipefail
umask 022
source scripts/package/origin.sh
binary=$1 root=$2
: "${SOURCE_DATE_EPOCH:=0}"
version=$(sed -n 's/^let radialVersion = "\(.*\)"$/\1/p' Sources/radial/Radial.swift)
mkdir -p "$root"/{etc,proc,sys,dev,run,tmp,mnt,usr/share/radial/weights,usr/share/doc/radial/licenses}
install -D -m 755 "$binary" "$root/usr/bin/radial"
strip --strip-unneeded --remove-section=.comment "$root/usr/bin/radial"
install -m 644 weights/*.safetensors "$root/usr/share/radial/weights/"
install -m 644 LICENSE /usr/share/common-licenses/{Apache-2.0,GPL-2,GPL-3,LGPL-2.1,LGPL-3} "$root/usr/share/doc/radial/licenses/"
echo 'radial:x:65532:65532:radial:/:/usr/bin/radial' >"$root/etc/passwd"
echo 'radial:x:65532:' >"$root/etc/group"

# The libraries, at the places where the dynamic linker looks, and itself.
bill=()
while read -r file path; do
  install -D -m 755 "$(readlink -f "$path")" "$root$file"
  read -r package source number <<<"$(origin "$path")"
  # Debian keeps one text for packages that are made together.
  install -m 644 "$(readlink -f "/usr/share/doc/$package/copyright")" "$root/usr/share/doc/radial/licenses/$source.copyright"
  bill+=("$root$file" "$source" "$number")
done < <(ldd "$binary" | awk '$2 == "=>" {print $3, $3} $2 ~ /^\(0x/ && $1 ~ /^\// {print $1, $1}' | sort)
# Of all files the ones that nobody reads often.
gzip -9n "$root/usr/share/doc/radial/licenses"/*
python3 scripts/package/sbom.py radial-image "$version" "$SOURCE_DATE_EPOCH" "$root/usr/bin/radial" "${bill[@]}" >"$root/usr/share/doc/radial/sbom.spdx.json"
chmod 1777 "$root/tmp"
find "$root" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
