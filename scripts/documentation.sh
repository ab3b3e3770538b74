#!/usr/bin/env bash
# Builds the documentation, Sources/radial/Radial.docc, into .build/documentation, a folder that any web server can serve. A warning of
# docc's, such as a link that leads nowhere, is an error. docc comes with Swift's toolchain; where it is missing nothing is built.
#   scripts/documentation.sh
set -euo pipefail
source "$(dirname "$0")/help.sh"
cd "$(dirname "$0")/.."
docc=$(command -v docc || true)
# A link in the PATH may lead to the toolchain's own folder.
if [ -z "$docc" ] && swift=$(command -v swift); then docc=$(dirname "$(realpath "$swift")")/docc; fi
if [ ! -x "$docc" ]; then
  echo "docc was not found beside swift: the documentation is not built, and its links are not checked" >&2
  exit 0
fi
mkdir -p .build
"$docc" convert Sources/radial/Radial.docc --output-path .build/documentation --warnings-as-errors
echo "documentation: $(ls Sources/radial/Radial.docc/*.md | wc -l) pages without a warning, in .build/documentation"
