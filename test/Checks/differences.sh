#!/usr/bin/env bash
# `tdslc check --grad` over the tests of gradients and the examples.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Differences find what is wrong of these on purpose, and nothing else: vjps of one's own that are not the derivative, and
# the nan of a `where` that computes both sides. All files under --long.
files=(branches complex traps)
[ -z "${TDS_LONG:-}" ] || files=(branches complex traps every forward loops orders primitives rules)
for file in "${files[@]}"; do
  "$TDSLC" check --grad "$root/test/Gradients/$file.tds" >"$work/differences" 2>"$work/errors" || [ $? = 1 ] || { cat "$work/errors"; exit 1; }
  ! grep "^error" "$work/errors" || exit 1
  [ "$(grep -c "^right" "$work/differences")" -ge 5 ]
  awk '/^WRONG/ { if (line) bad = 1; line = $0; next }
    /has a vjp of its own|derivative is -?nan/ { line = ""; next }
    /^[a-z0-9]/ { if (line) bad = 1 }
    bad { print line; exit 1 }' "$work/differences"
done
[ "$(grep -c "^WRONG" "$work/differences")" -ge 5 ] # traps.tds, rules.tds
# The gradients of the examples; large ones under --long.
examples=(batched_solve black_scholes digits hmc kalman lstm nbody)
[ -z "${TDS_LONG:-}" ] || examples+=(diffusion gpt lenet resnet vae)
for example in "${examples[@]}"; do
  twin=$root/test/Differential/examples/$example.json
  [ -f "$twin" ] && arguments=$(python3 -c 'import json, sys; print(*(w for k, v in json.load(open(sys.argv[1]))["arguments"].items() for w in (f"--{k}", v)))' "$twin") ||
    arguments="--epochs 1" # digits has another kind of twin
  # shellcheck disable=SC2086
  "$TDSLC" check --grad "$root/examples/$example.tds" -- $arguments >"$work/differences" || { cat "$work/differences"; exit 1; }
  grep -q "[1-9] right, 0 wrong$" "$work/differences" || { cat "$work/differences"; exit 1; }
done
