"""PyTorch's losses for digits_losses.tds: python digits_losses.py init.safetensors digits.npz > digits_losses.json"""
import json
import sys

import numpy as np
import torch
from safetensors.numpy import load_file

from philox import permutation

weights, data = load_file(sys.argv[1]), np.load(sys.argv[2])
p = {k: torch.tensor(v, requires_grad=True) for k, v in weights.items()}
x, y = torch.tensor(data["x"]), torch.tensor(data["y"]).long()
adam = torch.optim.Adam(p.values(), lr=1e-3)
losses = []
for epoch in range(1, 4):
    order = permutation(epoch, len(y))
    for begin in range(0, len(y), 64):
        rows = order[begin:begin + 64]
        z = torch.relu(x[rows] @ p["w1"] + p["b1"]) @ p["w2"] + p["b2"]
        loss = torch.nn.functional.cross_entropy(z, y[rows])
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(loss.item())
json.dump({"torch": torch.__version__, "numpy": np.__version__, "losses": losses[:50]}, sys.stdout, indent=1)
