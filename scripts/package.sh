#!/usr/bin/env bash
# Makes the packages of this commit in .build/packages: a .deb for Debian 12 and one for 13, a tarball and a Python
# wheel that bring their libraries along, SBOMs, and SHA256SUMS of them all. Needs root, for each is built in a chroot (see debian.sh), and every
# change to be committed.
#   scripts/package.sh [build]      builds them
#   scripts/package.sh test         installs, tries and removes each in clean chroots of both releases, tarball and wheel in one of Ubuntu 24.04
#                                   too; the transcript is in .build/packages
#   scripts/package.sh twice        builds them from nothing, and again in the same roots, and expects the same bytes
source "$(dirname "$0")/help.sh"
what=${1:-build}
case "$what" in build | test | twice) ;; *) print_help >&2; exit 2 ;; esac
[ "$(id -u)" -eq 0 ] || { echo "a chroot needs root: run this with sudo" >&2; exit 2; }
source "$(dirname "$0")/setup.sh"
install_packages debootstrap debian-archive-keyring util-linux curl ca-certificates
source scripts/debian/root.sh
source scripts/package/functions.sh
releases=(bookworm trixie)
packages=$PWD/.build/packages

build() {
  local release
  expect_committed
  SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
  export SOURCE_DATE_EPOCH
  mkdir -p "$packages"
  rm -f "$packages"/{SHA256SUMS,radial_*,radial-*.tar.gz*,radial-*.whl}
  for release in "${releases[@]}"; do
    scripts/debian.sh "$release" scripts/package/deb.sh "$(git log -1 --format='%an <%ae>')"
    install -m 644 "$roots/$release"/radial/.build/packages/radial_* "$packages/"
  done
  scripts/debian.sh bookworm scripts/package/bundle.sh
  install -m 644 "$roots"/bookworm/radial/.build/packages/radial-* "$packages/"
  (cd "$packages" && sha256sum -- radial_* radial-*.tar.gz* radial-*.whl | tee SHA256SUMS)
}

# try_in RELEASE KIND: in a copy of the clean root that vanishes afterwards, with processes of its own.
try_in() (
  copy=$(mktemp -d)
  trap 'rmdir "$copy"' EXIT
  echo "=== $2 on $1"
  unshare --mount --pid --fork --kill-child --propagation private scripts/package/copy.sh "$roots/$1-clean" "$copy" "$packages" "$2"
)

case "$what" in
  build) build ;;
  twice)
    # What was built of an older commit, or otherwise, is no part of either.
    from_nothing() { for release in "${releases[@]}"; do rm -rf "$roots/$release"/{radial/.build*,opt/radial-libraries}; done; }
    from_nothing
    build
    first=$(<"$packages/SHA256SUMS")
    from_nothing
    build
    diff - "$packages/SHA256SUMS" <<<"$first"
    echo "the same bytes twice"
    ;;
  test)
    [ -e "$packages/SHA256SUMS" ] || { echo "expected packages in $packages, found none; make them with $0" >&2; exit 1; }
    (cd "$packages" && sha256sum --quiet -c SHA256SUMS)
    for release in "${releases[@]}" noble; do make_root "$release" "$release-clean"; done
    for release in "${releases[@]}" noble; do
      for kind in deb tarball wheel; do
        # The .deb is of one release of Debian's.
        if [ "$release $kind" != 'noble deb' ]; then try_in "$release" "$kind"; fi
      done
    done 2>&1 | tee "$packages/transcript.txt"
    ;;
esac
