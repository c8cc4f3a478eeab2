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
python3 "$root/test/Differential/std/run.py"
