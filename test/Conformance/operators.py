"""ONNX's operators as TDS expressions: one entry an operator, from its attributes and the types of its inputs alone.

An entry takes the node and its inputs (`V`: text, element, shape, and the numbers where the test gives them as an input that TDS
wants to know when it compiles, as axes) and returns a `V`, or a list of them."""
import itertools
import math

from model import ELEMENTS, Unsupported

FLOATS = ("f16", "bf16", "f32", "f64")


class V:
    def __init__(self, text, element, shape, numbers=None):
        self.text, self.element, self.shape, self.numbers = text, element, tuple(shape), numbers

    @property
    def rank(self):
        return len(self.shape)

    def like(self, text, shape=None, element=None):
        return V(text, element or self.element, self.shape if shape is None else shape)


TABLE = {}


def op(*names):
    def register(f):
        for name in names:
            TABLE[name] = f
        return f
    return register


def refuse(why):
    raise Unsupported(why)


def broadcast(*shapes):
    rank = max(map(len, shapes))
    padded = [(1,) * (rank - len(s)) + tuple(s) for s in shapes]
    return tuple(max(d) if 0 not in d else 0 for d in zip(*padded))


def number(x):
    if isinstance(x, float) and math.isinf(x):
        return "inf" if x > 0 else "(-inf)"
    if x != x:
        return "nan"
    text = repr(x)
    return f"({text})" if text.startswith("-") else text


def shape_text(shape):
    return "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"


def known(v, what):
    return refuse(f"{what} that is no constant") if v.numbers is None else v.numbers


def axis_of(node, rank, default=0):
    axis = node.get("axis", default)
    return axis + rank if axis < 0 else axis


def names(prefix, shape):
    return [f"{prefix}{k}" for k in range(len(shape))]


def over(indices, shape, body):
    """[i < 3, j < 4] => body; a body without indices is itself."""
    return f"[{', '.join(f'{i} < {d}' for i, d in zip(indices, shape))}] => {body}" if indices else body


def at(v, subscripts):
    return f"{v.text}[{', '.join(map(str, subscripts))}]" if subscripts else v.text


def grown(text, before, after, axes):
    """Dimensions of size one at axes of the result."""
    return f"reshape({text}, {shape_text(after)})" if after or before else text


# Elementwise

for name, text in {
        "Abs": "abs({0})", "Acos": "acos({0})", "Asin": "asin({0})", "Atan": "atan({0})", "Ceil": "ceil({0})", "Cos": "cos({0})", "Cosh": "cosh({0})", "Erf": "erf({0})",
        "Exp": "exp({0})", "Floor": "floor({0})", "Identity": "{0}", "Log": "log({0})", "Neg": "-{0}", "Not": "not {0}", "Reciprocal": "1 / {0}", "Relu": "relu({0})",
        "Round": "round({0})", "Sigmoid": "sigmoid({0})", "Sign": "sign({0})", "Sin": "sin({0})", "Sinh": "sinh({0})", "Softplus": "softplus({0})", "Sqrt": "sqrt({0})", "Tan": "tan({0})",
        "Tanh": "tanh({0})", "Softsign": "{0} / (1 + abs({0}))", "Asinh": "sign({0}) * log(abs({0}) + sqrt({0} * {0} + 1))", "Acosh": "log({0} + sqrt({0} * {0} - 1))",
        "Atanh": "0.5 * log((1 + {0}) / (1 - {0}))", "HardSwish": "{0} * clip({0} / 6 + 0.5, 0, 1)"}.items():
    TABLE[name] = lambda node, x, text=text: x.like(text.format(x.text))


@op("IsNaN")
def _(node, x):
    return x.like(f"isnan({x.text})", element="bool")


@op("IsInf")
def _(node, x):
    parts = [f"{x.text} == {sign}inf" for sign, key in (("", "detect_positive"), ("-", "detect_negative")) if node.get(key, 1)]
    return x.like(" or ".join(parts) or f"{x.text} != {x.text} and false", element="bool")


def unary(name, text, **defaults):
    def entry(node, x):
        return x.like(text.format(x.text, **{k: number(node.get(k, v)) for k, v in defaults.items()}))
    TABLE[name] = entry


unary("HardSigmoid", "clip({alpha} * {0} + {beta}, 0, 1)", alpha=0.2, beta=0.5)
unary("LeakyRelu", "where({0} < 0, {alpha} * {0}, {0})", alpha=0.01)
unary("Elu", "where({0} < 0, {alpha} * expm1({0}), {0})", alpha=1.0)
unary("Celu", "maximum({0}, 0) + minimum(0, {alpha} * expm1({0} / {alpha}))", alpha=1.0)
unary("Selu", "{gamma} * where({0} > 0, {0}, {alpha} * expm1({0}))", alpha=1.67326319217681884765625, gamma=1.05070102214813232421875)
unary("ThresholdedRelu", "where({0} > {alpha}, {0}, 0)", alpha=1.0)
unary("Shrink", "where({0} < -{lambd}, {0} + {bias}, where({0} > {lambd}, {0} - {bias}, 0))", lambd=0.5, bias=0.0)


@op("Clip")
def _(node, x, low=None, high=None):
    text = x.text
    for fn, bound, key in (("maximum", low, "min"), ("minimum", high, "max")):
        if bound is not None or node.get(key) is not None:
            text = f"{fn}({text}, {bound.text if bound is not None else number(node.get(key))})"
    return x.like(text)


def binary(name, text, result=None):
    TABLE[name] = lambda node, a, b: V(text.format(a.text, b.text), result or a.element, broadcast(a.shape, b.shape))


for name, sign in {"Add": "+", "Sub": "-", "Mul": "*", "And": "and", "Or": "or"}.items():
    binary(name, f"{{0}} {sign} {{1}}")
for name, sign in {"Equal": "==", "Less": "<", "Greater": ">", "LessOrEqual": "<=", "GreaterOrEqual": ">=", "Xor": "!="}.items():
    binary(name, f"{{0}} {sign} {{1}}", "bool")


@op("Div")
def _(node, a, b):
    """Of integers it rounds to zero."""
    text = f"{a.text} / {b.text}" if a.element in FLOATS else f"sign({a.text}) * sign({b.text}) * (abs({a.text}) // abs({b.text}))" if a.element[0] == "i" else f"{a.text} // {b.text}"
    return V(text, a.element, broadcast(a.shape, b.shape))


@op("Mod")
def _(node, a, b):
    text = f"{a.text} % {b.text}"
    if node.get("fmod", 0):
        text = f"where({a.text} < 0, -(abs({a.text}) % abs({b.text})), abs({a.text}) % abs({b.text}))"
    return V(text, a.element, broadcast(a.shape, b.shape))


@op("Pow")
def _(node, a, b):
    wide = b.element if b.element in FLOATS and a.element not in FLOATS else a.element
    x, y = (v.text if v.element == wide else f"{wide}({v.text})" for v in (a, b))
    text = f"{x} ** {y}"
    return V(text if wide == a.element else f"{a.element}({text})", a.element, broadcast(a.shape, b.shape))


@op("BitShift")
def _(node, a, b):
    return V(f"{'shl' if node.get('direction') == 'LEFT' else 'shr'}({a.text}, {b.text})", a.element, broadcast(a.shape, b.shape))


def variadic(name, join, after="{0}"):
    def entry(node, *xs):
        text = xs[0].text
        for x in xs[1:]:
            text = join.format(text, x.text)
        return V(after.format(text, len(xs)), xs[0].element, broadcast(*[x.shape for x in xs]))
    TABLE[name] = entry


variadic("Max", "maximum({0}, {1})")
variadic("Min", "minimum({0}, {1})")
variadic("Sum", "({0} + {1})")
variadic("Mean", "({0} + {1})", "{0} / {1}")


@op("PRelu")
def _(node, x, slope):
    return V(f"where({x.text} < 0, {slope.text} * {x.text}, {x.text})", x.element, broadcast(x.shape, slope.shape))


@op("Where")
def _(node, c, a, b):
    return V(f"where({c.text}, {a.text}, {b.text})", a.element, broadcast(c.shape, a.shape, b.shape))


@op("Cast")
def _(node, x):
    to = ELEMENTS.get(node.get("to")) or refuse("elements that TDS does not have")
    return x.like(f"{to}({x.text})", element=to)


@op("CastLike")
def _(node, x, like):
    return x.like(f"{like.element}({x.text})", element=like.element)


# Reductions


def reduced(shape, axes, keep):
    return tuple(1 if i in axes else d for i, d in enumerate(shape) if keep or i not in axes)


def axes_text(axes):
    return str(axes[0]) if len(axes) == 1 else "(" + ", ".join(map(str, axes)) + ")"


def reduction(name, text):
    def entry(node, x, axes=None):
        chosen = known(axes, "axes") if axes is not None else node.get("axes") or []
        if not chosen and node.get("noop_with_empty_axes", 0):
            return x
        chosen = sorted(a % x.rank for a in chosen) or list(range(x.rank))
        keep = node.get("keepdims", 1)
        if not x.rank:
            return x.like(text.format(x.text, "").replace(", )", ")"))
        tail = f", axis={axes_text(chosen)}" + (", keep=true" if keep else "")
        return x.like(text.format(x.text, tail), reduced(x.shape, chosen, keep))
    TABLE[name] = entry


reduction("ReduceSum", "sum({0}{1})")
reduction("ReduceMean", "mean({0}{1})")
reduction("ReduceMax", "max({0}{1})")
reduction("ReduceMin", "min({0}{1})")
reduction("ReduceProd", "prod({0}{1})")
reduction("ReduceL1", "sum(abs({0}){1})")
reduction("ReduceL2", "sqrt(sum({0} * {0}{1}))")
reduction("ReduceLogSum", "log(sum({0}{1}))")
reduction("ReduceLogSumExp", "logsumexp({0}{1})")
reduction("ReduceSumSquare", "sum({0} * {0}{1})")


@op("ArgMax", "ArgMin")
def _(node, x):
    axis, keep, fn = axis_of(node, x.rank), node.get("keepdims", 1), node.op.lower()
    text = f"i64({fn}({x.text}, axis={axis}))"
    if node.get("select_last_index", 0):
        text = f"{x.shape[axis] - 1} - i64({fn}(flip({x.text}, axis={axis}), axis={axis}))"
    shape = reduced(x.shape, [axis], keep)
    return V(f"reshape({text}, {shape_text(shape)})" if keep else text, "i64", shape)


def flattened(node, x, fn):
    """Before version 13 the last dimensions, from axis on, were one."""
    axis = axis_of(node, x.rank, -1 if node.version >= 13 else 1)
    if node.version >= 13:
        return x.like(fn(x.text, axis))
    two = (math.prod(x.shape[:axis]), math.prod(x.shape[axis:]))
    return x.like(f"reshape({fn(f'reshape({x.text}, {shape_text(two)})', 1)}, {shape_text(x.shape)})")


@op("Softmax")
def _(node, x):
    return flattened(node, x, lambda t, axis: f"softmax({t}, axis={axis})")


@op("LogSoftmax")
def _(node, x):
    return flattened(node, x, lambda t, axis: f"log_softmax({t}, axis={axis})")


@op("Hardmax")
def _(node, x):
    axis = axis_of(node, x.rank, -1)
    index = names("i", x.shape)
    rest = [i for k, i in enumerate(index) if k != axis]
    best = f"argmax({x.text}, axis={axis})"
    picked = f"({best})[{', '.join(rest)}]" if rest else f"({best})"
    return x.like(over(index, x.shape, f"{x.element}({picked} == {index[axis]})"))


@op("CumSum")
def _(node, x, axis):
    k = known(axis, "an axis")[0] % x.rank
    text = x.text
    if node.get("reverse", 0):
        text = f"flip({text}, axis={k})"
    text = f"cumsum({text}, axis={k})"
    if node.get("exclusive", 0):
        source = x.text if not node.get("reverse", 0) else f"flip({x.text}, axis={k})"
        text = f"({text} - {source})"
    if node.get("reverse", 0):
        text = f"flip({text}, axis={k})"
    return x.like(text)


# Shapes


@op("Reshape")
def _(node, x, shape):
    want = [x.shape[i] if d == 0 and not node.get("allowzero", 0) else d for i, d in enumerate(known(shape, "a shape"))]
    if -1 in want:
        rest = math.prod(d for d in want if d != -1)
        want[want.index(-1)] = math.prod(x.shape) // rest if rest else 0
    return x.like(f"reshape({x.text}, {shape_text(want)})" if want else f"reshape({x.text}, ())", want)


@op("Flatten")
def _(node, x):
    axis = axis_of(node, x.rank, 1)
    shape = (math.prod(x.shape[:axis]), math.prod(x.shape[axis:]))
    return x.like(f"reshape({x.text}, {shape_text(shape)})", shape)


@op("Squeeze", "Unsqueeze")
def _(node, x, axes=None):
    chosen = known(axes, "axes") if axes is not None else node.get("axes")
    if node.op == "Squeeze":
        chosen = [i for i, d in enumerate(x.shape) if d == 1] if chosen is None else [a % x.rank for a in chosen]
        shape = tuple(d for i, d in enumerate(x.shape) if i not in chosen)
    else:
        rank = x.rank + len(chosen)
        chosen, rest = {a % rank for a in chosen}, iter(x.shape)
        shape = tuple(1 if i in chosen else next(rest) for i in range(rank))
    return x.like(f"reshape({x.text}, {shape_text(shape)})", shape)


@op("Transpose")
def _(node, x):
    axes = node.get("perm") or list(range(x.rank))[::-1]
    return x.like(f"transpose({x.text}, {shape_text(axes)})", [x.shape[a] for a in axes])


@op("Concat")
def _(node, *xs):
    axis = axis_of(node, xs[0].rank)
    shape = [sum(x.shape[axis] for x in xs) if i == axis else d for i, d in enumerate(xs[0].shape)]
    return xs[0].like(f"concat(({', '.join(x.text for x in xs)},), axis={axis})", shape)


@op("Split")
def _(node, x, sizes=None):
    axis, parts = axis_of(node, x.rank), len(node.outputs)
    split = known(sizes, "sizes") if sizes is not None else node.get("split") or [-(-x.shape[axis] // parts)] * parts
    out, start = [], 0
    for size in split:
        size = min(size, x.shape[axis] - start)
        out.append(x.like(at(x, [":"] * axis + [f"{start}:{start + size}"]), [size if i == axis else d for i, d in enumerate(x.shape)]))
        start += size
    return out


@op("Slice")
def _(node, x, starts, ends, axes=None, steps=None):
    starts, ends = known(starts, "starts"), known(ends, "ends")
    axes = known(axes, "axes") if axes is not None else list(range(len(starts)))
    steps = known(steps, "steps") if steps is not None else [1] * len(starts)
    index, shape = names("i", x.shape), list(x.shape)
    subs = list(index)
    for a, start, end, step in zip(axes, starts, ends, steps):
        d = x.shape[a]
        chosen = range(d)[slice(start, end if step > 0 or end >= -d else None, step)]
        shape[a % x.rank] = len(chosen)
        first = chosen[0] if len(chosen) else 0
        subs[a % x.rank] = f"{first} + {index[a % x.rank]}" if step == 1 else f"{first} + {step} * {index[a % x.rank]}" if step > 0 else f"{first} - {-step} * {index[a % x.rank]}"
    return x.like(over(index, shape, at(x, subs)), shape)


@op("Expand")
def _(node, x, shape):
    want = broadcast(x.shape, known(shape, "a shape"))
    return x.like(f"broadcast_to({x.text}, {shape_text(want)})", want)


@op("Tile")
def _(node, x, repeats):
    shape = [d * r for d, r in zip(x.shape, known(repeats, "repeats"))]
    index = names("i", shape)
    return x.like(over(index, shape, at(x, [f"{i} % {d}" for i, d in zip(index, x.shape)])), shape)


@op("Pad")
def _(node, x, pads=None, value=None):
    widths = known(pads, "pads") if pads is not None else node.get("pads")
    mode = node.get("mode", "constant")
    lows, highs = widths[:x.rank], widths[x.rank:]
    shape = [d + lo + hi for d, lo, hi in zip(x.shape, lows, highs)]
    index = names("i", shape)
    subs = [f"{i} - {lo}" if lo >= 0 else f"{i} + {-lo}" for i, lo in zip(index, lows)]
    if mode == "reflect":
        subs = [f"{d - 1} - abs({d - 1} - abs({s}))" for s, d in zip(subs, x.shape)]
        return x.like(over(index, shape, at(x, subs)), shape)
    outside = "clamp" if mode == "edge" else f"else {value.text if value is not None else number(node.get('value', 0.0)) if x.element in FLOATS else 0}"
    return x.like(over(index, shape, f"{x.text}[{', '.join(subs)} {outside}]"), shape)


@op("Gather")
def _(node, x, ids):
    axis = axis_of(node, x.rank)
    shape = x.shape[:axis] + ids.shape + x.shape[axis + 1:]
    index = names("i", shape)
    pick = at(ids, index[axis:axis + ids.rank])
    return x.like(over(index, shape, at(x, index[:axis] + [f"({pick}) % {x.shape[axis]}"] + index[axis + ids.rank:])), shape)


@op("GatherElements")
def _(node, x, ids):
    axis = axis_of(node, x.rank)
    index = names("i", ids.shape)
    return x.like(over(index, ids.shape, at(x, index[:axis] + [f"{at(ids, index)} % {x.shape[axis]}"] + index[axis + 1:])), ids.shape)


@op("GatherND")
def _(node, x, ids):
    batch, depth = node.get("batch_dims", 0), ids.shape[-1]
    shape = ids.shape[:-1] + x.shape[batch + depth:]
    index = names("i", shape)
    lead = index[:ids.rank - 1]
    picks = [f"{at(ids, lead + [k])} % {x.shape[batch + k]}" for k in range(depth)]
    return x.like(over(index, shape, at(x, index[:batch] + picks + index[ids.rank - 1:])), shape)


def joining(node):
    return {"none": "{1}", "add": "{0} + {1}", "mul": "{0} * {1}"}.get(node.get("reduction", "none")) or refuse("scatter by another operation")


@op("ScatterElements", "Scatter")
def _(node, x, ids, updates):
    joined = joining(node)
    axis = axis_of(node, x.rank)
    body = "y = " + x.text + "\n"
    index = names("i", ids.shape)
    for k, i in enumerate(index):
        body += "  " * (k + 1) + f"for {i} in 0..{ids.shape[k]} {{\n"
    place = ", ".join(index[:axis] + [f"i64({at(ids, index)}) % {x.shape[axis]}"] + index[axis + 1:])
    body += "  " * (len(index) + 1) + f"y[{place}] = {joined.format(f'y[{place}]', at(updates, index))}\n" + "  }\n" * len(index)
    return x.like("{ " + body + "  y }")


@op("ScatterND")
def _(node, x, ids, updates):
    joined, depth = joining(node), ids.shape[-1]
    index, body = names("i", ids.shape[:-1]), "y = " + x.text + "\n"
    for k, i in enumerate(index):
        body += "  " * (k + 1) + f"for {i} in 0..{ids.shape[k]} {{\n"
    place = ", ".join(f"{at(ids, index + [k])} % {x.shape[k]}" for k in range(depth))
    body += "  " * (len(index) + 1) + f"y[{place}] = {joined.format(f'y[{place}]', at(updates, index))}\n" + "  }\n" * len(index)
    return x.like("{ " + body + "  y }")


@op("OneHot")
def _(node, ids, depth, values):
    d, rank = int(known(depth, "a depth")[0]), ids.rank + 1
    axis = axis_of(node, rank, -1)
    shape = ids.shape[:axis] + (d,) + ids.shape[axis:]
    index = names("i", shape)
    pick = at(ids, index[:axis] + index[axis + 1:])
    same = f"{pick} % {d} == {index[axis]}"
    return values.like(over(index, shape, f"if {same} then {values.text}[1] else {values.text}[0]"), shape)


@op("Range")
def _(node, start, limit, delta):
    a, b, c = (known(v, "bounds")[0] for v in (start, limit, delta))
    n = max(math.ceil((b - a) / c), 0)
    return start.like(f"[i < {n}] => {start.text} + {start.element}(i) * {delta.text}", (n,))


@op("EyeLike")
def _(node, x):
    element = ELEMENTS.get(node.get("dtype"), x.element)
    return x.like(f"[i < {x.shape[0]}, j < {x.shape[1]}] => {element}(j - i == {node.get('k', 0)})", element=element)


@op("Constant")
def _(node):
    value = node.get("value")
    if value is None:
        for key, element in (("value_float", "f32"), ("value_int", "i64")):
            if node.get(key) is not None:
                return V(f"{element}({number(node.get(key))})", element, (), [node.get(key)])
            if node.get(key + "s"):
                return V(f"{element}([{', '.join(map(number, node.get(key + 's')))}])", element, (len(node.get(key + "s")),), node.get(key + "s"))
        refuse("a constant of another kind")
    return literal(value)


def literal(value):
    """A tensor of the model as an expression."""
    xs = value.values()
    if value.element[0] == "c":
        refuse("a complex constant")
    def nested(shape, xs):
        if not shape:
            return number(xs[0]) if value.element != "bool" else str(xs[0]).lower()
        step = len(xs) // shape[0]
        return "[" + ", ".join(nested(shape[1:], xs[i * step:(i + 1) * step]) for i in range(shape[0])) + "]"
    text = f"{value.element}({nested(value.shape, xs)})" if 0 not in value.shape else f"zeros({shape_text(value.shape)}, {value.element})"
    return V(text, value.element, value.shape, xs)


@op("ConstantOfShape")
def _(node, shape):
    want, value = known(shape, "a shape"), node.get("value")
    element, x = (value.element, value.values()[0]) if value is not None else ("f32", 0.0)
    return V(f"full({shape_text(want)}, {element}({number(x)}))" if want else f"{element}({number(x)})", element, want)


@op("Shape")
def _(node, x):
    xs = list(x.shape[slice(node.get("start", 0), node.get("end"))])
    return V(f"i64([{', '.join(map(str, xs))}])" if xs else "zeros(0, i64)", "i64", (len(xs),), xs)


@op("Size")
def _(node, x):
    return V(f"i64({math.prod(x.shape)})", "i64", (), [math.prod(x.shape)])


@op("Trilu")
def _(node, x, k=None):
    offset = known(k, "an offset")[0] if k is not None else 0
    index = names("i", x.shape)
    i, j = index[-2:]
    keep = f"{j} - {i} >= {offset}" if node.get("upper", 1) else f"{j} - {i} <= {offset}"
    return x.like(over(index, x.shape, f"if {keep} then {at(x, index)} else {x.element}(0)"))


@op("DepthToSpace", "SpaceToDepth")
def _(node, x):
    n, c, h, w = x.shape
    b = node.get("blocksize")
    if node.op == "SpaceToDepth":
        return x.like(f"reshape(transpose(reshape({x.text}, ({n}, {c}, {h // b}, {b}, {w // b}, {b})), (0, 3, 5, 1, 2, 4)), ({n}, {c * b * b}, {h // b}, {w // b}))", (n, c * b * b, h // b, w // b))
    if node.get("mode", "DCR") == "DCR":
        inner, axes = (n, b, b, c // (b * b), h, w), (0, 3, 4, 1, 5, 2)
    else:
        inner, axes = (n, c // (b * b), b, b, h, w), (0, 1, 4, 2, 5, 3)
    shape = (n, c // (b * b), h * b, w * b)
    return x.like(f"reshape(transpose(reshape({x.text}, {shape_text(inner)}), {shape_text(axes)}), {shape_text(shape)})", shape)


@op("ReverseSequence")
def _(node, x, lengths):
    batch, time = node.get("batch_axis", 1), node.get("time_axis", 0)
    index = names("i", x.shape)
    t, length = index[time], f"{lengths.text}[{index[batch]}]"
    turned = list(index)
    turned[time] = f"({length} - 1 - {t}) % {x.shape[time]}"
    return x.like(over(index, x.shape, f"if {t} < {length} then {at(x, turned)} else {at(x, index)}"))


@op("Einsum")
def _(node, *xs):
    left, _, right = node.get("equation").replace(" ", "").partition("->")
    terms = left.split(",")
    if "..." in left:
        rank = xs[0].rank - len(terms[0].replace("...", ""))
        terms = [t.replace("...", "ABCDEFG"[:rank]) for t in terms]
        right = right.replace("...", "ABCDEFG"[:rank])
    if "->" not in node.get("equation"):
        letters = "".join(terms)
        right = "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    sizes = {c: d for t, x in zip(terms, xs) for c, d in zip(t, x.shape)}
    summed = sorted(set("".join(terms)) - set(right))
    ix = lambda cs: [f"i_{c}" for c in cs]
    body = " * ".join(at(x, ix(t)) for t, x in zip(terms, xs))
    if summed:
        body = f"sum[{', '.join(f'i_{c} < {sizes[c]}' for c in summed)}]({body})"
    return xs[0].like(over(ix(right), [sizes[c] for c in right], body), [sizes[c] for c in right])


@op("MatMul")
def _(node, a, b):
    if a.rank == 1 and b.rank == 1:
        shape = ()
    else:
        x = a.shape if a.rank > 1 else (1,) + a.shape
        y = b.shape if b.rank > 1 else b.shape + (1,)
        shape = broadcast(x[:-2], y[:-2]) + (() if a.rank == 1 else x[-2:-1]) + (() if b.rank == 1 else y[-1:])
    return a.like(f"{a.text} @ {b.text}", shape)


@op("Gemm")
def _(node, a, b, c=None):
    x = f"transpose({a.text})" if node.get("transA", 0) else a.text
    y = f"transpose({b.text})" if node.get("transB", 0) else b.text
    shape = (a.shape[1 if node.get("transA", 0) else 0], b.shape[0 if node.get("transB", 0) else 1])
    text = f"{number(node.get('alpha', 1.0))} * ({x} @ {y})"
    return a.like(text + (f" + {number(node.get('beta', 1.0))} * {c.text}" if c is not None else ""), shape)


@op("MatMulInteger")
def _(node, a, b, za=None, zb=None):
    x = f"(i32({a.text})" + (f" - i32({za.text}))" if za is not None else ")")
    y = f"(i32({b.text})" + (f" - i32({zb.text}))" if zb is not None else ")")
    return V(f"{x} @ {y}", "i32", a.shape[:-1] + b.shape[-1:])


@op("Dropout")
def _(node, x, ratio=None, training=None):
    if training is not None and known(training, "a mode")[0] and (ratio is None or known(ratio, "a ratio")[0]):
        refuse("dropout in training: other random numbers")
    return [x, x.like(f"full({shape_text(x.shape)}, true)", element="bool")][:len(node.outputs)]


@op("Det")
def _(node, x):
    return x.like(f"det({x.text})", x.shape[:-2])


@op("QuantizeLinear")
def _(node, x, scale, zero=None):
    element = zero.element if zero is not None else "u8"
    low, high = (0, 255) if element == "u8" else (-128, 127)
    s, z = along_axis(node, x, scale, 1), along_axis(node, x, zero, 1) if zero is not None else "0"
    return x.like(f"{element}(clip(round({x.text} / {s}) + f32({z}), {low}, {high}))", element=element)


@op("DequantizeLinear")
def _(node, x, scale, zero=None):
    s, z = along_axis(node, x, scale, 1), along_axis(node, x, zero, 1) if zero is not None else "0"
    return x.like(f"(f32({x.text}) - f32({z})) * {s}", element="f32")


def along_axis(node, x, v, default):
    """A vector of an axis, stretched over the others."""
    if v.rank == 0 or v.shape == (1,) and v.rank < x.rank and x.shape[axis_of(node, x.rank, default)] != 1:
        return v.text if v.rank == 0 else f"{v.text}[0]"
    axis = axis_of(node, x.rank, default)
    return f"reshape({v.text}, {shape_text([d if i == axis else 1 for i, d in enumerate(x.shape)])})"


@op("DynamicQuantizeLinear")
def _(node, x):
    low, high = f"minimum(min({x.text}), 0)", f"maximum(max({x.text}), 0)"
    scale = f"(({high} - {low}) / 255)"
    zero = f"clip(round(-({low}) / {scale}), 0, 255)"
    return [V(f"u8(clip(round({x.text} / {scale}) + {zero}, 0, 255))", "u8", x.shape), V(scale, "f32", ()), V(f"u8({zero})", "u8", ())]


@op("QLinearMatMul")
def _(node, a, sa, za, b, sb, zb, sy, zy):
    shape = TABLE["MatMul"](node, a, b).shape
    low, high = (0, 255) if zy.element == "u8" else (-128, 127)
    text = f"f32((i32({a.text}) - i32({za.text})) @ (i32({b.text}) - i32({zb.text}))) * {sa.text} * {sb.text} / {sy.text}"
    return V(f"{zy.element}(clip(round({text}) + f32({zy.text}), {low}, {high}))", zy.element, shape)


def fading(name, *weights):
    """A window: a sum of cosines of multiples of the angle."""
    def entry(node, size):
        n = known(size, "a size")[0]
        angle = f"(2 * pi * f64(i) / {n if node.get('periodic', 1) else n - 1})"
        terms = [f"{number(w)} * cos({k} * {angle})" for k, w in enumerate(weights)]
        element = ELEMENTS[node.get("output_datatype", 1)]
        return V(f"[i < {n}] => {element}({' + '.join(terms)})", element, (n,))
    TABLE[name] = entry


fading("HannWindow", 0.5, -0.5)
fading("HammingWindow", 25 / 46, -21 / 46)
fading("BlackmanWindow", 0.42, -0.5, 0.08)

# Without an entry, and why.
REFUSED = {name: reason for reason, group in {
    "sizes that depend on data": ["Compress", "NonZero", "Unique", "NonMaxSuppression"],
    "random numbers of another generator": ["Bernoulli", "RandomUniformLike", "RandomNormalLike"],
}.items() for name in group}


def folded(node, inputs, value):
    """What a computation of sizes gives, in numbers: shapes and axes are known when TDS compiles."""
    if value.numbers is not None or any(v is not None and v.numbers is None for v in inputs) or len(inputs) == 0 or value.rank > 1 or math.prod(value.shape) > 64:
        return value.numbers
    xs = [v.numbers for v in inputs if v is not None]
    pairs = lambda f: [f(a, b) for a, b in zip(*(x * max(map(len, xs)) if len(x) == 1 else x for x in xs))]
    return {
        "Add": lambda: pairs(lambda a, b: a + b), "Sub": lambda: pairs(lambda a, b: a - b), "Mul": lambda: pairs(lambda a, b: a * b),
        "Neg": lambda: [-x for x in xs[0]], "Concat": lambda: sum(xs, []), "Identity": lambda: xs[0], "Reshape": lambda: xs[0], "Unsqueeze": lambda: xs[0], "Squeeze": lambda: xs[0],
        "Cast": lambda: [int(x) for x in xs[0]] if value.element[0] == "i" else [float(x) for x in xs[0]],
        "ConstantOfShape": lambda: [node.get("value").values()[0] if node.get("value") else 0.0] * math.prod(value.shape),
        "Slice": lambda: xs[0][slice(xs[1][0], xs[2][0])] if len(xs) == 3 or xs[3] == [0] and len(xs) == 4 else None,
        "Gather": lambda: [xs[0][i] for i in xs[1]],
    }.get(node.op, lambda: None)()


import networks  # noqa: E402,F401  adds the layers' entries
import transforms  # noqa: E402,F401  and those of transforms, pictures and training
