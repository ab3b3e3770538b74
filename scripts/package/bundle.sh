#!/usr/bin/env bash
# In a root of Debian 12, at /radial: builds a binary against libmicrohttpd 1.0.1, whose parser is strict, and makes of it a folder that brings
# its libraries along, as a tarball and as a Python wheel. Called by scripts/package.sh.
source scripts/package/stage.sh build-essential
machine=$(uname -m)
libraries=/opt/radial-libraries
# Debian 13's libmicrohttpd; another one, or another way to build it, makes another package.
source_version=1.0.1-4
key="$source_version $(sha256sum <"$0")"
if [ "$(cat "$libraries/version" 2>/dev/null)" != "$key" ]; then
  list=/etc/apt/sources.list.d/trixie-source.list
  trap 'rm -rf "$scratch" "$list"' EXIT
  # The mirror that this root was made from.
  mirror=$(awk '$1 == "deb" {print $2; exit}' /etc/apt/sources.list)
  echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$list"
  apt-get update -qq
  found=$(apt-cache showsrc libmicrohttpd | sed -n 's/^Version: //p')
  [ "$found" = "$source_version" ] || { echo "expected libmicrohttpd $source_version in Debian 13, found $found; change $0" >&2; exit 1; }
  # apt has checked their sums.
  (cd "$scratch" && apt-get source -qq --download-only libmicrohttpd && dpkg-source --no-check -x ./*.dsc source)
  rm -rf "$libraries"
  # What stands before || goes on after an error, set -e or not.
  (
    cd "$scratch/source" &&
      ./configure -q --prefix="$libraries" --disable-static --disable-doc --disable-examples --disable-tools --disable-curl --enable-https \
        CFLAGS="-O2 -fstack-protector-strong -ffile-prefix-map=$PWD=." CPPFLAGS=-D_FORTIFY_SOURCE=2 LDFLAGS="-Wl,-z,relro -Wl,-z,now" &&
      make -s -j 2 && make -s install &&
      install -D -m 644 debian/copyright "$libraries/copyright"
  ) >"$libraries.log" 2>&1 || { tail -n 20 "$libraries.log" >&2; exit 1; }
  echo "$key" >"$libraries/version"
fi
export PKG_CONFIG_PATH=$libraries/lib/pkgconfig LD_LIBRARY_PATH=$libraries/lib
# What does not include its header is built already, for the .deb.
binary=$(built)
linked=$(ldd "$binary")
grep -q "libmicrohttpd\.so.* => $libraries/" <<<"$linked" || { printf 'expected libmicrohttpd of %s, found\n%s\n' "$libraries" "$linked" >&2; exit 1; }

name=radial-$version-linux-$machine
tree=$scratch/$name
stage "$binary" "$tree"
install -m 644 LICENSE "$tree/LICENSE"
install -m 644 scripts/package/BUNDLE.md "$tree/README.md"
install_licenses "$tree/licenses"

# Every library that is linked, however far down, but for the C library's own, beside it under the name by which it is asked for.
bill=()
while read -r file path; do
  install -D -m 644 "$path" "$tree/lib/$file"
  strip --strip-unneeded "$tree/lib/$file"
  if [[ $path == "$libraries"/* ]]; then
    install -m 644 "$libraries/copyright" "$tree/licenses/libmicrohttpd.copyright"
    bill+=("$tree/lib/$file" libmicrohttpd "$source_version")
  else
    bill_debian "$path" "$tree/lib/$file" "$tree/licenses"
  fi
done < <(grep -vE "$libc_files" <<<"$linked" | awk '{print $1, $3}' | sort)
# Of the kind that libraries asked for by libraries are found by as well, so that these stay as they are. Any of them can be replaced.
# shellcheck disable=SC2016  # for the dynamic linker
patchelf --force-rpath --set-rpath '$ORIGIN/../lib' "$tree/bin/radial"
refuse_build_paths "$tree/bin/radial"
python3 scripts/package/sbom.py "$name" "$version" "$SOURCE_DATE_EPOCH" "$tree/bin/radial" "${bill[@]}" >"$tree/sbom.spdx.json"

# What it runs on: a C library as new as its README says.
promised=$(sed -n "s/.*a C library of GNU's, \(2\.[0-9]*\)$/\1/p" scripts/package/BUNDLE.md)
needed=$(objdump -T "$tree"/bin/radial "$tree"/lib/* | grep -o 'GLIBC_2\.[0-9]*' | sort -uV | sed -n '$s/GLIBC_//p')
echo "needs a C library of GNU's, $needed"
[ "$(printf '%s\n' "$needed" "$promised" | sort -V | tail -n 1)" = "$promised" ] ||
  { echo "expected symbols of $promised or older, as BUNDLE.md says, found $needed" >&2; exit 1; }

dated "$tree"
mkdir -p "$out"
rm -f "$out"/radial-*
tar -C "$scratch" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --format=gnu -cf - "$name" | gzip -9n >"$out/$name.tar.gz"
install -m 644 "$tree/sbom.spdx.json" "$out/$name.tar.gz.spdx.json"
python3 scripts/package/wheel.py "$tree" "$version" "manylinux_${promised/./_}_$machine" "$SOURCE_DATE_EPOCH" "$out"
