#!/usr/bin/env bash
# The problems of bench/ad, small: their values and derivatives beside JAX's. Under --long JAX is asked anew.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache PYTHONDONTWRITEBYTECODE=1
python3 "$root/test/Differential/ad/run.py"
if [ -n "${TDS_LONG:-}" ]; then # with what the registry has today
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install -q numpy jax
  "$work/venv/bin/python" "$root/test/Differential/ad/run.py" make "$work/expected.json"
  python3 "$root/test/Differential/ad/run.py" "$work/expected.json"
fi
