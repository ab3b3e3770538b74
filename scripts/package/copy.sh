#!/usr/bin/env bash
# In a mount namespace of its own: tries a package in a copy of a root, of which nothing is kept. Called by scripts/package.sh.
#   copy.sh ROOT FOLDER PACKAGES KIND
set -euo pipefail
root=$1 copy=$2 packages=$3 kind=$4
mount -t tmpfs -o size=2G tmpfs "$copy"
mkdir "$copy"/{changes,work,root}
mount -t overlay -o "lowerdir=$root,upperdir=$copy/changes,workdir=$copy/work" overlay "$copy/root"
mkdir -p "$copy/root/try"
cp -r scripts/package Tests/EndToEndTests/Data/seven.json "$copy/root/try/"
cp "$packages"/radial[-_]* "$copy/root/try/"
mount -t proc proc "$copy/root/proc"
mount --rbind /dev "$copy/root/dev"
for file in /etc/pip.conf /etc/resolv.conf; do
  if [ -e "$file" ]; then install -D -m 644 "$file" "$copy/root$file"; fi
done
# Whom this machine trusts; packages that are installed there may lay another list over it.
settings=()
if [ -e /etc/ssl/certs/ca-certificates.crt ]; then
  install -m 644 /etc/ssl/certs/ca-certificates.crt "$copy/root/try/authorities.crt"
  settings=(PIP_CERT=/try/authorities.crt)
fi
exec chroot "$copy/root" env -i HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "${settings[@]}" \
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin bash /try/package/try.sh "$kind"
