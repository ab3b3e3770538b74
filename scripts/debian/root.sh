# Sourced by debian.sh, package.sh and image.sh, which need root: makes Debian roots by debootstrap, from this machine's own mirror and keys.
# shellcheck shell=bash
roots=${DEBIAN_ROOTS:-$PWD/.build/debian-roots}

# lend: sets lent, the folders of this machine that a root is to see: Swift's toolchain, then what git reads instead of an address.
lend() {
  local folder
  lent=("$(dirname "$(dirname "$(dirname "$(readlink -f "$(command -v swift)")")")")")
  while IFS= read -r folder; do
    if [ -d "$folder" ]; then lent+=("$folder"); fi
  done < <(git config --get-regexp '^url\..*\.insteadof$' | sed -E 's/^url\.(.*)\.insteadof .*/\1/' | sort -u)
}

# logged RELEASE COMMAND…: into the release's log, whose end is shown when the command fails.
logged() { local log=$roots/$1.log; shift; "$@" >>"$log" 2>&1 || { tail -n 20 "$log" >&2; exit 1; }; }

# make_root RELEASE NAME PACKAGE…: $roots/NAME, with these packages and nothing else, unless it is there.
make_root() {
  local release=$1 root=$roots/$2 mirror file
  shift 2
  [ ! -e "$root/.complete" ] || return 0
  # The first Debian mirror that this machine's apt reads.
  mirror=$(apt-get indextargets --format '$(SITE) $(LABEL) $(CREATED_BY)' |
    awk '$2 == "Debian" && $3 == "Packages" {print $1; exit}')
  [ -n "$mirror" ] || { echo "expected a Debian mirror in this machine's apt sources, found none" >&2; exit 1; }
  rm -rf "$root"
  mkdir -p "$roots"
  echo "making a chroot of $release in $root"
  logged "$release" debootstrap --variant=minbase --keyring=/usr/share/keyrings/debian-archive-keyring.gpg "$release" "$root" "$mirror"
  for file in /etc/apt/apt.conf.d/*proxy*; do
    if [ -e "$file" ]; then install -D -m 644 "$file" "$root$file"; fi
  done
  logged "$release" chroot "$root" apt-get update -qq
  if [ $# -gt 0 ]; then
    DEBIAN_FRONTEND=noninteractive logged "$release" chroot "$root" apt-get install -y -qq --no-install-recommends "$@"
  fi
  touch "$root/.complete"
}
