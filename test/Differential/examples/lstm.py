import functools
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

from philox import categorical, derived, f32, glorot, normal, parameters, randint

ARGUMENTS = {"rounds": 10, "hidden": 32, "batch": 4, "length": 16, "tell": 40}
RELATIVE, ABSOLUTE = 1e-5, 1e-4
DATA = pathlib.Path(__file__).parents[3] / "examples" / "data" / "jack.npy"


@functools.cache
def trained():
    """torch's own LSTM: its gates are rows in the order input, forget, cell, output, and the 1 of the forget gate is in its bias."""
    h = 32
    p = parameters(lambda v: torch.tensor(v), 0, {"letters": (normal, (128, h)), "cell.x": (glorot, (h, 4 * h)), "cell.h": (glorot, (h, 4 * h)),
                                                  "out": (glorot, (h, 128))})
    lstm, letters, out = torch.nn.LSTM(h, h), torch.nn.Embedding(128, h), torch.nn.Linear(h, 128)
    with torch.no_grad():
        letters.weight.copy_(p["letters"])
        lstm.weight_ih_l0.copy_(p["cell.x"].T)
        lstm.weight_hh_l0.copy_(p["cell.h"].T)
        lstm.bias_ih_l0.zero_()[h:2 * h] = 1
        lstm.bias_hh_l0.zero_().requires_grad_(False)
        out.weight.copy_(p["out"].T)
        out.bias.zero_()
    weights = [w for m in (lstm, letters, out) for w in m.parameters() if w.requires_grad]
    adam = torch.optim.Adam(weights, lr=5e-3)
    text, losses = np.load(DATA).astype(int), []
    for i in range(10):
        at = randint(i, (4,), 0, len(text) - 16)
        piece = torch.tensor(text[at + np.arange(16)[:, None]])
        loss = F.cross_entropy(out(lstm(letters(piece[:-1]))[0]).reshape(-1, 128), piece[1:].reshape(-1))
        adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1)
        adam.step()
        losses += [i, loss.item() / np.log(2)]
    told, state = [84], None
    with torch.no_grad():
        for i in range(40):
            y, state = lstm(letters(torch.tensor([told[-1]])), state)
            told.append(int(categorical(derived(1, i), out(y)[0].numpy() / f32(0.5))))
    return losses, "".join(map(chr, told))


def numbers():
    return trained()[0]


def text():
    return trained()[1]
