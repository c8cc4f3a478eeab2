"""Forms of random programs that the runtime computes (order, Fourier, linear algebra), random numbers, and derivatives inside of
programs: text and meaning, as nodes.py has of the others. `forms` makes one of a type."""
import cmath
import math

import bounds as num
from nodes import Node, constant, form, shape_text
from tensors import ONE, Dim, Skip, T, Tensor, build, each, positions


def rows(x, f, dt=None, last=None):
    """f of each row of the last dimension."""
    n = x.shape[-1]
    out = [e for i in range(0, len(x.data), n) for e in f(x.data[i:i + n])] if n else []
    return Tensor(dt or x.dt, x.shape[:-1] + (n if last is None else last,), out)


# Order


def ranked(dt, xs, falling=False):
    """The places of a stable order, nan last (falling: first); None where rounding decides about one."""
    if num.kind(dt) == "i":
        return sorted(range(len(xs)), key=lambda i: (-xs[i] if falling else xs[i], i))
    value = lambda i: (not math.isnan(xs[i][0]) if falling else math.isnan(xs[i][0]), 0 if math.isnan(xs[i][0]) else -xs[i][0] if falling else xs[i][0], i)
    order = sorted(range(len(xs)), key=value)
    out = list(order)
    for p in range(len(order)):
        for q in range(p + 1, len(order)):
            if num.order(xs[order[p]], xs[order[q]]) is None:
                out[p] = out[q] = None
    return out


def in_order(dt, xs, falling=False):
    """The numbers of an order: one that is off by e moves each place by e at most."""
    if any(x is None for x in xs):
        return [None] * len(xs)
    if num.kind(dt) == "i":
        return sorted(xs, reverse=falling)
    e = max((x[1] for x in xs), default=0.0)
    plain = [x for x in xs if not math.isnan(x[0])]
    nans = [(num.nan, 0.0)] * (len(xs) - len(plain))
    there = [(v, e) for v in sorted((x[0] for x in plain), reverse=falling)]
    return nans + there if falling else there + nans


@form("sort", lambda n, x: f"sort({x})")
def _(n, env, x):
    return rows(x, lambda xs: in_order(x.dt, xs))


@form("argsort", lambda n, x: f"argsort({x})")
def _(n, env, x):
    return rows(x, lambda xs: [None] * len(xs) if any(e is None for e in xs) else ranked(x.dt, xs), "i32")


@form("top", lambda n, x: f"{{ {n.name}, {n.name}_ids = topk({x}, {n.count}); {n.name} }}")
def _(n, env, x):
    if x.shape[-1] < n.count:
        raise Skip("topk of more than there is")
    return rows(x, lambda xs: in_order(x.dt, xs, True)[:n.count], last=n.count)


# Fourier transforms


def some(x):
    if x.shape[-1] == 0:
        raise Skip("a transform of nothing")


def transformed(xs, sign):
    """The discrete Fourier transform of complex numbers with bounds, by its definition."""
    if any(x is None for x in xs):
        return [None] * len(xs)
    n = len(xs)
    size, e = sum(abs(x[0]) for x in xs), sum(x[1] for x in xs)
    return [(sum(x[0] * cmath.exp(sign * 2j * math.pi * i * k / n) for i, x in enumerate(xs)), e, size) for k in range(n)]


def spectrum(n, x):
    some(x)
    u = num.FLOATS[x.dt][0]

    def row(xs):
        if any(v is None or not math.isfinite(v[0]) for v in xs):
            return [None] * len(xs)
        out = []
        for v, e, size in transformed([(complex(v[0]), v[1]) for v in xs], 1 if n.fn == "ifft" else -1):
            scale = 1 / len(xs) if n.fn == "ifft" else 1.0
            part = v.imag if n.part == "imag" else v.real
            out.append(num.made(x.dt, part * scale, scale * (2 * e + 16 * u * (1 + math.log2(len(xs))) * size), False))
        return out

    return rows(x, row)


@form("spectrum", lambda n, x: f"{n.part}({n.fn}({x}))")
def _(n, env, x):
    return spectrum(n, x)


@form("there and back", lambda n, x: f"irfft(rfft({x}), {n.type.dims[-1]})")
def _(n, env, x):
    some(x)
    u = num.FLOATS[x.dt][0]

    def row(xs):
        if any(v is None or not math.isfinite(v[0]) for v in xs):
            return [None] * len(xs)
        e = sum(v[1] for v in xs) + 32 * u * (1 + math.log2(len(xs))) * sum(abs(v[0]) for v in xs)
        return [num.made(x.dt, v[0], e, False) for v in xs]

    return rows(x, row)


# Linear algebra, of matrices that are far from singular: tanh(a) + 2 n eye


def matrix_text(n, a):
    size = n.size
    inner = f"tanh({a})" if n.fn != "triangular_solve" else f"tril(tanh({a}))"
    return f"({inner} + ({size}) * 2 * eye({size}, {n.type.dt}))"


def matrix(n, dt, a):
    """Rows of numbers, and the bound on each of them."""
    size = a.shape[-1]
    t = each(lambda v: num.unary(dt, "tanh", v), dt, a)
    if any(v is None or not math.isfinite(v[0]) for v in t.data):
        return None, 0.0
    lower = n.fn == "triangular_solve"
    m = [[0.0 if lower and j > i else t.data[i * size + j][0] + (2 * size if i == j else 0) for j in range(size)] for i in range(size)]
    return m, max((v[1] for v in t.data), default=0.0) + 4 * size * num.FLOATS[dt][0]


def eliminated(m, b):
    """x of m x = b for a vector, and the determinant of m; without pivots, which the diagonal makes needless."""
    m, b, n, det = [list(r) for r in m], list(b), len(m), 1.0
    for k in range(n):
        det *= m[k][k]
        for i in range(k + 1, n):
            f = m[i][k] / m[k][k]
            for j in range(k, n):
                m[i][j] -= f * m[k][j]
            b[i] -= f * b[k]
    for k in reversed(range(n)):
        b[k] = (b[k] - sum(m[k][j] * b[j] for j in range(k + 1, n))) / m[k][k]
    return b, det


@form("solve", lambda n, a, b: f"{n.fn}({matrix_text(n, a)}, {b})")
def _(n, env, a, b):
    size, columns, dt = a.shape[-1], math.prod(b.shape[1:]), a.dt
    m, e = matrix(n, dt, a)
    u, data = num.FLOATS[dt][0], [None] * len(b.data)
    for c in range(columns if m else 0):
        right = [b.data[i * columns + c] for i in range(size)]
        if any(v is None or not math.isfinite(v[0]) for v in right):
            continue
        x, _ = eliminated(m, [v[0] for v in right])
        # The inverse's row sums are below 1 / size.
        most = max(map(abs, x), default=0.0)
        off = (max(v[1] for v in right) + size * e * most + 16 * size * u * (2 * size * most + max(abs(v[0]) for v in right))) / size
        for i in range(size):
            data[i * columns + c] = num.made(dt, x[i], off, False)
    return Tensor(dt, b.shape, data)


@form("det", lambda n, a: f"(det({matrix_text(n, a)}) / (({n.size}) * 2.0) ** ({n.size}))")
def _(n, env, a):
    size, dt = a.shape[-1], a.dt
    m, e = matrix(n, dt, a)
    if m is None:
        return Tensor(dt, (), [None])
    _, det = eliminated(m, [0.0] * size)
    v = det / (2.0 * size) ** size
    return Tensor(dt, (), [num.made(dt, v, abs(v) * size * (2 * e + 64 * size * num.FLOATS[dt][0]), False)])


@form("cholesky", lambda n, a: f"cholesky(tanh({a}) @ transpose(tanh({a})) + ({n.size}) * eye({n.size}, {n.type.dt}))")
def _(n, env, a):
    size, dt = a.shape[-1], a.dt
    t = each(lambda v: num.unary(dt, "tanh", v), dt, a)
    if any(v is None or not math.isfinite(v[0]) for v in t.data):
        return Tensor(dt, a.shape, [None] * len(a.data))
    at = lambda i, j: t.data[i * size + j][0]
    m = [[sum(at(i, k) * at(j, k) for k in range(size)) + (size if i == j else 0) for j in range(size)] for i in range(size)]
    l = [[0.0] * size for _ in m]
    for j in range(size):
        for i in range(j, size):
            s = m[i][j] - sum(l[i][k] * l[j][k] for k in range(j))
            l[i][j] = math.sqrt(s) if i == j else s / l[j][j]
    # Eigenvalues lie from size to size + size^2.
    off = 8 * (1 + size) ** 2 * (max(v[1] for v in t.data) + 8 * size * num.FLOATS[dt][0])
    return Tensor(dt, a.shape, [num.made(dt, l[i][j], off if j <= i else 0.0, j > i) for i in range(size) for j in range(size)])


# Random numbers: Philox 4x32-10 (Salmon et al. 2011)


def philox(counter, key):
    c, k0, k1 = list(counter), key & 0xFFFFFFFF, key >> 32
    for _ in range(10):
        p, q = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(q >> 32) ^ c[1] ^ k0, q & 0xFFFFFFFF, (p >> 32) ^ c[3] ^ k1, p & 0xFFFFFFFF]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c


assert philox([0, 0, 0, 0], 0) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]


def word(key, i):
    return philox([i // 4 & 0xFFFFFFFF, i // 4 >> 32, 0, 0], key)[i % 4]


def folded(key, number):
    w = philox([number & 0xFFFFFFFF, number >> 32 & 0xFFFFFFFF, 1, 0], key)
    return w[0] | w[1] << 32


def key_text(n, number=None):
    return f"fold_in(key({n.seed}), {number})" if number else f"key({n.seed})"


def drawn(n, number):
    if number is not None and number.item() is None:
        raise Skip("unknown index")
    return folded(n.seed, number.item()) if number is not None else n.seed


@form("uniform", lambda n, i=None: f"uniform({key_text(n, i)}, {shape_text(n.type.dims)}, {n.type.dt})")
def _(n, env, i=None):
    key, shape, dt = drawn(n, i), env.shape(n.type.dims), n.type.dt
    def element(at):
        if dt == "f64":
            return (((word(key, 2 * at) >> 5) * 2.0**26 + (word(key, 2 * at + 1) >> 6)) * 2.0**-53, 0.0)
        return ((word(key, at) >> 8) * 2.0**-24, 0.0)
    return Tensor(dt, shape, [element(at) for at in range(math.prod(shape))])


@form("randint", lambda n, i=None: f"randint({key_text(n, i)}, {shape_text(n.type.dims)}, {n.low}, {n.low + n.span})")
def _(n, env, i=None):
    key, shape = drawn(n, i), env.shape(n.type.dims)
    return Tensor("i32", shape, [n.low + (word(key, at) * n.span >> 32) for at in range(math.prod(shape))])


# Derivatives inside of programs: of expressions of u and w, elementwise, by rules that stand here


def weak(x):
    return Node("weak", T("T", ()), number=x)


def derivative(e):
    """The tree of the derivative by `u`; none where it is 0."""
    if e.op != "unary" and e.op != "binary":
        return weak(1.0) if e.op == "var" and e.name == "u" else None
    times = lambda a, b: Node("binary", e.type, [a, b], fn="*")
    unary = lambda fn, a: Node("unary", e.type, [a], fn=fn)
    minus = lambda a, b: Node("binary", e.type, [a, b], fn="-")
    if e.op == "unary":
        x = e.kids[0]
        inner = derivative(x)
        if inner is None:
            return None
        outer = {"sin": lambda: unary("cos", x), "cos": lambda: unary("neg", unary("sin", x)), "neg": lambda: weak(-1.0),
                 "tanh": lambda: minus(weak(1.0), times(unary("tanh", x), unary("tanh", x))),
                 "sigmoid": lambda: times(unary("sigmoid", x), minus(weak(1.0), unary("sigmoid", x)))}[e.fn]()
        return times(outer, inner)
    a, b = e.kids
    da, db = derivative(a), derivative(b)
    if e.fn == "*":
        parts = [times(da, b) if da else None, times(a, db) if db else None]
    else:
        parts = [da, db if db is None or e.fn == "+" else unary("neg", db)]
    parts = [p for p in parts if p]
    return Node("binary", e.type, parts, fn="+") if len(parts) == 2 else parts[0] if parts else None


def curve(rng, depth):
    """A smooth expression of u and w that has u in it."""
    u, w = (Node("var", T("T", ()), name=x) for x in "uw")
    def tree(depth):
        if depth == 0:
            return rng.choice([u, u, w])
        if rng.random() < 0.5:
            return Node("unary", T("T", ()), [tree(depth - 1)], fn=rng.choice(["sin", "cos", "tanh", "neg", "sigmoid"]))
        return Node("binary", T("T", ()), [tree(depth - 1), rng.choice([weak(0.5), weak(-1.5), tree(depth - 1)])], fn=rng.choice(["+", "-", "*"]))
    return Node("binary", T("T", ()), [Node("unary", T("T", ()), [u], fn="sin"), tree(depth)], fn="*")


def curve_text(n):
    """The body in the names of this place."""
    def named(e):
        if e.op == "var":
            return f"{e.name}{n.name}"
        if e.op == "weak":
            return e.text()
        kids = [named(k) for k in e.kids]
        from nodes import TEXT
        return TEXT[e.op](e, *kids)
    return named(n.curve)


def slope_text(n, x, w, v=None):
    u, inner = f"u{n.name}", curve_text(n)
    lead = f"{u} = {x}; w{n.name} = {w}; "
    if n.way == "jvp":
        return f"{{ {lead}y{n.name}, d{n.name} = jvp[{u} = {v}]({inner}); d{n.name} }}"
    if n.way == "vjp":
        return f"{{ {lead}vjp[{u}]({inner}, {v}) }}"
    once = f"grad[{u}](sum({inner}))"
    return f"{{ {lead}{once} }}" if n.way == "grad" else f"{{ {lead}grad[{u}](sum({once})) }}"


@form("slope", slope_text)
def _(n, env, x, w, v=None):
    e = derivative(n.curve)
    if n.way == "twice":
        e = derivative(e)
    if e is None:
        return Tensor(x.dt, x.shape, [constant(x.dt, 0.0)] * len(x.data))
    from nodes import Env
    def at(a, b):
        inner = Env({}, {"T": x.dt}, {"u": Tensor(x.dt, (), [a]), "w": Tensor(x.dt, (), [b])})
        y = e.value(inner).item()
        # The compiler's terms come in another order, and may be more.
        return None if y is None else num.made(x.dt, y[0], 16 * y[1] + 64 * num.FLOATS[x.dt][0] * (1 + abs(y[0])), False)
    out = each(at, x.dt, x, w)
    return each(lambda a, b: num.mul(x.dt, a, b), x.dt, out, v) if v is not None else out


# What a generator takes


def forms(g, t, depth, k):
    """A node of the type t, or none that fits."""
    d = t.dims
    if not d:
        return None
    wide = t.dt in ("f32", "f64")
    options = []
    if k == "f" or k == "i":
        options += [lambda: Node("sort", t, [g.expr(t, depth - 1)])] * 2
        if d[-1].number() in (1, 2) and k == "f":
            options.append(lambda: Node("top", t, [g.expr(T(t.dt, d[:-1] + (Dim.of(3),)), depth - 1)], name=g.fresh("top"), count=d[-1].number()))
    if t.dt == "i32":
        options += [lambda: Node("randint", t, number(), seed=g.rng.randrange(100), low=g.rng.randint(-3, 3), span=g.rng.randint(1, 9))]
        if not g.smooth:
            options += [lambda: Node("argsort", t, [g.expr(T(g.main, d), depth - 1)])] * 2
    def number():
        return [g.index_words()] if g.indices and g.chance(0.5) and all("$" not in str(x) for _, x in g.indices) else []
    if wide:
        options += [lambda: Node("spectrum", t, [g.expr(t, depth - 1)], fn=g.pick(["fft", "ifft"]), part=g.pick(["real", "imag"]))] * 2
        options += [lambda: Node("there and back", t, [g.expr(t, depth - 1)])]
        options += [lambda: Node("uniform", t, number(), seed=g.rng.randrange(100))]
        if len(d) <= 2 and d[0] != ONE:
            a = lambda: g.expr(T(t.dt, (d[0], d[0])), depth - 2)
            options += [lambda: Node("solve", t, [a(), g.expr(t, depth - 1)], fn=g.pick(["solve", "triangular_solve"]), size=d[0])] * 3
        if len(d) == 2 and d[0] == d[1] and not g.indices:
            options += [lambda: Node("cholesky", t, [g.leaf(t)], size=d[0])] * 3
    if k == "f":
        slope = lambda way: Node("slope", t, [g.expr(t, depth - 1), g.expr(t, depth - 2)] + ([g.expr(t, depth - 2)] if way in ("jvp", "vjp") else []),
                                 curve=curve(g.rng, 2), way=way, name=g.fresh("_"))
        options += [lambda: slope(g.pick(["grad", "twice", "jvp", "vjp"]))] * 3
    return g.pick(options)() if options else None


def scalar(g, t, depth):
    """A determinant."""
    size = g.pick([x for x in g.bases if x != ONE])
    return Node("det", t, [g.expr(T(t.dt, (size, size)), depth - 1)], fn="det", size=size)
