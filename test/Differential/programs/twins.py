"""What the programs of test/Programs print and draw, by NumPy, PyTorch and JAX:

    python make_data.py FOLDER; cp examples/data/digits.npz FOLDER; python twins.py FOLDER > expected.json

A twin is written from the program's text, draws the same random numbers (Philox), and shares no code with TDS."""
import json
import pathlib
import sys
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import torch
import torch.nn.functional as F

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from philox import SPLIT, batches, derived, glorot, he, leaf_key, normal, parameters, randint, uniform  # noqa: E402

FOLDER = pathlib.Path(sys.argv[1])
f32 = np.float32


def torch_parameters(key, shapes):
    return parameters(lambda v: torch.tensor(v, requires_grad=True), key, shapes)


def mlp_digits():
    data = np.load(FOLDER / "digits.npz")
    p = torch_parameters(0, {"w1": (glorot, (64, 128)), "b1": (0, (128,)), "w2": (glorot, (128, 10)), "b2": (0, (10,))})
    x, y, xt, yt = (torch.tensor(data[k]) for k in ("x", "y", "x_test", "y_test"))
    logits = lambda x: torch.relu(x @ p["w1"] + p["b1"]) @ p["w2"] + p["b2"]
    adam = torch.optim.Adam(p.values(), lr=1e-3)
    printed = []
    for epoch in range(1, 6):
        for rows in batches(len(y), 64, epoch):
            adam.zero_grad()
            loss = F.cross_entropy(logits(x[rows]), y[rows].long())
            loss.backward()
            adam.step()
        accuracy = (logits(xt).argmax(-1) == yt).float().mean()
        printed += [epoch, loss.item(), accuracy.item()]
    return printed


def resnet_cifar():
    data = np.load(FOLDER / "cifar10.npz")
    shapes = {"conv1.weight": (he, (64, 3, 3, 3)), "fc.weight": (glorot, (10, 512)), "fc.bias": (0, (10,))}
    norms = {"bn1": 64}
    for layer, (i, o) in {"layer1": (64, 64), "layer2": (64, 128), "layer3": (128, 256), "layer4": (256, 512)}.items():
        shapes |= {f"{layer}.conv1.weight": (he, (o, i, 3, 3)), f"{layer}.conv2.weight": (he, (o, o, 3, 3)), f"{layer}.short.weight": (he, (o, i, 1, 1))}
        norms |= {f"{layer}.{bn}": o for bn in ("bn1", "bn2", "bns")}
    for name, c in norms.items():
        shapes |= {name + ".weight": (1, (c,)), name + ".bias": (0, (c,))}
    p = torch_parameters(0, shapes)
    norm = lambda x, name: F.batch_norm(x, None, None, p[name + ".weight"], p[name + ".bias"], training=True, eps=1e-5)

    def block(x, layer, stride):
        y = norm(F.conv2d(x, p[layer + ".conv1.weight"], stride=stride, padding=1), layer + ".bn1")
        y = norm(F.conv2d(torch.relu(y), p[layer + ".conv2.weight"], padding=1), layer + ".bn2")
        return torch.relu(y + norm(F.conv2d(x, p[layer + ".short.weight"], stride=stride), layer + ".bns"))

    momentum = {k: torch.zeros_like(v) for k, v in p.items()}
    printed = []
    for epoch in range(2):
        for rows in batches(128, 128, epoch, drop_last=True):
            kf, ks = derived(epoch, 0, SPLIT), derived(epoch, 1, SPLIT)
            flips, at = uniform(kf, (128,)) < 0.5, randint(ks, (128, 2), 0, 9)
            z = np.pad(data["x"][rows].astype(f32) / 255 - f32(0.5), ((0, 0), (0, 0), (4, 4), (4, 4)))
            cut = np.stack([z[b, :, r:r + 32, c:c + 32][:, :, ::-1 if flips[b] else 1] for b, (r, c) in enumerate(at)])
            x = torch.relu(norm(F.conv2d(torch.tensor(cut), p["conv1.weight"], padding=1), "bn1"))
            for layer, stride in (("layer1", 1), ("layer2", 2), ("layer3", 2), ("layer4", 2)):
                x = block(x, layer, stride)
            loss = F.cross_entropy(x.mean((2, 3)) @ p["fc.weight"].T + p["fc.bias"], torch.tensor(data["y"][rows]).long())
            gradients = torch.autograd.grad(loss, list(p.values()))
            with torch.no_grad():
                for (k, v), g in zip(p.items(), gradients):
                    momentum[k] = 0.9 * momentum[k] + g + 5e-4 * v
                    v -= 0.1 * (1 - epoch / 30) * momentum[k]
        printed += [epoch, loss.item()]
    return printed


def gpt2():
    """The small model that make_data.py writes."""
    file = (FOLDER / "gpt2.safetensors").read_bytes()
    length = int.from_bytes(file[:8], "little")
    p = {}
    for name, facts in json.loads(file[8:8 + length]).items():
        begin, end = facts["data_offsets"]
        p[name] = torch.tensor(np.frombuffer(file[8 + length + begin:8 + length + end], f32).reshape(facts["shape"]), requires_grad=True)
    d, heads = p["ln_f.weight"].numel(), 12
    ln = lambda x, name: F.layer_norm(x, (d,), p[name + ".weight"], p[name + ".bias"])
    dense = lambda x, name: x @ p[name + ".weight"] + p[name + ".bias"]

    def forward(ids):
        t = len(ids)
        x = p["wte.weight"][ids] + p["wpe.weight"][:t]
        for l in range(2):
            h = f"h.{l}."
            q, k, v = (z.reshape(t, heads, -1).transpose(0, 1) for z in dense(ln(x, h + "ln_1"), h + "attn.c_attn").split(d, 1))
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(0, 1).reshape(t, d)
            x = x + dense(y, h + "attn.c_proj")
            x = x + dense(F.gelu(dense(ln(x, h + "ln_2"), h + "mlp.c_fc")), h + "mlp.c_proj")
        return ln(x, "ln_f") @ p["wte.weight"].T

    ids = [int(i) for i in np.load(FOLDER / "prompt.npy")]
    m = len(ids)
    with torch.no_grad():
        for i in range(m - 1, m + 63):
            z = forward(torch.tensor(ids))[-1].numpy() / f32(0.8)
            ids.append(int(np.argmax(z - np.log(np.maximum(-np.log(1 - uniform(derived(7, i), z.shape)), 1e-30)))))
    tokens = torch.tensor(np.load(FOLDER / "tokens.npy")).long()
    adam = torch.optim.AdamW(p.values(), lr=3e-5, weight_decay=0.01)
    losses = []
    for rows in batches(len(tokens), 8, 1):
        adam.zero_grad()
        loss = torch.stack([F.cross_entropy(forward(s[:-1]), s[1:]) for s in tokens[rows]]).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(p.values(), 1)
        adam.step()
        losses.append(loss.item())
    return ids + losses


def lstm_lm():
    corpus = np.load(FOLDER / "shakespeare.npy")
    p = torch_parameters(0, {"emb": (normal, (256, 64)), "cell.wx": (glorot, (64, 2048)), "cell.wh": (glorot, (512, 2048)),
                             "cell.b": (0, (2048,)), "out": (glorot, (512, 256))})
    adam = torch.optim.Adam(p.values(), lr=2e-3)
    y = c = torch.zeros(64, 512)
    printed = []
    for chunk in corpus:
        ids = torch.tensor(chunk).long()
        y, c, losses = y.detach(), c.detach(), []
        for i in range(len(ids) - 1):
            a, b, e, o = (p["emb"][ids[i]] @ p["cell.wx"] + y @ p["cell.wh"] + p["cell.b"]).split(512, 1)
            c = torch.sigmoid(b + 1) * c + torch.sigmoid(a) * torch.tanh(e)
            y = torch.sigmoid(o) * torch.tanh(c)
            losses.append(F.cross_entropy(y @ p["out"], ids[i + 1]))
        loss = torch.stack(losses).mean()
        adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_value_(p.values(), 1)
        adam.step()
        printed.append(loss.item() / np.log(2))
    return printed


def vae():
    x = torch.tensor(np.load(FOLDER / "mnist.npz")["x"].astype(f32) / f32(255))
    p = torch_parameters(0, {"enc.w1": (he, (784, 400)), "enc.b1": (0, (400,)), "enc.w2": (he, (400, 40)), "enc.b2": (0, (40,)),
                             "dec.w1": (he, (20, 400)), "dec.b1": (0, (400,)), "dec.w2": (he, (400, 784)), "dec.b2": (0, (784,))})
    mlp = lambda x, n: torch.relu(x @ p[n + ".w1"] + p[n + ".b1"]) @ p[n + ".w2"] + p[n + ".b2"]
    adam = torch.optim.Adam(p.values(), lr=1e-3)
    for i, rows in enumerate(batches(len(x), 128, 1)):
        mu, ls = mlp(x[rows], "enc").split(20, 1)
        t = mlp(mu + torch.exp(ls) * torch.tensor(normal(derived(2, i), (len(rows), 20))), "dec")
        bits = F.binary_cross_entropy_with_logits(t, x[rows], reduction="none").sum(1)
        adam.zero_grad()
        (bits + 0.5 * (torch.exp(2 * ls) + mu * mu - 1 - 2 * ls).sum(1)).mean().backward()
        adam.step()
    with torch.no_grad():
        return {"samples.png": (torch.sigmoid(mlp(torch.tensor(normal(3, (64, 20))), "dec")).reshape(64 * 28, 28).numpy(), None)}


def fluid():
    """lr 30 and 3 rounds, as programs.sh runs it."""
    d = np.load(FOLDER / "smoke.npz")
    at = jnp.arange(64, dtype=jnp.float32)

    def advect(f, u, v):
        y, x = at[:, None] - u, at[None, :] - v
        i, j = jnp.floor(y).astype(int), jnp.floor(x).astype(int)
        a, b = y - jnp.floor(y), x - jnp.floor(x)
        g = lambda i, j: f[i % 64, j % 64]
        return (1 - a) * ((1 - b) * g(i, j) + b * g(i, j + 1)) + a * ((1 - b) * g(i + 1, j) + b * g(i + 1, j + 1))

    up, down, right, left = (lambda f, s=s, k=k: jnp.roll(f, s, k) for s, k in ((-1, 0), (1, 0), (-1, 1), (1, 1)))

    def project(u, v):
        div = (up(u) - down(u) + right(v) - left(v)) / 2
        p = jnp.zeros_like(u)
        for _ in range(20):
            p = (up(p) + down(p) + right(p) + left(p) - div) / 4
        return u - (up(p) - down(p)) / 2, v - (right(p) - left(p)) / 2

    def loss(w):
        def step(carry, _):
            u, v, smoke = carry
            u, v = project(advect(u, u, v), advect(v, u, v))
            return (u, v, advect(smoke, u, v)), None

        (_, _, smoke), _ = jax.lax.scan(step, (*project(*w), jnp.asarray(d["start"])), None, 100)
        return jnp.mean((smoke - d["goal"]) ** 2)

    step = jax.jit(jax.value_and_grad(loss))
    w = (jnp.zeros((64, 64)), jnp.zeros((64, 64)))
    printed = []
    for k in range(3):
        l, g = step(w)
        w = tuple(a - 30 * b for a, b in zip(w, g))
        printed += [k, float(l)]
    return printed


def cg():
    n = 64
    line = 2 * np.eye(n) - np.eye(n, k=1) - np.eye(n, k=-1)
    values, vectors = np.linalg.eigh(line)
    solve = lambda b: vectors @ ((vectors.T @ b @ vectors) / (values[:, None] + values)) @ vectors.T
    b = normal(0, (n, n)).astype(np.float64)
    g = solve(2 * solve(b))
    shown = lambda row: [*row[:3], *row[-3:]]
    return [None] + [v for row in shown(g) for v in shown(row)]


def mandelbrot():
    i, j = np.arange(1000)[:, None], np.arange(1200)[None, :]

    def escape(c):
        z, n = np.zeros_like(c), np.zeros(c.shape, int)
        for _ in range(256):
            inside = z.real * z.real + z.imag * z.imag < 4
            n += inside
            z = np.where(inside, z * z + c, z)
        return n

    c = 3.0 * j / 1200 - 2.25 + 1j * (2.5 * i / 1000 - 1.25)
    exact = escape(c)
    # Beside the border the last bits of f32 decide.
    return {"mandelbrot.png": (exact / 256, exact == escape(c.astype(np.complex64) * f32(1 + 1e-6)))}


def harris():
    x = photo().mean(-1, dtype=f32) / f32(255)
    t = (x[:, :-2] + x[:, 1:-1] + x[:, 2:]) / f32(3)
    k = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], f32) / f32(12)

    def stencil(a, w):
        a = np.pad(a, 1, mode="edge")
        return sum(w[r, s] * a[r:r + a.shape[0] - 2, s:s + a.shape[1] - 2] for r in range(3) for s in range(3))

    box = lambda a: stencil(a, np.ones((3, 3), f32))
    gx, gy = stencil(x, k), stencil(x, k.T)
    xx, yy, xy = box(gx * gx), box(gy * gy), box(gx * gy)
    r = xx * yy - xy * xy - f32(0.04) * (xx + yy) ** 2
    edge = 0.01 * r.max()
    return {"blur.png": ((t[:-2] + t[1:-1] + t[2:]) / 3, None),
            "corners.png": (np.where(r > edge, 1, 0.3 * x), abs(r - edge) > 1e-3 * r.max())}


def photo():
    from compare import decode
    width, height, channels, data = decode((FOLDER / "photo.png").read_bytes())
    return np.frombuffer(bytes(data), np.uint8).reshape(height, width, channels).astype(f32)


def pinn():
    """11 iterations, as programs.sh runs it."""
    p = parameters(jnp.asarray, 0, {"w1": (glorot, (2, 20)), "b1": (0, (20,)), "hid.b": (0, (4, 20)), "w3": (normal, (20,))})
    p["hid.w"] = jnp.stack([glorot(derived(leaf_key(0, "hid.w"), k), (20, 20)) for k in range(4)])

    def u(p, t, x):
        z = jnp.tanh(jnp.stack([t, x]) @ p["w1"] + p["b1"])
        for k in range(4):
            z = jnp.tanh(z @ p["hid.w"][k] + p["hid.b"][k])
        return z @ p["w3"]

    def residual(p, t, x):
        return jax.grad(u, 1)(p, t, x) + u(p, t, x) * jax.grad(u, 2)(p, t, x) - 0.01 / np.pi * jax.grad(jax.grad(u, 2), 2)(p, t, x)

    @jax.jit
    @jax.value_and_grad
    def loss(p, t, x, x0):
        r = jax.vmap(lambda t, x: residual(p, t, x))(t, x)
        e = jax.vmap(lambda x: u(p, 0.0, x) + jnp.sin(np.pi * x))(x0)
        b = jax.vmap(lambda t: u(p, t, 1.0) ** 2 + u(p, t, -1.0) ** 2)(t)
        return jnp.mean(r * r) + jnp.mean(e * e) + jnp.mean(b)

    m = {k: jnp.zeros_like(a) for k, a in p.items()}
    v = dict(m)
    printed = []
    for i in range(11):
        kt, kx, k0 = (derived(derived(1, i), j, SPLIT) for j in range(3))
        draw = lambda k, n: jnp.asarray(uniform(k, (n,)), jnp.float32)
        l, g = loss(p, draw(kt, 1024), 2 * draw(kx, 1024) - 1, 2 * draw(k0, 128) - 1)
        for a in p:
            m[a] = 0.9 * m[a] + 0.1 * g[a]
            v[a] = 0.999 * v[a] + 0.001 * g[a] ** 2
            p[a] -= 1e-3 * (m[a] / (1 - 0.9 ** (i + 1))) / (jnp.sqrt(v[a] / (1 - 0.999 ** (i + 1))) + 1e-8)
        printed += [i, float(l)]
    return printed


def mixed_precision():
    data = np.load(FOLDER / "digits.npz")
    p = torch_parameters(0, {"w1": (glorot, (64, 512)), "b1": (0, (512,)), "w2": (glorot, (512, 10)), "b2": (0, (10,))})
    adam = torch.optim.Adam(p.values(), lr=1e-3)
    for begin in range(0, len(data["y"]), 64):
        q = {k: v.bfloat16() for k, v in p.items()}
        x, y = torch.tensor(data["x"][begin:begin + 64]).bfloat16(), torch.tensor(data["y"][begin:begin + 64]).long()
        loss = F.cross_entropy(torch.relu(x @ q["w1"] + q["b1"]) @ q["w2"] + q["b2"], y).float()
        adam.zero_grad()
        loss.backward()
        adam.step()
    return [loss.item()]


def kalman():
    data = np.load(FOLDER / "track.npz")
    a, c, ys = (torch.tensor(data[k]) for k in ("a", "c", "y"))
    scales = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    printed = []
    for i in range(200):
        q, r = torch.exp(scales)
        m, v, total = torch.zeros(2, dtype=torch.float64), torch.eye(2, dtype=torch.float64), 0
        for y in ys:
            m, v = a @ m, a @ v @ a.T + q * torch.eye(2)
            w = c @ v @ c.T + r * torch.eye(1)
            total = total + torch.distributions.MultivariateNormal(c @ m, w).log_prob(y)
            gain = v @ c.T @ torch.linalg.inv(w)
            m, v = m + gain @ (y - c @ m), v - gain @ c @ v
        (g,) = torch.autograd.grad(total, scales)
        with torch.no_grad():
            scales += 1e-3 * g
        if i % 20 == 0:
            printed += [i, total.item(), *torch.exp(scales).tolist()]
    return printed


# How far a printed number may be off, relative and absolute: what the digits printed and f32 leave.
PRINTED = {
    "01_mlp_digits": (mlp_digits, 2e-3, 6e-3), "02_resnet_cifar": (resnet_cifar, 2e-3, 1e-3), "03_gpt2": (gpt2, 1e-4, 1e-4),
    "05_lstm_lm": (lstm_lm, 1e-4, 1e-3), "11_kalman": (kalman, 0, 1e-3), "13_fluid": (fluid, 2e-4, 1e-7), "17_cg": (cg, 1e-3, 1e-3), "21_pinn": (pinn, 1e-4, 2e-6),
    "29_mixed_precision": (mixed_precision, 0.02, 0.01),
}
PICTURES = {"06_vae": vae, "19_mandelbrot": mandelbrot, "20_harris": harris}


def main():
    warnings.filterwarnings("ignore")
    out = {"numpy": np.__version__, "torch": torch.__version__, "jax": jax.__version__, "printed": {}, "pictures": {}}
    rounded = lambda v: v if v is None or isinstance(v, int) else float(f"{v:.7g}")
    for name, (twin, relative, absolute) in PRINTED.items():
        out["printed"][name] = {"relative": relative, "absolute": absolute, "numbers": [rounded(v) for v in twin()]}
    for twin in PICTURES.values():
        for name, (pixels, certain) in twin().items():
            r = np.random.default_rng(0)
            places = np.argwhere(np.ones(pixels.shape, bool) if certain is None else certain)
            sample = places[r.choice(len(places), 200, replace=False)]
            value = lambda v: round(255 * float(min(max(v, 0), 1)), 2)
            out["pictures"][name] = {"shape": list(pixels.shape), "pixels": [[int(i), int(j), value(pixels[i, j])] for i, j in sample]}
    print(json.dumps(out).replace('"printed"', '\n"printed"').replace('"pictures"', '\n"pictures"').replace("}, ", "},\n"))


main()
