"""Layers and losses of ONNX as TDS expressions; see operators.py."""
import itertools
import math

from operators import V, at, known, names, number, op, over, refuse, shape_text


def window(node, x, kernel, channels=2):
    """Strides, dilations, padding before, and the output's spatial shape."""
    size = x.shape[channels:]
    strides, dilations = node.get("strides") or [1] * len(size), node.get("dilations") or [1] * len(size)
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilations)]
    auto = node.get("auto_pad", "NOTSET")
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        out = [-(-n // s) for n, s in zip(size, strides)]
        whole = [max((o - 1) * s + r - n, 0) for o, s, r, n in zip(out, strides, reach, size)]
        before = [w // 2 if auto == "SAME_UPPER" else -(-w // 2) for w in whole]
        after = [w - b for w, b in zip(whole, before)]
    else:
        pads = node.get("pads") or [0] * (2 * len(size)) if auto == "NOTSET" else [0] * (2 * len(size))
        before, after = pads[:len(size)], pads[len(size):]
        part = lambda a, s: -(-a // s) if node.get("ceil_mode", 0) else a // s
        out = [part(n + b + a - r, s) + 1 for n, b, a, r, s in zip(size, before, after, reach, strides)]
        # A window of the last, rounded up, place starts inside the input or the padding before it.
        if node.get("ceil_mode", 0):
            out = [o - 1 if (o - 1) * s >= n + b else o for o, s, n, b in zip(out, strides, size, before)]
    return strides, dilations, before, after, out


def places(index, inner, strides, dilations, before):
    return [f"{s} * {i} + {d} * {r} - {b}" for i, r, s, d, b in zip(index, inner, strides, dilations, before)]


def convolution(node, x, w, bias="", element=None, zero="0"):
    groups, kernel = node.get("group", 1), w.shape[2:]
    strides, dilations, before, _, out = window(node, x, kernel)
    i, r = names("i", out), names("r", kernel)
    each = w.shape[0] // groups
    channel = f"o // {each} * {w.shape[1]} + c" if groups > 1 else "c"
    inner = ", ".join([f"c < {w.shape[1]}"] + [f"{k} < {n}" for k, n in zip(r, kernel)])
    read = f"{x.text}[n, {', '.join([channel] + places(i, r, strides, dilations, before))} else {zero}]"
    body = f"sum[{inner}]({read} * {at(w, ['o', 'c'] + r)}){bias}"
    return V(over(["n", "o"] + i, [x.shape[0], w.shape[0]] + out, body), element or x.element, [x.shape[0], w.shape[0]] + out)


@op("Conv")
def _(node, x, w, b=None):
    return convolution(node, x, w, f" + {b.text}[o]" if b is not None else "")


@op("ConvInteger")
def _(node, x, w, zx=None, zw=None):
    if zw is not None:
        refuse("a zero point of the weights")
    shifted = x.like(f"xs", element="i32")
    out = convolution(node, shifted, w.like("ws", element="i32"), element="i32")
    zero = f" - i32({zx.text})" if zx is not None else ""
    out.text = f"{{ xs = i32({x.text}){zero}; ws = i32({w.text}); {out.text} }}"
    return out


@op("QLinearConv")
def _(node, x, sx, zx, w, sw, zw, sy, zy, b=None):
    if w.element != "u8" or zw.rank > 0 and zw.shape != (1,):
        refuse("a zero point for each channel")
    one = lambda v: v.text if v.rank == 0 else f"{v.text}[0]"
    low, high = (0, 255) if zy.element == "u8" else (-128, 127)
    out = convolution(node, x.like("xs", element="i32"), w.like("ws", element="i32"), f" + {b.text}[o]" if b is not None else "", element=zy.element)
    scale = f"{one(sx)} * {one(sw)} / {one(sy)}" if sw.rank == 0 or sw.shape == (1,) else refuse("a scale for each channel")
    out.text = (f"{{ xs = i32({x.text}) - i32({one(zx)}); ws = i32({w.text}) - i32({one(zw)}); sums = {out.text}; "
                f"{zy.element}(clip(round(f32(sums) * {scale}) + f32({one(zy)}), {low}, {high})) }}")
    return out


@op("ConvTranspose")
def _(node, x, w, b=None):
    """y[o] sums x[i] w[r] where i s + r d - p = o."""
    groups, kernel, size = node.get("group", 1), w.shape[2:], x.shape[2:]
    strides, dilations = node.get("strides") or [1] * len(size), node.get("dilations") or [1] * len(size)
    extra = node.get("output_padding") or [0] * len(size)
    full = [(n - 1) * s + (k - 1) * d + 1 + e for n, s, k, d, e in zip(size, strides, kernel, dilations, extra)]
    auto, wanted = node.get("auto_pad", "NOTSET"), node.get("output_shape")
    pads = node.get("pads") or [0] * (2 * len(size))
    if wanted or auto in ("SAME_UPPER", "SAME_LOWER"):
        out = wanted or [n * s for n, s in zip(size, strides)]
        whole = [max(f - o, 0) for f, o in zip(full, out)]
        before = [t // 2 if auto != "SAME_LOWER" else t - t // 2 for t in whole]
    else:
        before = pads[:len(size)]
        out = [f - a - c for f, a, c in zip(full, before, pads[len(size):])]
    i, r = names("i", out), names("r", kernel)
    channels, each = x.shape[1], w.shape[1]
    steps = [f"({o} + {p} - {d} * {k})" for o, p, d, k in zip(i, before, dilations, r)]
    hit = " and ".join(f"{t} % {s} == 0" for t, s in zip(steps, strides))
    inside = ", ".join(f"{t} // {s}" for t, s in zip(steps, strides))
    group = channels // groups
    channel = f"o // {each} * {group} + c" if groups > 1 else "c"
    inner = ", ".join([f"c < {group}"] + [f"{k} < {n}" for k, n in zip(r, kernel)])
    picked = f"{w.text}[{', '.join([channel, f'o % {each}'] + r)}]"
    body = f"sum[{inner}](if {hit} then {x.text}[n, {channel}, {inside} else 0] * {picked} else 0)" + (f" + {b.text}[o]" if b is not None else "")
    shape = [x.shape[0], each * groups] + list(out)
    return V(over(["n", "o"] + i, shape, body), x.element, shape)


@op("MaxPool")
def _(node, x):
    kernel = node.get("kernel_shape")
    strides, dilations, before, _, out = window(node, x, kernel)
    i, r = names("i", out), names("r", kernel)
    inner = ", ".join(f"{k} < {n}" for k, n in zip(r, kernel))
    least = "-inf" if x.element[0] == "f" else "0" if x.element == "u8" else "-128"
    shape = list(x.shape[:2]) + out
    read = f"{x.text}[n, c, {', '.join(places(i, r, strides, dilations, before))} else {least}]"
    value = V(over(["n", "c"] + i, shape, f"max[{inner}]({read})"), x.element, shape)
    if len(node.outputs) == 1:
        return value
    # Where the first greatest lies, counted over the whole input.
    size, n = x.shape[2:], math.prod(kernel)
    digits = lambda q: [f"({q} // {math.prod(kernel[k + 1:])} % {kernel[k]})" for k in range(len(kernel))]
    best = f"argmax[q < {n}]({x.text}[n, c, {', '.join(places(i, digits('q'), strides, dilations, before))} else {least}])"
    spots = [f"({p})" for p in places(i, digits("i64(b)"), strides, dilations, before)]
    strided = list(size) if not node.get("storage_order", 0) else list(size)
    weights = [math.prod(strided[k + 1:]) for k in range(len(size))] if not node.get("storage_order", 0) else [math.prod(strided[:k]) for k in range(len(size))]
    place = " + ".join(f"{s} * {w}" for s, w in zip(spots, weights))
    where = f"{{ b = {best}; (i64(n) * {x.shape[1]} + i64(c)) * {math.prod(size)} + {place} }}"
    return [value, V(over(["n", "c"] + i, shape, where), "i64", shape)]


@op("AveragePool")
def _(node, x):
    kernel = node.get("kernel_shape")
    strides, dilations, before, after, out = window(node, x, kernel)
    i, r = names("i", out), names("r", kernel)
    inner = ", ".join(f"{k} < {n}" for k, n in zip(r, kernel))
    subs = places(i, r, strides, dilations, before)
    shape = list(x.shape[:2]) + out
    total = f"sum[{inner}]({x.text}[n, c, {', '.join(subs)} else 0])"
    if node.get("count_include_pad", 0):
        limits = [(-b, n + a) for n, b, a in zip(x.shape[2:], before, after)]
    else:
        limits = [(0, n) for n in x.shape[2:]]
    hit = " and ".join(f"{s} >= {lo} and {s} < {hi}" for s, (lo, hi) in zip(subs, limits))
    return V(over(["n", "c"] + i, shape, f"{total} / sum[{inner}](if {hit} then 1.0 else 0.0)"), x.element, shape)


@op("GlobalAveragePool", "GlobalMaxPool")
def _(node, x):
    fn = "mean" if "Average" in node.op else "max"
    axes = ", ".join(map(str, range(2, x.rank)))
    return x.like(f"{fn}({x.text}, axis=({axes}), keep=true)", list(x.shape[:2]) + [1] * (x.rank - 2))


def channelwise(v, x):
    return f"reshape({v.text}, {shape_text([1, v.shape[0]] + [1] * (x.rank - 2))})"


@op("BatchNormalization")
def _(node, x, scale, bias, mean, var):
    eps, momentum = number(node.get("epsilon", 1e-5)), node.get("momentum", 0.9)
    m, v = channelwise(mean, x), channelwise(var, x)
    normal = lambda m, v: f"({x.text} - {m}) / sqrt({v} + {eps}) * {channelwise(scale, x)} + {channelwise(bias, x)}"
    if not node.get("training_mode", 0):
        return [x.like(normal(m, v))]
    axes = shape_text([0] + list(range(2, x.rank)))
    now_m, now_v = (f"{fn}({x.text}, axis={axes}{{}})" for fn in ("mean", "var"))
    new = lambda old, now: old.like(f"{number(momentum)} * {old.text} + {number(1 - momentum)} * {now.format('')}")
    spread = f"mean(({x.text} - {now_m.format(', keep=true')}) ** 2, axis={axes}, keep=true)"
    return [x.like(normal(now_m.format(", keep=true"), spread)), new(mean, now_m), new(var, now_v)]


@op("InstanceNormalization")
def _(node, x, scale, bias):
    axes, eps = axes_from(2, x.rank), number(node.get("epsilon", 1e-5))
    m = f"mean({x.text}, axis={axes}, keep=true)"
    v = f"mean(({x.text} - {m}) ** 2, axis={axes}, keep=true)"
    return x.like(f"({x.text} - {m}) / sqrt({v} + {eps}) * {channelwise(scale, x)} + {channelwise(bias, x)}")


def axes_from(first, rank):
    axes = list(range(first, rank))
    return str(axes[0]) if len(axes) == 1 else shape_text(axes)


@op("LayerNormalization")
def _(node, x, scale, bias=None):
    axis = node.get("axis", -1) % x.rank
    axes, eps = axes_from(axis, x.rank), number(node.get("epsilon", 1e-5))
    m = f"mean({x.text}, axis={axes}, keep=true)"
    deviation = f"(1 / sqrt(mean(({x.text} - {m}) ** 2, axis={axes}, keep=true) + {eps}))"
    y = x.like(f"({x.text} - {m}) * {deviation} * {scale.text}" + (f" + {bias.text}" if bias is not None else ""))
    small = [d if k < axis else 1 for k, d in enumerate(x.shape)]
    return [y, x.like(m, small), x.like(deviation, small)][:len(node.outputs)]


@op("MeanVarianceNormalization")
def _(node, x):
    axes = shape_text(node.get("axes") or [0, 2, 3])
    m = f"mean({x.text}, axis={axes}, keep=true)"
    return x.like(f"({x.text} - {m}) / (sqrt(mean({x.text} ** 2, axis={axes}, keep=true) - {m} ** 2) + 1e-9)")


@op("LRN")
def _(node, x):
    size, alpha, beta, bias = node.get("size"), node.get("alpha", 1e-4), node.get("beta", 0.75), node.get("bias", 1.0)
    index = names("i", x.shape)
    other = list(index)
    other[1] = f"{index[1]} + r - {(size - 1) // 2}"
    square = f"sum[r < {size}]({x.text}[{', '.join(other)} else 0] ** 2)"
    return x.like(over(index, x.shape, f"{at(x, index)} / ({number(bias)} + {number(alpha / size)} * {square}) ** {number(beta)}"))


def weighted_loss(node, x, target, weight, score):
    """-w[t] score[n, t, ...], where t is not ignored, reduced."""
    rest, ignored = x.shape[2:], node.get("ignore_index")
    index = names("i", target.shape)
    t = at(target, index)
    label = f"clip(i64({t}), 0, {x.shape[1] - 1})"
    w = f"{weight.text}[{label}]" if weight is not None else f"{x.element}(1)"
    if ignored is not None:
        w = f"(if {t} == {number(ignored)} then {x.element}(0) else {w})"
    ws = over(index, target.shape, w)
    losses = over(index, target.shape, f"-ws[{', '.join(index)}] * {score}[{', '.join([index[0], label] + index[1:])}]")
    kind = node.get("reduction", "mean")
    if kind == "none":
        return f"{{ ws = {ws}; {losses} }}", target.shape
    return f"{{ ws = {ws}; ls = {losses}; sum(ls){' / sum(ws)' if kind == 'mean' else ''} }}", ()


@op("NegativeLogLikelihoodLoss")
def _(node, x, target, weight=None):
    text, shape = weighted_loss(node, x, target, weight, x.text)
    return x.like(text, shape)


@op("SoftmaxCrossEntropyLoss")
def _(node, x, target, weight=None):
    text, shape = weighted_loss(node, x, target, weight, "scores")
    scores = f"log_softmax({x.text}, axis=1)"
    return [x.like(f"{{ scores = {scores}; {text} }}", shape), x.like(scores)][:len(node.outputs)]


def cubic(t, a):
    """The weights of the four neighbours of a place t behind the second of them."""
    near = lambda d: f"((({a + 2}) * {d} - ({a + 3})) * {d} * {d} + 1)"
    far = lambda d: f"(({a} * {d} - ({5 * a})) * {d} + ({8 * a})) * {d} - ({4 * a})"
    return [far(f"({t} + 1)"), near(t), near(f"(1 - {t})"), far(f"(2 - {t})")]


@op("Upsample", "Resize")
def _(node, x, *rest):
    scales = rest[0] if node.op == "Upsample" else rest[1] if len(rest) > 1 else None
    sizes = rest[2] if len(rest) > 2 else None
    mode = node.get("mode", "nearest")
    given = sizes is not None and sizes.numbers
    if not given and (scales is None or not scales.numbers):
        refuse("a scale that is no constant")
    if node.get("axes") or node.get("antialias", 0) or node.get("keep_aspect_ratio_policy", "stretch") != "stretch":
        refuse("resizing by axes, antialiased or by ratio")
    out = list(sizes.numbers) if given else [math.floor(d * s) for d, s in zip(x.shape, scales.numbers)]
    factors = [o / d for o, d in zip(out, x.shape)] if given else list(scales.numbers)
    how = node.get("coordinate_transformation_mode", "asymmetric" if node.op == "Upsample" else "half_pixel")
    index = names("i", out)
    corners = rest[0].numbers if how == "tf_crop_and_resize" and rest[0] is not None else None
    if how == "tf_crop_and_resize" and not corners:
        refuse("a region that is no constant")

    def source(i, d, o, f, first, last):
        if how == "tf_crop_and_resize":
            return f"({first * (d - 1)} + f64({i}) * {(last - first) * (d - 1) / (o - 1)})" if o > 1 else f"({0.5 * (first + last) * (d - 1)} + 0 * f64({i}))"
        if f == 1:
            return f"f64({i})"
        if how == "asymmetric":
            return f"f64({i}) / {f}"
        if how == "align_corners":
            return f"f64({i}) * {(d - 1) / (d * f - 1) if o > 1 else 0.0}"
        if how == "tf_half_pixel_for_nn":
            return f"((f64({i}) + 0.5) / {f})"
        if how == "half_pixel" or how == "pytorch_half_pixel" and o > 1:
            return f"((f64({i}) + 0.5) / {f} - 0.5)"
        if how == "pytorch_half_pixel":
            return f"(0 * f64({i}))"
        refuse(f"coordinates by {how}")
    region = zip(corners[:x.rank], corners[x.rank:]) if corners else [(0.0, 1.0)] * x.rank
    at_ = [source(*t, *ends) for t, ends in zip(zip(index, x.shape, out, factors), region)]
    if corners:
        factors = [f if (a, b) == (0, 1) else 0.0 for f, a, b in zip(factors, corners[:x.rank], corners[x.rank:])] # none is left as it is
    if mode == "nearest":
        rounding = node.get("nearest_mode", "floor" if node.op == "Upsample" else "round_prefer_floor")
        text = {"floor": "floor({})", "ceil": "ceil({})", "round_prefer_floor": "ceil({} - 0.5)", "round_prefer_ceil": "floor({} + 0.5)"}[rounding]
        subs = [f"i64({text.format(p)})" if f != 1 else i for p, f, i in zip(at_, factors, index)]
        return x.like(over(index, out, f"{x.text}[{', '.join(subs)} clamp]"), out)
    if mode == "linear":
        moved = [k for k, f in enumerate(factors) if f != 1]
        terms = []
        for corner in itertools.product((0, 1), repeat=len(moved)):
            subs, weight = list(index), []
            for k, c in zip(moved, corner):
                p = at_[k]
                subs[k] = f"i64(floor({p})) + {c}"
                weight.append(f"({p} - floor({p}))" if c else f"(1 - ({p} - floor({p})))")
            terms.append(f"{x.element}({' * '.join(weight) or '1'}) * {x.text}[{', '.join(subs)} clamp]")
        body = " + ".join(terms)
        if corners:
            inside = " and ".join(f"{at_[k]} >= 0 and {at_[k]} <= {x.shape[k] - 1}" for k in moved)
            body = f"if {inside} then {body} else {number(node.get('extrapolation_value', 0.0))}"
        return x.like(over(index, out, body), out)
    if mode == "cubic" and not corners:
        moved = [k for k, f in enumerate(factors) if f != 1]
        lines, taps = [], []
        for k in moved:
            weights = cubic(f"t{k}", node.get("cubic_coeff_a", -0.75))
            spots = [f"(i64(floor(p{k})) + ({n}))" for n in (-1, 0, 1, 2)]
            if node.get("exclude_outside", 0):
                weights = [f"(if {s} < 0 or {s} >= {x.shape[k]} then 0.0 else {w})" for s, w in zip(spots, weights)]
            lines += [f"p{k} = {at_[k]}", f"t{k} = p{k} - floor(p{k})"] + [f"w{k}{n} = {w}" for n, w in enumerate(weights)]
            whole = f" / (w{k}0 + w{k}1 + w{k}2 + w{k}3)" if node.get("exclude_outside", 0) else ""
            taps.append([(s, f"(w{k}{n}{whole})") for n, s in enumerate(spots)])
        terms = []
        for chosen in itertools.product(*taps):
            subs = list(index)
            for k, (spot, _) in zip(moved, chosen):
                subs[k] = spot
            terms.append(f"{' * '.join(w for _, w in chosen)} * f64({x.text}[{', '.join(subs)} clamp])")
        return x.like(over(index, out, f"{{ {'; '.join(lines)}; {x.element}({' + '.join(terms)}) }}"), out)
    refuse(f"resizing, {mode}")


@op("LSTM", "GRU", "RNN")
def _(node, x, w, r, b=None, lengths=None, h0=None, c0=None, p=None):
    if node.get("direction", "forward") != "forward" or node.get("activations") or node.get("clip"):
        refuse("another direction or activation")
    if lengths is not None and any(n != x.shape[1 if node.get("layout", 0) else 0] for n in known(lengths, "lengths")):
        refuse("sequences of several lengths")
    if node.get("layout", 0):
        x = V(f"transpose({x.text}, (1, 0, 2))", x.element, (x.shape[1], x.shape[0], x.shape[2]))
    t, n, _ = x.shape
    hidden = r.shape[-1]
    layout = node.get("layout", 0)
    start = lambda v: f"zeros(({n}, {hidden}), {x.element})" if v is None else f"{v.text}[0]" if not layout else f"{v.text}[:, 0]"
    gates = {"LSTM": 4, "GRU": 3, "RNN": 1}[node.op]
    wb = f"{b.text}[0, :{gates * hidden}]" if b is not None else f"zeros({gates * hidden}, {x.element})"
    rb = f"{b.text}[0, {gates * hidden}:]" if b is not None else f"zeros({gates * hidden}, {x.element})"
    part = lambda v, k: f"{v}[:, {k * hidden}:{(k + 1) * hidden}]"
    peep = lambda k: f" + {p.text}[0, {k * hidden}:{(k + 1) * hidden}] * c" if p is not None else ""
    lines = [f"h = {start(h0)}", f"wt = transpose({w.text}[0])", f"rt = transpose({r.text}[0])", f"wb = {wb}", f"rb = {rb}"]
    if node.op == "RNN":
        step = ["h = tanh(xs @ wt + h @ rt + wb + rb)"]
    elif node.op == "LSTM":
        lines.append(f"c = {start(c0)}")
        step = ["g = xs @ wt + h @ rt + wb + rb", f"i = sigmoid({part('g', 0)}{peep(0)})", f"f = sigmoid({part('g', 2)}{peep(2)})", f"c = f * c + i * tanh({part('g', 3)})",
                f"o = sigmoid({part('g', 1)}{peep(1)})", "h = o * tanh(c)"]
    else:
        before = "linear_before_reset"
        step = ["gx = xs @ wt + wb", "gh = h @ rt + rb", f"z = sigmoid({part('gx', 0)} + {part('gh', 0)})", f"q = sigmoid({part('gx', 1)} + {part('gh', 1)})"]
        inner = f"q * {part('gh', 2)}" if node.get(before, 0) else f"((q * h) @ rt[:, {2 * hidden}:] + rb[{2 * hidden}:])"
        step += [f"e = tanh({part('gx', 2)} + {inner})", "h = (1 - z) * e + z * h"]
    body = "; ".join(lines) + f"; hs = for xs in {x.text} {{ " + "; ".join(step) + "; yield h }"
    whole = "reshape(hs, {})".format(shape_text((t, 1, n, hidden))) if not layout else "reshape(transpose(hs, (1, 0, 2)), {})".format(shape_text((n, t, 1, hidden)))
    last = (1, n, hidden) if not layout else (n, 1, hidden)
    out = [V(f"{{ {body}; {whole} }}", x.element, (t, 1, n, hidden) if not layout else (n, t, 1, hidden)),
           V(f"{{ {body}; reshape(h, {shape_text(last)}) }}", x.element, last)]
    return out + ([V(f"{{ {body}; reshape(c, {shape_text(last)}) }}", x.element, last)] if node.op == "LSTM" else [])
