#!/usr/bin/env bash
# Random programs: their values against a plain evaluator's, their gradients against central differences. test/Fuzz/programs/run.py
# shows, and reduces, one by its seed.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
values=300 gradients=200
[ -z "${TDS_LONG:-}" ] || values=10000 gradients=5000
python3 "$root/test/Fuzz/programs/run.py" values $values --jobs 1 & first=$!
status=0
python3 "$root/test/Fuzz/programs/run.py" gradients $gradients --jobs 1 || status=1
wait $first || status=1
exit $status
