import functools

import numpy as np
import scipy
import torch
from scipy.spatial.distance import cdist

from philox import bernoulli, derived, f32, he, normal, parameters, randint, split, uniform

STEPS, N = 50, 64
ARGUMENTS = {"rounds": 10, "hidden": 16, "batch": 32, "samples": N}
RELATIVE, ABSOLUTE = 1e-5, 6e-5


def left(t):
    return np.cos(0.5 * np.pi * t / (STEPS + 1)) ** 2


def moons(u, which):
    a = np.pi * u
    return np.where(which[:, None], np.stack([np.cos(a) - 0.5, np.sin(a) - 0.25], 1), np.stack([0.5 - np.cos(a), 0.25 - np.sin(a)], 1))


def data(n, key):
    k1, k2, k3 = split(key, 3)
    return (moons(uniform(k1, (n,)), bernoulli(k2, 0.5, (n,))) + 0.05 * normal(k3, (n, 2))).astype(f32)


def off(x):
    u = np.linspace(0, 1, 100)
    return cdist(x, np.concatenate([moons(u, u >= 0), moons(u, u < 0)])).min(1).mean()


@functools.cache
def trained():
    p = parameters(lambda v: torch.tensor(v, requires_grad=True), 0, {
        "w1": (he, (20, 16)), "b1": (0, (16,)), "w2": (he, (16, 16)), "b2": (0, (16,)), "w3": (0, (16, 2)), "b3": (0, (2,))})

    def noise_in(x, t):
        t = torch.tensor(t, dtype=torch.float32)
        waves = [torch.stack([f(v * k) for f in (torch.sin, torch.cos) for k in (1, 2, 4)], 1) for v in (np.pi * x[:, 0], np.pi * x[:, 1], np.pi / STEPS * t)]
        z = torch.cat([x, *waves], 1)
        silu = torch.nn.functional.silu
        return silu(silu(z @ p["w1"] + p["b1"]) @ p["w2"] + p["b2"]) @ p["w3"] + p["b3"]

    adam = torch.optim.Adam(p.values())
    printed = []
    for i in range(10):
        k1, k2 = split(i, 2)
        kt, ke = split(k2, 2)
        t = randint(kt, (32,), 1, STEPS + 1)
        e = normal(ke, (32, 2))
        a = left(t)[:, None]
        x = torch.tensor((np.sqrt(a) * data(32, k1) + np.sqrt(1 - a) * e).astype(f32))
        loss = ((noise_in(x, t) - torch.tensor(e)) ** 2).mean()
        adam.zero_grad()
        loss.backward()
        adam.param_groups[0]["lr"] = 2e-3 * (1 - i / 10)
        adam.step()
        printed += [i, loss.item()]
    x = normal(1, (N, 2))
    with torch.no_grad():
        for i in range(STEPS):
            t = STEPS - i
            a, before = left(t), left(t - 1)
            keep = a / before
            x = (x - (1 - keep) / np.sqrt(1 - a) * noise_in(torch.tensor(x.astype(f32)), np.full(N, t)).numpy()) / np.sqrt(keep)
            if t > 1:
                x = x + np.sqrt((1 - keep) * (1 - before) / (1 - a)) * normal(derived(1, i), (N, 2))
    return printed, x


def numbers():
    printed, x = trained()
    return printed + [off(normal(2, (N, 2))), off(x), off(data(N, 3))]


def drawn(x):
    """Where a point is too near to the next pixel to tell, neither is certain."""
    def at(shift):
        picture = np.zeros((192, 256))
        row, column = np.trunc(96 - 64 * x[:, 1] + shift), np.trunc(128 + 64 * x[:, 0] + shift)
        picture[np.clip(row, 0, 191).astype(int), np.clip(column, 0, 255).astype(int)] = 1
        return picture
    return at(0), (at(0.02) == at(0)) & (at(-0.02) == at(0))


def pictures():
    both = [np.concatenate(part, 1) for part in zip(drawn(data(N, 3)), drawn(trained()[1]))]
    # Few pixels are points: all of those, and as many others.
    shown = both[0] + (np.random.default_rng(1).random(both[0].shape) < N / both[0].size)
    return {"moons.png": (both[0], both[1] & (shown > 0))}
