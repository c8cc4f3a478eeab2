import functools
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

from philox import batches, derived, glorot, he, normal, parameters

ARGUMENTS = {"epochs": 2, "hidden": 24, "code": 4}
RELATIVE, ABSOLUTE = 1e-5, 2e-4
DATA = pathlib.Path(__file__).parents[3] / "examples" / "data" / "digits.npz"


@functools.cache
def trained():
    data = np.load(DATA)
    x, test = (torch.tensor(data[k] / np.float32(16)) for k in ("x", "x_test"))
    p = parameters(lambda v: torch.tensor(v, requires_grad=True), 0, {
        "encoder.w1": (he, (64, 24)), "encoder.b1": (0, (24,)), "encoder.w2": (glorot, (24, 8)), "encoder.b2": (0, (8,)),
        "decoder.w1": (he, (4, 24)), "decoder.b1": (0, (24,)), "decoder.w2": (glorot, (24, 64)), "decoder.b2": (0, (64,))})
    mlp = lambda x, name: torch.relu(x @ p[name + ".w1"] + p[name + ".b1"]) @ p[name + ".w2"] + p[name + ".b2"]

    def bound(x, key):
        m, log_std = mlp(x, "encoder").split(4, 1)
        code = torch.distributions.Normal(m, log_std.exp())
        logits = mlp(m + log_std.exp() * torch.tensor(normal(key, (len(x), 4))), "decoder")
        missed = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1).mean()
        return missed, torch.distributions.kl_divergence(code, torch.distributions.Normal(0, 1)).sum(1).mean()

    adam = torch.optim.Adam(p.values(), lr=2e-3)
    printed = []
    for epoch in (1, 2):
        for i, rows in enumerate(batches(len(x), 64, epoch)):
            adam.zero_grad()
            sum(bound(x[rows], derived(epoch, i))).backward()
            adam.step()
        with torch.no_grad():
            printed += [epoch, *bound(test, epoch)]
    sheet = lambda x: x.reshape(10, 10, 8, 8).transpose(1, 2).reshape(80, 80).numpy()
    with torch.no_grad():
        made = sheet(torch.sigmoid(mlp(torch.tensor(normal(0, (100, 4))), "decoder")))
        back = sheet(torch.sigmoid(mlp(mlp(x[:100], "encoder")[:, :4], "decoder")))
    return printed, {"made_up.png": (made, None), "given_back.png": (np.concatenate([sheet(x[:100]), back], 1), None)}


def numbers():
    return trained()[0]


def pictures():
    return trained()[1]
