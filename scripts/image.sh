#!/usr/bin/env bash
# Builds the image of Dockerfile with buildah, and tries it: size, predict, probe, SIGTERM, a read-only root, any user. Needs root; no registry
# is asked: the base image is made by debootstrap, and this machine's Swift toolchain is lent to it. Every change is to be committed.
#   scripts/image.sh [ARCHIVE]      ARCHIVE: where the image goes, for docker load or podman load (default .build/packages/radial-image.tar)
source "$(dirname "$0")/help.sh"
archive=$(realpath -m "${1:-$(dirname "$0")/../.build/packages/radial-image.tar}")
[ "$(id -u)" -eq 0 ] || { echo "a chroot needs root: run this with sudo" >&2; exit 2; }
source "$(dirname "$0")/setup.sh"
install_packages debootstrap debian-archive-keyring util-linux buildah curl jq
source scripts/debian/root.sh
source scripts/package/functions.sh
expect_committed
# What setup.sh installs, the Dockerfile names itself, for it is built alone as well.
for package in "${build_packages[@]}"; do
  grep -qw -- "$package" Dockerfile || { echo "expected $package in Dockerfile, as in scripts/setup.sh" >&2; exit 1; }
done
make_root trixie trixie-clean
version=$(radial_version)
epoch=$(git log -1 --format=%ct)
limit=35000000

export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
folder=$PWD/.build/image
mkdir -p "$folder" "$(dirname "$archive")"
buildah=(buildah --root "$folder/storage" --runroot "$folder/run")
# For whom the system has no policy: images that are here are used.
echo '{"default": [{"type": "insecureAcceptAnything"}]}' >"$folder/policy.json"
if [ -z "$("${buildah[@]}" images -q debian:trixie 2>/dev/null)" ]; then
  base=$("${buildah[@]}" from scratch)
  "${buildah[@]}" copy -q "$base" "$roots/trixie-clean" / >/dev/null
  "${buildah[@]}" commit -q --rm --signature-policy "$folder/policy.json" "$base" docker.io/library/debian:trixie >/dev/null
fi

# What is lent: the toolchain, the settings of git, and the folders that it reads instead of an address.
lend
volumes=(-v "${lent[0]}:/opt/swift:ro")
for place in "${lent[@]:1}"; do volumes+=(-v "$place:$place:ro"); done
for file in /etc/gitconfig "$HOME/.gitconfig"; do
  if [ -e "$file" ]; then volumes+=(-v "$file:${file/#$HOME//root}:ro"); fi
done
build() {
  "${buildah[@]}" build --format docker --layers --network host --pull-never --signature-policy "$folder/policy.json" "${volumes[@]}" \
    --timestamp "$epoch" --build-arg "SOURCE_DATE_EPOCH=$epoch" "$@" -f Dockerfile .
}
# By its name the first stage stays, of which the next build takes what has not changed.
build --target build -t localhost/radial-build
build --build-arg "VERSION=$version" --build-arg "REVISION=$(git rev-parse HEAD)" -t "localhost/radial:$version"

rm -f "$archive"
"${buildah[@]}" push -q --signature-policy "$folder/policy.json" "localhost/radial:$version" "docker-archive:$archive:radial:$version"
# Nothing is kept of older builds, nor of interrupted ones.
"${buildah[@]}" rm --all >/dev/null
"${buildah[@]}" rmi --prune >/dev/null
scripts/package/try-image.sh "$archive" "$limit"
