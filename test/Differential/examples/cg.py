import numpy as np
import scipy
import scipy.sparse as sparse
from scipy.sparse.linalg import cg, spsolve

ARGUMENTS = {"n": 31, "most": 500}
RELATIVE, ABSOLUTE = 0, 1e-12


def numbers():
    """The rounds are SciPy's for the same tolerance; the errors need only be small."""
    n = 31
    line = sparse.diags([-np.ones(n - 1), 2 * np.ones(n), -np.ones(n - 1)], [-1, 0, 1]) * (n + 1) ** 2
    a = sparse.kronsum(line, line).tocsr()
    t = np.arange(1, n + 1) / (n + 1)
    bump = t * (1 - t)
    b = 2 * (bump[:, None] + bump).ravel()
    exact = np.outer(bump, bump).ravel()
    assert abs(spsolve(a, b) - exact).max() < 1e-14
    rounds = []
    x, _ = cg(a, b, rtol=1e-10, atol=0, callback=lambda x: rounds.append(x))
    residual = np.linalg.norm(a @ x - b)
    return [n**2, (len(rounds), 1), (residual, residual), 1e-13, (exact.max(), 5.1e-5), (residual, residual)]
