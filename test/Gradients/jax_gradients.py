#!/usr/bin/env python3
"""Gradients in f64 beside JAX's: programs as people write them. A case is (name, TDS whose prints are compared in turn, JAX of the same)."""
import sys

import beside_jax

SETUP = """
import nn
def wave(n: dim, a) = sin(arange(0, n, f64) * a + 0.2)
def image(a) = reshape(wave(100, a), (2, 2, 5, 5))
w1 = reshape(wave(12, 1.3), (3, 4))
w2 = reshape(wave(20, 0.7), (4, 5))
b1 = wave(4, 2.1)
xs = reshape(wave(18, 0.9), (6, 3))
ys = [0, 3, 1, 4, 4, 2]
v = wave(6, 1.7)
def mlp(w1, b1, w2, xs, ys) = mean(nn.cross_entropy(tanh(xs @ w1 + b1) @ w2, ys))
def valley(x: f64[n]) = sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)
"""


def jax_cases():
    import jax
    import jax.numpy as jnp
    from jax import grad, lax
    from jax.scipy import special
    from jax.scipy.linalg import solve_triangular as special_solve

    jax.config.update("jax_enable_x64", True)
    wave = lambda n, a: jnp.sin(jnp.arange(n, dtype=jnp.float64) * a + 0.2)
    image = lambda a: wave(100, a).reshape(2, 2, 5, 5)
    w1, w2, b1 = wave(12, 1.3).reshape(3, 4), wave(20, 0.7).reshape(4, 5), wave(4, 2.1)
    xs, ys, v = wave(18, 0.9).reshape(6, 3), jnp.array([0, 3, 1, 4, 4, 2]), wave(6, 1.7)

    def mlp(w1, b1, w2, xs, ys):
        z = jnp.tanh(xs @ w1 + b1) @ w2
        return jnp.mean(special.logsumexp(z, axis=1) - z[jnp.arange(len(ys)), ys])

    def valley(x):
        return jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    def convolved(x, k):
        y = lax.conv_general_dilated(x, k, (2, 2), ((1, 1), (1, 1)), dimension_numbers=("NCHW", "OIHW", "NCHW"))
        return jnp.sum(jax.nn.relu(y) ** 2)

    def pooled(x):
        return jnp.sum(lax.reduce_window(x, -jnp.inf, lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID") ** 3)

    def attended(q, k, v):
        scores = jnp.einsum("behc,bekc->behk", q, k) / jnp.sqrt(3.0)
        scores = jnp.where(jnp.tril(jnp.ones((4, 4), bool)), scores, -jnp.inf)
        return jnp.sum(jnp.sin(jnp.einsum("behk,bekc->behc", jax.nn.softmax(scores), v)))

    def normed(x, g, b):
        m = x.mean(-1, keepdims=True)
        s = ((x - m) ** 2).mean(-1, keepdims=True)
        return jnp.sum(jnp.exp((x - m) / jnp.sqrt(s + 1e-5) * g + b))

    def recurrent(w, h):
        return jnp.sum(lax.fori_loop(0, 5, lambda i, h: jnp.tanh(w @ h + h[::-1] * i), h))

    def looked_up(table):
        rows = table[jnp.array([2, 0, 2, 5])]
        return jnp.sum(jnp.cos(table.at[jnp.array([1, 1, 3, 0])].add(rows * rows)))

    def special_functions(x):
        p = jnp.abs(x) + 0.5
        return jnp.sum(special.gammaln(p) + special.erf(x) * p**x + jnp.arctan2(x, p) + jnp.log1p(p) * jnp.expm1(x))

    def runs(x):
        return jnp.sum(jnp.cumprod(x) * jnp.cumsum(jnp.sin(x)))

    def penalty(w1):
        return jnp.sum(jax.vmap(lambda x: jnp.sqrt(jnp.sum(grad(lambda x: jnp.sum(jnp.tanh(x @ w1) ** 2))(x) ** 2)))(xs))

    def spectrum(z):
        return jnp.sum(jnp.abs(jnp.exp(z) * z - jnp.conj(z) / 3) ** 2)

    def density(a, b):
        s = a @ a.T + jnp.eye(4)
        l = jnp.linalg.cholesky(s)
        z = special_solve(l, b, lower=True)
        return jnp.sum(z**2) + 2 * jnp.sum(jnp.log(jnp.diag(l)))

    def systems(a, b):
        return jnp.sum(jnp.sin(jnp.linalg.solve(a, b))) + jnp.linalg.det(a) * jnp.sum(jnp.linalg.inv(a) ** 2)

    def ordered(x):
        values, ids = lax.top_k(x, 2)
        return jnp.sum(jnp.sort(x, -1) ** 3 * jnp.arange(1.0, 4.0)) + jnp.sum(jnp.tanh(values) * (ids + 1))

    def filtered(x):
        f = jnp.fft.rfft(x) * jnp.array([1, 0.5 - 1j, 2j, -1])
        return jnp.sum(jnp.fft.irfft(f, 6) ** 3) + jnp.sum(jnp.abs(jnp.fft.fft(x)) ** 2 * jnp.arange(6.0))

    def functions_of_complex(z):
        return jnp.sum(jnp.real(jnp.log(z + 3) * jnp.sqrt(z + 2) / (z * z + 4)) + jnp.abs(z) ** 3 + jnp.angle(z + 3) * jnp.imag(jnp.sin(z)))

    def complex_matrices(a, z):
        y = a @ z
        return jnp.sum(jnp.abs(y) ** 2 * jnp.cos(y.real)) + jnp.sum(jnp.real(a @ jnp.conj(a).T))

    def complex_loop(z):
        y = z
        for k in range(4):
            y = y * y * 0.5 + z
        return jnp.sum(jnp.abs(y) ** 2)

    def residual(w1, b1, v1, x, t):
        u = lambda x, t: jnp.sum(jnp.tanh(x * w1[0] + t * w1[1] + b1) * v1)
        return grad(u, 1)(x, t) + u(x, t) * grad(u)(x, t) - 0.1 * grad(grad(u))(x, t)

    def pinn(w1, b1, v1):
        return jnp.mean(jax.vmap(lambda x: residual(w1, b1, v1, x[0], x[1]))(xs) ** 2)

    @jax.custom_vjp
    def clipped(x):
        return x**3

    clipped.defvjp(lambda x: (x**3, x), lambda x, dy: (jnp.clip(dy * x, -0.5, 0.5),))

    def third(x):
        return jnp.sum(jnp.sin(x) * x[::-1] ** 2) * jnp.sum(x**3)

    along = lambda f: lambda x: jax.jvp(f, (x,), (jnp.cos(x),))[1]
    a4 = wave(16, 0.7).reshape(4, 4) + 2 * jnp.eye(4)
    q, k, u = (wave(24, a).reshape(2, 1, 4, 3) for a in (1.1, 0.6, 1.9))
    kernel = wave(36, 0.4).reshape(2, 2, 3, 3)
    z = wave(4, 1.5) + 1j * wave(4, 0.8)
    c4 = a4 + 1j * wave(16, 1.1).reshape(4, 4)
    return {
        "mlp": grad(mlp, (0, 1, 2, 3))(w1, b1, w2, xs, ys),
        "mlp, each example": [jax.vmap(grad(lambda w, x, y: mlp(w, b1, w2, x[None], y[None])), (None, 0, 0))(w1, xs, ys)],
        "conv2d": grad(convolved, (0, 1))(image(0.3), kernel),
        "max_pool": [grad(pooled)(image(0.3))],
        "attention": grad(attended, (0, 1, 2))(q, k, u),
        "layer_norm": grad(normed, (0, 1, 2))(xs, wave(3, 0.5), wave(3, 0.8)),
        "loop": grad(recurrent, (0, 1))(wave(16, 0.7).reshape(4, 4), b1),
        "table": [grad(looked_up)(xs)],
        "special functions": [grad(lambda x: special_functions(x))(v)],
        "running products": [grad(runs)(v), grad(runs)(v.at[2].set(0))],
        "hessian": [jax.hessian(valley)(v), jax.jvp(grad(valley), (v,), (jnp.cos(v),))[1]],
        "penalty": [grad(penalty)(w1)],
        "third": [grad(lambda v: jnp.sum(grad(lambda v: jnp.sum(grad(lambda v: jnp.sum(jnp.tanh(v) * v))(v) ** 2))(v)))(v)],
        "density": grad(density, (0, 1))(a4, b1),
        "systems": grad(systems, (0, 1))(a4, wave(8, 1.1).reshape(4, 2)),
        "systems, second": [grad(lambda a: jnp.sum(grad(systems)(a, wave(8, 1.1).reshape(4, 2)) ** 2))(a4)],
        "order": [grad(ordered)(xs)],
        "filter": [grad(filtered)(v)],
        "third, both modes": [along(along(grad(third)))(v), grad(lambda x: jnp.sum(along(grad(third))(x) ** 2))(v), along(along(along(third)))(v)],
        "hessians of rows": [jax.vmap(jax.hessian(lambda x: jnp.sum(jnp.sin(x) * x[::-1] ** 2)))(xs)],
        "pinn": grad(pinn, (0, 1, 2))(w1[:2], b1, wave(4, 0.5)),
        "pinn, each residual": [jax.vmap(lambda x: grad(residual)(w1[:2], b1, wave(4, 0.5), x[0], x[1]))(xs)],
        "one's own, a row": [jax.vmap(grad(lambda x: jnp.sum(jnp.sin(clipped(x)) * x)))(xs), grad(lambda x: jnp.sum(jax.vmap(lambda x: jnp.sum(clipped(x) ** 2))(x)))(xs)],
        # JAX gives the conjugate.
        "complex": [jnp.conj(grad(spectrum)(z))],
        "complex, functions": [jnp.conj(grad(functions_of_complex)(z))],
        "complex, matrices": [jnp.conj(g) for g in grad(complex_matrices, (0, 1))(c4, z)],
        "complex, loop": [jnp.conj(grad(complex_loop)(z)), jax.jvp(complex_loop, (z,), (jnp.cos(z),))[1]],
        "complex, by real": [grad(lambda x: jnp.sum(jnp.abs(jnp.fft.fft(jnp.exp(1j * x) * x)) ** 3))(v)],
        "complex, second": [jnp.conj(grad(lambda z: jnp.sum(jnp.abs(grad(complex_loop)(z)) ** 2))(z))],
    }


TDS = {
    "mlp": """
dw1, db1, dw2, dxs = grad[w1, b1, w2, xs](mlp(w1, b1, w2, xs, ys))
print(dw1)
print(db1)
print(dw2)
print(dxs)""",
    "mlp, each example": "print([n] => grad[w1](mlp(w1, b1, w2, xs[n:n+1], ys[n:n+1])))",
    "conv2d": """
x = image(0.3)
k = reshape(wave(36, 0.4), (2, 2, 3, 3))
dx, dk = grad[x, k](sum(relu(nn.conv2d(x, k, stride=2, pad=1)) ** 2))
print(dx)
print(dk)""",
    "max_pool": """
x = image(0.3)
print(grad[x](sum(nn.max_pool(x, 2) ** 3)))""",
    "attention": """
q = reshape(wave(24, 1.1), (2, 1, 4, 3))
k = reshape(wave(24, 0.6), (2, 1, 4, 3))
u = reshape(wave(24, 1.9), (2, 1, 4, 3))
dq, dk, du = grad[q, k, u](sum(sin(nn.attention(q, k, u, causal=true))))
print(dq)
print(dk)
print(du)""",
    "layer_norm": """
g = wave(3, 0.5)
b = wave(3, 0.8)
dx, dg, db = grad[xs, g, b](sum(exp(nn.layer_norm(xs, g, b))))
print(dx)
print(dg)
print(db)""",
    "loop": """
def recurrent(w, h) {
  for i in 0..5 { h = tanh(w @ h + h[::-1] * i) }
  sum(h)
}
w = reshape(wave(16, 0.7), (4, 4))
dw, dh = grad[w, b1](recurrent(w, b1))
print(dw)
print(dh)""",
    "table": "print(grad[xs](sum(cos(scatter_add(xs, [1, 1, 3, 0], xs[[2, 0, 2, 5]] ** 2)))))",
    "special functions": """
def functions(x) {
  p = abs(x) + 0.5
  sum(lgamma(p) + erf(x) * p ** x + atan2(x, p) + log1p(p) * expm1(x))
}
print(grad[v](functions(v)))""",
    "running products": """
u = v
print(grad[u](sum(cumprod(u) * cumsum(sin(u)))))
u[2] = 0
print(grad[u](sum(cumprod(u) * cumsum(sin(u)))))""",
    "hessian": """
print(jacobian[v](grad[v](valley(v))))
g, hv = jvp[v = cos(v)](grad[v](valley(v)))
print(hv)""",
    "penalty": """
def slopes(w1: f64[a, b], xs: f64[n, a]) = [n] => {
  x = xs[n]
  norm(grad[x](sum(tanh(x @ w1) ** 2)))
}
print(grad[w1](sum(slopes(w1, xs))))""",
    "third": "print(grad[v](sum(grad[v](sum(grad[v](sum(tanh(v) * v)) ** 2)))))",
    "density": """
def density(a, b) {
  l = cholesky(a @ transpose(a) + eye(4, f64))
  z = triangular_solve(l, b)
  sum(z ** 2) + 2 * sum(log(diag(l)))
}
a = reshape(wave(16, 0.7), (4, 4)) + 2 * eye(4, f64)
da, db = grad[a, b1](density(a, b1))
print(da)
print(db)""",
    "systems": """
def systems(a, b) = sum(sin(solve(a, b))) + det(a) * sum(inv(a) ** 2)
b = reshape(wave(8, 1.1), (4, 2))
da, db = grad[a, b](systems(a, b))
print(da)
print(db)""",
    "systems, second": "print(grad[a](sum(grad[a](systems(a, b)) ** 2)))",
    "order": """
def ordered(x) {
  values, ids = topk(x, 2)
  sum(sort(x) ** 3 * f64([1, 2, 3])) + sum(tanh(values) * f64(ids + 1))
}
print(grad[xs](ordered(xs)))""",
    "filter": """
def filtered(x) {
  f = rfft(x) * complex(f64([1, 0.5, 0, -1]), f64([0, -1, 2, 0]))
  sum(irfft(f, 6) ** 3) + sum(abs(fft(x)) ** 2 * arange(6, f64))
}
print(grad[v](filtered(v)))""",
    "third, both modes": """
def third(x) = sum(sin(x) * x[::-1] ** 2) * sum(x ** 3)
def along(f, x) {
  d = stop_gradient(cos(x))
  y, dy = jvp[x = d](f(x))
  dy
}
def along_moving(f, x) {
  y, dy = jvp[x = cos(x)](f(x))
  dy
}
print(along_moving(x => along_moving(x => grad[x](third(x)), x), v))
print(grad[v](sum(along_moving(x => grad[x](third(x)), v) ** 2)))
print(along_moving(x => along_moving(x => along_moving(third, x), x), v))""",
    "hessians of rows": "print([n] => { x = xs[n]; jacobian[x](grad[x](sum(sin(x) * x[::-1] ** 2))) })",
    "pinn": """
def u(w: f64[2, h], b: f64[h], v: f64[h], x: f64, t: f64) = sum(tanh(x * w[0] + t * w[1] + b) * v)
def residual(w: f64[2, h], b: f64[h], v: f64[h], x: f64, t: f64) =
  grad[t](u(w, b, v, x, t)) + u(w, b, v, x, t) * grad[x](u(w, b, v, x, t)) - 0.1 * grad[x](grad[x](u(w, b, v, x, t)))
def pinn(w: f64[2, h], b: f64[h], v: f64[h], xs: f64[n, 3]) = mean([n] => residual(w, b, v, xs[n, 0], xs[n, 1]) ** 2)
w = w1[:2]
v1 = wave(4, 0.5)
dw, db, dv = grad[w, b1, v1](pinn(w, b1, v1, xs))
print(dw)
print(db)
print(dv)""",
    "pinn, each residual": "print([n] => grad[w](residual(w, b1, v1, xs[n, 0], xs[n, 1])))",
    "one's own, a row": """
def clipped(x: f64[n]) = x ** 3
vjp clipped(x, dy) = clip(dy * x, -0.5, 0.5)
print([n] => { x = xs[n]; grad[x](sum(sin(clipped(x)) * x)) })
print(grad[xs](sum([n] => sum(clipped(xs[n]) ** 2))))""",
    "complex": """
z = complex(wave(4, 1.5), wave(4, 0.8))
g = grad[z](sum(abs(exp(z) * z - conj(z) / 3) ** 2))
print(real(g))
print(imag(g))""",
    "complex, functions": """
g = grad[z](sum(real(log(z + 3) * sqrt(z + 2) / (z * z + 4)) + abs(z) ** 3 + angle(z + 3) * imag(sin(z))))
print(real(g))
print(imag(g))""",
    "complex, matrices": """
c = complex(reshape(wave(16, 0.7), (4, 4)) + 2 * eye(4, f64), reshape(wave(16, 1.1), (4, 4)))
def matrices(c, z) {
  y = c @ z
  sum(abs(y) ** 2 * cos(real(y))) + sum(real(c @ conj(transpose(c))))
}
dc, g = grad[c, z](matrices(c, z))
print(real(dc))
print(imag(dc))
print(real(g))
print(imag(g))""",
    "complex, loop": """
def looped(z) {
  y = z
  for k in 0..4 { y = y * y * 0.5 + z }
  sum(abs(y) ** 2)
}
g = grad[z](looped(z))
y, dy = jvp[z = cos(z)](looped(z))
print(real(g))
print(imag(g))
print(dy)""",
    "complex, by real": "print(grad[v](sum(abs(fft(exp(complex(0 * v, v)) * complex(v, 0 * v))) ** 3)))",
    "complex, second": """
g = grad[z](sum(abs(grad[z](looped(z))) ** 2))
print(real(g))
print(imag(g))""",
}


if __name__ == "__main__":
    beside_jax.main(sys.modules[__name__])
