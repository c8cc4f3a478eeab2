import numpy as np

from philox import derived, f64, normal, split, uniform

ARGUMENTS = {"chains": 20, "samples": 30, "burn_in": 10, "steps": 5}
RELATIVE, ABSOLUTE = 0, 5.1e-5
A = np.linalg.inv([[1, 0.9], [0.9, 1]])
MEAN = np.array([1, -2])


def numbers():
    x, xs, moved = np.zeros((20, 2)), [], []
    logp = lambda x: -0.5 * ((x - MEAN) @ A * (x - MEAN)).sum(-1)
    for i in range(30):
        kicks, tosses = zip(*(split(k, 2) for k in split(derived(0, i), 20)))
        p0 = np.stack([normal(k, (2,), f64) for k in kicks])
        q, p, h = x, p0, 0.12
        for _ in range(5):  # kick, drift, kick
            p = p - 0.5 * h * (q - MEAN) @ A
            q = q + h * p
            p = p - 0.5 * h * (q - MEAN) @ A
        change = logp(q) - 0.5 * (p**2).sum(-1) - logp(x) + 0.5 * (p0**2).sum(-1)
        taken = np.log([uniform(k, (), f64) for k in tosses]) < change
        x = np.where(taken[:, None], q, x)
        xs.append(x)
        moved.append(taken.mean())
    x = np.concatenate(xs[10:])
    c = np.cov(x.T, bias=True)
    return [30, 20, (np.mean(moved), 5.1e-4), *x.mean(0), 1, -2, c[0, 0], c[1, 1], 1, c[0, 1], 0.9]
