"""Philox4x32-10 (Salmon et al. 2011) and what TDS makes of it, in NumPy: the twin of runtime/Random.h."""
import numpy as np

MUL0, MUL1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
WEYL0, WEYL1 = 0x9E3779B9, 0xBB67AE85
MASK = np.uint64(0xFFFFFFFF)
f32, f64 = np.float32, np.float64


def philox(counter, key):
    """counter: four arrays of 32-bit words (as uint64); key: a 64-bit integer. Four arrays of words."""
    c = [np.asarray(x, np.uint64) for x in counter]
    k0, k1 = key & 0xFFFFFFFF, key >> 32
    for _ in range(10):
        p0, p1 = MUL0 * c[0], MUL1 * c[2]
        c = [(p1 >> np.uint64(32)) ^ c[1] ^ np.uint64(k0), p1 & MASK, (p0 >> np.uint64(32)) ^ c[3] ^ np.uint64(k1), p0 & MASK]
        k0, k1 = (k0 + WEYL0) & 0xFFFFFFFF, (k1 + WEYL1) & 0xFFFFFFFF
    return c


def permutation(key, n):
    """The order of `batches(.., shuffle=key)`: a stable argsort of one 64-bit word an element."""
    i = np.arange(n, dtype=np.uint64)
    zero = np.zeros_like(i)
    words = philox([i & MASK, i >> np.uint64(32), zero + np.uint64(3), zero], key)
    return np.argsort(words[0] | words[1] << np.uint64(32), kind="stable")


def words(key, n):
    """The first n words of a key."""
    block = np.arange((n + 3) // 4, dtype=np.uint64)
    return np.stack(philox([block & MASK, block >> np.uint64(32), 0 * block, 0 * block], key), 1).reshape(-1)[:n]


FOLD_IN, SPLIT = 1, 2


def derived(key, counter, use=FOLD_IN):
    """`fold_in(key, counter)`, or key `counter` of a `split`."""
    w = philox([np.uint64(counter & 0xFFFFFFFF), np.uint64(counter >> 32), np.uint64(use), np.uint64(0)], key)
    return int(w[0]) | int(w[1]) << 32


def split(key, n):
    return [derived(key, j, SPLIT) for j in range(n)]


def uniform(key, shape=(), kind=f32):
    """24 bits of one word for f32, 53 of two for f64; as f64, which holds both exactly."""
    n = int(np.prod(shape))
    if kind == f64:
        w = words(key, 2 * n).reshape(n, 2)
        return (((w[:, 0] >> np.uint64(5)).astype(f64) * 2.0**26 + (w[:, 1] >> np.uint64(6)).astype(f64)) * 2.0**-53).reshape(shape)
    return ((words(key, n) >> np.uint64(8)).astype(f64) * 2.0**-24).reshape(shape)


def normal(key, shape=(), kind=f32):
    """Box and Muller."""
    u = uniform(key, (*shape, 2), kind)
    return (np.sqrt(-2 * np.log(1 - u[..., 0])) * np.cos(2 * np.pi * u[..., 1])).astype(kind)


def bernoulli(key, p, shape=()):
    return uniform(key, shape) < p


def randint(key, shape, low, high):
    return (low + (words(key, int(np.prod(shape))) * np.uint64(high - low) >> np.uint64(32)).astype(np.int64)).reshape(shape)


def categorical(key, logits):
    """The greatest of the logits (f32) and Gumbel noise."""
    return np.argmax(logits - np.log(np.maximum(-np.log(1 - uniform(key, logits.shape)), 1e-30)), -1)


def leaf_key(key, path):
    """FNV-1a of a leaf's path, folded in."""
    h = 0xCBF29CE484222325
    for c in path.encode():
        h = (h ^ c) * 0x100000001B3 % 2**64
    return derived(key, h)


def fans(shape):
    return (shape[0], shape[1]) if len(shape) == 2 else (shape[1] * np.prod(shape[2:]), shape[0] * np.prod(shape[2:]))


def glorot(key, shape):
    return ((2 * uniform(key, shape) - 1) * np.sqrt(6 / sum(fans(shape)))).astype(f32)


def he(key, shape):
    return (normal(key, shape) * np.sqrt(2 / fans(shape)[0])).astype(f32)


def parameters(make, key, shapes):
    """`init`: {path: (initialiser, shape)}; an initialiser is a function of key and shape or a number, None is zero."""
    out = {}
    for path, (initialiser, shape) in shapes.items():
        out[path] = make(initialiser(leaf_key(key, path), shape) if callable(initialiser) else np.full(shape, initialiser or 0, f32))
    return out


def batches(n, size, key, drop_last=False):
    """The rows of each of `batches(.., shuffle=key)`."""
    order = permutation(key, n)
    return [order[i:i + size] for i in range(0, n - size + 1 if drop_last else n, size)]


assert [int(w) for w in philox([0, 0, 0, 0], 0)] == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
