#!/usr/bin/env bash
# No node test of ONNX gives a wrong number; under --long alone, for which ./dev installs the tests (libonnx-testdata).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
[ -n "${TDS_LONG:-}" ] || exit 0
python3 "$root/test/Conformance/onnx.py" /usr/share/libonnx-testdata/data/node
