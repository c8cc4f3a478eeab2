import functools

import numpy as np
import scipy
from scipy import signal

from philox import normal

RATE = 1024
ARGUMENTS = {"seconds": 2, "rate": RATE}
RELATIVE, ABSOLUTE = 1e-5, 6e-5


@functools.cache
def sounds():
    each = 2 * RATE // 8
    t = np.arange(each) / RATE
    x = np.concatenate([np.exp(-4 * t) * (np.sin(2 * np.pi * f * t) + 0.4 * np.sin(4 * np.pi * f * t))
                        for f in 220 * 2 ** (np.array([0, 4, 7, 12, 7, 4, 0, -5]) / 12)])
    h = 0.05 * normal(0, (RATE,)).astype(float) * np.exp(-5 * np.arange(RATE) / RATE)
    h[0] = 1
    return x, h, np.convolve(x, h)


def numbers():
    x, h, y = sounds()
    return [len(x), len(h), None, None, (0, 1e-5), abs(y).max(), (np.sqrt(np.mean(y[-RATE:] ** 2)), 1e-5)]


def pictures():
    y = sounds()[2]
    _, _, z = signal.stft(y, window="hann", nperseg=512, noverlap=384, boundary=None, padded=False)
    z = abs(z[:256]) * signal.get_window("hann", 512).sum()
    return {"tune.png": (0.5 + 0.1 * np.log(z[::-1] + 1e-3), z[::-1] > 3e-3)}
