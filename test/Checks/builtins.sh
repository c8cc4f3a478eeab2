#!/usr/bin/env bash
# Every function of docs/language.md is called by a test that compares numbers.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
python3 "$root/test/Checks/builtins.py" "$root"
