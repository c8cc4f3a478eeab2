#!/usr/bin/env bash
# The programs of examples/, run small, print and draw what their twins in test/Differential/examples do. Under --long the twins
# are asked anew, and every example also runs as it is.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache
cd "$work"
python3 "$root/test/Differential/examples/run.py"

if [ -n "${TDS_LONG:-}" ]; then
  python3 -m venv venv
  venv/bin/pip install -q numpy scipy torch jax safetensors
  mkdir anew
  venv/bin/python "$root/test/Differential/examples/make.py" --into anew
  python3 "$root/test/Differential/examples/run.py" --expected anew
  for program in "$root"/examples/*.tds; do
    "$TDSLC" run "$program" >out.txt 2>&1 || { echo "$program fails as it is:"; cat out.txt; exit 1; }
  done
fi
