"""Order, Fourier transforms, samples of pictures and steps of training of ONNX as TDS expressions; see operators.py."""
import math

from model import ELEMENTS
from networks import cubic
from operators import V, at, axis_of, known, names, number, op, over, refuse, shape_text


@op("TopK")
def _(node, x, k):
    axis, n = axis_of(node, x.rank, -1), int(known(k, "a count")[0])
    order = [i for i in range(x.rank) if i != axis] + [axis]
    back = [order.index(i) for i in range(x.rank)]
    last = x.text if axis == x.rank - 1 else f"transpose({x.text}, {shape_text(order)})"
    shape = [n if i == axis else d for i, d in enumerate(x.shape)]
    if node.get("largest", 1):
        values, ids = (f"{{ values, ids = topk({last}, {n}); {which} }}" for which in ("values", "ids"))
    else:
        first = f"[{', '.join([':'] * (x.rank - 1) + [f':{n}'])}]"
        values, ids = f"sort({last}){first}", f"argsort({last}){first}"
    turned = (lambda text: text) if axis == x.rank - 1 else (lambda text: f"transpose({text}, {shape_text(back)})")
    return [V(turned(values), x.element, shape), V(turned(f"i64({ids})"), "i64", shape)]


# Fourier transforms: the last dimension holds a real and maybe an imaginary part. In f64, as the bound is for numbers near 0 too.


def number_at(x, subscripts, outside=""):
    parts = [f"f64({x.text}[{', '.join(map(str, subscripts + [c]))}{outside}])" for c in range(x.shape[-1])]
    return f"complex({parts[0]}, {parts[1] if len(parts) > 1 else 'f64(0)'})"


def parts_of(x, z, index):
    return f"{x.element}(if {index[-1]} == 0 then real({z}) else imag({z}))"


@op("DFT")
def _(node, x, length=None):
    axis = axis_of(node, x.rank, 1)
    n = known(length, "a length")[0] if length is not None else x.shape[axis]
    points = n // 2 + 1 if node.get("onesided", 0) else n
    shape = [points if i == axis else d for i, d in enumerate(x.shape[:-1])] + [2]
    index = names("i", shape)
    rest = [k for k in range(x.rank - 1) if k != axis]
    turned = [index[k] for k in rest] + [index[axis]]
    z = over(turned, [x.shape[k] for k in rest] + [n], number_at(x, index[:-1], " else 0" if n != x.shape[axis] else ""))
    y = parts_of(x, at(V("y", "c128", ()), turned), index)
    return x.like(f"{{ z = {z}; y = {'ifft' if node.get('inverse', 0) else 'fft'}(z); {over(index, shape, y)} }}", shape)


@op("STFT")
def _(node, x, step, window=None, length=None):
    hop = known(step, "a step")[0]
    n = known(length, "a length")[0] if length is not None else window.shape[0]
    frames, points = (x.shape[1] - n) // hop + 1, n // 2 + 1 if node.get("onesided", 1) else n
    weight = f" * c128({window.text}[k])" if window is not None else ""
    z = f"[b < {x.shape[0]}, t < {frames}, k < {n}] => {number_at(x, ['b', f'{hop} * t + k'])}{weight}"
    shape = (x.shape[0], frames, points, 2)
    index = ["b", "t", "k", "c"]
    return x.like(f"{{ z = {z}; y = fft(z); {over(index, shape, parts_of(x, 'y[b, t, k]', index))} }}", shape)


@op("MelWeightMatrix")
def _(node, bins, length, rate, low, high):
    n, m = known(bins, "a number of bins")[0], known(length, "a length")[0]
    hz, low, high = (known(v, "frequencies")[0] for v in (rate, low, high))
    mel = lambda f: 2595 * math.log10(1 + f / 700)
    step = (mel(high) - mel(low)) / (n + 2)
    edges = [int((m + 1) * (700 * (10 ** ((k * step + mel(low)) / 2595) - 1)) // hz) for k in range(n + 2)]
    element = ELEMENTS[node.get("output_datatype", 1)]
    up = "if e[i + 1] == e[i] then (if j == e[i] then 1.0 else 0.0) else f64(j - e[i]) / f64(e[i + 1] - e[i])"
    down = "f64(e[i + 2] - j) / f64(e[i + 2] - e[i + 1])"
    body = f"{element}(if j >= e[i] and j <= e[i + 1] then {up} else if j > e[i + 1] and j < e[i + 2] then {down} else 0.0)"
    return V(f"{{ e = i64([{', '.join(map(str, edges))}]); [j < {m // 2 + 1}, i < {n}] => {body} }}", element, (m // 2 + 1, n))


# Samples of pictures, in NCHW


@op("GridSample")
def _(node, x, grid):
    mode, padding, corners = node.get("mode", "bilinear"), node.get("padding_mode", "zeros"), node.get("align_corners", 0)
    n, c, h, w = x.shape
    shape = (n, c) + grid.shape[1:3]
    lines = []
    for axis, size, k in (("v", h, 1), ("u", w, 0)):
        g = f"grid[n, i, j, {k}]"
        lines.append(f"{axis} = ({g} + 1) / 2 * {size - 1}" if corners else f"{axis} = (({g} + 1) * {size} - 1) / 2")

    def inside(place, size):
        """A subscript for a whole place that may lie outside."""
        if padding != "reflection":
            return f"i64({place})"
        low, span = (0, size - 1) if corners else (-0.5, size)
        turned = f"({number(low)} + ({span} - abs(({place} - {number(low)}) % {2 * span} - {span})))"
        return f"i64({turned})"

    def read(row, column):
        ends = " else 0" if padding == "zeros" else " clamp"
        return f"x[n, c, {inside(row, h)}, {inside(column, w)}{ends}]"

    if mode == "nearest":
        taps = {"v": [("round(v)", "1")], "u": [("round(u)", "1")]}
    elif mode == "bilinear":
        taps = {a: [(f"floor({a})", f"(1 - ({a} - floor({a})))"), (f"(floor({a}) + 1)", f"({a} - floor({a}))")] for a in "vu"}
    else:
        taps = {a: list(zip([f"(floor({a}) + ({k}))" for k in (-1, 0, 1, 2)], cubic(f"({a} - floor({a}))", -0.75))) for a in "vu"}
    body = " + ".join(f"({wr}) * ({wc}) * {read(row, column)}" for row, wr in taps["v"] for column, wc in taps["u"])
    return x.like(f"{{ x = {x.text}; grid = {grid.text}; " + over(["n", "c", "i", "j"], shape, f"{{ {'; '.join(lines)}; {body} }}") + " }", shape)


@op("MaxUnpool")
def _(node, x, ids, wanted=None):
    kernel = node.get("kernel_shape")
    strides, pads = node.get("strides") or [1] * len(kernel), node.get("pads") or [0] * (2 * len(kernel))
    own = list(x.shape[:2]) + [(d - 1) * s + k - pads[i] - pads[len(kernel) + i] for i, (d, s, k) in enumerate(zip(x.shape[2:], strides, kernel))]
    shape = known(wanted, "a shape") if wanted is not None else own
    m = math.prod(x.shape)
    text = (f"{{ y = zeros({math.prod(own)}, {x.element}); given = reshape({x.text}, ({m},)); ids = reshape({ids.text}, ({m},))\n"
            f"  for k in 0..{m} {{ y[ids[k]] = given[k] }}\n  whole = reshape(y, {shape_text(own)}); ")
    index = names("i", shape)
    return x.like(text + over(index, shape, f"whole[{', '.join(index)} else 0]") + " }", shape)


@op("RoiAlign")
def _(node, x, rois, batch):
    count = node.get("sampling_ratio", 0) or refuse("a number of samples that depends on data")
    if node.get("mode", "avg") != "avg":
        refuse("the greatest of samples")
    oh, ow, scale = node.get("output_height", 1), node.get("output_width", 1), number(node.get("spatial_scale", 1.0))
    half = node.get("coordinate_transformation_mode", "half_pixel") == "half_pixel"
    _, c, h, w = x.shape
    shape = (rois.shape[0], c, oh, ow)
    lines = []
    for a, k, out, o, s in (("v", 1, oh, "i", "p"), ("u", 0, ow, "j", "q")):
        low, high = (f"rois[r, {k + d}] * {scale}{' - 0.5' if half else ''}" for d in (0, 2))
        extent = f"({high} - ({low}))" if half else f"maximum({high} - ({low}), 1)"
        lines.append(f"{a} = {low} + ({o} + ({s} + 0.5) / {count}) * {extent} / {out}")
    lines += [f"{a}c = clip({a}, 0, {d - 1}); {a}0 = i64(floor({a}c)); {a}1 = minimum({a}0 + 1, {d - 1}); {a}f = {a}c - f32({a}0)" for a, d in (("v", h), ("u", w))]
    pick = lambda row, column: f"x[i64(b[r]), c, {row}, {column} clamp]"
    value = (f"(1 - vf) * ((1 - uf) * {pick('v0', 'u0')} + uf * {pick('v0', 'u1')}) + vf * ((1 - uf) * {pick('v1', 'u0')} + uf * {pick('v1', 'u1')})")
    body = f"mean[p < {count}, q < {count}]({{ {'; '.join(lines)}; if v < -1 or v > {h} or u < -1 or u > {w} then 0 else {value} }})"
    return x.like(f"{{ x = {x.text}; rois = {rois.text}; b = {batch.text}; " + over(["r", "c", "i", "j"], shape, body) + " }", shape)


# Steps of training: a rate, a count of steps, and then a group of tensors for each of what the rule keeps


def training(name, keeps):
    def register(rule):
        def entry(node, rate, count, *rest):
            n = len(rest) // (2 + keeps)
            groups = [rest[k * n:(k + 1) * n] for k in range(2 + keeps)]
            a = lambda key, default=0.0: number(node.get(key, default))
            out = []
            for tensors in zip(*groups):
                x, g = tensors[0], tensors[1]
                whole = f"({a('norm_coefficient')} * {x.text} + {g.text})"
                out.append([x.like(text) for text in rule(node, a, rate.text, f"f32({count.text})", x.text, whole, *(t.text for t in tensors[2:]))])
            return [made for group in zip(*out) for made in group]
        op(name)(entry)
    return register


@training("Adagrad", 1)
def _(node, a, rate, t, x, g, h):
    new = f"({h} + {g} * {g})"
    return f"{x} - {rate} / (1 + {t} * {a('decay_factor')}) * {g} / (sqrt{new} + {a('epsilon', 1e-6)})", new


@training("Adam", 2)
def _(node, a, rate, t, x, g, v, h):
    alpha, beta = a("alpha", 0.9), a("beta", 0.999)
    mean, square = f"({alpha} * {v} + (1 - {alpha}) * {g})", f"({beta} * {h} + (1 - {beta}) * {g} * {g})"
    right = f"(if {t} > 0 then {rate} * sqrt(1 - {beta} ** {t}) / (1 - {alpha} ** {t}) else {rate})"
    return f"(1 - {a('norm_coefficient_post')}) * ({x} - {right} * {mean} / (sqrt{square} + {a('epsilon', 1e-6)}))", mean, square


@training("Momentum", 1)
def _(node, a, rate, t, x, g, v):
    new = f"({a('alpha')} * {v} + (if {t} > 0 then {a('beta')} else 1) * {g})"
    step = f"({g} + {a('alpha')} * {new})" if node.get("mode") == "nesterov" else new
    return f"{x} - {rate} * {step}", new


@op("TfIdfVectorizer")
def _(node, x):
    """How often each of a list of n-grams occurs in a row, its words up to some others apart."""
    pool = node.get("pool_int64s") or refuse("words that are strings")
    starts, columns = node.get("ngram_counts"), node.get("ngram_indexes")
    weights = node.get("weights") or [1.0] * len(columns)
    grams = [pool[at_:at_ + n] for n, start, end in zip(range(1, len(starts) + 1), starts, starts[1:] + [len(pool)]) for at_ in range(start, end, n)]
    length, lead = x.shape[-1], names("r", x.shape[:-1])
    shape = x.shape[:-1] + (max(columns) + 1,)
    found = {column: "0.0" for column in range(shape[-1])}
    for gram, column, weight in zip(grams, columns, weights):
        n, terms = len(gram), []
        for step in range(1, node.get("max_skip_count", 0) + 2 if n > 1 else 2):
            places = length - (n - 1) * step
            if places > 0 and node.get("min_gram_length", 1) <= n <= node.get("max_gram_length", 1):
                same = " and ".join(f"{at(x, lead + [f'i + {k * step}'])} == {word}" for k, word in enumerate(gram))
                terms.append(f"sum[i < {places}](if {same} then 1.0 else 0.0)")
        count = f"({' + '.join(terms) or '0.0'})"
        found[column] = {"TF": count, "IDF": f"(if {count} > 0 then {weight} else 0.0)", "TFIDF": f"{weight} * {count}"}[node.get("mode")]
    # A column an element: lists are the outermost dimension of a tensor.
    listed = f"[{', '.join(over(lead, x.shape[:-1], f'f32({found[c]})') if lead else f'f32({found[c]})' for c in range(shape[-1]))}]"
    return V(f"transpose({listed})" if lead else listed, "f32", shape)
