#!/usr/bin/env bash
# In a root of Debian 12, at /radial: builds a binary against libmicrohttpd 1.0.1, whose parser is strict, and makes of it a folder that brings
# its libraries along, as a tarball and as a Python wheel. Called by scripts/package.sh.
source scripts/package/stage.sh build-essential
source scripts/package/origin.sh
# The one that this root was made from.
mirror=$(awk '$1 == "deb" {print $2; exit}' /etc/apt/sources.list)
machine=$(uname -m)
libraries=/opt/radial-libraries
# Debian 13's libmicrohttpd; another one makes another package.
source_version=1.0.1-4
if [ "$(cat "$libraries/version" 2>/dev/null)" != "$source_version" ]; then
  work=$(mktemp -d)
  list=/etc/apt/sources.list.d/trixie-source.list
  trap 'rm -f "$list"' EXIT
  echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$list"
  apt-get update -qq
  found=$(apt-cache showsrc libmicrohttpd | sed -n 's/^Version: //p')
  [ "$found" = "$source_version" ] || { echo "expected libmicrohttpd $source_version in Debian 13, found $found; change $0" >&2; exit 1; }
  # apt has checked their sums.
  (cd "$work" && apt-get source -qq --download-only libmicrohttpd && dpkg-source --no-check -x ./*.dsc source)
  rm -rf "$libraries"
  (
    cd "$work/source"
    ./configure -q --prefix="$libraries" --disable-static --disable-doc --disable-examples --disable-tools --disable-curl --enable-https \
      CFLAGS="-O2 -fstack-protector-strong -ffile-prefix-map=$PWD=." CPPFLAGS=-D_FORTIFY_SOURCE=2 LDFLAGS="-Wl,-z,relro -Wl,-z,now"
    make -s -j 2 && make -s install
    install -D -m 644 debian/copyright "$libraries/copyright"
  ) >"$libraries.log" 2>&1 || { tail -n 20 "$libraries.log" >&2; exit 1; }
  echo "$source_version" >"$libraries/version"
  rm -rf "$work"
fi
export PKG_CONFIG_PATH=$libraries/lib/pkgconfig LD_LIBRARY_PATH=$libraries/lib
# What does not include its header is built already, for the .deb.
binary=$(built)

name=radial-$version-linux-$machine
work=$(mktemp -d)
tree=$work/$name
stage "$binary" "$tree"
install -d "$tree/lib" "$tree/licenses"
install -m 644 LICENSE "$tree/LICENSE"
install -m 644 scripts/package/BUNDLE.md "$tree/README.md"
install -m 644 /usr/share/common-licenses/{Apache-2.0,GPL-2,GPL-3,LGPL-2.1,LGPL-3} "$tree/licenses/"

# Every library that is linked, however far down, but for the C library's own, beside it under the name by which it is asked for.
bill=()
while read -r file path; do
  install -m 644 "$(readlink -f "$path")" "$tree/lib/$file"
  strip --strip-unneeded "$tree/lib/$file"
  if [[ $path == "$libraries"/* ]]; then
    source=libmicrohttpd number=$source_version copyright=$libraries/copyright
  else
    read -r package source number <<<"$(origin "$path")"
    copyright=/usr/share/doc/$package/copyright
  fi
  install -m 644 "$(readlink -f "$copyright")" "$tree/licenses/$source.copyright"
  bill+=("$tree/lib/$file" "$source" "$number")
done < <(ldd "$binary" | awk '$2 == "=>" && $1 !~ /^(linux-vdso|libc|libm|libdl|libpthread|librt|ld-linux.*)\.so/ {print $1, $3}' | sort)
# Of the kind that libraries asked for by libraries are found by as well, so that these stay as they are. Any of them can be replaced.
# shellcheck disable=SC2016  # for the dynamic linker
patchelf --force-rpath --set-rpath '$ORIGIN/../lib' "$tree/bin/radial"
refuse_build_paths "$tree/bin/radial"
python3 scripts/package/sbom.py "$name" "$version" "$SOURCE_DATE_EPOCH" "$tree/bin/radial" "${bill[@]}" >"$tree/sbom.spdx.json"

# What it runs on: a C library that is as new as what is asked of it.
libc=$(getconf GNU_LIBC_VERSION | cut -d ' ' -f 2)
needed=$(objdump -T "$tree"/bin/radial "$tree"/lib/* | grep -o 'GLIBC_2\.[0-9]*' | sort -uV | tail -n 1)
echo "needs $needed of $libc"
[ "$(printf '%s\n' "${needed#GLIBC_}" "$libc" | sort -V | tail -n 1)" = "$libc" ]

dated "$tree"
mkdir -p "$out"
rm -f "$out"/radial-*
tar -C "$work" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --format=gnu -cf - "$name" | gzip -9n >"$out/$name.tar.gz"
install -m 644 "$tree/sbom.spdx.json" "$out/$name.tar.gz.spdx.json"
python3 scripts/package/wheel.py "$tree" "manylinux_${libc/./_}_$machine" "$SOURCE_DATE_EPOCH" "$out"
rm -rf "$work"
