import functools
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

from philox import categorical, derived, f32, glorot, leaf_key, normal, parameters, randint

D, LAYERS, HEADS, LENGTH = 32, 2, 4, 24
ARGUMENTS = {"rounds": 10, "width": D, "layers": LAYERS, "batch": 3, "length": LENGTH}
RELATIVE, ABSOLUTE = 1e-5, 1e-4
DATA = pathlib.Path(__file__).parents[3] / "examples" / "data" / "jack.npy"


def forward(p, ids):
    """All letters at once, in training and in telling: no cache."""
    ln = lambda x, name: F.layer_norm(x, (D,), p[name + ".g"], p[name + ".b"])
    dense = lambda x, name: x @ p[name + ".w"] + p[name + ".b"]
    b, t = ids.shape
    x = p["letters"][ids] + p["places"][:t]
    for k in range(LAYERS):
        n = f"blocks.{k}."
        q, k, v = (z.reshape(b, t, HEADS, -1).transpose(1, 2) for z in dense(ln(x, n + "ln1"), n + "qkv").split(D, 2))
        x = x + dense(F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(b, t, D), n + "proj")
        x = x + dense(F.gelu(dense(ln(x, n + "ln2"), n + "up")), n + "down")
    return dense(ln(x, "ln"), "out")


@functools.cache
def trained():
    small = lambda k, s: f32(0.1) * normal(k, s)
    shapes = {"letters": (small, (128, D)), "places": (small, (LENGTH, D)), "out.w": (glorot, (D, 128)), "out.b": (0, (128,)), "ln.g": (1, (D,)), "ln.b": (0, (D,))}
    linears = {"qkv": (D, 3 * D), "proj": (D, D), "up": (D, 4 * D), "down": (4 * D, D)}
    for k in range(LAYERS):
        for name, shape in linears.items():
            stacked = lambda _, s, name=name, k=k: glorot(derived(leaf_key(0, f"blocks.{name}.w"), k), s)
            shapes |= {f"blocks.{k}.{name}.w": (stacked, shape), f"blocks.{k}.{name}.b": (0, shape[1:])}
        for name in ("ln1", "ln2"):
            shapes |= {f"blocks.{k}.{name}.g": (1, (D,)), f"blocks.{k}.{name}.b": (0, (D,))}
    p = parameters(lambda v: torch.tensor(v, requires_grad=True), 0, shapes)
    adam = torch.optim.AdamW(p.values(), lr=3e-3, weight_decay=0.01)
    text, losses = np.load(DATA).astype(int), []
    for i in range(10):
        at = randint(i, (3,), 0, len(text) - LENGTH)
        piece = torch.tensor(text[at[:, None] + np.arange(LENGTH + 1)])
        loss = F.cross_entropy(forward(p, piece[:, :-1]).reshape(-1, 128), piece[:, 1:].reshape(-1))
        adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(p.values(), 1)
        adam.param_groups[0]["lr"] = 3e-3 * (1 - i / 10)
        adam.step()
        losses += [i, loss.item() / np.log(2)]
    told = [int(c) for c in text[:16]]
    with torch.no_grad():
        for i in range(15, LENGTH - 1):
            z = forward(p, torch.tensor([told]))[0, -1].numpy()
            told.append(int(categorical(derived(1, i), z / f32(0.5))))
    return losses, "".join(map(chr, told))


def numbers():
    return trained()[0]


def text():
    return trained()[1]
