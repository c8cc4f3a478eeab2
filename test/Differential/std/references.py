"""What the programs beside this file should print: `python references.py > expected.json` with PyTorch at hand. All in f64.

A case is PyTorch's own function wherever it has one, its gradient autograd's; formulas are written out where it has none."""
import json
import math
import sys

import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
cases = {}


def wave(shape, a):
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    i = torch.arange(math.prod(shape), dtype=torch.float64)
    return torch.sin(i * (a + 0.03 * i) + 0.2).reshape(shape)


def plain(value):
    """Nested lists; 11 digits hold more than is compared."""
    if isinstance(value, dict):
        return plain(list(value.values()))
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, (torch.Tensor, np.ndarray)):
        return plain(value.tolist())
    return float(f"{value:.11g}") if isinstance(value, float) else value


def leaves(value):
    return [l for v in (value.values() if isinstance(value, dict) else value) for l in leaves(v)] if isinstance(value, (dict, list, tuple)) else [value]


def rebuilt(value, parts):
    if isinstance(value, dict):
        return {k: rebuilt(v, parts) for k, v in value.items()}
    return parts.pop(0)


def probe(y):
    return torch.sum(y * wave(y.shape, 0.9)), y


class Program:
    def __init__(self, name):
        self.cases = cases[name] = {}

    def value(self, name, y):
        assert name not in self.cases
        self.cases[name] = plain(y)

    def grad(self, name, variables, f, whole=False):
        """((scalar, y), gradients) of probe(f(variables)), or of f itself when `whole`; one variable's gradient stands alone."""
        fresh = [rebuilt(v, [l.detach().clone().requires_grad_() for l in leaves(v)]) if isinstance(v, dict) else v.detach().clone().requires_grad_() for v in variables]
        y = f(*fresh)
        l, rest = y if whole else probe(y)
        gs = list(torch.autograd.grad(l, leaves(fresh), allow_unused=True))
        gs = [torch.zeros_like(v) if g is None else g for g, v in zip(gs, leaves(fresh))]
        gs = [rebuilt(v, gs) for v in fresh]
        self.value(name, [[l, rest], gs[0] if len(gs) == 1 else gs])


def layers():
    p = Program("layers")
    x, w, u, b = wave((3, 4), 1.3), wave((4, 5), 0.7), wave((5, 4), 0.7), wave(5, 2.1)
    z, g, s = wave((2, 3, 4), 1.3), wave(4, 1.9) + 1.5, wave(4, 0.4)
    p.grad("dense", [x, w, b], lambda x, w, b: F.linear(x, w.T, b))
    p.grad("dense without bias", [x, w], lambda x, w: F.linear(x, w.T))
    p.grad("linear", [x, u, b], F.linear)
    p.grad("linear on a batch", [z, u, b], F.linear)
    p.grad("linear on a vector", [u], lambda u: F.linear(z[0, 0], u))
    p.grad("embedding", [u], lambda u: F.embedding(torch.tensor([[0, 2, 2], [4, 1, 0]]), u))
    angles = np.arange(5)[:, None] / 10000 ** (np.arange(0, 6, 2) / 6)
    p.value("sinusoidal in f32", np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(5, 6))
    p.grad("layer_norm", [z, g, s], lambda z, g, s: F.layer_norm(z, (4,), g, s))
    p.grad("layer_norm of a vector", [g], lambda g: F.layer_norm(z[0, 0], (4,), g, s, 1e-3))
    p.grad("rms_norm", [z, g], lambda z, g: F.rms_norm(z, (4,), g, 1e-6))
    mean, var = wave(4, 0.3), wave(4, 0.3) + 2
    i2, i1, i0 = wave((3, 4, 2, 5), 1.1), wave((3, 4, 5), 1.1), wave((6, 4), 1.1)
    p.grad("batch_norm", [i2, g, s], lambda x, g, s: F.batch_norm(x, mean, var, g, s))
    p.grad("batch_norm of rows", [i0, g, s], lambda x, g, s: F.batch_norm(x, mean, var, g, s))

    def trained(x, g, s):
        m, v = mean.clone(), var.clone()
        l, y = probe(F.batch_norm(x, m, v, g, s, training=True, momentum=0.2))
        return l, (y, (m, v))

    for name, x in (("", i2), (" of sequences", i1), (" of rows", i0)):
        p.grad(f"batch_norm_train{name}", [x, g, s], trained, whole=True)
    p.grad("group_norm", [i2, g, s], lambda x, g, s: F.group_norm(x, 2, g, s))
    p.grad("group_norm of sequences", [i1, g, s], lambda x, g, s: F.group_norm(x, 4, g, s))
    p.grad("instance_norm", [i2, g, s], lambda x, g, s: F.instance_norm(x, weight=g, bias=s))


def conv():
    p = Program("conv")
    a, ka, kg = wave((2, 4, 9), 1.3), wave((6, 4, 3), 0.7), wave((6, 2, 3), 0.7)
    x, k, k2 = wave((2, 4, 6, 5), 1.3), wave((4, 4, 3, 2), 0.7), wave((4, 2, 3, 2), 0.7)
    k4, k1 = wave((8, 1, 3, 3), 0.7), wave((3, 4, 1, 1), 0.7)
    v, kv, kw = wave((1, 2, 4, 5, 4), 1.3), wave((2, 2, 2, 3, 2), 0.7), wave((4, 1, 2, 2, 2), 0.7)
    ta, xt = wave((4, 3, 3), 0.7), wave((2, 4, 4, 3), 1.3)
    p.grad("conv1d", [a, ka], F.conv1d)
    p.grad("conv1d strided", [a, kg], lambda x, k: F.conv1d(x, k, stride=2, padding=2, dilation=2, groups=2))
    p.grad("conv2d", [x, k], F.conv2d)
    p.grad("conv2d padded", [x, k], lambda x, k: F.conv2d(x, k, padding=1))
    p.grad("conv2d strided", [x, k], lambda x, k: F.conv2d(x, k, stride=2, padding=1))
    p.grad("conv2d dilated", [x, k], lambda x, k: F.conv2d(x, k, dilation=2, padding=2))
    p.grad("conv2d of pairs", [x, k], lambda x, k: F.conv2d(x, k, stride=(2, 1), padding=(1, 2), dilation=(1, 2)))
    p.grad("conv2d grouped", [x, k2], lambda x, k: F.conv2d(x, k, stride=3, padding=1, groups=2))
    p.grad("conv2d depthwise", [x, k4], lambda x, k: F.conv2d(x, k, padding=1, groups=4))
    p.grad("conv2d of pixels", [x, k1], F.conv2d)
    p.grad("conv3d", [v, kv], lambda x, k: F.conv3d(x, k, padding=1))
    p.grad("conv3d strided", [v, kw], lambda x, k: F.conv3d(x, k, stride=2, dilation=2, padding=2, groups=2))
    p.grad("conv3d of triples", [v, kv], lambda x, k: F.conv3d(x, k, stride=(1, 2, 1), padding=(0, 1, 2)))
    p.grad("conv_transpose1d", [a, ta], lambda x, k: F.conv_transpose1d(x, k, stride=2, padding=1, output_padding=1))
    p.grad("conv_transpose2d", [xt, k], F.conv_transpose2d)
    p.grad("conv_transpose2d strided", [xt, k], lambda x, k: F.conv_transpose2d(x, k, stride=3, padding=1, output_padding=2))
    p.grad("conv_transpose2d dilated", [xt, k], lambda x, k: F.conv_transpose2d(x, k, stride=2, dilation=2))
    p.grad("conv_transpose2d grouped", [xt, k2], lambda x, k: F.conv_transpose2d(x, k, stride=2, groups=2))
    p.grad("conv_transpose2d of pairs", [xt, k], lambda x, k: F.conv_transpose2d(x, k, stride=(3, 2), padding=(0, 1), output_padding=(2, 0)))
    p.grad("conv_transpose3d", [v, kv], lambda x, k: F.conv_transpose3d(x, k, stride=2, padding=1))
    p.grad("max_pool1d", [a], lambda x: F.max_pool1d(x, 3, 2, 1))
    p.grad("max_pool", [x], lambda x: F.max_pool2d(x, 2))
    p.grad("max_pool overlapping", [x], lambda x: F.max_pool2d(x, 3, 2, 1))
    p.grad("max_pool dilated", [x], lambda x: F.max_pool2d(x, 2, 1, dilation=3))
    p.grad("max_pool of pairs", [x], lambda x: F.max_pool2d(x, (3, 2), (2, 1), (1, 0)))
    p.grad("max_pool3d", [v], lambda x: F.max_pool3d(x, 2, 1, 1))
    p.grad("avg_pool1d", [a], lambda x: F.avg_pool1d(x, 3, 2, 1))
    p.grad("avg_pool", [x], lambda x: F.avg_pool2d(x, 2))
    p.grad("avg_pool overlapping", [x], lambda x: F.avg_pool2d(x, 3, 2, 1))
    p.grad("avg_pool of pairs", [x], lambda x: F.avg_pool2d(x, (1, 3), padding=(0, 1)))
    p.grad("avg_pool3d", [v], lambda x: F.avg_pool3d(x, 2, padding=1))
    p.grad("global_avg_pool", [x], lambda x: F.adaptive_avg_pool2d(x, 1)[:, :, 0, 0])
    p.grad("global_max_pool", [v], lambda x: F.adaptive_max_pool3d(x, 1)[:, :, 0, 0, 0])
    p.grad("adaptive_avg_pool", [x], lambda x: F.adaptive_avg_pool2d(x, (3, 4)))
    p.grad("adaptive_avg_pool finer", [x], lambda x: F.adaptive_avg_pool2d(x, (9, 6)))
    p.grad("adaptive_max_pool", [x], lambda x: F.adaptive_max_pool2d(x, (3, 4)))
    p.grad("adaptive_max_pool finer", [x], lambda x: F.adaptive_max_pool2d(x, (9, 1)))
    p.grad("upsample", [x], lambda x: F.interpolate(x, scale_factor=2, mode="nearest"))
    p.grad("pixel_shuffle", [x], lambda x: F.pixel_shuffle(x, 2))


def losses():
    p = Program("losses")
    none = {"reduction": "none"}
    z, z3, q = 2 * wave((4, 5), 1.3), 2 * wave((2, 3, 5), 1.7), torch.softmax(wave((4, 5), 0.7), -1)
    y, y3 = torch.tensor([1, 0, 4, 4]), torch.tensor([[1, 0, 2], [4, 4, 3]])
    p.grad("cross_entropy", [z], lambda z: F.cross_entropy(z, y, **none))
    p.grad("cross_entropy of sequences", [z3], lambda z: F.cross_entropy(z.movedim(-1, 1), y3, **none))
    p.grad("cross_entropy smoothed", [z], lambda z: F.cross_entropy(z, y, label_smoothing=0.1, **none))
    p.grad("cross_entropy of great logits", [z], lambda z: F.cross_entropy(500 * z, y, **none))
    p.grad("soft_cross_entropy", [z, q], lambda z, q: F.cross_entropy(z, q, **none))
    p.grad("nll", [z], lambda z: F.nll_loss(F.log_softmax(z, -1), y, **none))
    a, b = wave(8, 1.3), wave(8, 0.6)
    p.grad("mse", [a, b], lambda a, b: F.mse_loss(a, b, **none))
    p.grad("mae", [a, b], lambda a, b: F.l1_loss(a, b, **none))
    p.grad("huber", [a, b], lambda a, b: F.huber_loss(3 * a, 3 * b, **none))
    p.grad("huber of another width", [a, b], lambda a, b: F.huber_loss(a, b, delta=0.5, **none))
    r = torch.sigmoid(2 * b)

    def bce(p, r):  # PyTorch gives no derivative by the target
        return -(r * torch.log(p) + (1 - r) * torch.log(1 - p))

    pr = torch.sigmoid(3 * a)
    assert torch.allclose(bce(pr, r), F.binary_cross_entropy(pr, r, **none))
    p.grad("bce", [pr, r], bce)
    p.value("bce at the ends", F.binary_cross_entropy(torch.tensor([0.0, 1, 0, 1, 0.5]), torch.tensor([0.0, 1, 1, 0, 1]), **none))
    p.grad("bce_with_logits", [a, r], lambda a, r: F.binary_cross_entropy_with_logits(30 * a, r, **none))
    p.grad("kl_div", [F.log_softmax(z, -1), q], lambda s, q: F.kl_div(s, q, **none))
    p.grad("kl_div of zeros", [torch.tensor([-1.0, -0.5, -2.0, -0.1])], lambda s: F.kl_div(s, torch.tensor([0.0, 0.3, 0.7, 0.0]), **none))
    normals = torch.distributions
    p.grad("kl_normal", [a, b], lambda m, v: normals.kl_divergence(normals.Normal(m, torch.exp(0.5 * v)), normals.Normal(0.0, 1.0)))
    p.grad("cosine_similarity", [z, q], F.cosine_similarity)
    s, labels = wave((7, 4, 5), 1.3), torch.tensor([[1, 2, 2], [3, 1, 4], [2, 2, 0], [0, 0, 0]])
    ctc = lambda s, y, n, m, blank=0: F.ctc_loss(F.log_softmax(s, -1), torch.tensor(y) if isinstance(y, list) else y, torch.tensor(n), torch.tensor(m), blank, **none)
    p.grad("ctc", [s], lambda s: ctc(s, labels, [7, 5, 6, 7], [3, 3, 2, 0]))
    p.grad("ctc of shorter sequences", [s], lambda s: ctc(s, labels, [4, 3, 7, 1], [3, 1, 1, 0]))
    p.value("ctc of what does not fit", ctc(s, labels, [3, 2, 2, 1], [3, 3, 2, 0]))
    p.grad("ctc with another blank", [s], lambda s: ctc(s, [[1, 0], [3, 3], [2, 1], [0, 1]], [7, 7, 7, 7], [2, 2, 2, 1], 4))


def sequence():
    p = Program("sequence")
    q, k, v, bias = wave((2, 4, 3, 6), 1.3), wave((2, 4, 5, 6), 0.7), wave((2, 4, 5, 6), 2.1), wave((4, 3, 5), 0.8)
    kg, vg, k1, v1 = wave((2, 2, 5, 6), 0.7), wave((2, 2, 5, 6), 2.1), wave((2, 1, 5, 6), 0.7), wave((2, 1, 5, 6), 2.1)
    sdpa = F.scaled_dot_product_attention
    last = torch.ones(3, 5).tril(2) > 0
    p.grad("attention", [q, k, v], sdpa)
    p.grad("attention causal", [q, k, v], lambda q, k, v: sdpa(k, q[:, :, [0, 1, 2, 1, 0]], v, is_causal=True))
    p.grad("attention of the last places", [q, k, v], lambda q, k, v: sdpa(q, k, v, last))
    p.grad("attention_bias", [q, k, v, bias], lambda q, k, v, b: sdpa(q, k, v, b))
    seen = torch.tensor([[1, 1, 0, 1, 1], [1, 0, 0, 1, 1], [0, 1, 0, 0, 0]]) > 0
    p.grad("attention_bias that hides", [q, k, v], lambda q, k, v: sdpa(q, k, v, seen))
    p.grad("grouped_attention", [q, kg, vg], lambda q, k, v: sdpa(q, k, v, enable_gqa=True))
    p.grad("grouped_attention causal", [q, kg, vg], lambda q, k, v: sdpa(q, k, v, last, enable_gqa=True))
    p.grad("grouped_attention of one head", [q, k1, v1], lambda q, k, v: sdpa(q, k, v, enable_gqa=True))
    p.grad("cached_attention", [q, kg, vg], lambda q, k, v: sdpa(q, k[:, :, :3], v[:, :, :3], is_causal=True, enable_gqa=True))

    def rotary(x, at=0, base=10000.0, interleaved=False):  # Su et al. 2021, equation 12, by complex numbers
        t, d = x.shape[-2:]
        pairs = x.unflatten(-1, (d // 2, 2)) if interleaved else x.unflatten(-1, (2, d // 2)).transpose(-1, -2)
        angles = torch.outer(torch.arange(at, at + t), base ** (-torch.arange(0, d, 2) / d))
        turned = torch.view_as_real(torch.view_as_complex(pairs.contiguous()) * torch.polar(torch.ones_like(angles), angles))
        return (turned if interleaved else turned.transpose(-1, -2)).flatten(-2)

    p.grad("rotary", [q], rotary)
    p.grad("rotary from a place", [q], lambda q: rotary(q, 7, 500.0))
    p.grad("rotary interleaved", [q], lambda q: rotary(q, 2, interleaved=True))
    x = wave((2, 3, 8), 1.3)
    p.grad("split_heads", [x], lambda x: x.unflatten(-1, (4, 2)).transpose(1, 2))
    p.grad("merge_heads", [q], lambda q: q.transpose(1, 2).flatten(-2))
    m = {"w": wave((24, 8), 0.7), "b": wave(24, 0.3), "o": {"w": wave((8, 8), 1.9), "b": wave(8, 0.5)}}

    def multi_head(x, m, heads, mask):
        x = x.transpose(0, 1)
        y, _ = F.multi_head_attention_forward(x, x, x, 8, heads, m["w"], m["b"], None, None, False, 0.0, m["o"]["w"], m["o"]["b"], need_weights=False, attn_mask=mask)
        return y.transpose(0, 1)

    p.grad("multi_head", [x, m], lambda x, m: multi_head(x, m, 2, None))
    p.grad("multi_head causal", [x, m], lambda x, m: multi_head(x, m, 4, torch.ones(3, 3).triu(1) > 0))
    s, h, c = wave((5, 2, 3), 1.3), wave((2, 4), 0.6), wave((2, 4), 1.1)
    parameters = lambda g: {"wi": wave((4 * g, 3), 0.7), "wh": wave((4 * g, 4), 1.7), "bi": wave(4 * g, 0.3), "bh": wave(4 * g, 0.9)}
    lstm, gru = parameters(4), parameters(3)

    def module(kind, p, *inputs):
        m = kind(3, 4)
        names = [n for n, _ in m.named_parameters()]
        return torch.func.functional_call(m, dict(zip(names, p.values())), inputs)

    def with_zero(y):
        l, y = probe(y)
        return l, (y, 0.0)

    def of_lstm(p, x, h, c):
        y, (h, c) = module(torch.nn.LSTM, p, x, (h[None], c[None]))
        return with_zero(torch.cat([y, h, c]))

    def of_gru(p, x, h):
        return with_zero(torch.cat(module(torch.nn.GRU, p, x, h[None])))

    p.grad("lstm_cell", [lstm, h, c], lambda p, h, c: with_zero(torch.stack(module(torch.nn.LSTMCell, p, s[0], (h, c)))), whole=True)
    p.grad("lstm", [lstm, s, h, c], of_lstm, whole=True)
    p.grad("gru_cell", [gru, h], lambda p, h: module(torch.nn.GRUCell, p, s[0], h))
    p.grad("gru", [gru, s, h], of_gru, whole=True)


def optim():
    p = Program("optim")
    start = [wave((3, 4), 1.3), wave(4, 0.7)]
    slope = lambda i: [wave((3, 4), 0.5 + 0.3 * i), 2 * wave(4, 1.5 - 0.2 * i)]

    def torches(kind, lr=0.05, start=start, slope=slope, **options):
        ps = [q.clone().requires_grad_() for q in start]
        o = kind(ps, lr=lr, **options)
        for i in range(5):
            for q, g in zip(ps, slope(i)):
                q.grad = g
            o.step()
        return [q.detach() for q in ps]

    def five(name, f, state, kind=None, **options):
        """Five steps of f (p, g, s, lr, round) -> (p, s), a leaf at a time; PyTorch's optimizer holds it, autograd goes through it."""
        def run(lr):
            ps, ss = list(start), [state(q) for q in start]
            for i in range(5):
                ps, ss = zip(*[f(q, g, s, lr, i + 1) for q, g, s in zip(ps, slope(i), ss)])
            return torch.sum(ps[0] * wave((3, 4), 0.9)) + torch.sum(ps[1]), ps
        if kind:
            for a, b in zip(run(torch.tensor(0.05))[1], torches(kind, **options)):
                assert torch.allclose(a, b, rtol=1e-13), name
        p.grad(name, [torch.tensor(0.05)], run, whole=True)

    def momentum(mu, nesterov):
        def step(p, g, m, lr, i):
            m = mu * m + g
            return p - lr * (g + mu * m if nesterov else m), m
        return step

    def adam(b1=0.9, b2=0.999, eps=1e-8, decay=0.0):
        def step(p, g, s, lr, i):
            m, v = b1 * s[0] + (1 - b1) * g, b2 * s[1] + (1 - b2) * g * g
            return p - lr * decay * p - lr * (m / (1 - b1**i)) / (torch.sqrt(v / (1 - b2**i)) + eps), (m, v)
        return step

    def lion(p, g, m, lr, i):  # Chen et al. 2023, algorithm 2
        return p - lr * (torch.sign(0.9 * m + 0.1 * g) + 0.1 * p), 0.99 * m + 0.01 * g

    def rmsprop(p, g, v, lr, i):
        v = 0.9 * v + 0.1 * g * g
        return p - lr * g / (torch.sqrt(v) + 1e-8), v

    def adagrad(p, g, v, lr, i):
        v = v + g * g
        return p - lr * g / (torch.sqrt(v) + 1e-10), v

    zero, pair = torch.zeros_like, lambda q: (torch.zeros_like(q), torch.zeros_like(q))
    o = torch.optim
    five("sgd", lambda p, g, s, lr, i: (p - lr * g, s), zero, o.SGD)
    five("momentum", momentum(0.9, False), zero, o.SGD, momentum=0.9)
    five("nesterov", momentum(0.8, True), zero, o.SGD, momentum=0.8, nesterov=True)
    five("adam", adam(), pair, o.Adam)
    five("adam with other means", adam(0.7, 0.9, 1e-3), pair, o.Adam, betas=(0.7, 0.9), eps=1e-3)
    five("adamw", adam(decay=0.1), pair, o.AdamW, weight_decay=0.1)
    five("lion", lion, zero)
    five("rmsprop", rmsprop, zero, o.RMSprop, alpha=0.9)
    five("adagrad", adagrad, zero, o.Adagrad)
    matrix, rows = [start[0]], lambda i: slope(i)[:1]
    p.value("adafactor", torches(o.Adafactor, 0.3, matrix, rows, eps=(1e-30, 1e-3))[0])
    p.value("adafactor with decay", torches(o.Adafactor, 1.0, matrix, rows, eps=(1e-30, 1e-3), weight_decay=0.1)[0])

    def clipped(*ps):
        norm = torch.sqrt(sum(torch.sum(q * q) for q in ps))
        return [q * torch.clamp(1.5 / (norm + 1e-6), max=1) for q in ps]

    def torch_clipped(most):
        ps = [q.clone().requires_grad_() for q in start]
        for q, s in zip(ps, start):
            q.grad = s.clone()
        torch.nn.utils.clip_grad_norm_(ps, most)
        return [q.grad for q in ps]

    assert all(torch.allclose(a, b, rtol=1e-13) for a, b in zip(clipped(*start), torch_clipped(1.5)))
    p.grad("clip_by_norm", [{"w": start[0], "b": start[1]}], lambda q: clipped(*q.values())[0])
    p.value("clip_by_norm of a short one", torch_clipped(15))
    p.value("clip_by_value", [torch.clamp(q, -0.5, 0.5) for q in start])

    def rates(n, lr, make):
        opt = o.SGD([torch.zeros(1, requires_grad=True)], lr=lr)
        schedule, out = make(opt), []
        for _ in range(n):
            out.append(schedule.get_last_lr()[0])
            opt.step()
            schedule.step()
        return out

    s = o.lr_scheduler
    flat = lambda values, n: values[: len(values) - n] + [values[len(values) - n - 1]] * n
    p.value("warmup", [0.1 * min(1, i / 5) for i in range(8)])
    p.value("cosine", flat(rates(8, 0.1, lambda q: s.CosineAnnealingLR(q, 6, 0.01)), 1))
    p.value("warmup_cosine", [0.1 * i / 4 for i in range(4)] + flat(rates(8, 0.1, lambda q: s.CosineAnnealingLR(q, 6)), 1))
    p.value("step_decay", rates(8, 0.1, lambda q: s.StepLR(q, 3, 0.5)))
    p.value("exponential", rates(8, 0.1, lambda q: s.ExponentialLR(q, 0.9)))
    p.value("linear", rates(8, 0.1, lambda q: s.LinearLR(q, 1.0, 0.2, 5)))


def linalg():
    p = Program("linalg")
    a, b, c, v, w = wave((4, 4), 1.3), wave((2, 3), 0.7), wave((3, 2), 1.9), wave(4, 0.6), wave(3, 1.1)
    x, tall, sides = wave((2, 3, 3), 1.7), wave((5, 3), 2.3), wave((5, 2), 0.8)
    L = torch.linalg
    p.grad("trace", [x], lambda x: torch.stack([torch.trace(m) for m in x]))
    p.grad("outer", [v, w], torch.outer)
    p.grad("kron", [b, c], torch.kron)
    p.grad("cross", [b, x], lambda b, x: L.cross(b, x[:, 0]))
    p.grad("vector_norm", [b], lambda b: L.vector_norm(b, dim=-1))
    p.grad("vector_norm of another power", [b], lambda b: L.vector_norm(b, 3, dim=-1))
    p.grad("norm_inf", [b], lambda b: L.vector_norm(b, math.inf, dim=-1))
    p.grad("frobenius", [x], lambda x: L.matrix_norm(x))
    p.grad("matrix_power", [a], lambda a: L.matrix_power(a, 3))
    p.grad("matrix_power of 0", [a], lambda a: L.matrix_power(a, 0))
    p.grad("qr", [tall], lambda m: torch.cat(L.qr(m)))
    p.grad("qr of a square", [a], lambda m: torch.cat(L.qr(m)))
    p.grad("lstsq", [tall, sides], lambda a, b: L.lstsq(a, b).solution)
    symmetric = lambda a: a @ a.T + torch.eye(4)
    p.grad("cg", [a, v], lambda a, v: L.solve(symmetric(a), v))

    def largest(a):
        l, u = L.eigh(symmetric(a))
        u = u[:, -1] * torch.sign((u[:, -1] * v).sum())
        l, _ = probe(l[-1:])
        return l, (L.eigvalsh(symmetric(a))[-1:], u)

    p.grad("power_iteration", [a], largest, whole=True)


def data():
    p = Program("data")
    x = wave((6, 3), 1.3)
    still = torch.cat([x, 0 * x[:, :1] + 2], 1)
    standard = lambda x: (x - x.mean(0)) / x.std(0, correction=0)
    p.grad("standardise", [x], standard)
    whole = torch.cat([standard(x), 0 * x[:, :1]], 1)
    p.value("standardise what does not change", probe(whole))
    lo, hi = x.min(0).values, x.max(0).values
    p.value("min_max", torch.cat([(x - lo) / (hi - lo), 0 * x[:, :1]], 1))
    p.grad("windows", [x], lambda x: x.unfold(0, 3, 1).transpose(1, 2))
    p.value("windows apart", x[:, 0].unfold(0, 2, 3))
    p.value("batched", x[:4][None])
    y, t = [0, 2, 1, 1, 0, 2], x.argmax(-1).tolist()
    p.value("accuracy in f32", float(np.mean(np.array(t) == y)))
    confusion = np.zeros((3, 3), int)
    np.add.at(confusion, (y, t), 1)
    p.value("confusion", confusion)


if __name__ == "__main__":
    for family in (conv, data, layers, linalg, losses, optim, sequence):
        family()
    text = json.dumps({"pytorch": torch.__version__, "numpy": np.__version__, "cases": cases}, separators=(",", ":"))
    print(text.replace('],"', '],\n"').replace("Infinity", "1e999"))
