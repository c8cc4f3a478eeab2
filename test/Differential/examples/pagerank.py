import numpy as np

from philox import split, uniform

ARGUMENTS = {"pages": 200, "links": 1500, "most": 100}
RELATIVE, ABSOLUTE = 0, 6e-7


def numbers():
    """The ranks solve a linear system; the rounds are counted by iterating it."""
    n, m = 200, 1500
    k1, k2 = split(0, 2)
    at = lambda k, power: (np.float32(n) * uniform(k, (m,)).astype(np.float32) ** power).astype(int)
    a, b = at(k1, 2), at(k2, 3)
    flow = np.zeros((n, n))
    np.add.at(flow, (b, a), 1)
    out = flow.sum(0)
    flow = np.where(out > 0, flow / np.maximum(out, 1), 1 / n)
    rank = np.linalg.solve(np.eye(n) - 0.85 * flow, np.full(n, 0.15 / n))
    r, change, rounds = np.full(n, 1 / n), 1, 0
    while change > 1e-12:
        after = 0.15 / n + 0.85 * flow @ r
        change, r, rounds = abs(after - r).sum(), after, rounds + 1
    best = np.argsort(-rank, kind="stable")[:10]
    return [rounds, (change, 0.2 * change), 1] + [v for i, p in enumerate(best) for v in (i + 1, int(p), rank[p], int((b == p).sum()))]
