#!/usr/bin/env bash
# docs/functions.md is what the records of dialect/TdsFunctions.td make.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
diff -u "$root/docs/functions.md" "$TDS_BUILD/docs/functions.md" || { echo "run ./dev docs"; exit 1; }
