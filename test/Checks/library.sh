#!/usr/bin/env bash
# The library: its own tests, its functions and their derivatives beside PyTorch's, and its page.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache
python3 "$root/lib/Std/library.py" "$work/library.md"
diff -u "$root/docs/library.md" "$work/library.md" || { echo "run ./dev docs"; exit 1; }
"$TDSLC" test "$root"/lib/Std/*.tds
expected=$root/test/Differential/std/expected.json
if [ -n "${TDS_LONG:-}" ]; then # made anew, with what the registry has today
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install -q numpy torch
  expected=$work/expected.json
  "$work/venv/bin/python" "$root/test/Differential/std/references.py" >"$expected"
fi
python3 "$root/test/Differential/std/run.py" "$expected"
