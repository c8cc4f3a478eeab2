#!/usr/bin/env bash
# A gradient printed as source parses again and gives the numbers of the gradient that the compiler runs, up to where a
# multiply-add is fused: which products feed a sum is not the same in both.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache
cd "$work"
cp "$root/examples/digits.tds" digits.tds
cp -r "$root/examples/data" .
"$TDSLC" emit digits.tds --fn loss --grad p --stage source >gradient.tds
"$TDSLC" check gradient.tds
cat >compare.tds <<'END'
import "digits.tds" as m
import "gradient.tds" as g

d = load("digits.npz")
p = init(m.Mlp[64, 128, 10], key(3))
x, y = (d.x[:64], d.y[:64])
a = grad[p](m.loss(p, x, y))
b = g.loss_grad(p, x, y)
print(norm(a - b) < 1e-7 * norm(a), norm(a) > 0.1)
END
[ "$("$TDSLC" run compare.tds)" = "true true" ]
