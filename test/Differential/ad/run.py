#!/usr/bin/env python3
"""The problems of bench/ad, small, beside JAX: `run.py [EXPECTED]` runs them through tdslc (TDSLC) and compares values and
derivatives with expected.json; `run.py make [FILE]`, with JAX at hand, writes that file from bench/ad/twins.py."""
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parents[2] / "bench/ad"))
import problems  # noqa: E402

VALUES = HERE / "expected.json"
RELATIVE = 1e-9  # of the greatest number of a result
NUMBER = r"-?(?:inf|nan|\d+\.?\d*(?:e[-+]?\d+)?)"
# Two modes of a descent take the same steps, but for the last digit.
FUNCTIONS = {"particle": ("objective", "gradient", *problems.MODES), "saddle": ("objective", "gradient", *problems.MODES)}


def functions(problem):
    return FUNCTIONS.get(problem, ("objective", "gradient"))


def make(file):
    import jax
    import numpy as np
    import twins

    cases = {}
    for problem, sizes in problems.SMALL.items():
        with tempfile.TemporaryDirectory() as folder:
            problems.prepare(problem, sizes, pathlib.Path(folder))
            data = np.load(pathlib.Path(folder) / "inputs.npz")
            v = {name: data[name] for name in data}
        fixed = problems.fixed(problem, sizes)
        if problem == "ht":
            fixed["parents"] = tuple(v["parents"].tolist())
        twin = twins.twin(problem, **fixed)
        cases[problem] = {}
        for name in functions(problem):
            # JAX has no reverse mode through a `while`; what it finds is the same in every mode.
            f = getattr(twin, name, None) or twin.more.get(name) or twin.more["f" + name[1]]
            cases[problem][name] = [np.asarray(leaf).ravel().tolist() for leaf in jax.tree.leaves(jax.jit(f)(v))]
    out = {"jax": jax.__version__, "numpy": np.__version__, "python": sys.version.split()[0], "cases": cases}
    file.write_text(re.sub(r"\n {5,}(?=[-\d])|\n {4}(?=\])", " ", json.dumps(out, indent=1)) + "\n")  # a result a line


def run(problem, folder):
    head, arguments = problems.prepare(problem, problems.SMALL[problem], folder)
    body = ""
    for name in functions(problem):
        call = f"p.{name}({'[w]' if problem == 'particle' and name in problems.MODES else arguments})"
        body += f'print("-- {name}")\nprint({call})\n'
    (folder / "problem.tds").write_text(head + body)
    done = subprocess.run([os.environ["TDSLC"], "run", "--no-cache", "problem.tds"], cwd=folder, text=True, capture_output=True, timeout=120)
    if done.returncode:
        sys.exit(f"{problem} fails\n{done.stdout[-500:]}{done.stderr}")
    return dict(part.split("\n", 1) for part in done.stdout.split("-- ")[1:])


def compare(file):
    cases = json.loads(file.read_text())["cases"]
    failures, worst, count = [], 0.0, 0
    if cases.keys() != problems.SMALL.keys():
        failures.append(f"{file.name} has not the problems of bench/ad")
    for problem, expected in cases.items():
        with tempfile.TemporaryDirectory() as folder:
            printed = run(problem, pathlib.Path(folder))
        for name, results in expected.items():
            numbers = [float(text) for text in re.findall(NUMBER, printed[name])]
            if len(numbers) != sum(map(len, results)):
                failures.append(f"{problem}, {name}: {len(numbers)} numbers, expected {sum(map(len, results))}")
                continue
            for b in results:
                a, numbers = numbers[: len(b)], numbers[len(b) :]
                error = max(abs(p - q) for p, q in zip(a, b)) / max(map(abs, b))
                worst, count = max(worst, error), count + 1
                if not error <= RELATIVE or any(map(math.isnan, a)):
                    failures.append(f"{problem}, {name}: differs by {error:.1e} of its greatest number")
    print(f"{count} values and derivatives of {len(cases)} problems as in JAX, off by {worst:.1e} at most; {len(failures)} differ")
    print("\n".join(failures))
    return 1 if failures or not count else 0


if __name__ == "__main__":
    arguments = sys.argv[1:]
    if arguments[:1] == ["make"]:
        sys.exit(make(pathlib.Path(arguments[1]) if arguments[1:] else VALUES))
    sys.exit(compare(pathlib.Path(arguments[0]) if arguments else VALUES))
