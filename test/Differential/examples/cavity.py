import numpy as np
import scipy
import scipy.sparse as sparse
from scipy.sparse.linalg import splu

ARGUMENTS = {"n": 16, "until": 2.0}
RELATIVE, ABSOLUTE = 0, 1.1e-5


def numbers():
    """The stream function comes from a factorised matrix, the walls are rows and columns of one array."""
    n = 16
    m, h, nu = n - 1, 1 / n, 0.01
    dt = min(0.2 * h * h / nu, 0.5 * h)
    line = sparse.diags([-np.ones(m - 1), 2 * np.ones(m), -np.ones(m - 1)], [-1, 0, 1])
    solve = splu(sparse.kronsum(line, line).tocsc()).solve
    w, s = np.zeros((n + 1, n + 1)), np.zeros((n + 1, n + 1))
    rounds, out = int(0.5 / dt), []
    inner = np.s_[1:-1, 1:-1]
    for part in range(1, 5):
        for _ in range(rounds):
            w[0], w[-1] = -2 * s[1] / h**2, -2 * s[-2] / h**2 - 2 / h
            w[1:-1, 0], w[1:-1, -1] = -2 * s[1:-1, 1] / h**2, -2 * s[1:-1, -2] / h**2
            u, v = (s[2:, 1:-1] - s[:-2, 1:-1]) / (2 * h), (s[1:-1, :-2] - s[1:-1, 2:]) / (2 * h)
            carried = u * (w[1:-1, 2:] - w[1:-1, :-2]) / (2 * h) + v * (w[2:, 1:-1] - w[:-2, 1:-1]) / (2 * h)
            spread = (w[1:-1, 2:] + w[1:-1, :-2] + w[2:, 1:-1] + w[:-2, 1:-1] - 4 * w[inner]) / h**2
            w[inner] += dt * (nu * spread - carried)
            s[inner] = solve(h * h * w[inner].ravel()).reshape(m, m)
        out += [(part * rounds * dt, 5.1e-4), -s.min()]
    for k, ghia in zip((11, 18, 29, 32, 47, 61), (-0.10150, -0.15662, -0.21090, -0.20581, 0.00332, 0.68717)):
        i = k * n // 64
        out += [(k / 64, 5.1e-5), (s[i + 1, n // 2] - s[i - 1, n // 2]) / (2 * h), ghia]
    return out
