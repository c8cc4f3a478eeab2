#!/usr/bin/env bash
# Every rule of derivatives against central differences.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache
"$TDSLC" test "$root"/test/Gradients/*.tds "$root"/lib/Std/*.tds
