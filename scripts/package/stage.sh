# Sourced in a Debian root by deb.sh and bundle.sh, at /radial: what all packages have in common.
# shellcheck shell=bash
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 TZ=UTC
umask 022
: "${SOURCE_DATE_EPOCH:?expected seconds since the epoch; scripts/package.sh sets them}"
version=$(sed -n 's/^let radialVersion = "\(.*\)"$/\1/p' Sources/radial/Radial.swift)
# shellcheck disable=SC2034  # for those who source this
out=$PWD/.build/packages
# The Debian packages of a server's libraries and of what makes packages.
source scripts/setup.sh
install_packages python3 dpkg-dev patchelf "$@"

# built: a release build with a static Swift runtime; prints where the binary is.
built() {
  local flags=(-c release --static-swift-stdlib --product radial)
  swift build "${flags[@]}" >&2 || return
  echo "$(swift build "${flags[@]}" --show-bin-path)/radial"
}

# stage BINARY PREFIX: the binary without symbols, the models, the manual and the completions.
stage() {
  local binary=$1 prefix=$2 pages
  install -D -m 755 "$binary" "$prefix/bin/radial"
  strip --strip-unneeded --remove-section=.comment "$prefix/bin/radial"
  # Swift's linker leaves one.
  patchelf --remove-rpath "$prefix/bin/radial"
  install -d "$prefix/share/radial/weights" "$prefix/share/man/man1"
  install -m 644 weights/*.safetensors "$prefix/share/radial/weights/"
  pages=$(mktemp -d)
  "$binary" --experimental-dump-help | python3 scripts/package/manual.py "$version" "$SOURCE_DATE_EPOCH" "$pages"
  gzip -9n "$pages"/*.1
  install -m 644 "$pages"/*.gz "$prefix/share/man/man1/"
  rm -rf "$pages"
  completion bash bash-completion/completions/radial
  completion zsh zsh/vendor-completions/_radial
  completion fish fish/vendor_completions.d/radial.fish
}
completion() {
  install -d "$(dirname "$prefix/share/$2")"
  # Sourced, not run.
  "$binary" --generate-completion-script "$1" | sed '1{/^#!/d}' >"$prefix/share/$2"
}

# dated FOLDER: every file and folder as old as the commit.
dated() { find "$1" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +; }

# refuse_build_paths FILE…: a binary that names the folder it was built in would differ from one built elsewhere.
refuse_build_paths() {
  local found
  if found=$(grep -aoE "$PWD/(Sources|\.build)[A-Za-z0-9_./+-]{0,80}" "$@"); then
    echo "expected no path of the build, found" >&2
    sort -u <<<"$found" | head -n 5 >&2
    return 1
  fi
}
