# Sourced by debian.sh, package.sh and image.sh, which need root: makes roots by debootstrap: of Debian, from this machine's own
# mirror and keys, and of Ubuntu, from its archive or from UBUNTU_MIRROR.
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

# ubuntu_keyring MIRROR: $roots/ubuntu-keyring, the keys of Ubuntu's archive, which Debian 12 has no package of.
ubuntu_keyring() {
  local package=$roots/ubuntu-keyring.deb
  mkdir -p "$roots"
  curl -fsS -o "$package" "$1/pool/main/u/ubuntu-keyring/ubuntu-keyring_2023.11.28.1_all.deb"
  echo "36de43b15853ccae0028e9a767613770c704833f82586f28eb262f0311adb8a8  $package" | sha256sum --quiet -c
  dpkg-deb -x "$package" "$roots/ubuntu-keyring"
}

# make_root RELEASE NAME PACKAGE…: $roots/NAME, with these packages and nothing else, unless it is there.
make_root() {
  local release=$1 root=$roots/$2 mirror keyring=/usr/share/keyrings/debian-archive-keyring.gpg components=main known=() file
  shift 2
  [ ! -e "$root/.complete" ] || return 0
  if [ "$release" = noble ]; then
    # Ubuntu 24.04: Debian 12's debootstrap makes it as it makes all of Ubuntu's releases, but does not know its name.
    mirror=${UBUNTU_MIRROR:-http://archive.ubuntu.com/ubuntu} components=main,universe known=(gutsy)
    keyring=$roots/ubuntu-keyring/usr/share/keyrings/ubuntu-archive-keyring.gpg
    ubuntu_keyring "$mirror"
  else
    # The first Debian mirror that this machine's apt reads.
    mirror=$(apt-get indextargets --format '$(SITE) $(LABEL) $(CREATED_BY)' |
      awk '$2 == "Debian" && $3 == "Packages" {print $1; exit}')
    [ -n "$mirror" ] || { echo "expected a Debian mirror in this machine's apt sources, found none" >&2; exit 1; }
  fi
  rm -rf "$root"
  mkdir -p "$roots"
  echo "making a chroot of $release in $root"
  logged "$release" debootstrap --variant=minbase --components="$components" --keyring="$keyring" "$release" "$root" "$mirror" "${known[@]}"
  for file in /etc/apt/apt.conf.d/*proxy*; do
    if [ -e "$file" ]; then install -D -m 644 "$file" "$root$file"; fi
  done
  logged "$release" chroot "$root" apt-get update -qq
  if [ $# -gt 0 ]; then
    DEBIAN_FRONTEND=noninteractive logged "$release" chroot "$root" apt-get install -y -qq --no-install-recommends "$@"
  fi
  touch "$root/.complete"
}
