"""Writes digits.npz: the 1797 8x8 handwritten digits of the UCI optical recognition set (Alpaydin and Kaynak 1998, CC BY 4.0),
as scikit-learn ships them (pixels count from 0 to 16), shuffled once with a fixed seed: 1500 to train, 297 held out. Needs numpy and scikit-learn."""
import numpy as np
from sklearn.datasets import load_digits

digits = load_digits()
order = np.random.default_rng(0).permutation(len(digits.target))
x = digits.data[order].astype(np.float32)
y = digits.target[order].astype(np.int32)
np.savez_compressed("digits.npz", x=x[:1500], y=y[:1500], x_test=x[1500:], y_test=y[1500:])
