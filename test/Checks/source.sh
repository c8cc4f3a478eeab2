#!/usr/bin/env bash
# A gradient printed as source parses again and gives the bits of the gradient that the compiler runs.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache
cd "$work"
python3 "$root/test/Source/roundtrip.py"

# Loops of any number of rounds, with more of them than rows that are kept.
cat >loops.tds <<'TDS'
def grow(x: f64[n]) {
  y = x
  while sum(y) < 100.0 { y = y * 1.0002 + 0.002 * tanh(y) }
  sum(y)
}
def counted(x: f64[n], m: i32) {
  y = x
  for k in 0..m { y = y + 0.001 * sin(y) * (1 + k / 1000) }
  sum(y)
}
TDS
"$TDSLC" emit loops.tds --fn grow --grad x --stage source >gradients.tds
"$TDSLC" emit loops.tds --fn counted --grad x --stage source >>gradients.tds
cat >compare.tds <<'TDS'
import "loops.tds" as m
import "gradients.tds" as g

x = f64([0.1, 0.2])
print(close(grad[x](m.grow(x)), g.grow_grad(x), rtol=1e-12), grad[x](m.grow(x))[0] > 1)
for k in [i32(0), i32(7), i32(1000), i32(5000)] {
  print(close(grad[x](m.counted(x, k)), g.counted_grad(x, k), rtol=1e-12))
}
TDS
[ "$("$TDSLC" run compare.tds | sort | uniq -c | tr -s ' ')" = " 4 true
 1 true true" ]

# What has no text is refused by its form, and is no defect.
echo 'def long(k: key) = uniform(k, 4)' >long.tds
if "$TDSLC" emit long.tds --fn long --stage source >long.out 2>&1; then echo "random bits were written as TDS"; exit 1; fi
grep -q "error\[E0901\].*can't be written as TDS" long.out
