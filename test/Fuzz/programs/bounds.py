"""Elements with a bound: what a slow, plain evaluator computes and by how much a compiler may differ from it.

A number of a floating type is (value, error): the true result of any order of sums and any fusing of multiply-adds lies
within `error` of `value` (running error analysis). A complex number is the same with one bound for both parts. Integers are
ints, bools are bools. None is an element of which nothing can be said: a comparison that rounding decides, an overflow.
Nothing here is shared with the compiler.
"""
import cmath
import math
import struct

nan, inf = math.nan, math.inf
# unit roundoff (of f64 twice: Python rounds too), what is too near to overflow, what may be lost near zero
FLOATS = {"f16": (2.0**-11, 6e4, 6.2e-8), "bf16": (2.0**-8, 3e38, 1.2e-38), "f32": (2.0**-24, 3e38, 1.2e-38), "f64": (2.0**-52, 1e300, 2.3e-308)}
COMPLEX = {"c64": "f32", "c128": "f64"}
INTS = {"i8": (8, True), "u8": (8, False), "i16": (16, True), "i32": (32, True), "i64": (64, True), "int": (64, True)}
WIDE = {"f16": "f32", "bf16": "f32"}  # what sums accumulate in


def kind(dt):
    return "f" if dt in FLOATS else "c" if dt in COMPLEX else "i" if dt in INTS else "b"


def nearest(dt, v):
    """The number of the type that is nearest to v."""
    if not math.isfinite(v) or dt == "f64":
        return v
    if dt == "bf16":
        bits = struct.unpack("<I", struct.pack("<f", v))[0]
        bits += 0x7FFF + (bits >> 16 & 1)
        return struct.unpack("<f", struct.pack("<I", bits & 0xFFFF0000))[0]
    try:
        code = "<f" if dt == "f32" else "<e"
        return struct.unpack(code, struct.pack(code, v))[0]
    except OverflowError:
        return math.copysign(inf, v)


def wrap(dt, v):
    bits, signed = INTS[dt]
    v &= (1 << bits) - 1
    return v - (1 << bits) if signed and v >> (bits - 1) else v


def made(dt, v, e, exact, *operands):
    """v, computed from operands, with the bound e before rounding; exact: the operands and v leave nothing to round."""
    u, big, tiny = FLOATS[dt]
    if not math.isfinite(v):
        sure = all(x[1] == 0 for x in operands) and any(not math.isfinite(x[0]) for x in operands)
        return (v, 0.0) if sure else None
    if abs(v) > big or not e < inf:
        return None
    if exact and e == 0 and nearest(dt, v) == v and (dt != "f64" or v == int(v) and abs(v) < 2**53):
        return (v, 0.0)
    return (v, e + u * abs(v) + tiny)


def whole(*operands):
    return all(math.isfinite(x[0]) and x[0] == int(x[0]) for x in operands)


def add(dt, a, b):
    return made(dt, a[0] + b[0], a[1] + b[1], dt != "f64" or whole(a, b), a, b)


def sub(dt, a, b):
    return add(dt, a, (-b[0], b[1]))


def mul(dt, a, b):
    return made(dt, a[0] * b[0], abs(a[0]) * b[1] + abs(b[0]) * a[1] + a[1] * b[1] if a[1] or b[1] else 0.0, dt != "f64" or whole(a, b), a, b)


def div(dt, a, b):
    if math.isnan(a[0]) or math.isnan(b[0]):
        return (nan, 0.0)
    if abs(b[0]) <= 2 * b[1] or not math.isfinite(a[0]) or not math.isfinite(b[0]):
        return None  # also x / 0: its sign is that of a zero
    v = a[0] / b[0]
    return made(dt, v, (a[1] + abs(v) * b[1]) / (abs(b[0]) - b[1]), whole((v, 0)), a, b)


def order(a, b):
    """-1, 0, 1 as a is less, equal, greater; None if rounding decides; nan if one is."""
    if math.isnan(a[0]) or math.isnan(b[0]):
        return nan
    if a[0] == b[0] or abs(a[0] - b[0]) <= a[1] + b[1]:
        return 0 if a[1] + b[1] == 0 else None
    return -1 if a[0] < b[0] else 1


def floor(x, by=math.floor):
    v, e = x
    if not math.isfinite(v):
        return x
    low, high = by(v - e), by(v + e)
    return (math.copysign(float(low), v), 0.0) if low == high else None


def half_even(v):
    return round(v)


def greater(dt, a, b, sign=1):
    if math.isnan(a[0]) or math.isnan(b[0]):
        return (nan, 0.0)
    x = a if sign * a[0] > sign * b[0] else b
    return (x[0], max(a[1], b[1])) if abs(a[0] - b[0]) <= a[1] + b[1] else x


def mod(dt, a, b):
    q = quotient(dt, a, b)
    if q is None or not math.isfinite(q[0]):
        return None
    u, _, tiny = FLOATS[dt]
    v = a[0] - q[0] * b[0]
    return made(dt, v, a[1] + abs(q[0]) * b[1] + 2 * u * (abs(a[0]) + abs(q[0] * b[0])) + tiny if not (a[1] == b[1] == 0 and whole(a, b)) else 0.0, whole(a, b), a, b)


def quotient(dt, a, b):
    q = div(dt, a, b)
    return None if q is None else floor(q)


def gamma_log(v):
    return math.lgamma(v)


# name: (value, the ulps that the compiler's may be off)
UNARY = {
    "sqrt": (math.sqrt, 1), "rsqrt": (lambda v: 1 / math.sqrt(v), 4), "exp": (math.exp, 4), "expm1": (math.expm1, 4), "log": (math.log, 4),
    "log1p": (math.log1p, 4), "log2": (math.log2, 4), "sin": (math.sin, 4), "cos": (math.cos, 4), "tan": (math.tan, 8), "asin": (math.asin, 8),
    "acos": (math.acos, 8), "atan": (math.atan, 8), "sinh": (math.sinh, 8), "cosh": (math.cosh, 8), "tanh": (math.tanh, 6), "erf": (math.erf, 4),
    "lgamma": (gamma_log, 16), "sigmoid": (lambda v: 1 / (1 + math.exp(-v)) if v > -700 else 0.0, 8),
    "softplus": (lambda v: max(v, 0.0) + math.log1p(math.exp(-abs(v))), 16),
    "gelu": (lambda v: 0.5 * v * (1 + math.erf(v / math.sqrt(2))), 16), "silu": (lambda v: v / (1 + math.exp(-v)) if v > -700 else 0.0, 16),
}
AT_INF = {"exp": (0.0, inf), "tanh": (-1.0, 1.0), "atan": (-math.pi / 2, math.pi / 2), "erf": (-1.0, 1.0), "sigmoid": (0.0, 1.0), "expm1": (-1.0, inf)}


def unary(dt, name, x):
    v, e = x
    if name == "neg":
        return (-v, e)
    if name == "abs":
        return (abs(v), e)
    if name == "relu":
        return x if v > e or math.isnan(v) else (0.0, 0.0) if v < -e or v == e == 0 else (max(v, 0.0), e)
    if name == "sign":
        return None if e and abs(v) <= e else (nan if math.isnan(v) else float((v > 0) - (v < 0)), 0.0)
    if name in ("floor", "ceil", "round"):
        return floor(x, {"floor": math.floor, "ceil": math.ceil, "round": half_even}[name])
    if math.isnan(v):
        return (nan, 0.0)
    if math.isinf(v):
        ends = AT_INF.get(name)
        if ends is None:
            return None
        return made(dt, ends[v > 0], 0.0, False, (inf, 0.0)) if math.isfinite(ends[v > 0]) else (ends[v > 0], 0.0)
    f, ulps = UNARY[name]
    u, _, tiny = FLOATS[dt]
    if e > 1e-2 * (1 + abs(v)):
        return None
    try:
        y = f(v)
        # Composed ones lose absolute accuracy near their zeros.
        scale = abs(y) + (1 + abs(v) if name in ("lgamma", "softplus", "gelu", "silu", "tan", "acos") else 0)
        slope = max(abs(f(v + e) - y), abs(f(v - e) - y)) if e else 0.0
    except (ValueError, ZeroDivisionError, OverflowError):
        return None
    return made(dt, y, 1.5 * slope + ulps * u * scale + tiny + e * e, False, x)


def power(dt, a, b):
    """a ** b for a positive a."""
    if not (math.isfinite(a[0]) and math.isfinite(b[0])) or a[0] <= 2 * a[1]:
        return None
    try:
        v = a[0] ** b[0]
    except OverflowError:
        return None
    return made(dt, v, abs(v) * (abs(b[0]) * a[1] / (a[0] - a[1]) + abs(math.log(a[0])) * b[1]) * 1.5 + 8 * FLOATS[dt][0] * abs(v) * (1 + abs(b[0])), False, a, b)


def total(dt, xs):
    """A sum, in any order."""
    if any(x is None for x in xs):
        return None
    values = [x[0] for x in xs]
    if not all(math.isfinite(v) for v in values):
        if any(x[1] for x in xs if not math.isfinite(x[0])):
            return None
        if any(math.isnan(v) for v in values) or (inf in values and -inf in values):
            return (nan, 0.0)
        return (inf if inf in values else -inf, 0.0)
    wide = WIDE.get(dt, dt)
    v, size, e = math.fsum(values), math.fsum(map(abs, values)), math.fsum(x[1] for x in xs)
    if e == 0 and whole(*xs) and size < 1 / FLOATS[wide][0]:
        return made(dt, v, 0.0, True)
    return made(dt, v, e + len(xs) * FLOATS[wide][0] * size, False)


# Complex: (value, bound on each part's error)
def c_made(dt, v, e):
    u, big, tiny = FLOATS[COMPLEX[dt]]
    if not cmath.isfinite(v) or abs(v) > math.sqrt(big) or not e < inf:
        return None
    return (v, e + 8 * u * abs(v) + tiny)


def c_mul(dt, a, b):
    return c_made(dt, a[0] * b[0], 2 * (abs(a[0]) * b[1] + abs(b[0]) * a[1] + a[1] * b[1]))


def c_div(dt, a, b):
    if abs(b[0]) <= 4 * b[1] + 1e-6:
        return None
    v = a[0] / b[0]
    return c_made(dt, v, 2 * (a[1] + abs(v) * b[1]) / (abs(b[0]) - 2 * b[1]))


def convert(to, frm, x):
    if x is None:
        return None
    source, target = kind(frm), kind(to)
    if to == frm:
        return x
    if target == "b":
        return {"b": lambda: x, "i": lambda: x != 0, "f": lambda: None if x[1] and abs(x[0]) <= x[1] else x[0] != 0}[source]()
    if target == "i":
        if source in "bi":
            return wrap(to, int(x))
        v, e = x
        bits, signed = INTS[to]
        low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
        if math.isnan(v):
            return 0
        ends = [low if t < low else high if t > high else math.trunc(t) for t in (v - e, v + e)]
        return ends[0] if ends[0] == ends[1] else None
    if target == "f":
        if source in "bi":
            return made(to, float(int(x)), 0.0, True)
        return made(to, x[0], x[1], True, x) if FLOATS[to][0] > FLOATS[frm][0] or to in WIDE else x
    if source == "c":
        return c_made(to, *x)
    v = convert(COMPLEX[to], frm, x)
    return None if v is None or not math.isfinite(v[0]) else (complex(v[0]), v[1])


def agrees(dt, got, want, slack=2.0):
    """Whether a compiled result is within the bound."""
    if want is None:
        return True
    if dt in FLOATS:
        v, e = want
        if math.isnan(v) or math.isnan(got) or math.isinf(v) or math.isinf(got):
            return got == v or (math.isnan(v) and math.isnan(got))
        return abs(got - v) <= slack * e
    if dt in COMPLEX:
        d = got - want[0]
        return abs(d.real) <= slack * want[1] and abs(d.imag) <= slack * want[1]
    return got == want
