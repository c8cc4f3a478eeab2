#!/usr/bin/env bash
# Expressions of the language against NumPy's values, and layers and optimizers against PyTorch's.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export XDG_CACHE_HOME
XDG_CACHE_HOME=$(mktemp -d)
trap 'rm -rf "$XDG_CACHE_HOME"' EXIT
python3 "$root/test/Differential/language/run.py"
