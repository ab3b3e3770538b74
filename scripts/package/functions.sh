# Sourced by what makes packages and images, at the root of the tree: functions alone.
# shellcheck shell=bash

# What the C library brings itself, as `ldd` names it.
# shellcheck disable=SC2034  # for those who source this
libc_files='^[[:space:]]*(linux-vdso|libc|libm|libdl|libpthread|librt|(/.*/)?ld-linux[^ ]*)\.so'

# radial_version: the server's version, which stands in its sources.
radial_version() {
  local file=Sources/radial/Radial.swift found
  found=$(sed -n 's/^let radialVersion = "\([0-9][^"]*\)"$/\1/p' "$file")
  [ -n "$found" ] || { echo "expected a line \`let radialVersion = \"…\"\` in $file, found none" >&2; return 1; }
  echo "$found"
}

# expect_committed: packages name the commit that they are of.
expect_committed() {
  local found
  found=$(git status --porcelain)
  [ -z "$found" ] || { printf 'expected every change to be committed, for packages name their commit; found\n%s\n' "$found" >&2; return 1; }
}

# install_stripped BINARY FILE: without symbols, and without the hashes by which the compiler knows a module again. These differ each time, and
# so does the linker's build ID, which is made of them too: it is that of what is left instead, so that what is the same has the same.
install_stripped() {
  local bytes
  install -D -m 755 "$1" "$2"
  strip --strip-unneeded --remove-section=.comment "$2"
  bytes=$(objdump -h -j .swift_modhash "$2" | awk '$2 == ".swift_modhash" {print $3}')
  objcopy --update-section .swift_modhash=<(head -c "$((16#$bytes))" /dev/zero) "$2"
  set_build_id "$2" 0000000000000000000000000000000000000000
  set_build_id "$2" "$(sha1sum <"$2" | cut -c 1-40)"
}

# set_build_id FILE ID: 20 bytes in hexadecimal digits, behind the head of such a note (elf(5)): the lengths of name and content, type 3, the name.
set_build_id() {
  # shellcheck disable=SC2059  # the format is the bytes
  objcopy --update-section .note.gnu.build-id=<(printf '\4\0\0\0\24\0\0\0\3\0\0\0GNU\0' && printf "$(sed 's/../\\x&/g' <<<"$2")") "$1"
}

# install_licenses FOLDER: the texts that Debian's copyright files refer to.
install_licenses() { install -D -m 644 -t "$1" /usr/share/common-licenses/{Apache-2.0,GPL-2,GPL-3,LGPL-2.1,LGPL-3}; }

# bill_debian PATH FILE LICENSES: for a library of this Debian's that is shipped as FILE: adds to `bill`, for sbom.py, and to the folder LICENSES
# the copyright of its source package.
bill_debian() {
  local file package found source number
  file=$(readlink -f "$1")
  # Debian 12 knows some files by their place before /lib became /usr/lib.
  package=$(dpkg -S "$file" 2>/dev/null || dpkg -S "${file#/usr}")
  found=$(dpkg-query -W -f='${Package} ${source:Package} ${source:Version}\n' "${package%%:*}")
  read -r package source number <<<"$found"
  # Debian keeps one text for packages that are made together.
  install -m 644 "$(readlink -f "/usr/share/doc/$package/copyright")" "$3/$source.copyright"
  bill+=("$2" "$source" "$number")
}

# dated FOLDER: every file and folder as old as the commit.
dated() { find "$1" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +; }

# refuse_build_paths FILE…: a binary that names the folder it was built in would differ from one built elsewhere.
refuse_build_paths() {
  local found
  if found=$(grep -aoE "$PWD/(Sources|\.build)[A-Za-z0-9_./+-]{0,80}" "$@"); then
    echo "expected no path of the build, found" >&2
    sort -u <<<"$found" | sed -n 1,5p >&2
    return 1
  fi
}
