#!/usr/bin/env bash
# Makes the folder that an image is made of: the binary without symbols, the models, and what they need of this Debian.
#   image-root.sh BINARY FOLDER
set -euo pipefail
umask 022
source scripts/package/functions.sh
binary=$1 root=$2
: "${SOURCE_DATE_EPOCH:=0}"
version=$(radial_version)
licenses=$root/usr/share/doc/radial/licenses
mkdir -p "$root"/{etc,proc,sys,dev,run,tmp,mnt,usr/share/radial/weights}
install_stripped "$binary" "$root/usr/bin/radial"
install -m 644 weights/*.safetensors "$root/usr/share/radial/weights/"
install_licenses "$licenses"
install -m 644 LICENSE "$licenses/"
echo 'radial:x:65532:65532:radial:/:/usr/bin/radial' >"$root/etc/passwd"
echo 'radial:x:65532:' >"$root/etc/group"

# The libraries, at the places where the dynamic linker looks, and itself, which alone is a program.
bill=()
while read -r file; do
  mode=644
  [[ $file != */ld-* ]] || mode=755
  install -D -m "$mode" "$file" "$root$file"
  bill_debian "$file" "$root$file" "$licenses"
done < <(ldd "$binary" | awk '$2 == "=>" {print $3} $2 ~ /^\(0x/ && $1 ~ /^\// {print $1}' | sort)
# What the Dockerfile links statically.
for archive in "$(gcc -print-file-name=libstdc++.a)" "/usr/lib/$(gcc -print-multiarch)/libsimdjson_static.a"; do
  bill_debian "$archive" "$archive" "$licenses"
done
# Of all files the ones that nobody reads often.
gzip -9n "$licenses"/*
python3 scripts/package/sbom.py radial-image "$version" "$SOURCE_DATE_EPOCH" "$root/usr/bin/radial" "${bill[@]}" >"$root/usr/share/doc/radial/sbom.spdx.json"
chmod 1777 "$root/tmp"
dated "$root"
