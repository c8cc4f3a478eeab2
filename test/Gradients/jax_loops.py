#!/usr/bin/env python3
"""Loops beside JAX, in four orders: reverse, forward, forward over reverse, reverse over reverse.

A case is (name, which x, TDS, JAX), both functions of x; JAX's is unrolled where it can be, and differentiated forwards where it is a
`while`."""
import sys

import beside_jax

SETUP = beside_jax.FOUR_ORDERS + """
x = data(5)
p = abs(x) + 0.5
m = reshape(data(12), (4, 3))
w = reshape(data(25), (5, 5))
ids = [3, 0, 3, 1]
counts = [4, 0, 2]
many = [5000]
"""
CASES = {
    "for": ("x", "x => { y = x; for i in 0..4 { y = sin(y) * x + 0.1 * i }; y }", "def f(x):\n y = x\n for i in range(4): y = sin(y) * x + 0.1 * i\n return y"),
    "for, linear": ("x", "x => { y = x; for i in 0..4 { y = 0.5 * y + x }; y }", "def f(x):\n y = x\n for i in range(4): y = 0.5 * y + x\n return y"),
    "for, matrix": ("x", "x => { y = x; for i in 0..4 { y = tanh(w @ y + y[::-1]) }; y }", "def f(x):\n y = x\n for i in range(4): y = jnp.tanh(w @ y + y[::-1])\n return y"),
    "for, by the matrix": ("m", "m => { y = m[0]; for r in m { y = tanh(transpose(m) @ (m @ y)) + r * y }; y }",
                           "def f(m):\n y = m[0]\n for r in m: y = jnp.tanh(m.T @ (m @ y)) + r * y\n return y"),
    "for, no round": ("x", "x => { y = x; for i in 3..1 { y = sin(y) }; y * y }", "def f(x): return x * x"),
    "rounds that are data": ("x", "x => { y = x; for i in 0..counts[0] { y = sin(y) * x + 0.1 * i }; y }", "def f(x):\n y = x\n for i in range(4): y = sin(y) * x + 0.1 * i\n return y"),
    "rounds that are data, none": ("x", "x => { y = x; for i in 0..counts[1] { y = sin(y) * x }; y * x }", "def f(x): return x * x"),
    "more rounds than are kept": ("x", "x => { y = x[0]; for i in 0..many[0] { y = y + 0.001 * sin(y * x[1]) }; y }",
                                  "def f(x): return lax.fori_loop(0, 5000, lambda i, y: y + 0.001 * sin(y * x[1]), x[0])"),
    "while": ("p", "p => { y = p; while sum(y) < 50 { y = 1.5 * y + sin(y) }; y }", "def f(p): return lax.while_loop(lambda y: y.sum() < 50, lambda y: 1.5 * y + sin(y), p)"),
    "while, Newton": ("p", "p => [i] => { y = p[i]; while abs(y * y - p[i]) > 1e-13 { y = 0.5 * (y + p[i] / y) }; y }", "def f(p): return jnp.sqrt(p)"),
    "while an element": ("p", "p => [i] => { y = p[i]; while y < 5 { y = y * (1.3 + 0.1 * i) + p[0] * y * y * 0.01 }; y }",
                         "def f(p): return jnp.stack([lax.while_loop(lambda y: y < 5, lambda y: y * (1.3 + 0.1 * i) + p[0] * y * y * 0.01, p[i]) for i in range(5)])"),
    "for in for": ("x", "x => { y = x; for i in 0..3 { z = y; for j in 0..i + 1 { z = tanh(z + y * x) }; y = y + z * x }; y }",
                   "def f(x):\n y = x\n for i in range(3):\n  z = y\n  for j in range(i + 1): z = jnp.tanh(z + y * x)\n  y = y + z * x\n return y"),
    "for in for in for": ("x", "x => { y = x; for i in 0..2 { for j in 0..2 { for k in 0..j + 1 { y = sin(y * x) + 0.5 * y }; y = y * y } }; y }",
                          "def f(x):\n y = x\n for i in range(2):\n  for j in range(2):\n   for k in range(j + 1): y = sin(y * x) + 0.5 * y\n   y = y * y\n return y"),
    "while in for": ("p", "p => { y = p; for i in 0..3 { while sum(y * y) > 0.5 { y = 0.7 * y * cos(0.1 * y) }; y = y + p * 0.5 }; y }",
                     "def f(p):\n y = p\n for i in range(3): y = lax.while_loop(lambda y: y @ y > 0.5, lambda y: 0.7 * y * jnp.cos(0.1 * y), y) + p * 0.5\n return y"),
    "for in while": ("p", "p => { y = p; while sum(y * y) < 30 { z = y; for j in 0..2 { z = sin(z) * p + z }; y = y + z }; y }",
                     "def f(p):\n def step(y):\n  z = y\n  for j in range(2): z = sin(z) * p + z\n  return y + z\n return lax.while_loop(lambda y: y @ y < 30, step, p)"),
    "yield": ("x", "x => { s = f64(1); ys = for v in x { s = sin(s * v) + v; yield s * v }; ys * s }",
              "def f(x):\n s, ys = 1.0, []\n for v in x:\n  s = sin(s * v) + v\n  ys.append(s * v)\n return jnp.stack(ys) * s"),
    "yield of rows": ("m", "m => { h = m[0]; ys = for r in m { h = tanh(h * r + m[1]); yield h * r }; transpose(ys) @ m }",
                      "def f(m):\n h, ys = m[0], []\n for r in m:\n  h = jnp.tanh(h * r + m[1])\n  ys.append(h * r)\n return jnp.stack(ys).T @ m"),
    "yield in for": ("x", "x => { t = x; for i in 0..3 { s = t[i]; t = for v in t { s = s * v + 0.5; yield s } }; t }",
                     "def f(x):\n t = x\n for i in range(3):\n  s, ys = t[i], []\n  for v in t:\n   s = s * v + 0.5\n   ys.append(s)\n  t = jnp.stack(ys)\n return t"),
    "carried record": ("x", "x => { r = (h=x, c=0.1 * x); for i in 0..4 { c = r.c * sigmoid(r.h) + tanh(r.h * x); r = (h=tanh(c) * x, c=c) }; r.h + r.c * x }",
                       "def f(x):\n h, c = x, 0.1 * x\n for i in range(4):\n  c = c * jax.nn.sigmoid(h) + jnp.tanh(h * x)\n  h = jnp.tanh(c) * x\n return h + c * x"),
    "carried record, a field updated": ("x", "x => { r = (a=x, b=sum(x)); for i in 0..4 { r.a[i] = r.a[i + 1] * r.b; r.b = sin(r.b) + r.a[0] }; r.a * r.b }",
                                        "def f(x):\n a, b = x, x.sum()\n for i in range(4):\n  a = a.at[i].set(a[i + 1] * b)\n  b = sin(b) + a[0]\n return a * b"),
    "updates in place": ("x", "x => { s = x; for i in 1..5 { s[i] = sin(s[i - 1]) + x[i] * s[i] }; s }", "def f(x):\n s = x\n for i in range(1, 5): s = s.at[i].set(sin(s[i - 1]) + x[i] * s[i])\n return s"),
    "updates in place, backwards": ("x", "x => { s = x; for i in 0..4 { s[3 - i] = s[4 - i] * x[i] + s[3 - i] ** 2 }; s }",
                                    "def f(x):\n s = x\n for i in range(4): s = s.at[3 - i].set(s[4 - i] * x[i] + s[3 - i] ** 2)\n return s"),
    "one place again and again": ("x", "x => { s = x; for i in 0..5 { s[2] = s[2] * x[i] + 0.5; s[i] = s[2] + s[i] ** 2 }; s }",
                                  "def f(x):\n s = x\n for i in range(5):\n  s = s.at[2].set(s[2] * x[i] + 0.5)\n  s = s.at[i].set(s[2] + s[i] ** 2)\n return s"),
    "places that are data": ("x", "x => { s = x; for i in 0..4 { s[ids[i]] = sin(s[ids[i]]) * x[i] + s[4] }; s }",
                             "def f(x):\n s = x\n for i, k in enumerate([3, 0, 3, 1]): s = s.at[k].set(sin(s[k]) * x[i] + s[4])\n return s"),
    "scatter_add": ("x", "x => { s = x; for i in 0..4 { s = scatter_add(s, [i, 4, i], [s[0] * x[i], s[1], x[2] * s[3]]) }; s }",
                    "def f(x):\n s = x\n for i in range(4): s = s.at[jnp.array([i, 4, i])].add(jnp.stack([s[0] * x[i], s[1], x[2] * s[3]]))\n return s"),
    "rows updated": ("m", "m => { s = m; for i in 1..4 { s[i] = s[i - 1] * m[i] + sin(s[i]) }; s }", "def f(m):\n s = m\n for i in range(1, 4): s = s.at[i].set(s[i - 1] * m[i] + sin(s[i]))\n return s"),
    "updates in a while": ("p", "p => { s = p; k = 0; while k < 4 { s[k + 1] = s[k] * s[k + 1] + p[k]; k = k + 1 }; s }", "def f(p):\n s = p\n for k in range(4): s = s.at[k + 1].set(s[k] * s[k + 1] + p[k])\n return s"),
    "a branch a round": ("x", "x => { y = x; for i in 0..4 { if y[i] > 0 { y = y * sin(x) } else { y[i] = y[i] ** 2 + x[0] } }; y }",
                         "def f(x):\n y = x\n for i in range(4): y = jnp.where(y[i] > 0, y * sin(x), y.at[i].set(y[i] ** 2 + x[0]))\n return y"),
    "a branch in a while": ("p", "p => { y = p; k = 0; while k < 5 { if k % 2 == 0 { y = y * tanh(p) } else { y = y + p[k] }; k = k + 1 }; y }",
                            "def f(p):\n y = p\n for k in range(5): y = y * jnp.tanh(p) if k % 2 == 0 else y + p[k]\n return y"),
    "under an index": ("m", "m => [r] => { y = m[r]; for i in 0..3 { y = sin(y) * m[r] + m[0] }; y }", "def f(m):\n y = m\n for i in range(3): y = sin(y) * m + m[0]\n return y"),
    "under an index, updates": ("m", "m => [r] => { s = m[r]; for i in 1..3 { s[i] = s[i - 1] * s[i] + m[0, i] }; s }",
                                "def f(m):\n s = m\n for i in range(1, 3): s = s.at[:, i].set(s[:, i - 1] * s[:, i] + m[0, i])\n return s"),
    "under an index, yield": ("x", "x => [i] => { ys = for k in 0..3 { yield sin(x[i] * k + x[0]) }; sum(ys) * x[i] }", "def f(x): return sum(sin(x * k + x[0]) for k in range(3)) * x"),
    "descent": ("p", "p => { y = p; for i in 0..3 { y = y - 0.1 * grad[y](sum(sin(y) * p * y)) }; y }",
                "def f(p):\n y = p\n for i in range(3): y = y - 0.1 * jax.grad(lambda y: (sin(y) * p * y).sum())(y)\n return y"),
    "descent through a loop": ("p", "p => { y = p; for i in 0..2 { y = y - 0.1 * grad[y]({ z = y; for k in 0..3 { z = sin(z) * p }; sum(z) }) }; y }",
                               "def f(p):\n def inner(y):\n  for k in range(3): y = sin(y) * p\n  return y.sum()\n y = p\n for i in range(2): y = y - 0.1 * jax.grad(inner)(y)\n return y"),
    "tangents in a loop": ("p", "p => { y = p; for i in 0..3 { z, dz = jvp[y = p](sin(y) * y); y = z + 0.2 * dz }; y }",
                           "def f(p):\n y = p\n for i in range(3):\n  z, dz = jax.jvp(lambda y: sin(y) * y, (y,), (p,))\n  y = z + 0.2 * dz\n return y"),
    "checkpoint in a loop": ("x", "x => { y = x; for i in 0..3 { y = checkpoint(sin(y) * x + tanh(y * y)) }; y }", "def f(x):\n y = x\n for i in range(3): y = sin(y) * x + jnp.tanh(y * y)\n return y"),
}
FORWARD = {"while", "while an element", "while in for", "for in while"}  # what JAX can't walk backwards
TDS = {name: f"print(four({tds}, {x}))" for name, (x, tds, _) in CASES.items()}


def jax_cases():
    import jax
    import jax.numpy as jnp
    from jax import lax

    jax.config.update("jax_enable_x64", True)
    data = lambda n: 0.9 * jnp.sin(jnp.arange(1.0, n + 1) * 1.7)
    given = {"x": data(5), "p": jnp.abs(data(5)) + 0.5, "m": data(12).reshape(4, 3)}
    curved = lambda y: jnp.sum(jnp.sin(y + 0.3) * y)

    def four(name, x, text):
        words = {"jax": jax, "jnp": jnp, "lax": lax, "sin": jnp.sin, "w": data(25).reshape(5, 5)}
        exec(text, words)
        f, d = words["f"], jnp.sin(3 * x + 1) + 0.5
        g = (jax.jacfwd if name in FORWARD else jax.grad)(lambda x: curved(f(x)))
        h = jax.jvp(g, (x,), (d,))[1]
        return [g(x), jax.jvp(f, (x,), (d,))[1], h, h]

    return {name: four(name, given[x], text) for name, (x, _, text) in CASES.items()}


if __name__ == "__main__":
    beside_jax.main(sys.modules[__name__])
