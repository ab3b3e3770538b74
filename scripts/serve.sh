#!/usr/bin/env bash
# Sets everything up and serves the default model on port 8080. Arguments go to `radial serve`.
source "$(dirname "$0")/setup.sh"
swift build -c release --static-swift-stdlib --product radial
exec "$(swift build -c release --static-swift-stdlib --show-bin-path)/radial" serve "$@"
