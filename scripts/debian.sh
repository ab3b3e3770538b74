#!/usr/bin/env bash
# Runs a command, by default the test command, on a copy of this tree in a chroot of a Debian release, whatever this machine runs.
#   scripts/debian.sh bookworm|trixie [COMMAND…]      e.g. scripts/debian.sh trixie scripts/test.sh --all
# The chroot is made once by debootstrap in .build/debian-roots/RELEASE, from this machine's own mirror and keys, and kept; so is what was built
# in it. The Swift toolchain of this machine is lent to it, as are the settings of git and pip, and the folders on this machine that they
# name instead of an address. Needs root, and nothing of it is seen outside but the folder.
#   DEBIAN_ROOTS names another folder for the chroots.
source "$(dirname "$0")/help.sh"
[ $# -ge 1 ] || { print_help >&2; exit 2; }
[ "$(id -u)" -eq 0 ] || { echo "a chroot needs root: run this with sudo" >&2; exit 2; }
release=$1
shift
[ $# -gt 0 ] || set -- scripts/test.sh
source "$(dirname "$0")/setup.sh"
install_packages debootstrap debian-archive-keyring util-linux

source scripts/debian/root.sh
# What Swift's own Debian image installs for its toolchain, less what its debugger needs.
toolchain_packages=(ca-certificates git gcc g++ libc6-dev binutils libxml2 libncurses6 libedit2 libcurl4 libsqlite3-0 tzdata python3)
make_root "$release" "$release" "${toolchain_packages[@]}"
root=$roots/$release

lend
# As well as git, pip may read folders instead of an address.
for folder in ${PIP_FIND_LINKS:-}; do
  if [ -d "$folder" ]; then lent+=("$folder"); fi
done
for file in /etc/gitconfig /etc/pip.conf /etc/resolv.conf /etc/ssl/certs/ca-certificates.crt; do
  if [ -e "$file" ]; then install -m 644 "$file" "$root$file"; fi
done
if [ -e "$HOME/.gitconfig" ]; then install -m 644 "$HOME/.gitconfig" "$root/root/.gitconfig"; fi

# The tree as it stands, committed or not; what was built of an older one stays.
mkdir -p "$root/radial"
find "$root/radial" -mindepth 1 -maxdepth 1 ! -name '.build*' -exec rm -rf {} +
git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
  if [ -e "$file" ]; then printf '%s\0' "$file"; fi
done | tar --null -T - -cf - | tar -C "$root/radial" -xf -

swift=$(dirname "$(readlink -f "$(command -v swift)")")
export root swift
# In namespaces of its own: the mounts and the processes end with the command.
exec unshare --mount --pid --fork --kill-child --propagation private bash -c '
  set -euo pipefail
  count=$1
  shift
  for folder in "${@:1:$count}"; do
    mkdir -p "$root$folder"
    mount --bind "$folder" "$root$folder"
    mount -o remount,bind,ro "$root$folder"
  done
  shift "$count"
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  mount --bind /sys "$root/sys"
  exec chroot "$root" env -u BASH_ENV -u TMPDIR HOME=/root PATH="$swift:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
    bash -c "cd /radial && exec \"\$@\"" bash "$@"
' bash "${#lent[@]}" "${lent[@]}" "$@"
