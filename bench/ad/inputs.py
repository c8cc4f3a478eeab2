"""The inputs of the problems here, the same numbers anywhere: `write(problem, sizes, path)` draws them and writes an .npz.

Python's own generator and no NumPy, since tests use this as well. The shapes and ranges are those of ADBench and GradBench."""
import array
import math
import random
import struct
import zipfile

rng = random.Random()


class Array:
    """Numbers row by row, with a shape."""

    def __init__(self, shape, values, code="d"):
        self.shape, self.values = shape, array.array(code, values)


def drawn(shape, draw):
    return Array(shape, (draw() for _ in range(math.prod(shape))))


def uniform(*shape, low=0.0, high=1.0):
    return drawn(shape, lambda: rng.uniform(low, high))


def normal(*shape):
    return drawn(shape, lambda: rng.gauss(0, 1))


def below(limit, *shape):
    return Array(shape, (rng.randrange(limit) for _ in range(math.prod(shape))), "i")


def gmm(n, d, k):
    return {"alpha": normal(k), "mu": uniform(k, d), "q": normal(k, d), "l": normal(k, d * (d - 1) // 2), "x": normal(n, d)}


def ba(n, m, p):
    cameras = []
    for _ in range(n):
        turn, centre = [rng.uniform(-0.3, 0.3) for _ in range(3)], [rng.uniform(-1, 1) for _ in range(3)]
        cameras += turn + centre + [rng.uniform(500, 1000), rng.uniform(-10, 10), rng.uniform(-10, 10), rng.uniform(-0.1, 0.1), rng.uniform(-0.01, 0.01)]
    points = [c for _ in range(m) for c in (rng.uniform(-2, 2), rng.uniform(-2, 2), rng.uniform(5, 9))]
    return {"cameras": Array((n, 11), cameras), "xs": Array((m, 3), points), "ws": uniform(p),
            "obs": Array((p, 2), (c for i in range(p) for c in (i % n, i % m)), "i"), "features": uniform(p, 2, low=-300, high=300)}


def lstm(l, c, b):
    return {"main": uniform(l, 2, 4, b), "extra": uniform(3, b), "state": uniform(l, 2, b), "sequence": drawn((c, b), lambda: float(rng.randrange(2)))}


def rigid():
    """A rotation and a shift, as 16 numbers."""
    a, b, c = (rng.uniform(-0.5, 0.5) for _ in range(3))
    (p, q), (r, s), (u, v) = ((math.cos(t), math.sin(t)) for t in (a, b, c))
    rows = [[u * r, u * s * q - v * p, u * s * p + v * q], [v * r, v * s * q + u * p, v * s * p - u * q], [-s, r * q, r * p]]
    return [x for row in rows for x in row + [rng.uniform(-0.1, 0.1)]] + [0, 0, 0, 1]


def ht(n, v, t):
    parents = [-1] + [0 if b % 4 == 1 else b - 1 for b in range(1, 21)] + [0]
    bones = len(parents)
    weights = [0.0] * (v * bones)
    for i in range(v):
        for b, w in ((rng.randrange(bones), w) for w in (0.5, 0.3, 0.2)):
            weights[i * bones + b] += w
    return {"theta": uniform(26, low=-0.5, high=0.5), "us": uniform(n, 2, high=0.5), "parents": Array((bones,), parents, "i"),
            "relatives": Array((bones, 4, 4), [x for _ in parents for x in rigid()]), "inverses": Array((bones, 4, 4), [x for _ in parents for x in rigid()]),
            "base": Array((v, 4), [x for _ in range(v) for x in (rng.uniform(-0.1, 0.1), rng.uniform(-0.1, 0.1), rng.uniform(-0.1, 0.1), 1)]),
            "weights": Array((v, bones), weights), "triangles": below(v, t, 3), "found": below(t, n), "points": normal(n, 3)}


def ode(n):
    return {"x": uniform(n)}


def lse(n):
    return {"x": uniform(n)}


def kmeans(n, d, k):
    points = uniform(n, d)
    return {"points": points, "centres": Array((k, d), points.values[-k * d:])}


def det(n):
    return {"a": uniform(n, n)}


def particle():
    return {"w": Array((), [0.25])}


def saddle():
    return {"start": Array((2,), [1.0, 1.0])}


def write(problem, sizes, path):
    rng.seed(problem)
    arrays = globals()[problem](**sizes)
    with zipfile.ZipFile(path, "w") as file:
        for name, a in arrays.items():
            shape = "(" + "".join(f"{s}, " for s in a.shape) + ")"
            kind = {"d": "<f8", "i": "<i4"}[a.values.typecode]
            header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}"
            header += " " * (-(len(header) + 11) % 64) + "\n"
            file.writestr(f"{name}.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + a.values.tobytes())
    return list(arrays)
