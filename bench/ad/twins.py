"""The problems in JAX, written from the formulas that GradBench publishes: `objective(inputs, **fixed)` and `gradient(inputs, **fixed)`."""
import math
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.scipy.special import logsumexp, multigammaln

jax.config.update("jax_enable_x64", True)


def gmm():
    def objective(p, x, gamma, m):
        (k, d), n = p["mu"].shape, x.shape[0]
        rows, columns = zip(*((i, j) for j in range(d) for i in range(j + 1, d)))
        below = jnp.zeros((k, d, d)).at[:, np.array(rows), np.array(columns)].set(p["l"])
        diagonal = jnp.exp(p["q"])
        centred = x[:, None, :] - p["mu"]
        y = diagonal * centred + jnp.einsum("kij,nkj->nki", below, centred)
        inside = p["alpha"] + p["q"].sum(1) - 0.5 * (y**2).sum(2)
        f = d + m + 1
        prior = k * (f * d * math.log(gamma / math.sqrt(2)) - multigammaln(0.5 * f, d))
        prior += m * p["q"].sum() - 0.5 * gamma**2 * ((diagonal**2).sum() + (p["l"] ** 2).sum())
        return logsumexp(inside, axis=1).sum() - n * (d / 2 * math.log(2 * math.pi) + logsumexp(p["alpha"])) + prior

    split = lambda v: ({name: v[name] for name in ("alpha", "mu", "q", "l")}, v["x"])
    return (lambda v, gamma, m: objective(*split(v), gamma, m)), (lambda v, gamma, m: tuple(jax.grad(objective)(*split(v), gamma, m)[name] for name in ("alpha", "mu", "q", "l")))


def ba():
    def misplaced(camera, x, w, feature):
        r, at = camera[:3], x - camera[3:6]
        square = r @ r
        angle = jnp.sqrt(square)
        axis = r / angle
        turned = at * jnp.cos(angle) + jnp.cross(axis, at) * jnp.sin(angle) + axis * (axis @ at) * (1 - jnp.cos(angle))
        p = jnp.where(square == 0, at + jnp.cross(r, at), turned)
        flat = p[:2] / p[2]
        square = flat @ flat
        return w * (flat * (1 + camera[9] * square + camera[10] * square**2) * camera[6] + camera[7:9] - feature)

    seen = lambda v: (v["cameras"][v["obs"][:, 0]], v["xs"][v["obs"][:, 1]], v["ws"], v["features"])
    objective = lambda v: (jax.vmap(misplaced)(*seen(v)), 1 - v["ws"] ** 2)
    gradient = lambda v: (*jax.vmap(jax.jacrev(misplaced, (0, 1, 2)))(*seen(v)), -2 * v["ws"])
    return objective, gradient


def lstm():
    def layer(main, state, x):
        (w, bias), (hidden, cell) = main, state
        forget = jax.nn.sigmoid(x * w[0] + bias[0])
        ingate = jax.nn.sigmoid(hidden * w[1] + bias[1])
        outgate = jax.nn.sigmoid(x * w[2] + bias[2])
        cell = cell * forget + ingate * jnp.tanh(hidden * w[3] + bias[3])
        return jnp.stack([outgate * jnp.tanh(cell), cell])

    def objective(main, extra, state, sequence):
        def step(state, letters):
            y, states = letters[0] * extra[0], []
            for m, s in zip(main, state):
                states.append(layer(m, s, y))
                y = states[-1][0]
            y = y * extra[1] + extra[2]
            return jnp.stack(states), letters[1] @ (y - jnp.log(jnp.exp(y).sum() + 2))

        gains = lax.scan(step, state, (sequence[:-1], sequence[1:]))[1]
        return -gains.sum() / (gains.size * sequence.shape[1])

    args = lambda v: (v["main"], v["extra"], v["state"], v["sequence"])
    return (lambda v: objective(*args(v))), (lambda v: jax.grad(objective, (0, 1))(*args(v)))


def ht():
    def about(axis):
        angle = jnp.sqrt(axis @ axis)
        x, y, z = axis / angle
        s, c = jnp.sin(angle), jnp.cos(angle)
        r = jnp.array([[x * x + (1 - x * x) * c, x * y * (1 - c) - z * s, x * z * (1 - c) + y * s],
                       [x * y * (1 - c) + z * s, y * y + (1 - y * y) * c, y * z * (1 - c) - x * s],
                       [x * z * (1 - c) - y * s, y * z * (1 - c) + x * s, z * z + (1 - z * z) * c]])
        return jnp.where(angle < 0.0001, jnp.eye(3), r)

    def turn(bend, spread):
        a, s, c = bend, jnp.sin(spread), jnp.cos(spread)
        return jnp.array([[c, -s * jnp.cos(a), s * jnp.sin(a), 0], [s, c * jnp.cos(a), -c * jnp.sin(a), 0], [0, jnp.sin(a), jnp.cos(a), 0], [0, 0, 0, 1]])

    def objective(theta, us, v, parents):
        bends = jnp.zeros((len(parents), 2))
        for f in range(5):
            bends = bends.at[4 * f + 2].set(theta[4 * f + 6:4 * f + 8])
            bends = bends.at[4 * f + 3, 0].set(theta[4 * f + 8]).at[4 * f + 4, 0].set(theta[4 * f + 9])
        turned = v["relatives"] @ jax.vmap(turn)(bends[:, 0], bends[:, 1])
        absolutes = []
        for i, parent in enumerate(parents):
            absolutes.append(turned[i] if parent < 0 else absolutes[parent] @ turned[i])
        bones = jnp.stack(absolutes) @ v["inverses"]
        skin = jnp.einsum("ki,irc,kc->kr", v["weights"], bones[:, :3], v["base"])
        xs = (skin @ about(theta[:3]).T + theta[3:6])[v["triangles"][v["found"]]]
        places = jnp.stack([us[:, 0], us[:, 1], 1 - us[:, 0] - us[:, 1]], 1)
        return v["points"] - (places[:, :, None] * xs).sum(1)

    def gradient(v, parents):
        f = lambda theta, us: objective(theta, us, v, parents)
        n = v["us"].shape[0]
        by_us = jax.vmap(lambda d: jax.jvp(lambda us: f(v["theta"], us), (v["us"],), (jnp.broadcast_to(d, (n, 2)),))[1])(jnp.eye(2))
        by_theta = jax.vmap(lambda d: jax.jvp(lambda theta: f(theta, v["us"]), (v["theta"],), (d,))[1])(jnp.eye(26))
        return by_us, by_theta

    return (lambda v, parents: objective(v["theta"], v["us"], v, parents)), gradient


def ode():
    def objective(x, s):
        slope = lambda y: x * jnp.concatenate([jnp.ones(1), y[:-1]])
        h = 2 / s

        def step(y, _):
            k1 = slope(y)
            k2 = slope(y + h / 2 * k1)
            k3 = slope(y + h / 2 * k2)
            k4 = slope(y + h * k3)
            return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4), None

        return lax.scan(step, jnp.zeros_like(x), None, length=s)[0]

    return (lambda v, s: objective(v["x"], s)), (lambda v, s: jax.grad(lambda x: objective(x, s)[-1])(v["x"]))


def lse():
    def objective(x):
        top = jnp.max(x)
        return top + jnp.log(jnp.exp(x - top).sum())

    return (lambda v: objective(v["x"])), (lambda v: jax.grad(objective)(v["x"]))


def kmeans():
    def objective(points, centres):
        return jnp.min(((points[:, None] - centres) ** 2).sum(-1), 1).sum()

    def gradient(v):
        g, h = jax.jvp(jax.grad(lambda c: objective(v["points"], c)), (v["centres"],), (jnp.ones_like(v["centres"]),))
        return g / h

    return (lambda v: objective(v["points"], v["centres"])), gradient


def det():
    def objective(a, sets):
        n = a.shape[0]
        has = np.array([[s >> j & 1 for j in range(n)] for s in range(sets)])
        sign = has * (1 - 2 * ((np.cumsum(has, 1) - has) % 2))
        without = np.arange(sets)[:, None] - has * 2 ** np.arange(n)
        minors = jnp.zeros(sets).at[0].set(1)
        minors = lax.scan(lambda m, row: ((sign * row * m[without]).sum(1), None), minors, a[::-1])[0]
        return minors[-1]

    return (lambda v, sets: objective(v["a"], sets)), (lambda v, sets: jax.grad(lambda a: objective(a, sets))(v["a"]))


def forward(f, x):
    return jax.vmap(lambda d: jax.jvp(f, (x,), (d,))[1])(jnp.eye(x.size))


def reverse(f, x):
    return jax.grad(f)(x)


def lowest(f, gradient, x):
    length = lambda v: jnp.sqrt(v @ v)

    def round(state):
        x, fx, gx, step, rounds, _ = state
        to = x - step * gx
        there = f(to)
        grow, end, better = rounds == 10, length(to - x) <= 1e-5, there < fx
        moved = ~grow & ~end & better
        x, fx = jnp.where(moved, to, x), jnp.where(moved, there, fx)
        gx = lax.cond(moved, lambda: gradient(f, x), lambda: gx)
        step = jnp.where(grow, 2 * step, jnp.where(end | better, step, step / 2))
        rounds = jnp.where(moved, rounds + 1, 0)
        going = jnp.where(grow, True, ~end) & (length(gx) > 1e-5)
        return x, fx, gx, step, rounds, going

    gx = gradient(f, x)
    return lax.while_loop(lambda s: s[5], round, (x, f(x), gx, jnp.float64(1e-5), 0, length(gx) > 1e-5))[0]


def particle():
    def crossing(gradient, w):
        length = lambda v: jnp.sqrt(v @ v)
        potential = lambda x: 1 / length(x - jnp.array([10.0, 0])) + 1 / length(x - jnp.stack([10.0, 10 - w]))
        step = lambda s: (s[0] + 0.1 * s[1], s[1] - 0.1 * gradient(potential, s[0]))
        x, v = lax.while_loop(lambda s: s[0][1] + 0.1 * s[1][1] > 0, step, (jnp.array([0.0, 8.0]), jnp.array([0.75, 0.0])))
        return (x[0] - x[1] / v[1] * v[0]) ** 2

    objective = lambda v: crossing(reverse, v["w"])
    found = lambda outer, inner: lambda v: lowest(lambda w: crossing(inner, w[0]), outer, v["w"][None])
    # JAX has no reverse mode through a `while`: its derivative by w is forward mode, and what is outside too.
    return objective, (lambda v: jax.jacfwd(lambda w: crossing(reverse, w))(v["w"])), {"ff": found(forward, forward), "fr": found(forward, reverse)}


def saddle():
    height = lambda x, y: x @ x - y @ y
    highest = lambda f, gradient, x: lowest(lambda y: -f(y), gradient, x)
    greatest = lambda inner, x, start: height(x, highest(lambda y: height(x, y), inner, start))
    objective = lambda v: greatest(reverse, v["start"], v["start"])

    def found(outer, inner):
        def both(v):
            x = lowest(lambda x: greatest(inner, x, v["start"]), outer, v["start"])
            return x, highest(lambda y: height(x, y), outer, v["start"])

        return both

    return objective, (lambda v: jax.jacfwd(lambda s: greatest(reverse, s, s))(v["start"])), {"ff": found(forward, forward), "fr": found(forward, reverse)}


def twin(problem, **fixed):
    """objective, gradient and what else there is, of the problem, each a function of its inputs."""
    objective, gradient, *more = globals()[problem]()
    bound = lambda f: (lambda v: f(v, **fixed)) if fixed else f
    return SimpleNamespace(objective=bound(objective), gradient=bound(gradient), more=more[0] if more else {})
