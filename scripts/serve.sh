#!/usr/bin/env bash
# Sets everything up, that is, installs what is missing and builds, and serves the default model on port 8080.
#   scripts/serve.sh [ARGUMENT…]
# Every argument goes to `radial serve`: scripts/serve.sh model.keras --port 9000. What that takes says
# Sources/radial/Radial.docc/CommandLine.md, and once built
#   .build/release/radial serve --help
folder=$PWD
source "$(dirname "$0")/setup.sh"
swift build -c release --static-swift-stdlib --product radial
bin=$(swift build -c release --static-swift-stdlib --show-bin-path)
# Where the paths among the arguments were written.
cd "$folder"
exec "$bin/radial" serve "$@"
