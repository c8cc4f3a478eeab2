#!/usr/bin/env python3
"""make.py [--into FOLDER] [EXAMPLE...]: writes EXAMPLE.json, what examples/EXAMPLE.tds prints and draws by its twin EXAMPLE.py.

A twin is a module written from the example's text with NumPy, SciPy, PyTorch or JAX; it shares no code with TDS and draws the
same random numbers (Philox). It has
    ARGUMENTS  the sizes of a small run, which the test gives to the example as well
    RELATIVE, ABSOLUTE  how far a printed number may be off: what the digits printed and f32 leave
    numbers()  what is printed, in order: a number, None for one that is not compared, or (number, how far it may be off)
    text()     if it tells: what occurs in the print
    pictures() if it draws: {file: (values from 0 to 1, where they are certain or None)}
"""
import argparse
import importlib
import json
import pathlib
import sys
import warnings

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "programs")]
import numpy as np  # noqa: E402


def plain(v):
    if v is None:
        return None
    if isinstance(v, tuple):
        return [plain(v[0]), v[1]]
    return int(v) if isinstance(v, (int, np.integer)) else float(f"{float(v):.8g}")


def sampled(pixels, certain):
    """200 of the pixels, as a png of 8 bits holds them."""
    places = np.argwhere(np.ones(pixels.shape[:2], bool) if certain is None else certain)
    places = places[np.random.default_rng(0).choice(len(places), min(200, len(places)), replace=False)]
    value = lambda v: [round(255 * float(c), 2) for c in np.clip(np.atleast_1d(v), 0, 1)]
    return {"shape": list(pixels.shape), "pixels": [[int(i), int(j), *value(pixels[i, j])] for i, j in places]}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=pathlib.Path, default=HERE)
    parser.add_argument("examples", nargs="*")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    for name in options.examples or sorted(p.stem for p in HERE.glob("*.py") if p.stem not in ("make", "run")):
        twin = importlib.import_module(name)
        out = {"versions": {k: sys.modules[k].__version__ for k in ("numpy", "scipy", "torch", "jax") if k in vars(twin) or k == "numpy"},
               "arguments": twin.ARGUMENTS, "relative": twin.RELATIVE, "absolute": twin.ABSOLUTE, "numbers": [plain(v) for v in twin.numbers()]}
        if hasattr(twin, "text"):
            out["text"] = twin.text()
        if hasattr(twin, "pictures"):
            out["pictures"] = {file: sampled(*picture) for file, picture in twin.pictures().items()}
        lines = ",\n".join(f" {json.dumps(k)}: {json.dumps(v)}" for k, v in out.items())
        (options.into / f"{name}.json").write_text(f"{{\n{lines}\n}}\n")


if __name__ == "__main__":
    main()
