import numpy as np
import scipy
from scipy.cluster.vq import vq
from scipy.spatial.distance import cdist

from philox import categorical, derived, normal, randint, split, uniform

ARGUMENTS = {"points": 400, "clusters": 4, "rounds": 50}
RELATIVE, ABSOLUTE = 1e-5, 6e-4


def numbers():
    n, k = 400, 4
    k1, k2, k3 = split(0, 3)
    true = 20 * uniform(k1, (k, 2))
    x = true[randint(k2, (n,), 0, k)] + normal(k3, (n, 2))
    c = x[:1]
    with np.errstate(divide="ignore"):
        for j in range(1, k):
            c = np.concatenate([c, x[[categorical(derived(1, j), np.log(cdist(x, c, "sqeuclidean").min(1)))]]])
    out, i, old = [], 0, None
    while old is None or not np.allclose(c, old, rtol=1e-9):
        old = c
        whose, distance = vq(x, c)
        c = np.stack([x[whose == j].mean(0) for j in range(k)])
        i += 1
        out += [i, (np.mean(distance**2), 2e-5)]
    for t in true:
        out += [*t, *c[cdist(t[None], c).argmin()]]
    return out
