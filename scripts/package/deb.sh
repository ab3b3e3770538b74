#!/usr/bin/env bash
# In a Debian root, at /radial: builds this release's binary and makes its .deb of it. Called by scripts/package.sh.
#   deb.sh MAINTAINER
source scripts/package/stage.sh lintian systemd
maintainer=$1
# shellcheck source=/dev/null
source /etc/os-release
architecture=$(dpkg --print-architecture)
full=$version-1~deb$VERSION_ID
tree=$scratch/tree control=$scratch/control
binary=$(built)
stage "$binary" "$tree/usr"
refuse_build_paths "$tree/usr/bin/radial"

# Where this release's systemd looks: Debian 12's packages are to write to /lib.
units=$tree/usr/lib/systemd/system
[ "$VERSION_ID" -ge 13 ] || units=$tree/lib/systemd/system
install -D -m 644 scripts/package/radial.service "$units/radial.service"
install -D -m 644 scripts/package/radial.conf "$tree/etc/radial/radial.conf"
install -d "$tree/var/lib/radial/models"
documents=$tree/usr/share/doc/radial
install -d "$documents"
install -m 644 scripts/package/copyright "$documents/copyright"
python3 scripts/package/sbom.py "radial_${full}_$architecture" "$version" "$SOURCE_DATE_EPOCH" "$tree/usr/bin/radial" >"$documents/sbom.spdx.json"
{
  echo "radial ($full) $VERSION_CODENAME; urgency=medium"
  printf '\n  * What is new is on the page Changelog of the documentation.\n\n'
  echo " -- $maintainer  $(date -u -R -d "@$SOURCE_DATE_EPOCH")"
} | gzip -9n >"$documents/changelog.Debian.gz"

# What it depends on: the packages of the libraries that it links, in the versions that have the symbols it uses.
mkdir -p "$control/debian"
printf 'Source: radial\n\nPackage: radial\nArchitecture: %s\n' "$architecture" >"$control/debian/control"
depends=$(cd "$control" && dpkg-shlibdeps -O "$tree/usr/bin/radial" | sed -n 's/^shlibs:Depends=//p')
install -d "$tree/DEBIAN"
cat >"$tree/DEBIAN/control" <<CONTROL
Package: radial
Version: $full
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $(du -k -s --apparent-size --exclude=DEBIAN "$tree" | cut -f 1)
Depends: $depends
Section: net
Priority: optional
Description: server of Dense + RBF networks with "none of these" verdicts
 Serves classifiers that end in a radial-basis layer over HTTP: the class, the
 squared distance to every class prototype, and whether the row is like the
 class's own examples. Reads Keras, ONNX and safetensors files, and speaks the
 protocols of KServe, Triton and TensorFlow Serving.
 .
 The service is installed and not started: systemctl enable --now radial.
CONTROL
echo /etc/radial/radial.conf >"$tree/DEBIAN/conffiles"
install -m 755 scripts/package/{postinst,prerm,postrm} "$tree/DEBIAN/"
(cd "$tree" && find . -type f ! -path './DEBIAN/*' -printf '%P\n' | LC_ALL=C sort | xargs -d '\n' md5sum) >"$tree/DEBIAN/md5sums"
chmod 644 "$tree/DEBIAN/md5sums"
dated "$tree"
mkdir -p "$out"
rm -f "$out"/radial_*
deb=$out/radial_${full}_$architecture.deb
dpkg-deb --root-owner-group -Zxz --build "$tree" "$deb"
install -m 644 "$documents/sbom.spdx.json" "$deb.spdx.json"
lintian --allow-root --fail-on error "$deb"
# But for what this package does not bring: other units, the manual's reader, and the shell.
found=$(SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no --recursive-errors=no --root="$tree" radial.service 2>&1 |
  grep -vF 'Command /bin/sh is not executable' || true)
[ -z "$found" ] || { echo "$found" >&2; exit 1; }
systemd-analyze security --offline=true --threshold=20 --root="$tree" radial.service >"$out/security.txt" || { tail -n 3 "$out/security.txt" >&2; exit 1; }
tail -n 1 "$out/security.txt"
