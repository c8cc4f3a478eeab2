"""Sizes, types and values of random programs.

A `Dim` is a size expression, a `T` an element type and dims; a record's type is a dict of them. A `Tensor` is its elements in
a list; `None` is one of which nothing is known."""
import itertools
import math
from collections import namedtuple

T = namedtuple("T", "dt dims")


class Skip(Exception):
    """What the program does is not determined (rounding decides a branch) or not wanted (an index outside)."""


class Dim:
    """A polynomial over names of sizes; `//` makes a name of its own."""

    def __init__(self, terms):
        self.terms = {k: c for k, c in terms.items() if c}
        self.key = tuple(sorted(self.terms.items()))

    @staticmethod
    def of(x):
        return x if isinstance(x, Dim) else Dim({(): x} if isinstance(x, int) else {(x,): 1})

    def __add__(self, other):
        out = dict(self.terms)
        for k, c in Dim.of(other).terms.items():
            out[k] = out.get(k, 0) + c
        return Dim(out)

    def __mul__(self, other):
        out = {}
        for (k, c), (l, d) in itertools.product(self.terms.items(), Dim.of(other).terms.items()):
            out[tuple(sorted(k + l))] = out.get(tuple(sorted(k + l)), 0) + c * d
        return Dim(out)

    def half(self):
        return Dim.of(f"(({self + 1}) // 2)")

    def number(self):
        return self.terms.get((), 0) if not self.key or self.key[0][0] == () and len(self.key) == 1 else None

    def at(self, sizes):
        return eval(str(self), {}, sizes)

    def __str__(self):
        text = ""
        for k, c in sorted(self.terms.items(), key=lambda t: (t[0] == (), t[0])):
            part = " * ".join(([str(abs(c))] if abs(c) != 1 or not k else []) + list(k))
            text += (" - " if c < 0 else " + ") + part if text else ("-" if c < 0 else "") + part
        return text or "0"

    def __eq__(self, other):
        return isinstance(other, Dim) and self.key == other.key

    def __hash__(self):
        return hash(self.key)


ONE = Dim.of(1)


class Tensor:
    __slots__ = ("dt", "shape", "data")

    def __init__(self, dt, shape, data):
        self.dt, self.shape, self.data = dt, tuple(shape), data

    def strides(self):
        out, n = [], 1
        for d in reversed(self.shape):
            out.insert(0, n)
            n *= d
        return out

    def __getitem__(self, index):
        """The part at leading indices."""
        at, rest = 0, self.shape[len(index):]
        for i, d in zip(index, self.shape):
            at = at * d + i
        n = math.prod(rest)
        return Tensor(self.dt, rest, self.data[at * n:(at + 1) * n])

    def item(self):
        return self.data[0]


def positions(shape):
    return itertools.product(*map(range, shape))


def build(dt, shape, element):
    return Tensor(dt, shape, [element(i) for i in positions(shape)])


def stretched(tensor, shape):
    if tensor.shape == tuple(shape):
        return tensor.data
    skip, strides = len(shape) - len(tensor.shape), tensor.strides()
    steps = [0] * skip + [0 if d == 1 else s for d, s in zip(tensor.shape, strides)]
    for d, full in zip(tensor.shape, shape[skip:]):
        if d not in (1, full):
            raise Skip("broadcast")
    return [tensor.data[sum(i * s for i, s in zip(index, steps))] for index in positions(shape)]


def each(f, dt, *tensors):
    """f on elements, broadcast; nothing is known of what unknown elements give."""
    shape = ()
    for t in tensors:
        pad = len(t.shape) - len(shape)
        a, b = (1,) * -pad + t.shape if pad < 0 else t.shape, (1,) * pad + shape if pad > 0 else shape
        shape = tuple(y if x == 1 else x for x, y in zip(a, b))
    columns = [stretched(t, shape) for t in tensors]
    return Tensor(dt, shape, [None if any(x is None for x in xs) else f(*xs) for xs in zip(*columns)])


def lifted(f, *values):
    """Leaf by leaf where one of the values is a record."""
    record = next((v for v in values if isinstance(v, dict)), None)
    if record is None:
        return f(*values)
    return {k: lifted(f, *[v[k] if isinstance(v, dict) else v for v in values]) for k in record}
