#!/usr/bin/env python3
"""Every op and built-in that has a derivative beside JAX, in four orders: reverse, forward, forward over reverse, reverse over reverse.

A case is (what it is of, which x, TDS, JAX), both functions of x as text. The data are those of every.tds; every.py reads what the cases
are of and fails when an op or built-in has none."""
import sys

import beside_jax

SETUP = beside_jax.FOUR_ORDERS + """
def twice(x) = 2 * sin(x)
vjp twice(x, dy) = 2 * cos(x) * dy
u = data(4)
p = abs(data(4)) + 0.2
v = cos(u)
t = data(3)
s = data(5)
x = reshape(data(6), (2, 3))
a = 0.5 * reshape(data(9), (3, 3)) + 2 * eye(3, f64)
b = reshape(data(6), (3, 2))
"""
CASES = [
    ("add sub mul div neg", "u", "x => x * v + (v - x) / (v + 2.0) + -x", "lambda x: x * v + (v - x) / (v + 2) - x"),
    ("div", "p", "x => v / x", "lambda x: v / x"),
    ("abs", "u", "x => abs(x)", "jnp.abs"),
    ("mod", "u", "x => x % 0.7", "lambda x: x % 0.7"),
    ("mod", "p", "x => 2.3 % x", "lambda x: 2.3 % x"),
    ("pow", "p", "x => x ** 2.5 + 1.3 ** x + x ** x", "lambda x: x**2.5 + 1.3**x + x**x"),
    ("sqrt", "p", "x => sqrt(x)", "jnp.sqrt"),
    ("rsqrt", "p", "x => rsqrt(x)", "lax.rsqrt"),
    ("exp", "u", "x => exp(x)", "jnp.exp"),
    ("expm1", "u", "x => expm1(x)", "jnp.expm1"),
    ("log", "p", "x => log(x)", "jnp.log"),
    ("log1p", "p", "x => log1p(x)", "jnp.log1p"),
    ("log2", "p", "x => log2(x)", "jnp.log2"),
    ("sin", "u", "x => sin(x)", "jnp.sin"),
    ("cos", "u", "x => cos(x)", "jnp.cos"),
    ("tan", "u", "x => tan(x)", "jnp.tan"),
    ("asin", "u", "x => asin(0.8 * x)", "lambda x: jnp.arcsin(0.8 * x)"),
    ("acos", "u", "x => acos(0.8 * x)", "lambda x: jnp.arccos(0.8 * x)"),
    ("atan", "u", "x => atan(x)", "jnp.arctan"),
    ("atan2", "p", "x => atan2(x, v) + atan2(v, x)", "lambda x: jnp.arctan2(x, v) + jnp.arctan2(v, x)"),
    ("sinh", "u", "x => sinh(x)", "jnp.sinh"),
    ("cosh", "u", "x => cosh(x)", "jnp.cosh"),
    ("tanh", "u", "x => tanh(x)", "jnp.tanh"),
    ("erf", "u", "x => erf(x)", "special.erf"),
    ("sigmoid", "u", "x => sigmoid(x)", "jax.nn.sigmoid"),
    ("relu", "u", "x => relu(x)", "jax.nn.relu"),
    ("gelu", "u", "x => gelu(x)", "lambda x: jax.nn.gelu(x, approximate=False)"),
    ("silu", "u", "x => silu(x)", "jax.nn.silu"),
    ("softplus", "u", "x => softplus(x)", "jax.nn.softplus"),
    ("maximum minimum", "u", "x => maximum(x, v - 0.5) + 2 * minimum(x * x, v)", "lambda x: jnp.maximum(x, v - 0.5) + 2 * jnp.minimum(x * x, v)"),
    ("clip", "u", "x => clip(x, -0.5, 0.5) * x", "lambda x: jnp.clip(x, -0.5, 0.5) * x"),
    ("where select", "u", "x => where(x > 0.1, x * v, x * x)", "lambda x: jnp.where(x > 0.1, x * v, x * x)"),
    ("stop_gradient", "u", "x => stop_gradient(x * x) * x", "lambda x: lax.stop_gradient(x * x) * x"),
    ("checkpoint composite barrier", "u", "x => checkpoint(sin(x) * x)", "jax.checkpoint(lambda x: jnp.sin(x) * x)"),
    ("convert", "u", "x => f64(f64(x) * 2)", "lambda x: x * 2"),
    ("complex real imag", "u", "x => { z = complex(x, v); w = z * z / (z + 2); real(w) + imag(w) }", "lambda x: (lambda z: (lambda w: w.real + w.imag)(z * z / (z + 2)))(lax.complex(x, v))"),
    ("conj", "u", "x => { z = complex(v, x); abs(z * exp(z)) + real(conj(z) * z) }", "lambda x: (lambda z: jnp.abs(z * jnp.exp(z)) + (jnp.conj(z) * z).real)(lax.complex(v, x))"),
    ("angle", "u", "x => angle(complex(x, v + 1.5))", "lambda x: jnp.angle(lax.complex(x, v + 1.5))"),
    ("reshape", "x", "x => reshape(x, (3, 2))", "lambda x: x.reshape(3, 2)"),
    ("transpose access", "x", "x => transpose(x)", "jnp.transpose"),
    ("broadcast_to", "t", "t => broadcast_to(t, (2, 3))", "lambda t: jnp.broadcast_to(t, (2, 3))"),
    ("concat", "x", "x => concat((x, x * x), axis=1)", "lambda x: jnp.concatenate((x, x * x), 1)"),
    ("pad", "x", "x => pad(x, ((1, 0), (0, 2)))", "lambda x: jnp.pad(x, ((1, 0), (0, 2)))"),
    ("flip", "x", "x => flip(x, axis=1)", "lambda x: jnp.flip(x, 1)"),
    ("roll", "x", "x => roll(x, 1, axis=1)", "lambda x: jnp.roll(x, 1, 1)"),
    ("repeat", "x", "x => repeat(x, 2, axis=0)", "lambda x: jnp.repeat(x, 2, 0)"),
    ("diag", "t", "t => diag(t)", "jnp.diag"),
    ("tril", "x", "x => tril(x)", "jnp.tril"),
    ("triu", "x", "x => triu(x)", "jnp.triu"),
    ("access accumulate", "x", "x => [i < 4, j < 3] => x[i - 1, j wrap] * x[0, j]", "lambda x: x[jnp.array([1, 0, 1, 0])] * x[0]"),
    ("access accumulate", "x", "x => [i < 2] => x[i, i]", "lambda x: x[jnp.arange(2), jnp.arange(2)]"),
    ("gather", "x", "x => x[[1, 0, 1]]", "lambda x: x[jnp.array([1, 0, 1])]"),
    ("scatter_add scatter", "x", "x => scatter_add(x, [1, 0, 1], transpose(x) @ x)", "lambda x: x.at[jnp.array([1, 0, 1])].add(x.T @ x)"),
    ("scatter", "x", "x => { y = x; y[[1, 0, 1]] = transpose(x) @ x; y }", "lambda x: x.at[0].set((x.T @ x)[1]).at[1].set((x.T @ x)[2])"),
    ("sum reduce", "x", "x => sum(x, axis=0)", "lambda x: x.sum(0)"),
    ("mean", "x", "x => mean(x, axis=1)", "lambda x: x.mean(1)"),
    ("prod reduce", "x", "x => prod(x, axis=1)", "lambda x: x.prod(1)"),
    ("max reduce", "x", "x => max(x, axis=1)", "lambda x: x.max(1)"),
    ("min reduce", "x", "x => min(x, axis=0)", "lambda x: x.min(0)"),
    ("logsumexp", "x", "x => logsumexp(x, axis=1)", "lambda x: special.logsumexp(x, 1)"),
    ("var", "x", "x => var(x, axis=1)", "lambda x: x.var(1)"),
    ("std", "x", "x => std(x, axis=1)", "lambda x: x.std(1)"),
    ("norm", "x", "x => norm(x)", "jnp.linalg.norm"),
    ("dot", "t", "t => dot(t, sin(t))", "lambda t: t @ jnp.sin(t)"),
    ("cumsum scan", "x", "x => cumsum(x, axis=1)", "lambda x: jnp.cumsum(x, 1)"),
    ("cumprod scan", "x", "x => cumprod(x, axis=1)", "lambda x: jnp.cumprod(x, 1)"),
    ("softmax", "x", "x => softmax(x)", "jax.nn.softmax"),
    ("log_softmax", "x", "x => log_softmax(x)", "jax.nn.log_softmax"),
    ("contract", "x", "x => x @ transpose(x * x)", "lambda x: x @ (x * x).T"),
    ("sort", "s", "s => sort(s)", "jnp.sort"),
    ("topk", "s", "s => { values, ids = topk(s, 2); values }", "lambda s: lax.top_k(s, 2)[0]"),
    ("fft", "s", "s => real(fft(s)) + imag(fft(s * s))", "lambda s: jnp.fft.fft(s).real + jnp.fft.fft(s * s).imag"),
    ("ifft", "s", "s => real(ifft(complex(s, s * s)))", "lambda s: jnp.fft.ifft(lax.complex(s, s * s)).real"),
    ("rfft", "s", "s => real(rfft(s)) + imag(rfft(s * s))", "lambda s: jnp.fft.rfft(s).real + jnp.fft.rfft(s * s).imag"),
    ("irfft", "s", "s => irfft(complex(s, s * s), 8)", "lambda s: jnp.fft.irfft(lax.complex(s, s * s), 8)"),
    ("cholesky", "a", "a => cholesky(a @ transpose(a))", "lambda a: jnp.linalg.cholesky(a @ a.T)"),
    ("solve", "a", "a => solve(a, b)", "lambda a: jnp.linalg.solve(a, b)"),
    ("solve", "b", "b => solve(a, b)", "lambda b: jnp.linalg.solve(a, b)"),
    ("inv", "a", "a => inv(a)", "jnp.linalg.inv"),
    ("det", "a", "a => 0.1 * det(a)", "lambda a: 0.1 * jnp.linalg.det(a)"),
    ("triangular_solve", "a", "a => triangular_solve(a, b)", "lambda a: solve_triangular(a, b, lower=True)"),
    ("triangular_solve", "b", "b => triangular_solve(a, b, upper=true)", "lambda b: solve_triangular(a, b)"),
    ("where", "t", "t => [i] => if t[i] > 0.1 then t[i] ** 3 else sin(t[i])", "lambda t: jnp.where(t > 0.1, t**3, jnp.sin(t))"),
    ("where", "t", "t => if sum(t) > 0 then t ** 3 else sin(t)", "lambda t: jnp.where(t.sum() > 0, t**3, jnp.sin(t))"),
    ("composite", "t", "t => twice(t)", "lambda t: 2 * jnp.sin(t)"),
    ("for", "t", "t => { w = t; for i in 0..3 { w = sin(w) + t }; w }", "lambda t: lax.fori_loop(0, 3, lambda i, w: jnp.sin(w) + t, t)"),
    ("while", "t", "t => { w = t; while sum(w * w) < 5 { w = 1.5 * w + t }; w }", "lambda t: lax.while_loop(lambda w: w @ w < 5, lambda w: 1.5 * w + t, t)"),
    ("vjp", "t", "t => grad[t](sum(t ** 3))", "jax.grad(lambda t: (t**3).sum())"),
    ("jvp", "t", "t => { w, dw = jvp[t = cos(t)](t ** 3); dw }", "lambda t: jax.jvp(lambda t: t**3, (t,), (jnp.cos(t),))[1]"),
]
# Without a second derivative, which is refused by name.
FIRST = [("lgamma", "p", "x => lgamma(x)", "special.gammaln")]
TDS = {f"{i} {name}": f"print(four({tds}, {x}))" for i, (name, x, tds, _) in enumerate(CASES)}
TDS |= {f"first {name}": f"f = {x}\nprint(grad[f](curved({tds.split('=> ')[1].replace('x', 'f')})))" for name, x, tds, _ in FIRST}


def jax_cases():
    import jax
    import jax.numpy as jnp
    from jax import lax
    from jax.scipy import special
    from jax.scipy.linalg import solve_triangular

    jax.config.update("jax_enable_x64", True)
    data = lambda n: 0.9 * jnp.sin(jnp.arange(1.0, n + 1) * 1.7)
    u = data(4)
    given = {"u": u, "p": jnp.abs(u) + 0.2, "v": jnp.cos(u), "t": data(3), "s": data(5), "x": data(6).reshape(2, 3),
             "a": 0.5 * data(9).reshape(3, 3) + 2 * jnp.eye(3), "b": data(6).reshape(3, 2)}
    words = {"jax": jax, "jnp": jnp, "lax": lax, "special": special, "solve_triangular": solve_triangular} | given
    curved = lambda y: jnp.sum(jnp.sin(y + 0.3) * y)

    def four(name, x, text):
        f, d = eval(text, words), jnp.sin(3 * x + 1) + 0.5
        grad = jax.jacfwd if name == "while" else jax.grad  # JAX has no reverse mode there
        g = grad(lambda x: curved(f(x)))
        h = jax.jvp(g, (x,), (d,))[1]
        return [g(x), jax.jvp(f, (x,), (d,))[1], h, h]

    cases = {f"{i} {name}": four(name, given[x], text) for i, (name, x, _, text) in enumerate(CASES)}
    return cases | {f"first {name}": [jax.grad(lambda x: curved(eval(text, words)(x)))(given[x])] for name, x, _, text in FIRST}


if __name__ == "__main__":
    beside_jax.main(sys.modules[__name__])
