#!/usr/bin/env bash
# Sets everything up and serves the default model on port 8080. Arguments go to `radial serve`.
source "$(dirname "$0")/setup.sh"
swift build -c release --product radial
exec "$(swift build -c release --show-bin-path)/radial" serve "$@"
