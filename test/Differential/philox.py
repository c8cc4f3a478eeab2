"""Philox4x32-10 (Salmon et al. 2011) and what TDS makes of it, in NumPy: the twin of runtime/Random.h."""
import numpy as np

MUL0, MUL1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
WEYL0, WEYL1 = 0x9E3779B9, 0xBB67AE85
MASK = np.uint64(0xFFFFFFFF)


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


assert [int(w) for w in philox([0, 0, 0, 0], 0)] == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
