"""The forms that read at and add to places of a tensor."""
import math

import bounds as num
from nodes import evaluated, form, reduce_elements
from tensors import Skip, Tensor, build, lifted

# Subscripts. A sub is an int, "new", ("slice", start, stop, step) with ints or None, "ids" (a kid), or ("at", words).


def sub_text(n, x, *kids):
    parts, kids = [], list(kids)
    for s in n.subs:
        if s == "ids":
            parts.append(kids.pop(0))
        elif isinstance(s, tuple) and s[0] == "at":
            parts.append(s[1])
        elif isinstance(s, tuple):
            a, b, c = ("" if e is None else str(e) for e in s[1:])
            parts.append(f"{a}:{b}" + (f":{c}" if c else ""))
        else:
            parts.append(str(s))
    return f"{x}[{', '.join(parts)}]"


def selected(n, env, shape, ids):
    """For each dimension of the result, which index of which dimension it reads: a shape and a function of positions."""
    pickers, out, axis = [], [], 0
    for s in n.subs:
        if s == "new":
            out.append(1)
            pickers.append(None)
            continue
        d = shape[axis]
        if s == "ids":
            for i in ids.data:
                if i is None or not 0 <= i < d:
                    raise Skip("index")
            pickers.append((axis, list(ids.data)))
            out.append(len(ids.data))
        elif isinstance(s, tuple) and s[0] == "slice":
            for e in s[1:3]:
                if e is not None and not -d <= e <= d:
                    raise Skip("slice")
            chosen = list(range(d))[slice(*s[1:])]
            pickers.append((axis, chosen))
            out.append(len(chosen))
        else:
            i = evaluated(s[1], env) if isinstance(s, tuple) else s
            if not -d <= i < d:
                raise Skip("index")
            pickers.append((axis, i % d))
        axis += 1
    for a in range(axis, len(shape)):
        pickers.append((a, list(range(shape[a]))))
        out.append(shape[a])
    def source(p):
        p, q = list(p), [0] * len(shape)
        for picker in pickers:
            if picker is None:
                p.pop(0)
            elif isinstance(picker[1], int):
                q[picker[0]] = picker[1]
            else:
                q[picker[0]] = picker[1][p.pop(0)]
        return tuple(q)
    return out, source


@form("sub", sub_text)
def _(n, env, x, ids=None):
    def leaf(x):
        shape, source = selected(n, env, x.shape, ids)
        return build(x.dt, shape, lambda p: x[source(p)].item())
    return lifted(leaf, x)


@form("scatter_add", lambda n, x, ids, v: f"scatter_add({x}, {ids}, {v})")
def _(n, env, x, ids, v):
    rows = [x[(i,)].data for i in range(x.shape[0])]
    added = [[e] if True else None for row in rows for e in row]
    width = math.prod(x.shape[1:])
    for t, i in enumerate(ids.data):
        if i is None or not 0 <= i < x.shape[0]:
            raise Skip("index")
        for j, e in enumerate(v[(t,)].data):
            added[i * width + j].append(e)
    def fold(xs):
        if len(xs) == 1:
            return xs[0]
        if num.kind(x.dt) == "i":
            return None if None in xs else num.wrap(x.dt, sum(xs))
        s = reduce_elements("sum", x.dt, xs)
        # Added one after the other in the type itself.
        return s if s is None or num.kind(x.dt) != "f" or s[1] == 0 else (s[0], s[1] + len(xs) * num.FLOATS[x.dt][0] * sum(abs(e[0]) for e in xs))
    return Tensor(x.dt, x.shape, [fold(xs) for xs in added])
