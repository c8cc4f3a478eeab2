import numpy as np
import scipy
from scipy.stats import norm

from philox import f64, normal

ARGUMENTS = {"strikes": 3, "paths": 2000}
RELATIVE, ABSOLUTE = 1e-6, 5.1e-5


def numbers():
    s, t, r, v = 100, 0.5, 0.03, 0.25
    z = normal(0, (1000,), f64)
    out = []
    for k in np.linspace(80, 120, 3):
        d1 = (np.log(s / k) + (r + v * v / 2) * t) / (v * np.sqrt(t))
        d2 = d1 - v * np.sqrt(t)
        price = s * norm.cdf(d1) - k * np.exp(-r * t) * norm.cdf(d2)
        walk = lambda z: s * np.exp((r - v * v / 2) * t + v * np.sqrt(t) * z)
        paths = np.exp(-r * t) * np.mean(0.5 * np.maximum(walk(z) - k, 0) + 0.5 * np.maximum(walk(-z) - k, 0))
        gamma = norm.pdf(d1) / (s * v * np.sqrt(t))
        vega = s * norm.pdf(d1) * np.sqrt(t)
        rho = k * t * np.exp(-r * t) * norm.cdf(d2)
        theta = -s * norm.pdf(d1) * v / (2 * np.sqrt(t)) - r * k * np.exp(-r * t) * norm.cdf(d2)
        out += [k, price, paths, norm.cdf(d1), gamma, vega, theta, rho, v]
    return out
