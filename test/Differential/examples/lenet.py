import pathlib

import numpy as np
import torch
import torch.nn.functional as F

from philox import batches, glorot, he, parameters

ARGUMENTS = {"epochs": 1, "images": 256, "batch": 32}
RELATIVE, ABSOLUTE = 1e-4, 1e-4
DATA = pathlib.Path(__file__).parents[3] / "examples" / "data" / "digits.npz"


def numbers():
    data = np.load(DATA)
    x, test = (torch.tensor(data[k] / 16).reshape(-1, 1, 8, 8).repeat_interleave(4, 2).repeat_interleave(4, 3) for k in ("x", "x_test"))
    y, right = torch.tensor(data["y"]).long(), torch.tensor(data["y_test"]).long()
    p = parameters(lambda v: torch.tensor(v, requires_grad=True), 0, {
        "conv1": (he, (6, 1, 5, 5)), "bias1": (0, (6,)), "conv2": (he, (16, 6, 5, 5)), "bias2": (0, (16,)),
        "full1": (he, (400, 120)), "bias3": (0, (120,)), "full2": (he, (120, 84)), "bias4": (0, (84,)), "full3": (glorot, (84, 10)), "bias5": (0, (10,))})

    def logits(x):
        x = F.max_pool2d(torch.relu(F.conv2d(x, p["conv1"], p["bias1"])), 2)
        x = F.max_pool2d(torch.relu(F.conv2d(x, p["conv2"], p["bias2"])), 2)
        x = torch.relu(x.flatten(1) @ p["full1"] + p["bias3"])
        return torch.relu(x @ p["full2"] + p["bias4"]) @ p["full3"] + p["bias5"]

    adam = torch.optim.Adam(p.values(), lr=2e-3)
    for rows in batches(256, 32, 1):
        loss = F.cross_entropy(logits(x[rows]), y[rows])
        adam.zero_grad()
        loss.backward()
        adam.step()
    return [1, loss.item(), ((logits(test).argmax(1) == right).float().mean().item(), 3.5e-3)]
