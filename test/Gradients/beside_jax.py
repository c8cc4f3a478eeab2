"""What the tests here that compare with JAX share: a program's prints held to numbers stored beside the test.

A module has SETUP, a TDS text; TDS, {case: TDS whose prints are compared in turn}; and jax_cases(), {case: its results by JAX}.
`python3 MODULE.py [FILE]` runs the program through tdslc (TDSLC) and compares with FILE, MODULE.json if none is named; `python
MODULE.py make [FILE]`, with JAX at hand, writes it."""
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile

RELATIVE = 1e-9  # of the greatest number of a result
NUMBER = r"-?(?:inf|nan|\d+\.?\d*(?:e[-+]?\d+)?)"
# Four derivatives of f at x: of a scalar of it in reverse, of it forwards, forward over reverse, reverse over reverse.
FOUR_ORDERS = """
def curved(y) = sum(sin(y + 0.3) * y)
def four(f, x) {
  d = stop_gradient(sin(3 * x + 1) + 0.5)
  y, dy = jvp[x = d](f(x))
  g, h = jvp[x = d](grad[x](curved(f(x))))
  (grad[x](curved(f(x))), dy, h, grad[x](sum(d * grad[x](curved(f(x))))))
}
def data(n: dim) = 0.9 * sin(arange(1, n + 1, f64) * 1.7)
"""


def flat(value):
    """Nested lists, row by row; a complex result as its real numbers, then its imaginary ones."""
    import numpy as np

    value = np.asarray(value)
    parts = [value.real, value.imag] if np.iscomplexobj(value) else [value]
    return [part.ravel().tolist() for part in parts]


def make(values, module):
    import jax
    import numpy

    cases = {name: [part for value in results for part in flat(value)] for name, results in module.jax_cases().items()}
    assert cases.keys() == module.TDS.keys(), cases.keys() ^ module.TDS.keys()
    data = {"jax": jax.__version__, "numpy": numpy.__version__, "python": sys.version.split()[0], "cases": cases}
    values.write_text(re.sub(r"\n {4,}(?=[-\d])|\n {3}(?=\])", " ", json.dumps(data, indent=1)) + "\n")  # a result a line


def compare(values, module):
    expected = json.loads(values.read_text())["cases"]
    program = module.SETUP + "".join(f'print("-- {name}")\n{text.strip()}\n' for name, text in module.TDS.items())
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "gradients.tds").write_text(program)
        command = [os.environ["TDSLC"], "run", "--no-cache", "gradients.tds"]
        done = subprocess.run(command, cwd=folder, text=True, capture_output=True, timeout=300)
    if done.returncode:
        print(done.stdout[-500:] + done.stderr)
        return 1
    failures, worst, count = [], 0.0, 0
    if expected.keys() != module.TDS.keys():
        failures.append(f"{values.name} and the test do not have the same cases")
    printed = dict(part.split("\n", 1) for part in done.stdout.split("-- ")[1:])
    for name, results in expected.items():
        numbers = [float(text) for text in re.findall(NUMBER, printed.get(name, ""))]
        if len(numbers) != sum(map(len, results)):
            failures.append(f"{name}: {len(numbers)} numbers, expected {sum(map(len, results))}")
            continue
        for b in results:
            a, numbers = numbers[: len(b)], numbers[len(b) :]
            error = max(abs(p - q) for p, q in zip(a, b)) / (max(map(abs, b)) or 1)
            worst, count = max(worst, error), count + 1
            if not error <= RELATIVE or any(map(math.isnan, a)):
                failures.append(f"{name}: differs by {error:.1e} of its greatest number\n  gives    {a}\n  expected {b}")
    print(f"{count} derivatives as in JAX, off by {worst:.1e} at most; {len(failures)} differ")
    print("\n".join(failures))
    return 1 if failures or not count else 0


def main(module):
    words = sys.argv[1:]
    action = make if words[:1] == ["make"] else compare
    file = words[1:] if action is make else words
    sys.exit(action(pathlib.Path(file[0]) if file else pathlib.Path(module.__file__).with_suffix(".json"), module))
