#!/usr/bin/env bash
# examples/digits.tds learns: its accuracy on the held-out images, and its first 50 losses against PyTorch's.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache
cd "$work"
accuracy=$("$TDSLC" run "$root/examples/digits.tds" | tail -n 1 | sed 's/.*accuracy //')
echo "accuracy $accuracy"
awk -v a="$accuracy" 'BEGIN { exit !(a >= 0.96) }'
[ -s digits.safetensors ]

if [ -n "${TDS_LONG:-}" ]; then # the reference made anew, with what the registry has today
  python3 -m venv venv
  venv/bin/pip install -q numpy torch safetensors
  "$TDSLC" run "$root/test/Differential/digits_losses.tds" --weights init.safetensors --data "$root/examples/data/digits.npz" >/dev/null
  venv/bin/python "$root/test/Differential/digits_losses.py" init.safetensors "$root/examples/data/digits.npz" >losses.json
else
  cp "$root/test/Differential/digits_losses.json" losses.json
fi
"$TDSLC" run "$root/test/Differential/digits_losses.tds" --weights init.safetensors --data "$root/examples/data/digits.npz" >ours.txt
python3 "$root/test/Differential/compare_losses.py" ours.txt losses.json
