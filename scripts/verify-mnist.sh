#!/usr/bin/env bash
# Compares a running server, row by row over the 10,000 test rows of MNIST or Fashion-MNIST, with Keras' own answers.
#   scripts/verify-mnist.sh --data DIR [--url URL] [--model FILE] [--batch ROWS]
set -euo pipefail
source "$(dirname "$0")/help.sh"
source "$(dirname "$0")/train/environment.sh"
exec "$python" "$(dirname "$0")/verify_mnist.py" "$@"
