#!/usr/bin/env python3
"""Runs the programs beside this file through tdslc (TDSLC), in f64 and in f32, and compares what each case prints with
expected.json, or the file named.

A case is `-- name` and the value after it: numbers, nested as tuples, records and tensors are. references.py makes expected.json."""
import concurrent.futures
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "language"))
from run import parse  # noqa: E402

PROGRAMS = ["conv", "data", "layers", "linalg", "losses", "optim", "sequence"]
RELATIVE = {"f64": 1e-10, "f32": 2e-5}  # of the greatest number of a tensor


def is_tensor(value):
    return not isinstance(value, list) or not value or not isinstance(value[0], list) or all(is_tensor(v) and isinstance(v, list) and len(v) == len(value[0]) for v in value)


def flat(value):
    return [n for part in value for n in flat(part)] if isinstance(value, list) else [value]


def shape(value):
    return [len(value), *([shape(v) for v in value])] if isinstance(value, list) else []


def difference(a, b, relative):
    """The first place where a is not b, or none."""
    if shape(a) != shape(b):
        return f"has another shape: {a}, expected {b}"
    if not is_tensor(b):
        return next((d for p, q in zip(a, b) if (d := difference(p, q, relative))), None)
    a, b = flat(a), flat(b)
    scale = max([abs(n) for n in b if math.isfinite(n)], default=0)
    for i, (p, q) in enumerate(zip(a, b)):
        if not (p == q or math.isnan(p) and math.isnan(q) or abs(p - q) <= relative * max(scale, 1e-3)):
            return f"number {i} is {p}, expected {q}"
    return None


def printed(program, folder):
    """The cases of a program, name and value; and what it says when it fails. A warning is no failure."""
    done = subprocess.run([os.environ["TDSLC"], "run", f"{program}.tds"], cwd=folder, text=True, capture_output=True, timeout=300)
    cases = dict(part.split("\n", 1) for part in ("\n" + done.stdout).split("\n-- ")[1:])
    return {name: parse(text) for name, text in cases.items() if text.strip()}, done.stderr if done.returncode else None


def main():
    expected = json.loads((pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "expected.json").read_text())
    failures = []
    with tempfile.TemporaryDirectory() as work, concurrent.futures.ThreadPoolExecutor(2) as pool:
        for element in RELATIVE:
            folder = pathlib.Path(work) / element
            folder.mkdir()
            for file in HERE.glob("*.tds"):
                (folder / file.name).write_text(file.read_text().replace("real(x) = f64(x)", f"real(x) = {element}(x)"))
            for program, (values, errors) in zip(PROGRAMS, pool.map(lambda program: printed(program, folder), PROGRAMS)):
                wanted = expected["cases"][program]
                for name in [*wanted, *(n for n in values if n not in wanted)]:
                    what = ("is not printed" if name not in values else "has no reference" if name not in wanted
                            else difference(values[name], wanted[name], RELATIVE["f32" if name.endswith("in f32") else element]))
                    if what:
                        failures.append(f"{program}.tds, {element}: {name} {what}")
                if errors:
                    failures.append(f"{program}.tds, {element}: {errors}")
    print("\n".join(failures))
    print(f"{sum(map(len, expected['cases'].values()))} cases in {len(RELATIVE)} types, {len(failures)} differ")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
