"""Random well-typed programs: a def of typed parameters with symbolic sizes, statements, and the names it returns."""
import random

import primitives
from nodes import Node
from statements import Helper, Statement
from tensors import ONE, Dim, T

FLOAT_UNARY = ["neg", "abs", "relu", "sin", "cos", "tanh", "sigmoid", "exp", "log1p", "sqrt", "rsqrt", "log", "atan", "erf", "softplus", "gelu", "silu", "expm1", "floor", "round", "sign",
               "ceil", "sinh", "tan", "asin", "lgamma", "log2", "cosh", "acos"]
WEIGHTS = [6, 6, 4, 8, 8, 8, 5, 3, 3, 3, 2, 2, 3, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
STEPS = ("floor", "round", "sign", "ceil")  # a derivative of zero, and differences that jump


class Program:
    def __init__(self, sizes, parameters, data, body, results, helpers, variables):
        self.sizes, self.parameters, self.data, self.body, self.results = sizes, parameters, data, body, results
        self.helpers, self.variables = helpers, variables


class Generator:
    def __init__(self, rng, main, bases, smooth=False):
        self.rng, self.main, self.bases, self.smooth = rng, main, bases, smooth
        self.names, self.indices, self.ids, self.helpers = {}, [], {}, []
        self.count, self.pinned, self.deep = 0, set(), 0

    def fresh(self, stem):
        self.count += 1
        return f"{stem}{self.count}"

    def kind(self, dt):
        return {"float": "f", "T": "f"}.get(dt) or ("f" if dt[0] in "fb" and dt[1] in "f136" else "c" if dt[0] == "c" else "b" if dt == "bool" else "i")

    def chance(self, p):
        return self.rng.random() < p

    def pick(self, options):
        return self.rng.choice(options)

    def tensors(self, where=lambda t: True):
        """Names and fields of records as nodes, of the types asked for."""
        out = []
        for name, t in self.names.items():
            if isinstance(t, dict):
                out += [Node("field", f, [Node("var", t, name=name)], field=k) for k, f in t.items() if where(f)]
            elif t.dt != "int" and where(t):
                out.append(Node("var", t, name=name))
        return out

    def number(self, dt):
        k = self.kind(dt)
        if k == "b":
            return self.chance(0.5)
        if k == "i":
            return self.rng.randint(0 if dt == "u8" else -3, 5)
        return self.pick([0.5, 1.5, -0.75, 2.0, -1.0, 0.25, 0.1, 3.0, 1.0, 0.0, 0.3])

    # Leaves

    def constant(self, t):
        return Node("full", t, number=self.number(t.dt))

    def leaf(self, t):
        options = self.tensors(lambda u: u == t)
        weighted = [(lambda o=o: o) for o in options for _ in range(3)]
        for x in self.tensors(lambda u: u.dt == t.dt and len(u.dims) > len(t.dims)):
            if self.indices and x.type.dims[len(x.type.dims) - len(t.dims):] == t.dims:
                weighted += [lambda x=x: self.read(x, t)] * 3
        for x in self.tensors(lambda u: u.dt == t.dt and len(u.dims) < len(t.dims) and u.dims == t.dims[len(t.dims) - len(u.dims):]):
            weighted.append(lambda x=x: Node("broadcast", t, [x]))
        if self.kind(t.dt) in "fi" and not t.dims and self.indices:
            weighted.append(lambda: Node("counter", t, [self.index_words()]))
        if not weighted or self.chance(0.08):
            return self.constant(t)
        return self.pick(weighted)()

    def index_words(self, within=None):
        """A weak integer of the indices in scope; with `within`, one that is proved to stay below that dim, if possible."""
        name, dim = self.pick(self.indices)
        if within is not None:
            same = [i for i, d in self.indices if d == within]
            if not same:
                return None
            i = self.pick(same)
            words = self.pick([i] * 6 + [f"{within} - 1 - {i}", f"({i} + 1) % ({within})"] + [f"{i} // 2"] * str(within).isidentifier())
            return Node("affine", T("int", ()), words=words)
        other, _ = self.pick(self.indices)
        return Node("affine", T("int", ()), words=self.pick([name, f"{name} + 1", f"{name} - 1", f"2 * {name} - 1", f"{name} - {other}", f"{name} // 2", f"{name} + {other} - 1", f"1 - {name}", f"3 * {name} % 4"]))

    def data_index(self, dim):
        """An integer of data that stays in [0, dim)."""
        t = T("i32", ())
        if self.chance(0.5):
            known = [x for x in self.ids if self.ids[x] == dim and len(self.names[x].dims) == 1]
            for x in known:
                at = self.index_words(self.names[x].dims[0]) if self.indices else None
                if at:
                    return Node("read", t, [Node("var", self.names[x], name=x), at], mode=None)
        e = self.leaf(t)
        return Node("binary", t, [e, Node("affine", T("int", ()), words=f"({dim})")], fn="%")

    def read(self, x, t):
        """x at as many leading subscripts as leave t's dims."""
        lead = x.type.dims[:len(x.type.dims) - len(t.dims)]
        inside, kids = True, []
        for dim in lead:
            words = self.index_words(dim)
            if words is not None and self.chance(0.7):
                kids.append(words)
            elif self.chance(0.3) and self.deep < 4:
                self.deep += 1
                kids.append(self.data_index(dim))
                self.deep -= 1
            else:
                kids.append(self.index_words())
                inside = False
        mode = None if inside else self.pick(["else", "else", "wrap", "clamp"])
        if mode == "else":
            kids.append(Node("weak", T(t.dt, ()), number=self.number(t.dt)) if self.chance(0.7) or t.dims else self.leaf(T(t.dt, ())))
        return Node("read", t, [x] + kids, mode=mode)

    # Expressions by type

    def expr(self, t, depth):
        if isinstance(t, dict):
            same = [n for n, u in self.names.items() if u == t]
            if same and (depth <= 0 or self.chance(0.3)):
                return Node("var", t, name=self.pick(same))
            if same and self.chance(0.5):
                a = Node("var", t, name=self.pick(same))
                if self.chance(0.4):
                    return Node("unary", t, [a], fn=self.pick(["sin", "tanh", "neg"]))
                b = self.expr(t, 0) if self.chance(0.5) else Node("weak", T(self.main, ()), number=self.pick([0.5, -1.5]))
                return Node("binary", t, [a, b], fn=self.pick(["+", "-", "*"]))
            return Node("record", t, [self.expr(f, depth - 1) for f in t.values()])
        if depth <= 0 or self.chance(0.07):
            return self.leaf(t)
        k = self.kind(t.dt)
        options = [self.elementwise] * 9 + [self.structural] * (5 if t.dims else 1) + [self.reduction] * 3 + [self.branch] * 2
        if t.dims and len(self.indices) < 3:
            options += [self.notation] * 4
        return self.pick(options)(t, depth, k)

    def operands(self, t, depth):
        """Two operands that broadcast to t."""
        a, b = self.expr(t, depth - 1), None
        choice = self.rng.random()
        if choice < 0.2 and self.kind(t.dt) != "b":
            b = Node("weak", T(t.dt, ()), number=self.number(t.dt))
        elif choice < 0.35 and t.dims:
            b = self.expr(T(t.dt, t.dims[self.rng.randint(1, len(t.dims)):]), depth - 1)
        elif choice < 0.45 and t.dims:
            i = self.rng.randrange(len(t.dims))
            if t.dims[i] != ONE:
                b = self.expr(T(t.dt, t.dims[:i] + (ONE,) + t.dims[i + 1:]), depth - 2)
        b = b or self.expr(t, depth - 1)
        return (a, b) if self.chance(0.6) else (b, a)

    def elementwise(self, t, depth, k):
        if self.chance(0.12):
            c = self.expr(T("bool", t.dims), depth - 2)
            return Node("where", t, [c, *self.operands(t, depth)] if k != "b" else [c, self.expr(t, depth - 1), self.expr(t, depth - 1)])
        return {"f": self.floating, "i": self.integer, "b": self.boolean, "c": self.complex}[k](t, depth)

    def floating(self, t, depth):
        choice = self.rng.random()
        if choice < 0.4:
            fn = self.rng.choices(FLOAT_UNARY, WEIGHTS)[0]
            if self.smooth and fn in STEPS:
                fn = "sin"
            x = self.expr(t, depth - 1)
            if fn in ("sqrt", "rsqrt", "log", "log1p", "log2", "lgamma"):
                x = Node("binary", t, [Node("unary", t, [x], fn="abs"), Node("weak", T(t.dt, ()), number=0.5)], fn="+")
            if fn in ("exp", "expm1", "sinh", "cosh", "asin", "acos"):
                x = Node("unary", t, [x], fn="tanh")
            if fn in ("asin", "acos"):
                x = Node("binary", t, [x, Node("weak", T(t.dt, ()), number=0.75)], fn="*")
            return Node("unary", t, [x], fn=fn)
        if choice < 0.78:
            fn = self.rng.choices(["+", "-", "*", "/", "maximum", "minimum", "%", "//", "atan2", "**"], [8, 6, 8, 2, 2, 2, 1, 0 if self.smooth else 1, 1, 1])[0]
            if fn in ("/", "%", "//", "**"):
                a, b = self.expr(t, depth - 1), self.expr(t, depth - 2)
                if fn == "**":
                    a = Node("binary", t, [Node("unary", t, [a], fn="abs"), Node("weak", T(t.dt, ()), number=0.5)], fn="+")
                    b = Node("unary", t, [b], fn="tanh")
                elif self.chance(0.9):
                    b = Node("binary", t, [Node("unary", t, [b], fn="abs"), Node("weak", T(t.dt, ()), number=0.5)], fn="+")
                return Node("binary", t, [a, b], fn=fn)
            return Node("binary", t, self.operands(t, depth), fn=fn)
        if choice < 0.84:
            return Node("power", t, [self.expr(t, depth - 1)], k=self.pick([2, 2, 3]))
        if choice < 0.88:
            return Node("clip", t, [self.expr(t, depth - 1), Node("weak", T(t.dt, ()), number=-0.5), Node("weak", T(t.dt, ()), number=1.25)])
        if choice < 0.94 and not self.smooth or choice < 0.9:
            return Node("convert", t, [self.expr(T(self.pick(["i32", "bool", "i8", "f32", "f64"] if not self.smooth else ["i32", "bool"]), t.dims), depth - 1)])
        if t.dims and choice < 0.97:
            return Node("softmax", t, [self.expr(t, depth - 1)], fn=self.pick(["softmax", "log_softmax"]), axis=self.rng.randrange(len(t.dims)))
        call = self.call(t, depth)
        return call or self.leaf(t)

    def call(self, t, depth):
        for h in self.rng.sample(self.helpers, len(self.helpers)):
            if not h.typed:
                return Node("call", t, [self.expr(t, depth - 1) for _ in h.parameters], helper=h)
            if len(h.result.type.dims) == len(t.dims):
                bound = {str(a): b for a, b in zip(h.result.type.dims, t.dims)}
                if len(bound) == len(t.dims):
                    args = []
                    for _, p in h.parameters:
                        dims = tuple(bound.setdefault(str(d), self.pick(self.bases)) for d in p.dims)
                        args.append(self.expr(T(t.dt, dims), depth - 1))
                    return Node("call", t, args, helper=h)
        return None

    def integer(self, t, depth):
        choice = self.rng.random()
        if choice < 0.55:
            fn = self.rng.choices(["+", "-", "*", "//", "%", "maximum", "minimum", "bitand", "bitor", "bitxor"], [6, 5, 4, 2, 2, 2, 2, 1, 1, 1])[0]
            return Node("binary", t, self.operands(t, depth), fn=fn)
        if choice < 0.62:
            return Node("binary", t, [self.expr(t, depth - 1), Node("weak", T(t.dt, ()), number=self.rng.randint(0, 4))], fn=self.pick(["shl", "shr"]))
        if choice < 0.75:
            return Node("unary", t, [self.expr(t, depth - 1)], fn=self.pick(["neg", "abs", "sign"] if t.dt != "u8" else ["abs"]))
        return Node("convert", t, [self.expr(T(self.pick(["bool", self.main if self.main != "float" else "bool", "i8", "i64", "i32"]), t.dims), depth - 1)])

    def boolean(self, t, depth):
        choice = self.rng.random()
        if choice < 0.65:
            u = T(self.pick([self.main, self.main, "i32"]), t.dims)
            a, b = self.operands(u, depth)
            fns = ["<", "<=", ">", ">="] + (["==", "!="] if u.dt == "i32" else [])
            return Node("binary", t, [a, b], fn=self.pick(fns))
        if choice < 0.85:
            return Node("binary", t, [self.expr(t, depth - 1), self.expr(t, depth - 1)], fn=self.pick(["and", "or"]))
        if choice < 0.95:
            return Node("unary", t, [self.expr(t, depth - 1)], fn="not")
        return Node("unary", t, [self.expr(T(self.main, t.dims), depth - 1)], fn=self.pick(["isnan", "isfinite"]))

    def complex(self, t, depth):
        choice = self.rng.random()
        if choice < 0.5:
            return Node("binary", t, self.operands(t, depth), fn=self.pick(["+", "-", "*"]))
        if choice < 0.75:
            return Node("unary", t, [self.expr(t, depth - 1)], fn=self.pick(["conj", "neg", "exp", "sin"]))
        part = T("f64" if t.dt == "c128" else "f32", t.dims)
        return Node("complex", t, [self.expr(part, depth - 2), self.expr(part, depth - 2)])

    def dim(self):
        return self.pick(self.bases)

    def reduction(self, t, depth, k):
        fns = {"f": ["sum", "mean", "max", "min", "prod", "logsumexp", "sum"], "i": ["sum", "max", "min"], "b": ["any", "all"], "c": ["sum"]}[k]
        if t.dt in ("i8", "u8", "i16") or self.smooth and k == "b":
            fns = ["max"] if k == "i" else ["any"]
        fn, dim = self.pick(fns), self.dim()
        if k == "f" and self.chance(0.25) and t.dims and t.dt != "bool":
            lead = t.dims[0]
            inner = self.dim()
            a = self.expr(T(t.dt, (lead, inner)), depth - 1)
            if len(t.dims) == 1:
                return Node("matmul", t, [a, self.expr(T(t.dt, (inner,)), depth - 1)])
            a = self.expr(T(t.dt, t.dims[:-1] + (inner,)), depth - 1)
            batch = t.dims[:-2] if self.chance(0.5) else ()
            return Node("matmul", t, [a, self.expr(T(t.dt, batch + (inner, t.dims[-1])), depth - 1)])
        if self.chance(0.5) and len(self.indices) < 4 and not (k == "b" and t.dims):
            name = self.fresh("k_")
            self.indices.append((name, dim))
            body = self.expr(t, depth - 1)
            self.indices.pop()
            return Node("fold", t, [body], fn=fn, indices=[self.range(name, dim, body)])
        if len(t.dims) >= 3:
            return self.leaf(t)
        axis = self.rng.randint(0, len(t.dims))
        body = self.expr(T(t.dt, t.dims[:axis] + (dim,) + t.dims[axis:]), depth - 1)
        if k == "f" and self.chance(0.1):
            return Node("variance", t, [body], fn=self.pick(["var"] if self.smooth else ["var", "std"]), axis=axis)
        return Node("reduce", t, [body], fn=fn, axes=[axis] if t.dims or self.chance(0.5) else None, keep=False)

    def branch(self, t, depth, k):
        if self.chance(0.5):
            a, b = self.expr(t, depth - 1), self.expr(t, depth - 1)
            return Node("if", t, [self.expr(T("bool", ()), depth - 2), a, b])
        name, saved = self.fresh("e"), dict(self.names)
        u = self.pick([t, T(t.dt, ())])
        body = [Statement("=", [self.expr(u, depth - 1)], name=name)]
        self.names[name] = u
        if k == "f" and not u.dims and self.indices and self.chance(0.5):
            body += self.small_while(name, u)
        elif self.chance(0.2) and k == "f":
            body.append(Statement("+=", [self.expr(T(u.dt, ()), 1)], name=name))
        result = self.expr(t, depth - 1)
        self.names = saved
        return Node("block", t, [result], body=body)

    def small_while(self, name, u):
        """A while that an element of an index space runs on its own."""
        var, c = Node("var", u, name=name), self.fresh("go")
        count = Node("var", T("i32", ()), name=c)
        less = Node("binary", T("bool", ()), [count, Node("weak", T("i32", ()), number=self.rng.randint(1, 5))], fn="<")
        go = Node("binary", T("bool", ()), [Node("binary", T("bool", ()), [var, Node("weak", u, number=2.5)], fn="<"), less], fn="and")
        step = Node("binary", u, [Node("unary", u, [var], fn="abs"), Node("weak", u, number=0.6)], fn="+")
        return [Statement("=", [Node("full", T("i32", ()), number=0)], name=c),
                Statement("while", [go], [Statement("=", [step], name=name), Statement("+=", [Node("weak", T("i32", ()), number=1)], name=c)])]

    def range(self, name, dim, body):
        """An index may leave its range open where bare subscripts say it."""
        seen = set()
        def walk(n):
            if n.op == "read" and n.mode in (None, "else"):
                for k, d in zip(n.kids[1:], n.kids[0].type.dims):
                    if k.op == "affine" and k.words == name:
                        seen.add(d)
            for k in n.kids:
                walk(k)
            for s in getattr(n, "body", []):
                for k in s.kids:
                    walk(k)
                for inner in s.body or []:
                    for k in inner.kids:
                        walk(k)
        walk(body)
        return (name, dim, seen != {dim} or self.chance(0.2))

    def notation(self, t, depth, k):
        n = self.rng.randint(1, len(t.dims))
        names = [(self.fresh("i_"), d) for d in t.dims[:n]]
        self.indices += names
        body = self.expr(T(t.dt, t.dims[n:]), depth - 1)
        del self.indices[-n:]
        return Node("lambda", t, [body], indices=[self.range(i, d, body) for i, d in names])

    def structural(self, t, depth, k):
        rank = len(t.dims)
        if not rank and t.dt in ("f32", "f64") and self.chance(0.3):
            return primitives.scalar(self, t, depth)
        if not rank:
            x = self.pick(self.tensors(lambda u: u.dt == t.dt and u.dims) or [None])
            if x is not None and x.type.dims[0].number():
                return Node("sub", T(t.dt, ()), [x], subs=[0] + [-1] * (len(x.type.dims) - 1)) if all(d.number() for d in x.type.dims) else self.leaf(t)
            return self.leaf(t)
        if self.chance(0.35):
            made = primitives.forms(self, t, depth, k)
            if made:
                return made
        axis = self.rng.randrange(rank)
        form = self.pick(["transpose", "flip", "roll", "gather", "running", "triangle", "new", "stack", "reduce keep", "scatter"])
        if form == "transpose" and rank > 1:
            axes = list(range(rank))
            self.rng.shuffle(axes)
            dims = [None] * rank
            for i, a in enumerate(axes):
                dims[a] = t.dims[i]
            return Node("transpose", t, [self.expr(T(t.dt, tuple(dims)), depth - 1)], axes=axes)
        if form in ("flip", "roll"):
            return Node(form, t, [self.expr(t, depth - 1)], axis=axis, k=self.pick([1, -1, 2]))
        if form == "gather":
            known = [x for x in self.ids if self.names[x].dims == (t.dims[0],)]
            if known:
                x = self.pick(known)
                return Node("sub", t, [self.expr(T(t.dt, (self.ids[x],) + t.dims[1:]), depth - 1), Node("var", self.names[x], name=x)], subs=["ids"])
        if form == "running" and k in "f":
            return Node("running", t, [self.expr(t, depth - 1)], fn=self.pick(["cumsum", "cumsum", "cumprod"]), axis=axis)
        if form == "triangle" and rank >= 2 and k in "fi":
            return Node("triangle", t, [self.expr(t, depth - 1)], fn=self.pick(["tril", "triu"]))
        if form == "new" and t.dims[0] == ONE:
            return Node("sub", t, [self.expr(T(t.dt, t.dims[1:]), depth - 1)], subs=["new"])
        if form == "stack" and t.dims[0].number() in (2, 3):
            return Node("stack", t, [self.expr(T(t.dt, t.dims[1:]), depth - 1) for _ in range(t.dims[0].number())])
        if form == "reduce keep" and t.dims[axis] == ONE and k in "fi" and t.dt not in ("i8", "u8", "i16"):
            dims = t.dims[:axis] + (self.dim(),) + t.dims[axis + 1:]
            return Node("reduce", t, [self.expr(T(t.dt, dims), depth - 1)], fn=self.pick(["sum", "max"]), axes=[axis], keep=True)
        if form == "scatter" and k in "f":
            known = [x for x in self.ids if self.ids[x] == t.dims[0]]
            if known:
                x = self.pick(known)
                return Node("scatter_add", t, [self.expr(t, depth - 1), Node("var", self.names[x], name=x), self.expr(T(t.dt, self.names[x].dims + t.dims[1:]), depth - 1)])
        return self.elementwise(t, depth, k)

    # Statements

    def any_type(self):
        types = [t for t in self.names.values() if not isinstance(t, dict)]
        if types and self.chance(0.6):
            return self.pick(types)
        dt = self.rng.choices([self.main, "i32", "bool"], [6, 0 if self.smooth else 2, 0 if self.smooth else 1])[0]
        return T(dt, tuple(self.dim() for _ in range(self.rng.choices([0, 1, 2, 3], [2, 4, 4, 1])[0])))

    def assign(self):
        old = [n for n, t in self.names.items() if n not in self.pinned and n not in self.ids]
        if old and self.chance(0.25):
            name = self.pick(old)
            return [Statement("=", [self.expr(self.names[name], 3)], name=name)]
        t = self.any_type()
        name = self.fresh("v")
        e = self.expr(t, self.pick([2, 3, 3, 4]))
        if e.op == "lambda" and self.chance(0.5):
            out = [Statement(":=", e.kids, name=name, indices=e.indices)]
        else:
            out = [Statement("=", [e], name=name)]
        self.names[name] = t
        return out

    def bind(self, e):
        name = self.fresh("w")
        self.names[name] = e.type
        return [Statement("=", [e], name=name)]

    def reshape_move(self):
        """A tensor of a new shape, from one that is there."""
        xs = self.tensors(lambda t: t.dims)
        if not xs:
            return self.assign()
        x = self.pick(xs)
        t, rank = x.type, len(x.type.dims)
        axis = self.rng.randrange(rank)
        d = t.dims[axis]
        k = self.kind(t.dt)
        at = lambda dim: T(t.dt, t.dims[:axis] + (dim,) + t.dims[axis + 1:])
        every = [("slice", None, None, None)] * axis
        form = self.pick(["from", "to", "half", "back", "concat", "pad", "repeat", "flat", "new", "window", "shift", "onehot", "argmax", "stack", "stride"])
        if form == "from":
            return self.bind(Node("sub", at(d + -1), [x], subs=every + [("slice", 1, None, None)]))
        if form == "to":
            return self.bind(Node("sub", at(d + -1), [x], subs=every + [("slice", None, -1, None)]))
        if form == "half":
            return self.bind(Node("sub", at(d.half()), [x], subs=every + [("slice", None, None, 2)]))
        if form == "back":
            return self.bind(Node("sub", at(d), [x], subs=every + [("slice", None, None, -1)]))
        if form == "concat":
            return self.bind(Node("concat", at(d + d), [x, self.expr(t, 1)], axis=axis))
        if form == "pad" and k in "fi":
            widths = [(self.rng.randint(0, 2), self.rng.randint(0, 1)) for _ in t.dims]
            return self.bind(Node("pad", T(t.dt, tuple(e + a + b for e, (a, b) in zip(t.dims, widths))), [x], widths=widths, number=self.number(t.dt)))
        if form == "repeat":
            return self.bind(Node("repeat", at(d * 2), [x], k=2, axis=axis))
        if form == "flat" and rank > 1:
            dim = ONE
            for e in t.dims:
                dim = dim * e
            return self.bind(Node("reshape", T(t.dt, (dim,)), [x]))
        if form == "new" and rank < 3:
            return self.bind(Node("sub", T(t.dt, t.dims[:axis] + (ONE,) + t.dims[axis:]), [x], subs=every + ["new"]))
        if form == "window" and k == "f" and rank == 1:
            i, r, width = self.fresh("i_"), self.fresh("r"), self.rng.randint(2, 3)
            step = self.rng.randint(1, 2)
            words = Node("affine", T("int", ()), words=f"{step} * {i} + {r}" if step > 1 else f"{i} + {r}")
            dim = d + (1 - width) if step == 1 else Dim.of(f"(({d + -width}) // 2 + 1)")
            body = Node("fold", T(t.dt, ()), [Node("read", T(t.dt, ()), [x, words], mode=None)], fn=self.pick(["sum", "max", "mean"]), indices=[(r, Dim.of(width), True)])
            return self.bind(Node("lambda", T(t.dt, (dim,)), [body], indices=[(i, dim, False)]))
        if form == "shift" and k in "fi" and rank == 1:
            i = self.fresh("i_")
            a, b = (Node("read", T(t.dt, ()), [x, Node("affine", T("int", ()), words=w)], mode=None) for w in (f"{i} + 1", i))
            return self.bind(Node("lambda", T(t.dt, (d + -1,)), [Node("binary", T(t.dt, ()), [a, b], fn="-")], indices=[(i, d + -1, True)]))
        if form == "argmax" and k == "f" and not self.smooth:
            return self.bind(Node("reduce", T("i32", t.dims[:axis] + t.dims[axis + 1:]), [x], fn=self.pick(["argmax", "argmin"]), axes=[axis], keep=False))
        if form == "onehot" and t.dt == "i32" and rank < 3:
            return self.bind(Node("onehot", T(self.main, t.dims + (Dim.of(3),)), [x]))
        if form == "stack" and rank < 3:
            return self.bind(Node("stack", T(t.dt, (Dim.of(2),) + t.dims), [x, self.expr(t, 1)]))
        if form == "stride" and k == "f":
            return self.bind(Node("sub", T(t.dt, t.dims[:axis] + ((d + -1).half(),) + t.dims[axis + 1:]), [x], subs=every + [("slice", 1, None, 2)]))
        return self.assign()

    def update(self):
        names = [n for n, t in self.names.items() if not isinstance(t, dict) and t.dims and n not in self.pinned and n not in self.ids and t.dt != "int"]
        if not names:
            return self.assign()
        name = self.pick(names)
        t, subs, dims, kids = self.names[name], [], [], []
        for i, d in enumerate(t.dims[:self.rng.randint(1, len(t.dims))]):
            known = [x for x in self.ids if self.ids[x] == d]
            choice = self.rng.random()
            counters = [n for n, u in self.names.items() if getattr(u, "dt", 0) == "int" and getattr(self, "limits", {}).get(n) == d]
            if choice < 0.3 and counters:
                subs.append(("at", counters[0]))
            elif choice < 0.45 and known and not kids:
                x = self.pick(known)
                kids.append(Node("var", self.names[x], name=x))
                subs.append("ids")
                dims.append(self.names[x].dims[0])
            elif choice < 0.6:
                subs.append(self.pick([0, -1, ("at", f"{d} - 1")]))
            elif choice < 0.75:
                subs.append(("slice", 1, None, None))
                dims.append(d + -1)
            elif choice < 0.85:
                subs.append(("slice", None, None, 2))
                dims.append(d.half())
            else:
                subs.append(("slice", None, None, None))
                dims.append(d)
        dims += t.dims[len(subs):]
        value = T(t.dt, tuple(dims)[self.rng.choice([0, 0, 0, len(dims)]):])
        return [Statement("sub=", [self.expr(value, 2)] + kids, name=name, subs=subs)]

    def body(self, names, n):
        """Statements that assign some of the carried names, which keep their types."""
        out, saved, pinned = [], dict(self.names), set(self.pinned)
        for _ in range(n):
            name = self.pick(names)
            t = self.names[name]
            choice = self.rng.random()
            if choice < 0.15 and not isinstance(t, dict) and t.dims:
                keep = self.pinned
                self.pinned = set(self.names) - {name}
                out += self.update()
                self.pinned = keep
            elif choice < 0.25:
                out += self.assign_local()
            elif choice < 0.35 and not isinstance(t, dict) and self.kind(t.dt) in "f":
                out.append(Statement(self.pick(["+=", "*=", "-="]), [self.expr(T(t.dt, t.dims[self.rng.randint(0, len(t.dims)):]), 1)], name=name))
            else:
                e = self.expr(t, 2)
                if self.chance(0.6) and not isinstance(t, dict) and self.kind(t.dt) == "f":
                    e = Node("unary", t, [e], fn="sin")
                out.append(Statement("=", [e], name=name))
        assigned = {s.name for s in out}
        if not assigned & set(names):
            out.append(Statement("=", [self.expr(self.names[names[0]], 2)], name=names[0]))
        self.names = {k: v for k, v in saved.items()}
        self.pinned = pinned
        return out

    def assign_local(self):
        t, name = self.any_type(), self.fresh("l")
        out = [Statement("=", [self.expr(t, 2)], name=name)]
        self.names[name] = t
        self.pinned.add(name)
        return out

    def carried(self):
        names = [n for n, t in self.names.items() if n not in self.pinned and n not in self.ids and (isinstance(t, dict) or t.dt != "int")]
        self.rng.shuffle(names)
        return names[:self.rng.randint(1, 2)]

    def loop(self):
        names = self.carried()
        if not names or self.indices or self.deep > 1:
            return self.assign()
        self.deep += 1
        saved, pinned = dict(self.names), set(self.pinned)
        form = self.rng.choices(["count", "over", "while", "stacked"], [4, 3, 2, 2])[0]
        if form == "while":
            c = self.fresh("go")
            self.names[c] = T("i32", ())
            self.pinned.add(c)
            inner = self.body(names, self.rng.randint(1, 2))
            less = Node("binary", T("bool", ()), [Node("var", T("i32", ()), name=c), Node("weak", T("i32", ()), number=self.rng.randint(1, 4))], fn="<")
            cond = less if self.chance(0.4) else Node("binary", T("bool", ()), [less, self.expr(T("bool", ()), 2)], fn="and")
            out = [Statement("=", [Node("full", T("i32", ()), number=0)], name=c),
                   Statement("while", [cond], inner + [Statement("+=", [Node("weak", T("i32", ()), number=1)], name=c)])]
        elif form in ("count", "stacked"):
            t, dim = self.fresh("t"), self.pick(self.bases + [Dim.of(3)])
            self.limits = {**getattr(self, "limits", {}), t: dim}
            self.names[t] = T("int", ())
            self.pinned.add(t)
            self.indices.append((t, Dim.of("$")))
            inner = self.body(names, self.rng.randint(1, 3))
            stacked = None
            if form == "stacked":
                u = self.any_type()
                stacked = (self.fresh("s"), self.expr(u, 2))
                saved_type = T(u.dt, (dim,) + u.dims)
            self.indices.pop()
            if len(inner) > 0 and self.chance(0.15) and self.deep < 2:
                inner += self.loop()
            out = [Statement("for", [Node("weak", T("int", ()), number=0), Node("affine", T("int", ()), words=str(dim))], inner, name=t, counted=True, stacked=stacked)]
            if stacked:
                saved[stacked[0]] = saved_type
        else:
            xs = [n for n, t in self.names.items() if not isinstance(t, dict) and t.dims and n not in names and t.dt != "int"]
            if not xs:
                self.deep -= 1
                return self.assign()
            x, row = self.pick(xs), self.fresh("row")
            t = self.names[x]
            self.names[row] = T(t.dt, t.dims[1:])
            self.pinned.add(row)
            inner = self.body(names, self.rng.randint(1, 2))
            out = [Statement("for", [Node("var", t, name=x)], inner, name=row, counted=False, stacked=None)]
        self.names, self.pinned, self.deep = saved, pinned, self.deep - 1
        return out

    def fork(self):
        names = self.carried()
        if not names:
            return self.assign()
        cond = self.expr(T("bool", ()), 2)
        return [Statement("if", [cond], self.body(names, self.rng.randint(1, 2)), self.body(names, 1) if self.chance(0.6) else None)]

    def records(self):
        have = [n for n, t in self.names.items() if isinstance(t, dict) and n not in self.pinned]
        if have and self.chance(0.6):
            name = self.pick(have)
            field = self.pick(list(self.names[name]))
            if self.chance(0.5):
                return [Statement(".=", [self.expr(self.names[name][field], 2)], name=name, field=field)]
            return [Statement("=", [self.expr(self.names[name], 2)], name=name)]
        t = {f: T(self.main, tuple(self.dim() for _ in range(self.rng.randint(0, 2)))) for f in ("p", "q")}
        name = self.fresh("r")
        e = self.expr(t, 2)
        self.names[name] = t
        return [Statement("=", [e], name=name)]

    def statements(self, n):
        moves = [self.assign] * 5 + [self.reshape_move] * 3 + [self.update] * 2 + [self.loop] * 2 + [self.fork] + [self.records]
        return [s for _ in range(n) for s in self.pick(moves)()]


def helpers(rng):
    """Two generic defs: one by typed parameters, one by none."""
    g = Generator(rng, "float", [Dim.of("p"), Dim.of("q")], smooth=True)
    g.names = {"a": T("float", (Dim.of("p"), Dim.of("q"))), "b": T("float", (Dim.of("q"),))}
    typed = Helper(f"h{rng.randrange(10**9)}", list(g.names.items()), True, g.expr(T("float", g.pick([(Dim.of("p"),), (Dim.of("p"), Dim.of("q"))])), 3))
    w = lambda x: Node("weak", T("T", ()), number=x)
    a, b = (Node("var", T("T", ()), name=n) for n in "ab")
    def pointwise(depth):
        if depth == 0:
            return rng.choice([a, b])
        if rng.random() < 0.4:
            return Node("unary", T("T", ()), [pointwise(depth - 1)], fn=rng.choice(["sin", "tanh", "neg", "abs", "sigmoid"]))
        return Node("binary", T("T", ()), [pointwise(depth - 1), rng.choice([w(0.5), w(-1.5), pointwise(depth - 1)])], fn=rng.choice(["+", "-", "*"]))
    untyped = Helper(f"h{rng.randrange(10**9)}", [("a", T("T", ())), ("b", T("T", ()))], False, pointwise(3))
    return [typed, untyped]


def element(rng, dt, special, smooth):
    from bounds import nearest
    if dt == "bool":
        return rng.random() < 0.5
    if dt[0] in "iu":
        return rng.randint(0, 9) if dt == "u8" else rng.randint(-9, 9)
    if dt[0] == "c":
        part = "f64" if dt == "c128" else "f32"
        return complex(*(nearest(part, round(rng.uniform(-1.5, 1.5), 2)) for _ in "ri"))
    if special and rng.random() < 0.1:
        return rng.choice([float("nan"), float("inf"), float("-inf"), 0.0])
    if smooth:  # no number at which a kink is written
        return round(rng.gauss(0, 1), 2) + rng.randrange(1, 99) / 10000
    return nearest(dt, round(rng.gauss(0, 1), rng.choice([1, 3, 6])))


def program(seed, smooth=False):
    rng = random.Random(seed)
    main = "f64" if smooth else rng.choices(["f32", "f64", "f16", "bf16"], [6, 3, 1, 1])[0]
    sizes = {name: rng.choice([2, 3, 3, 4, 5, 1] if rng.random() < 0.9 else [8, 17]) for name in ("n", "m", "k")}
    n, m, k = map(Dim.of, "nmk")
    g = Generator(rng, main, [n, m, Dim.of(2), ONE, n, m], smooth)
    g.helpers = helpers(rng)
    g.names = {"x": T(main, (n, m)), "y": T(main, (m,)), "z": T(main, (n,)), "s": T(main, ()), "ids": T("i32", (k,)), "j": T("i32", (n,))}
    g.ids = {"ids": n}
    if rng.random() < 0.5:
        g.names["q"] = T(main, (n, n))
    if not smooth and rng.random() < 0.5:
        g.names["b"] = T("bool", (m,))
    if not smooth and rng.random() < 0.4:
        g.names["o"] = T(rng.choice(["i8", "u8", "i16", "i64", "c64", "c128", "f64", "f32"]), rng.choice([(n,), (m,), (n, m)]))
    if rng.random() < 0.4:
        g.names["p"] = {"w": T(main, (n, m)), "c": T(main, (m,))}
    parameters = dict(g.names)
    special = not smooth and rng.random() < 0.1

    def data(name, t):
        if isinstance(t, dict):
            return {f: data(f, u) for f, u in t.items()}
        from tensors import positions
        shape = [d.at(sizes) for d in t.dims]
        return [rng.randrange(sizes["n"]) if name == "ids" else element(rng, t.dt, special, smooth) for _ in positions(shape)]
    values = {name: data(name, t) for name, t in parameters.items()}
    body = g.statements(rng.choice([2, 3, 4, 5, 6, 6, 10]))
    made = [name for name in g.names if name not in parameters] + ["x"]
    made = [name for name in made if getattr(g.names[name], "dt", "") != "int"]
    if smooth:
        floats = [x for x in g.tensors(lambda t: t.dt == "f64")][-7:]
        terms = [Node("reduce", T("f64", ()), [Node("unary", x.type, [x], fn="sin")], fn="sum", axes=None, keep=False) for x in floats]
        loss = terms[0]
        for t in terms[1:]:
            loss = Node("binary", T("f64", ()), [loss, Node("binary", T("f64", ()), [t, Node("weak", T("f64", ()), number=0.7)], fn="*")], fn="+")
        body.append(Statement("=", [loss], name="loss"))
        g.names["loss"] = T("f64", ())
        made = ["loss"]
    results = [(name, g.names[name]) for name in made[:-1][-3:] or made]
    variables = [name for name, t in parameters.items() if isinstance(t, dict) or t.dt == "f64"]
    return Program(sizes, parameters, values, body, results, g.helpers, variables)
