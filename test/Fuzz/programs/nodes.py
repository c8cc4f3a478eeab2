"""The trees of random programs: each form has its TDS text and its meaning, plainly by loops over elements.

A node of an expression has a type, so that a shrinker may put any other of this type in its place."""
import cmath
import math

import bounds as num
from tensors import Skip, T, Tensor, build, each, lifted, positions, stretched


class Env:
    """Names and what the generic ones of a call stand for."""

    def __init__(self, sizes, dts=None, values=None):
        self.sizes, self.dts, self.values = sizes, dts or {}, values or {}

    def dt(self, name):
        return self.dts.get(name, name)

    def shape(self, dims):
        return tuple(max(d.at(self.sizes), 0) for d in dims)

    def inner(self):
        return Env(self.sizes, self.dts, dict(self.values))


class Node:
    """op, type, kids, and what else the form needs as attributes."""

    def __init__(self, op, type, kids=(), **attributes):
        self.op, self.type, self.kids = op, type, list(kids)
        self.__dict__.update(attributes)

    def text(self):
        return TEXT[self.op](self, *[k.text() for k in self.kids])

    def value(self, env):
        if self.op in OWN:
            return OWN[self.op](self, env)
        return MEANING[self.op](self, env, *[k.value(env) for k in self.kids])


TEXT, MEANING, OWN = {}, {}, {}


def form(op, text, own=False):
    def register(f):
        TEXT[op] = text
        (OWN if own else MEANING)[op] = f
        return f
    return register


def evaluated(words, env):
    """A weak integer, of names of sizes, indices and counters."""
    names = {k: v.item() for k, v in env.values.items() if isinstance(v, Tensor) and v.dt == "int"}
    return eval(words, {}, {**env.sizes, **names})


def shape_text(dims):
    return "(" + ", ".join(map(str, dims)) + ("," if len(dims) == 1 else "") + ")"


def constant(dt, value):
    """An element of the type that a literal stands for."""
    k = num.kind(dt)
    if k == "f":
        return (num.nearest(dt, value), 0.0)
    if k == "c":
        return (complex(num.nearest(num.COMPLEX[dt], value)), 0.0)
    return num.wrap(dt, value) if k == "i" else value


def literal_text(v):
    if isinstance(v, bool):
        return "true" if v else "false"
    if isinstance(v, int):
        return str(v) if v >= 0 else f"({v})"
    text = repr(v)
    return text if v >= 0 or v != v else f"({text})"


@form("weak", lambda n: literal_text(n.number))
def _(n, env):
    return Tensor(env.dt(n.type.dt), (), [constant(env.dt(n.type.dt), n.number)])


@form("full", lambda n: (f"{n.type.dt}({literal_text(n.number)})" if not n.type.dims else f"full({shape_text(n.type.dims)}, {n.type.dt}({literal_text(n.number)}))"))
def _(n, env):
    dt, shape = env.dt(n.type.dt), env.shape(n.type.dims)
    return Tensor(dt, shape, [constant(dt, n.number)] * math.prod(shape))


@form("var", lambda n: n.name)
def _(n, env):
    return env.values[n.name]


@form("field", lambda n, r: f"{r}.{n.field}")
def _(n, env, r):
    return r[n.field]


@form("record", lambda n, *fs: "(" + ", ".join(f"{k}={f}" for k, f in zip(n.type, fs)) + ")")
def _(n, env, *fs):
    return dict(zip(n.type, fs))


# Elementwise


def unary_text(n, x):
    return f"(-{x})" if n.fn == "neg" else f"(not {x})" if n.fn == "not" else f"{n.fn}({x})"


def unary(fn, dt, x):
    k = num.kind(dt)
    if fn == "not":
        return not x
    if fn in ("isnan", "isfinite"):
        return math.isnan(x[0]) if fn == "isnan" else math.isfinite(x[0])
    if k == "i":
        return num.wrap(dt, {"neg": lambda: -x, "abs": lambda: abs(x), "sign": lambda: (x > 0) - (x < 0)}[fn]())
    if k == "c":
        v, e = x
        if fn == "neg":
            return (-v, e)
        if fn == "conj":
            return (v.conjugate(), e)
        if fn in ("real", "imag"):
            return (getattr(v, fn), e)
        if fn == "abs":
            return num.made(num.COMPLEX[dt], abs(v), 2 * e + 8 * num.FLOATS[num.COMPLEX[dt]][0] * abs(v), False)
        y = {"exp": cmath.exp, "sin": cmath.sin, "cos": cmath.cos}[fn](v) if abs(v) < 20 else None
        return None if y is None else num.c_made(dt, y, 4 * e * math.exp(abs(v)) + 16 * num.FLOATS[num.COMPLEX[dt]][0] * math.exp(abs(v)))
    return num.unary(dt, fn, x)


def unary_type(fn, dt):
    return "bool" if fn in ("isnan", "isfinite", "not") else num.COMPLEX[dt] if fn in ("real", "imag") or fn == "abs" and dt in num.COMPLEX else dt


@form("unary", unary_text)
def _(n, env, x):
    return lifted(lambda x: each(lambda v: unary(n.fn, x.dt, v), unary_type(n.fn, x.dt), x), x)


COMPARE = {"<": lambda o: o < 0, "<=": lambda o: o <= 0, ">": lambda o: o > 0, ">=": lambda o: o >= 0, "==": lambda o: o == 0, "!=": lambda o: o != 0}


def integer(fn, dt, a, b):
    bits = num.INTS[dt][0]
    return {
        "+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b, "//": lambda: a // b if b else 0, "%": lambda: a % b if b else 0,
        "maximum": lambda: max(a, b), "minimum": lambda: min(a, b), "bitand": lambda: a & b, "bitor": lambda: a | b, "bitxor": lambda: a ^ b,
        "shl": lambda: a << b if 0 <= b < bits else 0, "shr": lambda: a >> min(b, bits),
    }[fn]()


def binary(fn, dt, a, b):
    k = num.kind(dt)
    if fn in COMPARE:
        if k == "f":
            o = num.order(a, b)
            return None if o is None else (fn == "!=") if o != o else COMPARE[fn](o)
        if k == "c":
            return None if a[1] or b[1] else COMPARE[fn](0 if a[0] == b[0] else 1)
        return COMPARE[fn]((a > b) - (a < b))
    if k == "b":
        return (a and b) if fn == "and" else (a or b)
    if k == "i":
        return num.wrap(dt, integer(fn, dt, a, b))
    if k == "c":
        return {"+": lambda: num.c_made(dt, a[0] + b[0], a[1] + b[1]), "-": lambda: num.c_made(dt, a[0] - b[0], a[1] + b[1]),
                "*": lambda: num.c_mul(dt, a, b), "/": lambda: num.c_div(dt, a, b)}[fn]()
    if fn == "atan2":
        if abs(b[0]) + abs(a[0]) < 0.05 or a[1] + b[1] > 1e-2 or b[0] < 0 and abs(a[0]) <= a[1] + 1e-9 or not math.isfinite(a[0] + b[0]):
            return None
        r = math.hypot(a[0], b[0])
        v = math.atan2(a[0], b[0])
        return num.made(dt, v, 1.5 * (a[1] + b[1]) / r + 8 * num.FLOATS[dt][0] * (1 + abs(v)), False)
    return {"+": num.add, "-": num.sub, "*": num.mul, "/": num.div, "//": num.quotient, "%": num.mod, "**": num.power,
            "maximum": num.greater, "minimum": lambda dt, a, b: num.greater(dt, a, b, -1)}[fn](dt, a, b)


def binary_text(n, a, b):
    return f"{n.fn}({a}, {b})" if n.fn[0].isalpha() and n.fn not in ("and", "or") else f"({a} {n.fn} {b})"


@form("binary", binary_text)
def _(n, env, a, b):
    def leaf(a, b):
        dt = b.dt if a.dt == "int" else a.dt
        return each(lambda x, y: binary(n.fn, dt, x, y), "bool" if n.fn in COMPARE else dt, a, b)
    return lifted(leaf, a, b)


@form("power", lambda n, x: f"({x} ** {n.k})")
def _(n, env, x):
    def leaf(v):
        out = v
        for _ in range(abs(n.k) - 1):
            out = out and (num.mul(x.dt, out, v) if num.kind(x.dt) == "f" else num.c_mul(x.dt, out, v) if num.kind(x.dt) == "c" else num.wrap(x.dt, out * v))
        return out
    return each(leaf, x.dt, x)


@form("convert", lambda n, x: f"{n.type.dt if isinstance(n.type, T) else n.dt}({x})")
def _(n, env, x):
    to = env.dt(n.type.dt if isinstance(n.type, T) else n.dt)
    return lifted(lambda x: each(lambda v: num.convert(to, x.dt, v), to, x), x)


@form("complex", lambda n, a, b: f"complex({a}, {b})")
def _(n, env, a, b):
    return each(lambda x, y: (complex(x[0], y[0]), max(x[1], y[1])) if math.isfinite(x[0] + y[0]) else None, n.type.dt, a, b)


def select(c, a, b):
    shape = each(lambda *_: 0, "int", c, a, b).shape
    cs, xs, ys = (stretched(t, shape) for t in (c, a, b))
    return Tensor(a.dt, shape, [None if p is None else x if p else y for p, x, y in zip(cs, xs, ys)])


@form("where", lambda n, c, a, b: f"where({c}, {a}, {b})")
def _(n, env, c, a, b):
    return lifted(lambda a, b: select(c, a, b), a, b)


@form("clip", lambda n, x, lo, hi: f"clip({x}, {lo}, {hi})")
def _(n, env, x, lo, hi):
    def leaf(x, lo, hi):
        if math.isnan(x[0]):
            return x
        return num.greater("", num.greater("", x, lo), hi, -1)
    return each(leaf, x.dt, x, lo, hi)


# Reductions


def reduce_elements(fn, dt, xs):
    """What a reduction of these elements gives, and of which type."""
    k = num.kind(dt)
    if fn in ("sum", "prod", "mean") and k in "ib":
        out = "i32" if dt in ("bool", "i8", "u8", "i16") else dt
        if any(x is None for x in xs):
            return None
        if fn == "mean":
            return num.div("f32", num.total("f32", [(float(x), 0.0) for x in xs]), (float(len(xs)), 0.0)) if xs else (num.nan, 0.0)
        return num.wrap(out, sum(map(int, xs)) if fn == "sum" else math.prod(map(int, xs)))
    if fn in ("any", "all"):
        if any(x is None for x in xs):
            return None
        return any(xs) if fn == "any" else all(xs)
    if fn in ("sum", "mean") and k == "c":
        if any(x is None for x in xs):
            return None
        s = sum((x[0] for x in xs), 0j)
        size = sum(abs(x[0]) for x in xs)
        out = num.c_made(dt, s, sum(x[1] for x in xs) + 4 * len(xs) * num.FLOATS[num.COMPLEX[dt]][0] * size)
        return out if fn == "sum" or out is None else num.c_div(dt, out, (complex(len(xs)), 0.0))
    if fn == "sum":
        return num.total(dt, xs)
    if fn == "mean":
        if not xs:
            return (num.nan, 0.0)
        s = num.total(num.WIDE.get(dt, dt), xs)
        return None if s is None else num.convert(dt, num.WIDE.get(dt, dt), num.div(num.WIDE.get(dt, dt), s, (float(len(xs)), 0.0)))
    if fn == "prod":
        wide = num.WIDE.get(dt, dt)
        out = (1.0, 0.0)
        for x in xs:
            out = None if out is None or x is None else num.mul(wide, out, x)
        return num.convert(dt, wide, out)
    if any(x is None for x in xs):
        return None
    if fn in ("argmax", "argmin"):
        if not xs:
            raise Skip("argmax of nothing")
        if k != "f":
            return xs.index(max(xs) if fn == "argmax" else min(xs))
        for i, x in enumerate(xs):
            if math.isnan(x[0]):
                return i
        sign = 1 if fn == "argmax" else -1
        best = max(range(len(xs)), key=lambda i: sign * xs[i][0])
        best = next(i for i in range(len(xs)) if xs[i][0] == xs[best][0])
        for i, x in enumerate(xs):
            if i != best and num.order(x, xs[best]) is None:
                return None
        return best
    if fn in ("max", "min"):
        if k == "i":
            bits, signed = num.INTS[dt]
            least, most = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
            return (max(xs) if fn == "max" else min(xs)) if xs else (least if fn == "max" else most)
        out = (-num.inf if fn == "max" else num.inf, 0.0)
        for x in xs:
            out = num.greater(dt, out, x, 1 if fn == "max" else -1)
        return out
    if fn == "logsumexp":
        if any(not math.isfinite(x[0]) for x in xs) or not xs:
            return None if xs else (-num.inf, 0.0)
        m = max(x[0] for x in xs)
        v = m + math.log(sum(math.exp(x[0] - m) for x in xs))
        return num.made(dt, v, 1.5 * max(x[1] for x in xs) + (len(xs) + 8) * num.FLOATS[dt][0] * (1 + abs(m) + abs(v)), False)
    raise KeyError(fn)


def reduced_type(fn, dt):
    if fn in ("any", "all"):
        return "bool"
    if fn in ("argmax", "argmin"):
        return "i32"
    if fn in ("sum", "prod") and dt in ("bool", "i8", "u8", "i16"):
        return "i32"
    return "f32" if fn == "mean" and num.kind(dt) in "ib" else dt


def along(x, axes, f, dt, keep=False):
    """f of the elements along axes."""
    rest = [i for i in range(len(x.shape)) if i not in axes]
    strides = x.strides()
    inner = [sum(i * strides[a] for i, a in zip(p, axes)) for p in positions([x.shape[a] for a in axes])]
    data = []
    for p in positions([x.shape[a] for a in rest]):
        base = sum(i * strides[a] for i, a in zip(p, rest))
        data.append(f([x.data[base + i] for i in inner]))
    return Tensor(dt, [1 if i in axes else d for i, d in enumerate(x.shape) if keep or i not in axes], data)


def reduce_text(n, x):
    if n.axes is None:
        return f"{n.fn}({x})"
    axes = str(n.axes[0]) if len(n.axes) == 1 else "(" + ", ".join(map(str, n.axes)) + ")"
    return f"{n.fn}({x}, axis={axes}{', keep=true' if n.keep else ''})"


@form("reduce", reduce_text)
def _(n, env, x):
    if isinstance(x, dict):
        parts = [t for t in x.values()]
        return Tensor(parts[0].dt, (), [num.total(parts[0].dt, [e for t in parts for e in t.data])])
    axes = list(range(len(x.shape))) if n.axes is None else [a % len(x.shape) for a in n.axes]
    return along(x, axes, lambda xs: reduce_elements(n.fn, x.dt, xs), reduced_type(n.fn, x.dt), n.keep)


@form("variance", lambda n, x: f"{n.fn}({x}, axis={n.axis})")
def _(n, env, x):
    def leaf(xs):
        mean = reduce_elements("mean", x.dt, xs)
        if mean is None or not math.isfinite(mean[0]):
            return None
        wide = num.WIDE.get(x.dt, x.dt)
        squares = [None if v is None else num.mul(wide, d, d) if (d := num.sub(wide, v, mean)) else None for v in xs]
        v = reduce_elements("mean", wide, squares)
        if v is not None and n.fn == "std":
            v = num.unary(wide, "sqrt", v)
        return num.convert(x.dt, wide, v)
    return along(x, [n.axis % len(x.shape)], leaf, x.dt)


@form("softmax", lambda n, x: f"{n.fn}({x}, axis={n.axis})")
def _(n, env, x):
    axis = n.axis % len(x.shape)
    sums = along(x, [axis], lambda xs: reduce_elements("logsumexp", x.dt, xs), x.dt, True)
    def leaf(v, s):
        d = num.sub(x.dt, v, s)
        return num.unary(x.dt, "exp", d) if n.fn == "softmax" and d is not None else d
    return each(leaf, x.dt, x, sums)


@form("running", lambda n, x: f"{n.fn}({x}, axis={n.axis})")
def _(n, env, x):
    axis, out = n.axis % len(x.shape), []
    for p in positions(x.shape):
        xs = [x[p[:axis] + (i,) + p[axis + 1:]].item() for i in range(p[axis] + 1)]
        v = reduce_elements("sum" if n.fn == "cumsum" else "prod", x.dt, xs)
        out.append(v if v is None or num.kind(x.dt) != "f" else (v[0], v[1] * 4 + 4 * num.FLOATS[x.dt][0] * sum(abs(e[0]) for e in xs) if v[1] else 0.0))
    return Tensor(reduced_type("sum", x.dt), x.shape, out)


def product(dt, pairs):
    if any(a is None or b is None for a, b in pairs):
        return None
    k = num.kind(dt)
    if k == "i":
        return num.wrap("i32" if dt in ("i8", "u8", "i16") else dt, sum(a * b for a, b in pairs))
    if k == "c":
        return reduce_elements("sum", dt, [num.c_mul(dt, a, b) for a, b in pairs])
    wide = num.WIDE.get(dt, dt)
    return num.convert(dt, wide, num.total(wide, [num.mul(dt, a, b) for a, b in pairs]))


@form("matmul", lambda n, a, b: f"({a} @ {b})")
def _(n, env, a, b):
    x = Tensor(a.dt, (1,) + a.shape, a.data) if len(a.shape) == 1 else a
    y = Tensor(b.dt, b.shape + (1,), b.data) if len(b.shape) == 1 else b
    batch = max(x.shape[:-2], y.shape[:-2], key=len)
    rows, inner, columns = x.shape[-2], x.shape[-1], y.shape[-1]
    data = []
    for p in positions(batch):
        xs, ys = (t[p[len(p) - len(t.shape) + 2:]].data for t in (x, y))
        for i in range(rows):
            for j in range(columns):
                data.append(product(a.dt, [(xs[i * inner + k], ys[k * columns + j]) for k in range(inner)]))
    shape = batch + (() if len(a.shape) == 1 else (rows,)) + (() if len(b.shape) == 1 else (columns,))
    return Tensor(a.dt, shape, data)


# Shapes


@form("transpose", lambda n, x: f"transpose({x}, ({', '.join(map(str, n.axes))}{',' if len(n.axes) == 1 else ''}))")
def _(n, env, x):
    def at(p):
        q = [0] * len(p)
        for i, a in zip(p, n.axes):
            q[a] = i
        return x[tuple(q)].item()
    return build(x.dt, [x.shape[a] for a in n.axes], at)


@form("flip", lambda n, x: f"flip({x}, axis={n.axis})")
def _(n, env, x):
    return build(x.dt, x.shape, lambda p: x[p[:n.axis] + (x.shape[n.axis] - 1 - p[n.axis],) + p[n.axis + 1:]].item())


@form("roll", lambda n, x: f"roll({x}, {n.k}, axis={n.axis})")
def _(n, env, x):
    return build(x.dt, x.shape, lambda p: x[p[:n.axis] + ((p[n.axis] - n.k) % x.shape[n.axis],) + p[n.axis + 1:]].item())


@form("repeat", lambda n, x: f"repeat({x}, {n.k}, axis={n.axis})")
def _(n, env, x):
    shape = [d * n.k if i == n.axis else d for i, d in enumerate(x.shape)]
    return build(x.dt, shape, lambda p: x[p[:n.axis] + (p[n.axis] // n.k,) + p[n.axis + 1:]].item())


@form("concat", lambda n, *xs: f"concat(({', '.join(xs)}), axis={n.axis})")
def _(n, env, *xs):
    def at(p):
        i = p[n.axis]
        for x in xs:
            if i < x.shape[n.axis]:
                return x[p[:n.axis] + (i,) + p[n.axis + 1:]].item()
            i -= x.shape[n.axis]
    return build(xs[0].dt, [sum(x.shape[n.axis] for x in xs) if i == n.axis else d for i, d in enumerate(xs[0].shape)], at)


@form("pad", lambda n, x: f"pad({x}, ({', '.join(f'({a}, {b})' for a, b in n.widths)},), value={literal_text(n.number)})")
def _(n, env, x):
    def at(p):
        q = tuple(i - lo for i, (lo, _) in zip(p, n.widths))
        return x[q].item() if all(0 <= i < d for i, d in zip(q, x.shape)) else constant(x.dt, n.number)
    return build(x.dt, [d + lo + hi for d, (lo, hi) in zip(x.shape, n.widths)], at)


@form("reshape", lambda n, x: f"reshape({x}, {shape_text(n.type.dims)})")
def _(n, env, x):
    return Tensor(x.dt, env.shape(n.type.dims), x.data)


@form("broadcast", lambda n, x: f"broadcast_to({x}, {shape_text(n.type.dims)})")
def _(n, env, x):
    shape = env.shape(n.type.dims)
    return Tensor(x.dt, shape, stretched(x, shape))


@form("triangle", lambda n, x: f"{n.fn}({x})")
def _(n, env, x):
    zero = constant(x.dt, False if x.dt == "bool" else 0)
    return build(x.dt, x.shape, lambda p: x[p].item() if (p[-2] >= p[-1] if n.fn == "tril" else p[-2] <= p[-1]) else zero)


@form("stack", lambda n, *xs: f"[{', '.join(xs)}]")
def _(n, env, *xs):
    return Tensor(xs[0].dt, (len(xs),) + xs[0].shape, [e for x in xs for e in x.data])


@form("onehot", lambda n, x: f"one_hot({x}, {n.type.dims[-1]}, {n.type.dt})")
def _(n, env, x):
    dt, d = env.dt(n.type.dt), env.shape(n.type.dims)[-1]
    return Tensor(dt, x.shape + (d,), [None if i is None else constant(dt, int(i == j)) for i in x.data for j in range(d)])


# Index notation


def index_text(indices):
    return ", ".join(f"{name} < {dim}" if stated else name for name, dim, stated in indices)


def stacked(n, env, body):
    """The values of the body for all values of the indices, index dimensions first."""
    shape = env.shape([dim for _, dim, _ in n.indices])
    inner, parts, like = env.inner(), [], None
    for p in positions(shape):
        for (name, _, _), i in zip(n.indices, p):
            inner.values[name] = Tensor("int", (), [i])
        part = body.value(inner)
        like = part if like is None else like
        parts.append(part)
    if like is None:
        raise Skip("no element to take the type from")
    return shape, parts


@form("lambda", lambda n, body: f"([{index_text(n.indices)}] => {body})", own=True)
def _(n, env):
    shape, parts = stacked(n, env, n.kids[0])
    def leaf(*parts):
        return Tensor(parts[0].dt, tuple(shape) + parts[0].shape, [e for p in parts for e in p.data])
    return lifted(leaf, *parts)


@form("fold", lambda n, body: f"{n.fn}[{index_text(n.indices)}]({body})", own=True)
def _(n, env):
    _, parts = stacked(n, env, n.kids[0])
    dt, shape = parts[0].dt, parts[0].shape
    return Tensor(reduced_type(n.fn, dt), shape, [reduce_elements(n.fn, dt, list(xs)) for xs in zip(*[p.data for p in parts])])


@form("counter", lambda n, i: f"{n.type.dt}({i})")
def _(n, env, i):
    return Tensor(env.dt(n.type.dt), (), [num.convert(env.dt(n.type.dt), "int", v) for v in i.data])


@form("affine", lambda n: n.words)
def _(n, env):
    """An index expression: words in names of indices and sizes."""
    return Tensor("int", (), [evaluated(n.words, env)])


def read_text(n, x, *kids):
    kids = list(kids)
    outside = {"else": f" else {kids.pop() if n.mode == 'else' else ''}", "wrap": " wrap", "clamp": " clamp", None: ""}[n.mode]
    return f"{x}[{', '.join(kids)}{outside}]"


@form("read", read_text)
def _(n, env, x, *kids):
    """x at scalar subscripts for its leading dimensions; what is outside goes by the mode."""
    kids = list(kids)
    other = kids.pop() if n.mode == "else" else None
    index = []
    for k, d in zip(kids, x.shape):
        i = k.item()
        if n.mode == "wrap" and i is not None and d:
            i %= d
        if n.mode == "clamp" and i is not None and d:
            i = min(max(i, 0), d - 1)
        if i is None:
            raise Skip("unknown index")
        index.append(i)
    if all(0 <= i < d for i, d in zip(index, x.shape)):
        return x[tuple(index)]
    if n.mode != "else":
        raise Skip("index")
    rest = x.shape[len(kids):]
    return Tensor(x.dt, rest, stretched(other, rest))


# Control flow


@form("if", lambda n, c, a, b: f"(if {c} then {a} else {b})", own=True)
def _(n, env):
    c = n.kids[0].value(env).item()
    if c is None:
        raise Skip("condition")
    return n.kids[1 if c else 2].value(env.inner())


@form("block", lambda n, *parts: "{ " + "; ".join(s.line() for s in n.body) + "; " + parts[0] + " }", own=True)
def _(n, env):
    inner = env.inner()
    for s in n.body:
        s.run(inner)
    return n.kids[0].value(inner)


@form("call", lambda n, *args: f"{n.helper.name}({', '.join(args)})")
def _(n, env, *args):
    return n.helper.call(env, args)
