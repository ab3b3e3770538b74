# Sourced in a Debian root by deb.sh and bundle.sh, at /radial: what all packages have in common.
# shellcheck shell=bash
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 TZ=UTC
umask 022
: "${SOURCE_DATE_EPOCH:?expected seconds since the epoch; scripts/package.sh sets them}"
source scripts/package/functions.sh
version=$(radial_version)
# shellcheck disable=SC2034  # for those who source this
out=$PWD/.build/packages
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# The Debian packages of a server's libraries and of what makes packages.
source scripts/setup.sh
install_packages python3 dpkg-dev patchelf "$@"

# built: a release build with a static Swift runtime; prints where the binary is.
built() {
  # At addresses that are the same each time, and so with one thread a module: by others the compiler orders some instructions otherwise.
  local flags=(-c release --static-swift-stdlib --product radial -Xswiftc -num-threads -Xswiftc 1)
  setarch -R swift build "${flags[@]}" >&2 || return
  echo "$(swift build "${flags[@]}" --show-bin-path)/radial"
}

# stage BINARY PREFIX: the binary without symbols, the models, the manual and the completions.
stage() {
  local binary=$1 prefix=$2
  install_stripped "$binary" "$prefix/bin/radial"
  # Swift's linker leaves one.
  patchelf --remove-rpath "$prefix/bin/radial"
  install -d "$prefix/share/radial/weights" "$prefix/share/man/man1"
  install -m 644 weights/*.safetensors "$prefix/share/radial/weights/"
  "$binary" --experimental-dump-help | python3 scripts/package/manual.py "$version" "$SOURCE_DATE_EPOCH" "$prefix/share/man/man1"
  gzip -9n "$prefix"/share/man/man1/*.1
  completion bash bash-completion/completions/radial
  completion zsh zsh/vendor-completions/_radial
  completion fish fish/vendor_completions.d/radial.fish
}
completion() {
  install -d "$(dirname "$prefix/share/$2")"
  # Sourced, not run.
  "$binary" --generate-completion-script "$1" | sed '1{/^#!/d}' >"$prefix/share/$2"
}
