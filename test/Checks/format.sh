#!/usr/bin/env bash
# Formatting any program of the repository keeps its tree, and formatting again changes nothing.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$root/test/Programs/01_mlp_digits.tds" "$root/test/Differential/std/inputs.tds" "$root/bench/ad/solver.tds" "$work" # others import them
count=0
while IFS= read -r file; do
  name=$(basename "$file")
  cp "$file" "$work/$name"
  # Other files are not looked at: the tree is the text's own.
  before=$(cd "$work" && "$TDSLC" emit "$name" --stage ast 2>"$work/errors") || { echo "$file: $(cat "$work/errors")"; exit 1; }
  (cd "$work" && "$TDSLC" fmt "$name")
  after=$(cd "$work" && "$TDSLC" emit "$name" --stage ast)
  [ "$before" = "$after" ] || { echo "$file: the tree changed"; diff <(echo "$before") <(echo "$after") | head; exit 1; }
  "$TDSLC" fmt --check "$work/$name" >/dev/null || { echo "$file: not a fixed point"; exit 1; }
  count=$((count + 1))
done < <(find "$root/examples" "$root/lib/Std" "$root/test/Programs" "$root/test/Gradients" "$root/bench" "$root/test/Differential" -name '*.tds')
echo "$count programs"
[ "$count" -gt 20 ]
