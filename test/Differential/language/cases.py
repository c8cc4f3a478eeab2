"""Expressions of TDS beside NumPy's: `python cases.py > expected.json` with NumPy and PyTorch at hand.

Each case is (TDS, NumPy). The names below are bound in both; f32 unless said."""
import json
import math
import sys

import numpy as np
import torch
import torch.nn.functional as F

sys.path.insert(0, str(__import__("pathlib").Path(__file__).parents[1]))
from philox import philox  # noqa: E402

SETUP = """
import nn, optim
img = reshape(sin(arange(0, 96, f32)), (2, 3, 4, 4))
ker = reshape(cos(arange(0, 108, f32)), (4, 3, 3, 3))
qkv = reshape(sin(arange(0, 96, f32) * 0.7), (2, 2, 3, 8))
x = f32([[0.5, -1.25, 2.0, 0.0], [3.5, 0.25, -0.75, 1.0], [-2.0, 1.5, 0.125, -3.0]])
v = f32([1.0, -2.0, 0.5, 4.0])
d = f64([[0.1, 0.2, 0.3], [0.4, -0.5, 0.6]])
i = [7, -3, 0, 5]
k = i32([2, 3, -2, -5])
b = x > 0.2
ids = [2, 0, 2, 1, 1]
t = reshape(arange(0, 24, f32), (2, 3, 4)) / 8 - 1
e = zeros((0, 3))
n1 = f32([nan, 1.0, inf, -inf])
by = u8([250, 10, 255, 0])
h = f16([0.1, 1000.5, -2.25])
z = complex(f32([1.0, -2.0]), f32([0.5, 3.0]))
p0 = (w=x, b=v)
"""
f32, f64 = np.float32, np.float64
x = np.array([[0.5, -1.25, 2.0, 0.0], [3.5, 0.25, -0.75, 1.0], [-2.0, 1.5, 0.125, -3.0]], f32)
v = np.array([1.0, -2.0, 0.5, 4.0], f32)
d = np.array([[0.1, 0.2, 0.3], [0.4, -0.5, 0.6]])
i = np.array([7, -3, 0, 5], np.int32)
k = np.array([2, 3, -2, -5], np.int32)
b = x > 0.2
ids = np.array([2, 0, 2, 1, 1])
t = np.arange(24, dtype=f32).reshape(2, 3, 4) / 8 - 1
e = np.zeros((0, 3), f32)
n1 = np.array([np.nan, 1, np.inf, -np.inf], f32)
by = np.array([250, 10, 255, 0], np.uint8)
h = np.array([0.1, 1000.5, -2.25], np.float16)
z = np.array([1 + 0.5j, -2 + 3j], np.complex64)


def softmax(a, axis=-1):
    w = np.exp(a - a.max(axis=axis, keepdims=True))
    return w / w.sum(axis=axis, keepdims=True)


def lse(a, axis):
    m = a.max(axis=axis, keepdims=True)
    return np.log(np.exp(a - m).sum(axis=axis)) + m.squeeze(axis)


def words(key, n):
    """Word i of a key: philox(ctr = {i / 4, 0, 0, 0})[i % 4]."""
    block = np.arange((n + 3) // 4, dtype=np.uint64)
    zero = 0 * block
    return np.stack(philox([block, zero, zero, zero], key), 1).reshape(-1)[:n]


def derived(key, counter, domain):
    w = philox([np.uint64(counter), np.uint64(0), np.uint64(domain), np.uint64(0)], key)
    return int(w[0]) | int(w[1]) << 32


def uniform(key, n):
    return (words(key, n) >> np.uint64(8)).astype(f64) * 2.0**-24


def uniform64(key, n):
    w = words(key, 2 * n).reshape(n, 2)
    return ((w[:, 0] >> np.uint64(5)).astype(f64) * 2.0**26 + (w[:, 1] >> np.uint64(6)).astype(f64)) * 2.0**-53


def normal(key, n):
    u = uniform(key, 2 * n).reshape(n, 2)
    return np.sqrt(-2 * np.log(1 - u[:, 0])) * np.cos(2 * np.pi * u[:, 1])


erf = np.vectorize(math.erf)
img = torch.sin(torch.arange(96.0)).reshape(2, 3, 4, 4)
ker = torch.cos(torch.arange(108.0)).reshape(4, 3, 3, 3)
qkv = torch.sin(torch.arange(96.0) * 0.7).reshape(2, 2, 3, 8)
tx, tv = torch.tensor(x), torch.tensor(v)


def optimized(make, steps, grad=lambda p: 2 * p):
    ps = [tx.clone(), tv.clone()]
    o = make(ps)
    for _ in range(steps):
        for p in ps:
            p.grad = grad(p)
        o.step()
    return ps[0].numpy()


CASES = [
    # elementwise
    ("x + v", x + v), ("x * 2 - 1", x * 2 - 1), ("-x", -x), ("abs(x)", abs(x)), ("sign(x)", np.sign(x)), ("x ** 2", x ** 2),
    ("x ** 3", x ** 3), ("abs(x) ** 1.5", abs(x) ** f32(1.5)), ("2 ** v", 2 ** v), ("v / 3", v / 3), ("1 / v", 1 / v),
    ("exp(x)", np.exp(x)), ("expm1(x)", np.expm1(x)), ("log(abs(v))", np.log(abs(v))), ("log1p(abs(x))", np.log1p(abs(x))),
    ("log2(abs(v))", np.log2(abs(v))), ("sqrt(abs(x))", np.sqrt(abs(x))), ("rsqrt(abs(v))", 1 / np.sqrt(abs(v))),
    ("sin(x)", np.sin(x)), ("cos(x)", np.cos(x)), ("tan(x)", np.tan(x)), ("tanh(x)", np.tanh(x)), ("sinh(x)", np.sinh(x)),
    ("cosh(x)", np.cosh(x)), ("asin(x / 4)", np.arcsin(x / 4)), ("acos(x / 4)", np.arccos(x / 4)), ("atan(x)", np.arctan(x)),
    ("atan2(x, v)", np.arctan2(x, v)), ("erf(x)", erf(x)), ("sigmoid(x)", 1 / (1 + np.exp(-x))), ("relu(x)", np.maximum(x, 0)),
    ("floor(x)", np.floor(x)), ("ceil(x)", np.ceil(x)), ("round(x * 2)", np.round(x * 2)), ("maximum(x, v)", np.maximum(x, v)),
    ("minimum(x, v)", np.minimum(x, v)), ("clip(x, -1, 1)", np.clip(x, -1, 1)), ("where(b, x, v)", np.where(b, x, v)),
    ("gelu(x)", 0.5 * x * (1 + erf(x / np.sqrt(2)))), ("silu(x)", x / (1 + np.exp(-x))), ("softplus(x)", np.log1p(np.exp(x))),
    ("isnan(n1)", np.isnan(n1)), ("isfinite(n1)", np.isfinite(n1)), ("n1 == n1", n1 == n1), ("n1 < 2", n1 < 2),
    ("maximum(n1, 0)", np.maximum(n1, 0)), ("exp(n1)", np.exp(n1)), ("n1 + 1", n1 + 1), ("tanh(n1)", np.tanh(n1)),
    ("lgamma(abs(v))", np.vectorize(math.lgamma)(abs(v))), ("sin(1000 * v)", np.sin(f64(1000) * v)), ("x % 0.75", x % f32(0.75)),
    # integers and bools
    ("i + k", i + k), ("i * 3", i * 3), ("i // k", i // k), ("i % k", i % k), ("i // 0", 0 * i), ("i % 0", 0 * i), ("by + 10", by + np.uint8(10)),
    ("by * by", by * by), ("by // 3", by // 3), ("i32(by)", by.astype(np.int32)), ("abs(i)", abs(i)), ("maximum(i, k)", np.maximum(i, k)),
    ("bitand(i, 5)", i & 5), ("bitor(i, k)", i | k), ("bitxor(i, k)", i ^ k), ("shl(i, 2)", i << 2), ("shr(i, 1)", i >> 1),
    ("b and not (x < 1)", b & ~(x < 1)), ("b or x < -1", b | (x < -1)), ("i == 5 or i < 0", (i == 5) | (i < 0)),
    ("i32(x)", np.trunc(x).astype(np.int32)), ("i8(f32([300.0, -300.0, 1.9]))", np.array([127, -128, 1])), ("u8(f32([300.0, -3.0, 1.9]))", np.array([255, 0, 1])),
    ("i32(n1)", np.array([0, 1, 2147483647, -2147483648])), ("i8(i32([300, -129]))", np.array([44, 127])), ("f32(i)", i.astype(f32)), ("bool(i)", i != 0),
    ("f32(b)", b.astype(f32)), ("f64(x)", x.astype(f64)), ("f16(x)", x.astype(np.float16)), ("bf16(f32([1.00390625, 3.14159]))", np.array([1.0, 3.140625])),
    ("h * h", h * h), ("sum(h)", np.float16(h.astype(f32).sum())), ("d * 0.1", d * 0.1), ("sum(d)", d.sum()),
    # complex
    ("z * z", z * z), ("z + 1", z + 1), ("real(z)", z.real), ("imag(z)", z.imag), ("conj(z)", z.conj()), ("abs(z)", abs(z)), ("z / (z + 2)", z / (z + 2)), ("exp(z)", np.exp(z)), ("angle(z)", np.angle(z)),
    # shapes
    ("transpose(x)", x.T), ("transpose(t, (2, 0, 1))", t.transpose(2, 0, 1)), ("reshape(t, (4, -1))", t.reshape(4, -1)), ("x[1]", x[1]), ("x[-1, 2]", x[-1, 2]),
    ("x[:, 1:3]", x[:, 1:3]), ("x[::2, ::-1]", x[::2, ::-1]), ("x[..., 0]", x[..., 0]), ("x[:, new, 2]", x[:, None, 2]), ("t[1, ..., -2:]", t[1, ..., -2:]), ("x[ids]", x[ids]),
    ("x[:, ids]", x[:, ids]), ("t[:, [2, 1]]", t[:, [2, 1]]), ("x[3:, :]", x[3:, :]), ("concat((x, x[:1] * 2), axis=0)", np.concatenate([x, x[:1] * 2])), ("concat((x, x), axis=-1)", np.concatenate([x, x], -1)),
    ("pad(v, ((1, 2),))", np.pad(v, (1, 2))), ("pad(x, ((0, 1), (2, 0)), value=9)", np.pad(x, ((0, 1), (2, 0)), constant_values=9)), ("flip(x, axis=0)", x[::-1]), ("flip(x)", x[::-1, ::-1]),
    ("roll(v, 1, axis=0)", np.roll(v, 1)), ("roll(x, -1, axis=1)", np.roll(x, -1, 1)), ("repeat(v, 2, axis=0)", np.repeat(v, 2)), ("diag(v)", np.diag(v)), ("diag(x[:, :3])", np.diag(x[:, :3])),
    ("tril(x)", np.tril(x)), ("triu(x)", np.triu(x)), ("broadcast_to(v, (2, 4))", np.broadcast_to(v, (2, 4))), ("[v, 2 * v]", np.stack([v, 2 * v])), ("[[1, 2], [3, 4]]", np.array([[1, 2], [3, 4]])),
    ("sum(zeros((2, 0)), axis=1)", np.zeros(2)), ("ones(3)", np.ones(3)), ("full((2, 2), 7)", np.full((2, 2), 7)), ("eye(3)", np.eye(3)), ("arange(2, 7)", np.arange(2, 7)), ("linspace(0, 1, 5)", np.linspace(0, 1, 5, dtype=f32)),
    ("one_hot(ids, 3)", np.eye(3)[ids]), ("size(t, 1) * 2", 6), ("zeros_like(v)", 0 * v),
    # reductions
    ("sum(x)", x.sum()), ("sum(x, axis=0)", x.sum(0)), ("sum(t, axis=(0, 2))", t.sum((0, 2))), ("mean(x, axis=1, keep=true)", x.mean(1, keepdims=True)), ("prod(x[1:])", x[1:].prod()), ("max(x, axis=1)", x.max(1)), ("min(x)", x.min()),
    ("argmax(x, axis=0)", x.argmax(0)), ("argmin(x)", x.argmin()), ("argmax(f32([1.0, 3.0, 3.0]))", 1), ("argmax(n1)", 0), ("any(b, axis=1)", b.any(1)), ("all(b, axis=0)", b.all(0)), ("sum(b)", int(b.sum())), ("mean(i)", i.mean()),
    ("sum(by)", int(by.astype(int).sum())), ("var(x, axis=0)", x.var(0)), ("std(x)", x.std()), ("norm(v)", np.linalg.norm(v)), ("dot(v, v)", v @ v), ("cumsum(x, axis=1)", x.cumsum(1)), ("cumprod(v)", v.cumprod()), ("softmax(x)", softmax(x)),
    ("log_softmax(x, axis=0)", np.log(softmax(x, 0))), ("logsumexp(x, axis=1)", lse(x, 1)), ("sum(e, axis=0)", e.sum(0)), ("prod(e)", 1.0), ("max(e, axis=0)", np.full(3, -np.inf)), ("min(e, axis=0)", np.full(3, np.inf)), ("any(e > 0)", False), ("all(e > 0)", True),
    ("mean(e)", np.nan), ("logsumexp(e, axis=0)", np.full(3, -np.inf)), ("max(n1)", np.nan), ("sum(zeros((3, 0)), axis=1)", np.zeros(3)),
    # products
    ("x @ v", x @ v), ("v @ transpose(x)", v @ x.T), ("v @ v", v @ v), ("x @ transpose(x)", x @ x.T), ("t @ transpose(x)", t @ x.T), ("t @ v", t @ v), ("t @ transpose(t, (0, 2, 1))", t @ t.transpose(0, 2, 1)), ("d @ transpose(d)", d @ d.T), ("x[:, :2] @ v[:2]", x[:, :2] @ v[:2]), ("[a < 2] => sum[j < 3](x[j, a] * v[j])", np.array([sum(x[j, a] * v[j] for j in range(3)) for a in range(2)])), ("transpose(x)[:2, :2] @ x[:2, :3]", x.T[:2, :2] @ x[:2, :3]), ("i @ k", i @ k),
    # index notation
    ("[a, c] => x[a, c] * v[c]", x * v), ("[a, c] => sum[j](x[a, j] * x[c, j])", x @ x.T), ("[a] => sum[r < 2](v[a + r])", v[:-1] + v[1:]), ("[a < 4] => v[a - 1 else 0] + v[a + 1 else 5]", np.array([0, 1, -2, .5]) + np.array([-2, .5, 4, 5])),
    ("[a < 6] => v[a - 1 wrap]", np.take(v, np.arange(-1, 5), mode="wrap")), ("[a < 6] => v[a - 1 clamp]", np.take(v, np.arange(-1, 5), mode="clip")), ("[a] => v[2 * a]", v[::2]), ("[a, c] => if a == c then 1.0 else x[a, c]", np.where(np.arange(3)[:, None] == np.arange(4), 1, x)),
    ("[a < 4] => a * a", np.arange(4) ** 2), ("[a, c < 8] => x[a, c // 2]", np.repeat(x, 2, 1)), ("[a < 7] => v[a % 4]", v[np.arange(7) % 4]), ("[q] => x[ids[q], 1]", x[ids, 1]), ("[a] => max[c](x[a, c])", x.max(1)), ("[a] => argmax[c](x[a, c])", x.argmax(1)), ("sum[a, c](x[a, c])", x.sum()), ("[a] => mean(x[a])", x.mean(1)),
    ("[a < 3] => x[a, a]", np.diag(x)), ("[a] => logsumexp[c](x[a, c])", lse(x, 1)), ("[...] => sum[j](t[..., j])", t.sum(-1)), ("[a] => if x[a, 0] > 0 then log(x[a, 0]) else -1.0", np.array([np.log(.5), np.log(3.5), -1])), ("scatter_add(zeros(3), ids, f32([1.0, 2.0, 3.0, 4.0, 5.0]))", np.array([2, 9, 4])),
    # random numbers
    ("uniform(key(5), 7)", uniform(5, 7)), ("uniform(key(5), (2, 3))", uniform(5, 6).reshape(2, 3)), ("uniform(key(9), 5, f64)", uniform64(9, 5)), ("normal(key(11), 6)", normal(11, 6)),
    ("uniform(fold_in(key(1), 7), 4)", uniform(derived(1, 7, 1), 4)), ("uniform(split(key(1), 3)[2], 4)", uniform(derived(1, 2, 2), 4)), ("randint(key(3), 8, -5, 10)", (words(3, 8).astype(np.int64) * 15 >> 32) - 5),
    ("bernoulli(key(4), 0.3, 9)", uniform(4, 9) < 0.3), ("categorical(key(6), x)", (x - np.log(-np.log(1 - uniform(6, 12).reshape(3, 4)))).argmax(1)), ("[a < 3] => uniform(fold_in(key(1), a), 2)", np.stack([uniform(derived(1, a, 1), 2) for a in range(3)])),
    # layers and optimizers, PyTorch's values
    ("nn.cross_entropy(x, [0, 3, 1])", F.cross_entropy(tx, torch.tensor([0, 3, 1]), reduction="none").numpy()), ("nn.layer_norm(x, v, v / 2)", F.layer_norm(tx, (4,), tv, tv / 2).numpy()),
    ("nn.conv2d(img, ker)", F.conv2d(img, ker).numpy()), ("nn.conv2d(img, ker, pad=1)", F.conv2d(img, ker, padding=1).numpy()), ("nn.conv2d(img, ker, stride=2, pad=1)", F.conv2d(img, ker, stride=2, padding=1).numpy()),
    ("nn.max_pool(img, 2)", F.max_pool2d(img, 2).numpy()), ("nn.upsample(img[:, :, :2, :2], 2)", F.interpolate(img[:, :, :2, :2], scale_factor=2, mode="nearest").numpy()),
    ("nn.attention(qkv, 0.5 * qkv, qkv)", F.scaled_dot_product_attention(qkv, qkv / 2, qkv).numpy()), ("nn.attention(qkv, 0.5 * qkv, qkv, causal=true)", F.scaled_dot_product_attention(qkv, qkv / 2, qkv, is_causal=True).numpy()),
    ("nn.huber(x)", F.huber_loss(tx, torch.zeros_like(tx), reduction="none").numpy()), ("nn.round_ste(x)", np.round(x)),
    ("{ p = p0\n  s = optim.adam_init(p)\n  for q in 0..5 { p, s = optim.adam(p, 2 * p, s, lr=0.1) }\n  p.w }", optimized(lambda p: torch.optim.Adam(p, lr=0.1), 5)),
    ("{ p = p0\n  s = optim.adam_init(p)\n  for q in 0..5 { p, s = optim.adamw(p, 2 * p, s, lr=0.1) }\n  p.w }", optimized(lambda p: torch.optim.AdamW(p, lr=0.1, weight_decay=0.01), 5)),
    ("{ p = p0\n  m = zeros_like(p)\n  for q in 0..5 { p, m = optim.momentum(p, 2 * p, m, lr=0.1) }\n  p.w }", optimized(lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9), 5)),
    # order
    ("sort(x)", np.sort(x)), ("sort(n1)", np.sort(n1)), ("sort(by)", np.sort(by)), ("sort(h)", np.sort(h)), ("sort(transpose(x))", np.sort(x.T)), ("sort(x[::-1, ::-1])", np.sort(x[::-1, ::-1])), ("sort(i - k)", np.sort(i - k)), ("sort(b)", np.sort(b)), ("sort(e)", e),
    ("sort(d)", np.sort(d)), ("sum(sort(zeros((2, 0))), axis=1)", np.zeros(2)), ("sort(v[:1])", v[:1]), ("argsort(x)", np.argsort(x)), ("argsort([3, 1, 3, 1, 2])", np.array([1, 3, 4, 0, 2])), ("argsort(f32([nan, 1, nan, -inf, 1]))", np.array([3, 1, 4, 0, 2])), ("1 / sort(f32([0.0, -1.0]) * -1)", 1 / np.array([-0.0, 1.0])),
    ("{ values, q = topk(x, 2)\n  values }", -np.sort(-x)[:, :2]), ("{ values, q = topk(x, 2)\n  q }", np.argsort(-x, kind="stable")[:, :2]), ("{ values, q = topk(n1, 3)\n  values }", np.array([np.nan, np.inf, 1])), ("{ values, q = topk([1, 3, 3, 2], 3)\n  q }", np.array([1, 2, 3])),
    ("[a] => sort(t[a])", np.sort(t)), ("[a, c] => sort(t[a, c])[0]", t.min(-1)), ("searchsorted(sort(v), x)", np.searchsorted(np.sort(v), x)), ("searchsorted(f32([1.0, 1.0, 2.0, nan]), f32([1.0, 1.5, nan, 9.0, -9.0]))", np.array([0, 2, 3, 3, 0])), ("searchsorted([1, 4, 9], [0, 4, 5, 10])", np.array([0, 1, 2, 3])), ("searchsorted(zeros(0), v)", np.zeros(4, int)),
    ("permutation(key(3), 9)", np.argsort(uniform64(3, 9))), ("sort(x[:, argsort(v)[0]])", np.sort(x[:, 1])), ("sort(arange(0, 300, f32) * 7 % 101)", np.sort(np.arange(300.0) * 7 % 101)), ("argsort(arange(0, 300) * 7 % 101)", np.argsort(np.arange(300) * 7 % 101, kind="stable")),
    # Fourier transforms
    ("fft(z)", np.fft.fft(z)), ("fft(x)", np.fft.fft(x)), ("ifft(z)", np.fft.ifft(z)), ("ifft(fft(d))", d.astype(complex)), ("rfft(x)", np.fft.rfft(x)), ("rfft(d)", np.fft.rfft(d)), ("irfft(rfft(x), 4)", x), ("irfft(rfft(d), 3)", d), ("irfft(fft(x), 4)", np.fft.irfft(np.fft.fft(x), 4)), ("irfft(rfft(x), 7)", np.fft.irfft(np.fft.rfft(x), 7)),
    ("rfft(v[:1])", v[:1] + 0j), ("fft(i)", np.fft.fft(i)), ("fft(sin(arange(0, 60, f64)))", np.fft.fft(np.sin(np.arange(60.0)))), ("rfft(sin(arange(0, 46, f64)))", np.fft.rfft(np.sin(np.arange(46.0)))), ("rfft(sin(arange(0, 47, f64)))", np.fft.rfft(np.sin(np.arange(47.0)))), ("fft(transpose(d))", np.fft.fft(d.T)), ("[a] => rfft(x[a])", np.fft.rfft(x)), ("rfft(e)", np.fft.rfft(e)),
    # linear algebra
    ("cholesky(x @ transpose(x))", np.linalg.cholesky(x @ x.T)), ("cholesky(f64([[4, 2], [2, 5]]))", np.array([[2, 0], [1, 2.0]])), ("cholesky(complex(f64([[2, 0], [0, 3]]), f64([[0, -1], [1, 0]])))", np.linalg.cholesky(np.array([[2, -1j], [1j, 3]]))),
    ("solve(x[:, :3], v[:3])", np.linalg.solve(x[:, :3], v[:3])), ("solve(x[:, :3], x)", np.linalg.solve(x[:, :3], x)), ("solve([x[:, :3], x[:, 1:]], x)", np.linalg.solve(np.stack([x[:, :3], x[:, 1:]]), np.stack([x, x]))), ("solve(x[:, :3], t[:, :, :2])", np.linalg.solve(np.stack([x[:, :3]] * 2), t[:, :, :2])),
    ("[a] => solve(x[:, :3], t[a, :, 0])", np.linalg.solve(np.stack([x[:, :3]] * 2), t[:, :, :1])[..., 0]), ("solve([[0, 1], [2, 0]], [3, 4])", np.array([2.0, 3.0])), ("inv(x[:, :3])", np.linalg.inv(x[:, :3])), ("inv(f64([[1, 2], [3, 4.5]]))", np.linalg.inv(np.array([[1, 2], [3, 4.5]]))), ("inv(complex(f64([[1, 2], [3, 4]]), eye(2, f64)))", np.linalg.inv(np.array([[1 + 1j, 2], [3, 4 + 1j]]))),
    ("det(x[:, :3])", np.linalg.det(x[:, :3])), ("det([x[:, :3], x[:, 1:]])", np.linalg.det(np.stack([x[:, :3], x[:, 1:]]))), ("det(ones((3, 3)))", 0.0), ("det(zeros((0, 0)))", 1.0), ("det(f64([[0, 1, 0], [0, 0, 1], [1, 0, 0]]))", 1.0), ("inv(zeros((0, 0)))", np.zeros((0, 0))),
    ("triangular_solve(x[:, :3] + 9 * eye(3), v[:3])", np.linalg.solve(np.tril(x[:, :3] + 9 * np.eye(3, dtype=f32)), v[:3])), ("triangular_solve(x[:, :3] + 9 * eye(3), x, upper=true)", np.linalg.solve(np.triu(x[:, :3] + 9 * np.eye(3, dtype=f32)), x)),
    # weak numbers
    ("7 // 2", 3), ("-7 // 2", -4), ("-7 % 3", 2), ("7 / 2", 3.5), ("2 ** 10", 1024), ("v * 1e-3", v * f32(1e-3)), ("if 2 > 1 then v else 0 * v", v), ("close(v, v + 1e-9)", True), ("close(v, v + 1)", False),
]


def plain(a):
    a = np.asarray(a)
    if np.iscomplexobj(a):
        return {"re": plain(a.real), "im": plain(a.imag)}
    return a.tolist()


if __name__ == "__main__":
    json.dump({"numpy": np.__version__, "torch": torch.__version__, "setup": SETUP, "cases": [[text, plain(value)] for text, value in CASES]}, sys.stdout, indent=0)
