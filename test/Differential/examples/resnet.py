import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from philox import f32, glorot, he, leaf_key, derived, normal, randint, split, uniform

W, ROUNDS, BATCH = 4, 3, 8
ARGUMENTS = {"width": W, "rounds": ROUNDS, "batch": BATCH}
RELATIVE, ABSOLUTE = 1e-3, 1e-3


class Block(nn.Module):
    def __init__(self, i, o, stride, projected):
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(i, o, 3, stride, 1, bias=False), nn.BatchNorm2d(o)
        self.conv2, self.norm2 = nn.Conv2d(o, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o)
        self.around = nn.Sequential(nn.Conv2d(i, o, 1, stride, bias=False), nn.BatchNorm2d(o)) if projected else nn.Identity()

    def forward(self, x):
        y = self.norm2(self.conv2(torch.relu(self.norm1(self.conv1(x)))))
        return torch.relu(y + self.around(x))


def network():
    net = nn.Sequential(nn.Conv2d(3, W, 3, 1, 1, bias=False), nn.BatchNorm2d(W), nn.ReLU(), Block(W, W, 1, False), Block(W, W, 1, False))
    net.extend([b for k in (1, 2, 4) for b in (Block(W * k, W * 2 * k, 2, True), Block(W * 2 * k, W * 2 * k, 1, False))])
    net.extend([nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8 * W, 10)])
    start = lambda weight, path, kind=he, layer=None: weight.data.copy_(torch.tensor(
        kind(leaf_key(0, path) if layer is None else derived(leaf_key(0, path), layer), tuple(weight.shape))))
    start(net[0].weight, "conv")
    for k in (0, 1):
        for conv in ("conv1", "conv2"):
            start(getattr(net[3 + k], conv).weight, f"stage1.{conv}", layer=k)
    for k in range(3):
        for which, block in (("first", net[5 + 2 * k]), ("second", net[6 + 2 * k])):
            for conv in ("conv1", "conv2"):
                start(getattr(block, conv).weight, f"stage{k + 2}.{which}.{conv}")
        start(net[5 + 2 * k].around[0].weight, f"stage{k + 2}.around")
    net[-1].weight.data.copy_(torch.tensor(glorot(leaf_key(0, "out"), (8 * W, 10))).T)
    net[-1].bias.data.zero_()
    return net


def stripes(n, key):
    k1, k2, k3, k4, k5 = split(key, 5)
    y, at, rate = randint(k1, (n,), 0, 10), 2 * np.pi * uniform(k2, (n,)), 0.5 + 0.5 * uniform(k3, (n,))
    i, j = np.arange(32)[:, None], np.arange(32)[None]
    a = (np.pi * y / 10)[:, None, None]
    wave = np.sin(rate[:, None, None] * (i * np.sin(a) + j * np.cos(a)) + at[:, None, None])
    x = normal(k4, (n, 3))[..., None, None] * wave[:, None] + normal(k5, (n, 3, 32, 32))
    return torch.tensor(x.astype(f32)), torch.tensor(y)


def numbers():
    net = network()
    momentum = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
    out = []
    for i in range(ROUNDS):
        x, y = stripes(BATCH, i)
        loss = F.cross_entropy(net(x), y)
        momentum.zero_grad()
        loss.backward()
        momentum.param_groups[0]["lr"] = 0.05 * (1 - i / ROUNDS)
        momentum.step()
        out += [i, loss.item()]
    net.eval()
    x, y = stripes(200, 2**64 - 1)
    z = net(x)
    return out + [200, ((z.argmax(1) == y).float().mean().item(), 0.0151), F.cross_entropy(z, y).item()]
