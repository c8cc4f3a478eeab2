import numpy as np
import scipy
from scipy.integrate import solve_ivp

ARGUMENTS = {"steps": 300, "periods": 1}
RELATIVE, ABSOLUTE = 0, 2e-3  # between leapfrog and a solver of order 8


def pull(x):
    d = x[None] - x[:, None]
    r = np.sqrt((d**2).sum(-1)) + np.eye(3)
    return (d / r[..., None]**3).sum(1)


def numbers():
    x0 = np.array([[0.97000436, -0.24308753], [-0.97000436, 0.24308753], [0, 0]])
    v0 = np.array([[0.466203685, 0.43236573], [0.466203685, 0.43236573], [-0.93240737, -0.86473146]])
    period = 6.32591398
    at = solve_ivp(lambda t, s: np.concatenate([s[6:], pull(s[:6].reshape(3, 2)).ravel()]), (0, period), np.concatenate([x0.ravel(), v0.ravel()]),
                   "DOP853", [period / 3, 2 * period / 3, period], rtol=1e-12, atol=1e-12).y.T

    # The same leapfrog, for what the steps themselves do to the energy.
    x, v, dt = x0, v0, period / 900
    energy = lambda: 0.5 * (v**2).sum() - sum(1 / np.linalg.norm(x[i] - x[j]) for i in range(3) for j in range(i))
    start, off = energy(), []
    for k in range(900):
        v = v + 0.5 * dt * pull(x)
        x = x + dt * v
        v = v + 0.5 * dt * pull(x)
        if k % 300 == 299:
            off.append(energy() / start - 1)
    out = []
    for i in range(3):
        out += [((i + 1) / 3, 0.0051), at[i, 0], at[i, 1], (off[i], max(0.06 * abs(off[i]), 1e-13))]
    return out + [1, (np.linalg.norm(x - x0), 0.06 * np.linalg.norm(x - x0))]
