"""Defs of TDS beside Python's: `python functions.py > functions.json` with NumPy at hand."""
import json
import sys

import numpy as np

from cases import derived, normal, plain, softmax, uniform, words

SETUP = """
x = f32([[0.5, -1.25, 2.0, 0.0], [3.5, 0.25, -0.75, 1.0], [-2.0, 1.5, 0.125, -3.0]])
v = f32([1.0, -2.0, 0.5, 4.0])
d = f64([0.1, 0.2, 0.3])
i = [2, 0, 3, 1]
t = reshape(arange(0, 24, f32), (2, 3, 4)) / 8 - 1
z = complex(f32([1.0, -2.0]), f32([0.5, 3.0]))
const half = 0.5
type Lin[i, o] = { w: f32[i, o] = 2, b: f32[o] = (k, s) => uniform(k, s) }
type Net[i, h] = { first: Lin[i, h], rest: Lin[h, h][2] }
p = (w=x, b=v)

# loops
def carry(v: f32[n]) {
  a = v
  s = 0.0
  for k in 0..3 {
    a = a * half + v
    s = s + a[k]
  }
  (a, s)
}
def fibonacci(n: dim) {
  a = 0
  b = 1
  ys = for k in 0..n {
    c = a + b
    a = b
    b = c
    yield a
  }
  ys
}
def decay(v: f32[n]) {
  s = 0.0
  ys = for e in v {
    s = s * 0.5 + e
    yield s
  }
  (ys, s)
}
def rows(x: f32[n, m]) {
  ys = for r in x { yield (s=sum(r), m=max(r)) }
  ys
}
def own_names(r: f32, x: f32[n, m]) {
  ys = for r in x {
    for q in x { r[0] = r[0] + q[0] }
    yield r
  }
  (ys, r)
}
def at_form(x: f32[n], i: i32) = x[((i - 1) * (i - 1) + i) // 2 % n]
def pairs(x: f32[n, m], v: f32[n]) {
  s = zeros(m)
  for r, e in (x, v) { s = s + r * e }
  s
}
def layers(p: Lin[i, i][k], x: f32[i]) {
  y = x
  for l in p { y = tanh(y @ l.w + l.b) }
  y
}
def triangle(v: f32[n]) {
  s = 0.0
  for k in 0..n { for q in 0..k { s = s + v[k] * v[q] } }
  s
}
def until(a: f64) {
  x = a
  while abs(x * x - a) > 1e-14 { x = 0.5 * (x + a / x) }
  x
}
def collatz(k: i32) {
  n = k
  c = 0
  while n != 1 {
    n = if n % 2 == 0 then n // 2 else 3 * n + 1
    c = c + 1
  }
  c
}
def data_rounds(v: f32[n], k: i32) {
  s = 0.0
  for q in 0..k { s = s + v[q % 4] }
  s
}
def never(v: f32[n]) {
  s = v
  for q in 3..1 { s = 2 * s }
  ys = for q in 0..0 { yield s }
  (s, sum(ys))
}

# branches
def sign_of(k: i32) {
  r = 0
  if k < 0 { r = -1 } else if k == 0 { r = 7 } else { r = 1 }
  r
}
def chosen(v: f32[n], c: bool) = if c then sin(v) else v * v
def guarded(v: f32[n]) {
  s = v
  for k in 0..n { if v[k] > 0 { s[k] = log(v[k]) } }
  s
}
def by_size(x: f32[n, m]) = if n > m then x[m] else x[0]
def small(k: dim) = if k == 0 then 1 else k * small_more(k - 1)
def small_more(k: dim) = if k == 0 then 1 else 2 * k

# functions
def twice(f, x) = f(f(x))
def both(f, a, b) = f(a, b)
def poly(x, k=3, c=0.5) = c * x ** k
def window(x: f32[n], k: dim = 2) = [i < n - k + 1] => sum[r < k](x[i + r])
def outer(a: float[n], b: float[m]) -> float[n, m] = [i, j] => a[i] * b[j]
def last(x: float[..., n]) -> float[...] = x[..., -1] * 2
def doubled(p) = 2 * p + 1
def swapped(a, b) = (b, a)
def shaped(x: f32[n, m]) = zeros((n * m, m // 2)) + size(x, 0)
def double_sizes(x: f32[2 * k, k]) -> f32[k, k] = x[:k] + x[k:]

# index notation
def conv(x: f32[n, m], w: f32[r, s], stride: dim) = [i, j] => sum[a, b](x[stride*i + a, stride*j + b] * w[a, b])
def same_conv(x: f32[n, m], w: f32[r, s]) = [i < n, j < m] => sum[a, b](x[i + a - r // 2, j + b - s // 2 else 0] * w[a, b])
def normalise(x: float[..., n]) -> float[..., n] {
  e[..., j] := exp(x[..., j])
  [..., j] => e[..., j] / sum[k](e[..., k])
}
def trilinear(a: f32[n, m], b: f32[m, k], c: f32[k]) = [i] => sum[j, q](a[i, j] * b[j, q] * c[q])
def renamed(v: f32[n]) {
  v[j] := v[j] * 2 + v[0]
  v
}
def causal(x: f32[n, n]) = [i, j] => if j <= i then x[i, j] else -inf
def escape(c: f32[n]) = [i] => {
  x = 0.0
  k = 0
  while k < 20 and abs(x) < 2 {
    x = x * x + c[i]
    k = k + 1
  }
  k
}
def trap(v: f32[n]) = [i] => if v[i] > 0 then log(v[i]) else v[i]

# updates
def update(x: f32[n, 4], v: f32[4]) {
  y = x
  y[0] = v
  y[1:3, 0] = 9
  y[-1, -1] = 5
  y[:, 1] = y[:, 1] * 2
  y[1, ::-2] = [7, 8]
  y
}
def scattered(v: f32[n], ids: int[k], e: f32[k]) {
  y = v
  y[ids] = e
  y
}
def fields(p: { w: f32[n, m], b: f32[m] }) {
  q = p
  q.w[0] = 3
  q.b = q.b + 1
  q.w[1, 1:3] = q.w[0, 1:3] * 2
  q.b = 0
  q
}
"""
f32 = np.float32
x = np.array([[0.5, -1.25, 2.0, 0.0], [3.5, 0.25, -0.75, 1.0], [-2.0, 1.5, 0.125, -3.0]], f32)
v = np.array([1.0, -2.0, 0.5, 4.0], f32)
d = np.array([0.1, 0.2, 0.3])
i = np.array([2, 0, 3, 1])
t = np.arange(24, dtype=f32).reshape(2, 3, 4) / 8 - 1
z = np.array([1 + 0.5j, -2 + 3j], np.complex64)


def carry(v):
    a, s = v, 0
    for k in range(3):
        a = a * 0.5 + v
        s += a[k]
    return [a, s]


def fibonacci(n):
    a, b, ys = 0, 1, []
    for _ in range(n):
        a, b = b, a + b
        ys.append(a)
    return ys


def decay(v):
    s, ys = 0, []
    for e in v:
        s = s * 0.5 + e
        ys.append(s)
    return [np.array(ys), s]


def collatz(n):
    c = 0
    while n != 1:
        n, c = n // 2 if n % 2 == 0 else 3 * n + 1, c + 1
    return c


def conv(x, w, stride):
    r, s = w.shape
    return np.array([[(x[a:a + r, b:b + s] * w).sum() for b in range(0, x.shape[1] - s + 1, stride)] for a in range(0, x.shape[0] - r + 1, stride)])


def escape(c):
    y, k = 0.0, 0
    while k < 20 and abs(y) < 2:
        y, k = y * y + c, k + 1
    return k


def update(x, v):
    y = x.copy()
    y[0] = v
    y[1:3, 0] = 9
    y[-1, -1] = 5
    y[:, 1] *= 2
    y[1, ::-2] = [7, 8]
    return y


def fields(w, b):
    w = w.copy()
    w[0] = 3
    w[1, 1:3] = w[0, 1:3] * 2
    return [w, 0 * b]


def fnv(text):
    h = 0xCBF29CE484222325
    for c in text.encode():
        h = (h ^ c) * 0x100000001B3 % 2**64
    return h


def folded(key, counter):
    """fold_in, with a counter of 64 bits."""
    from philox import philox
    w = philox([np.uint64(counter & 0xFFFFFFFF), np.uint64(counter >> 32), np.uint64(1), np.uint64(0)], key)
    return int(w[0]) | int(w[1]) << 32


def layers(x, w, b):
    for k in range(2):
        x = np.tanh(x @ w[k] + b[k])
    return x


guarded = np.where(v > 0, np.log(np.abs(v)), v)
w23 = np.array([[1, -2, 0.5], [0.25, 3, -1]], f32)
padded = np.pad(x, ((1, 1), (1, 1)))
W23 = "f32([[1.0, -2.0, 0.5], [0.25, 3.0, -1.0]])"
half = np.array([60000, 60000, 30000], np.float16)

CASES = [
    ("carry(v)", carry(v)), ("fibonacci(8)", fibonacci(8)), ("fibonacci(0)", []), ("decay(v)", decay(v)), ("rows(x)", [x.sum(1), x.max(1)]),
    ("pairs(x, v[:3])", v[:3] @ x), ("triangle(v)", sum(v[a] * v[b] for a in range(4) for b in range(a))), ("until(f64(2))", np.sqrt(2.0)), ("[a < 12] => collatz(a + 1)", [collatz(a + 1) for a in range(12)]),
    ("collatz(27)", collatz(27)), ("data_rounds(v, 6)", v.sum() + v[0] + v[1]), ("data_rounds(v, 0)", 0.0), ("never(v)", [v, 0.0]),
    ("layers((w=[x[:, :3], 0.5 * x[:, 1:]], b=[v[:3], v[1:]]), v[:3])", layers(v[:3], [x[:, :3], 0.5 * x[:, 1:]], [v[:3], v[1:]])),
    ("[sign_of(-3), sign_of(0), sign_of(4)]", [-1, 7, 1]), ("chosen(v, true)", np.sin(v)), ("chosen(v, v[0] < 0)", v * v), ("guarded(v)", guarded), ("by_size(x)", x[0]), ("by_size(transpose(x))", x.T[3]), ("small(4)", 24), ("small(0)", 1),
    ("twice(sin, v)", np.sin(np.sin(v))), ("twice(a => a * 2 + v, v)", v * 4 + 3 * v), ("both((a, b) => a - b, v, 1.0)", v - 1), ("both(atan2, v, v)", np.arctan2(v, v)), ("poly(v)", v**3 / 2), ("poly(v, 2)", v**2 / 2), ("poly(v, c=2.0)", 2 * v**3),
    ("poly(c=1.0, x=v, k=2)", v**2), ("poly(2)", 4.0), ("v |> sin |> poly(k=2)", np.sin(v)**2 / 2), ("window(v)", v[1:] + v[:-1]), ("window(v, 3)", v[2:] + v[1:-1] + v[:-2]), ("window(k=1, x=v)", v), ("outer(v, v[:2])", np.outer(v, v[:2])),
    ("outer(d, d)", np.outer(d, d)), ("outer(f16(v), f16(v))", np.outer(v, v)), ("last(t)", t[..., -1] * 2), ("last(v)", 8.0), ("doubled(p)", [2 * x + 1, 2 * v + 1]), ("doubled(3)", 7), ("swapped(v, x)", [x, v]),
    ("shaped(x)", np.full((12, 2), 3)), ("double_sizes(transpose(x)[:, :2])", x.T[:2, :2] + x.T[2:, :2]),
    (f"conv(x, {W23}, 1)", conv(x, w23, 1)), (f"conv(x, {W23}, 2)", conv(x, w23, 2)), (f"same_conv(x, {W23})", conv(padded, w23, 1)[:3]), ("normalise(t)", softmax(t)), ("normalise(v)", softmax(v)), ("trilinear(x, transpose(x), x[:, 1])", x @ (x.T @ x[:, 1])),
    ("renamed(v)", v * 2 + v[0]), ("causal(x[:, :3])", np.where(np.tri(3) > 0, x[:, :3], -np.inf)), ("escape(v)", [escape(c) for c in v]), ("trap(v)", guarded), ("[a] => v[3 - a]", v[::-1]), ("[a] => v[i[a]] * x[0, a]", v[i] * x[0]),
    ("[a] => grad[v](sum(v * v * x[a]))", 2 * v * x), ("[a] => sum[c](if v[c] > x[a, c] then v[c] else 0.0)", np.where(v > x, v, 0).sum(1)), ("max[a, c](x[a, c] * v[c])", (x * v).max()), ("[a < 2, ...] => t[a, ...] * v", t[..., None] * v), ("[a] => { q = x[a]; q[0] = 9.0; sum(q) }", x[:, 1:].sum(1) + 9),
    ("[a < 3] => fibonacci(4) * a", np.outer(range(3), fibonacci(4))), ("[a] => carry(x[a])", [np.stack([carry(r)[0] for r in x]), np.array([carry(r)[1] for r in x])]), ("[a < 4] => x[:, a]", x.T), ("[a < 3] => (p=x[a], q=a)", [x, np.arange(3)]),
    ("update(x, v)", update(x, v)), ("scattered(v, [0, 2, 0], f32([7.0, 8.0, 9.0]))", [9, -2, 8, 4]), ("fields(p)", fields(x, v)), ("{ q = (a=f32([inf, nan]), n=3); q.a = 1; q }", [[1, 1], 3]),
    # initial values: a key a path
    ("init(Net[3, 2], key(1)).first.w", np.full((3, 2), 2)), ("init(Net[3, 2], key(1)).first.b + 0 * uniform(key(0), 2)", uniform(folded(1, fnv("first.b")), 2)),
    ("init(Net[3, 2], key(1)).rest.b + 0 * uniform(key(0), 2)", [uniform(derived(folded(1, fnv("rest.b")), k, 1), 2) for k in range(2)]),
    # reductions of halves and bools, empty and odd shapes
    ("mean(f16([60000, 60000, 30000]))", half.astype(f32).mean()), ("var(f16([300, -300]))", np.inf), ("std(f16([30, -30]))", 30.0), ("mean[a](f16([60000, 60000, 30000])[a])", half.astype(f32).mean()), ("var(i)", i.var()), ("max(x > 0, axis=0)", (x > 0).any(0)), ("min(x > -9)", True),
    ("argmax(v > 0.5)", 0), ("argmin(v > 0.5)", 1), ("max[a](v[a] > 3)", True), ("sum(zeros((2, 0, 3)), axis=1)", np.zeros((2, 3))), ("max(zeros((2, 0)), axis=1)", [-np.inf, -np.inf]), ("shape(zeros((0, 4)) @ v)", [0]), ("zeros((2, 0)) @ zeros((0, 3))", np.zeros((2, 3))), ("shape(softmax(zeros((2, 0))))", [2, 0]),
    ("concat((zeros((0, 4)), x))", x), ("shape(x[:0] + v)", [0, 4]), ("shape(transpose(zeros((0, 3))))", [3, 0]), ("full((2, 4), v)", np.broadcast_to(v, (2, 4))), ("full(2, 1.5)", [1.5, 1.5]), ("sum(f32([7.0]))", 7.0), ("f32([[[2.0]]]) * v", 2 * v[None, None]), ("shape(cumsum(zeros((0,))))", [0]),
    ("i64([0, 1]) + 9007199254740993", np.array([0, 1]) + 9007199254740993), ("i64(9007199254740993) == 9007199254740992", False), ("bitand(i64([-1]), 9223372036854775807)", [2**63 - 1]),
    ("close(i, i)", True), ("close(i, i + 1)", False), ("2 ** i", 2**i), ("z @ conj(z)", z @ z.conj()), ("prod(z)", z.prod()), ("mean(z)", z.mean()), ("sum(d ** 2) ** 0.5", np.sqrt((d**2).sum())), ("exp(d) / sum(exp(d))", softmax(d)), ("logsumexp(d)", np.log(np.exp(d).sum())), ("std(d)", d.std()),
    ("d[i[1]] + d[0:2]", d[0] + d[:2]), ("{ s = i[1] + 1; v[s:s + 2] }", v[1:3]), ("{ s = 2; x[:, s:s + 2] }", x[:, 2:4]), ("at_form(v, 5)", v[2]), ("own_names(1.5, x)", [np.concatenate([x[:, :1] + x[:, 0].sum(), x[:, 1:]], 1), 1.5]), ("{ k = i[0]; [(k * 2) ** 2, (k + 1) * (k - 1) // 5, (k * 2 + 1) % 4 * k - 1, (k + 1) ** 3] }", [16, 0, 1, 27]), ("v[3:0:-1]", v[3:0:-1]), ("v[-1:-4:-2]", v[-1:-4:-2]), ("x[1, ..., new]", x[1, ..., None]), ("x[[2, 0]][:, [1, 1]]", x[[2, 0]][:, [1, 1]]), ("x[[[0, 1], [2, 2]], 1]", x[[[0, 1], [2, 2]], 1]),
    ("v[[4, -1] wrap]", v[[0, 3]]), ("v[[4, -1] clamp]", v[[3, 0]]), ("v[[4, -1, 2] else 9]", [9, 9, v[2]]), ("x[[1, 3] else v]", np.stack([x[1], v])), ("roll(t, 2, axis=1)", np.roll(t, 2, 1)), ("repeat(x, 3, axis=1)", np.repeat(x, 3, 1)), ("flip(t, axis=(0, 2))", t[::-1, :, ::-1]),
    ("scatter_add(zeros((4, 4)), [1, 3, 1], x)", np.array([0 * v, x[0] + x[2], 0 * v, x[1]])), ("normal(key(2), (2, 2))", normal(2, 4).reshape(2, 2)), ("randint(key(8), (2, 3), 0, 7)", (words(8, 6).astype(np.int64) * 7 >> 32).reshape(2, 3)),
    ("uniform(split(fold_in(key(3), 5), 2)[1], 3)", uniform(derived(derived(3, 5, 1), 1, 2), 3)), ("uniform(key(-1), 2)", uniform(2**64 - 1, 2)),
]


def listed(value):
    return [listed(part) for part in value] if isinstance(value, (list, tuple)) else plain(value)


if __name__ == "__main__":
    json.dump({"numpy": np.__version__, "setup": SETUP, "cases": [[text, listed(value)] for text, value in CASES]}, sys.stdout, indent=0)
