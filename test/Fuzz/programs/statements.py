"""The statements of random programs, and the defs that they call: text and meaning, as nodes.py has of expressions."""
from nodes import Env, Node, index_text
from subscripts import selected, sub_text
from tensors import Skip, Tensor, lifted, positions, stretched


class Statement:
    """kids are expressions, body and other are lists of statements."""

    def __init__(self, op, kids=(), body=None, other=None, **attributes):
        self.op, self.kids, self.body, self.other = op, list(kids), body, other
        self.__dict__.update(attributes)

    def lines(self, indent="  "):
        k = [x.text() for x in self.kids]
        inner = lambda body: [l for s in body for l in s.lines(indent + "  ")]
        if self.op == "=":
            return [f"{indent}{self.name} = {k[0]}"]
        if self.op == ":=":
            return [f"{indent}{self.name}[{index_text(self.indices)}] := {k[0]}"]
        if self.op == "sub=":
            return [f"{indent}{sub_text(self, self.name, *k[1:])} = {k[0]}"]
        if self.op == ".=":
            return [f"{indent}{self.name}.{self.field} = {k[0]}"]
        if self.op in ("+=", "*=", "-="):
            return [f"{indent}{self.name} {self.op} {k[0]}"]
        if self.op == "for":
            head = f"for {self.name} in {k[0]}" + (f"..{k[1]}" if len(k) > 1 and self.counted else "")
            tail = [f"{indent}  yield {self.stacked[1].text()}"] if self.stacked else []
            lead = f"{self.stacked[0]} = " if self.stacked else ""
            return [f"{indent}{lead}{head} {{"] + inner(self.body) + tail + [indent + "}"]
        if self.op == "while":
            return [f"{indent}while {k[0]} {{"] + inner(self.body) + [indent + "}"]
        if self.op == "if":
            lines = [f"{indent}if {k[0]} {{"] + inner(self.body)
            return lines + ([indent + "} else {"] + inner(self.other) if self.other else []) + [indent + "}"]
        raise KeyError(self.op)

    def line(self):
        """On one line, for a block in an expression."""
        out = " ; ".join(l.strip() for l in self.lines(""))
        return out.replace("{ ;", "{").replace("; }", "}").replace("} else { ;", "} else {")

    def run(self, env):
        v = env.values
        if self.op == "=":
            v[self.name] = self.kids[0].value(env)
        elif self.op == ":=":
            v[self.name] = Node("lambda", None, self.kids, indices=self.indices).value(env)
        elif self.op == "sub=":
            old, new = v[self.name], self.kids[0].value(env)
            ids = self.kids[1].value(env) if len(self.kids) > 1 else None
            def leaf(old, new):
                shape, source = selected(self, env, old.shape, ids)
                data, strides, values = list(old.data), old.strides(), stretched(new, shape)
                for p, e in zip(positions(shape), values):
                    data[sum(i * s for i, s in zip(source(p), strides))] = e
                return Tensor(old.dt, old.shape, data)
            v[self.name] = lifted(leaf, old, new)
        elif self.op == ".=":
            v[self.name] = {**v[self.name], self.field: self.kids[0].value(env)}
        elif self.op in ("+=", "*=", "-="):
            v[self.name] = Node("binary", None, [Node("var", None, name=self.name), self.kids[0]], fn=self.op[0]).value(env)
        elif self.op == "for":
            if self.counted:
                a, b = (k.value(env).item() for k in self.kids)
                if a is None or b is None or b - a > 100:
                    raise Skip("range")
                rounds = [Tensor("int", (), [i]) for i in range(a, b)]
            else:
                over = self.kids[0].value(env)
                first = over if isinstance(over, Tensor) else next(iter(over.values()))
                rounds = [lifted(lambda t: t[(i,)], over) for i in range(first.shape[0])]
            parts = []
            for r in rounds:
                v[self.name] = r
                for s in self.body:
                    s.run(env)
                if self.stacked:
                    parts.append(self.stacked[1].value(env))
            if self.stacked:
                if not parts:
                    raise Skip("no round")
                v[self.stacked[0]] = Tensor(parts[0].dt, (len(parts),) + parts[0].shape, [e for p in parts for e in p.data])
        elif self.op == "while":
            for _ in range(200):
                c = self.kids[0].value(env).item()
                if c is None:
                    raise Skip("condition")
                if not c:
                    return
                for s in self.body:
                    s.run(env)
            raise Skip("long loop")
        elif self.op == "if":
            c = self.kids[0].value(env).item()
            if c is None:
                raise Skip("condition")
            for s in self.body if c else self.other or []:
                s.run(env)
        else:
            raise KeyError(self.op)


class Helper:
    """A def that programs call: generic in sizes, maybe in the element type."""

    def __init__(self, name, parameters, typed, result):
        self.name, self.parameters, self.typed, self.result = name, parameters, typed, result

    def text(self):
        params = ", ".join(f"{p}: {type_text(t)}" if self.typed else p for p, t in self.parameters)
        return f"def {self.name}({params}) = {self.result.text()}"

    def call(self, env, args):
        sizes, dts = {}, {}
        for (_, t), a in zip(self.parameters, args):
            dts[t.dt] = a.dt
            for dim, d in zip(t.dims, a.shape):
                sizes[str(dim)] = d
        inner = Env(sizes, dts, {p: a for (p, _), a in zip(self.parameters, args)})
        return self.result.value(inner)


def type_text(t):
    if isinstance(t, dict):
        return "{ " + ", ".join(f"{k}: {type_text(f)}" for k, f in t.items()) + " }"
    return t.dt + (f"[{', '.join(map(str, t.dims))}]" if t.dims else "")
