#!/usr/bin/env bash
# Every rule of derivatives against central differences and JAX's values; what has none is refused by its form.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache PYTHONDONTWRITEBYTECODE=1
"$TDSLC" test "$root"/test/Gradients/*.tds
python3 "$root/test/Gradients/every.py"
tests=(jax_gradients jax_orders jax_loops)
for test in "${tests[@]}"; do python3 "$root/test/Gradients/$test.py"; done
if [ -n "${TDS_LONG:-}" ]; then # made anew, with what the registry has today
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install -q numpy jax
  for test in "${tests[@]}"; do
    "$work/venv/bin/python" "$root/test/Gradients/$test.py" make "$work/$test.json"
    python3 "$root/test/Gradients/$test.py" "$work/$test.json"
  done
fi
# lit leaves this folder to this check, and runs what is named all the same.
"$(llvm-config-22 --prefix)/bin/lit" -v "$TDS_BUILD/test/Gradients/refused.test"
