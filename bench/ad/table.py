#!/usr/bin/env python3
"""table.py [--threads N] [--rounds N] [PROBLEM...]: the time of a function and of its derivative, in TDS and in JAX, as a table.

$TDSLC and a python with JAX and NumPy are needed. Each measures in a process of its own, on the same cores and by turns; a time is the
least of all rounds, per call, compiled beforehand. What is measured is compared as well: 1e-9 of the greatest number."""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import problems

TIMED = """

spent = 0.0
calls = 1
while spent < {least} {{
  calls = 2 * calls
  begin = time()
  for i in 0..calls {{ out = p.{call} }}
  spent = time() - begin
}}
best = spent / calls
for round in 0..{rounds} {{
  begin = time()
  for i in 0..calls {{ out = p.{call} }}
  best = if (time() - begin) / calls < best then (time() - begin) / calls else best
}}
print("{name} {{best:.9e}}")
"""


def measure_jax(problem, sizes, folder, least, rounds):
    import time

    import jax
    import numpy as np

    import twins

    given = problems.fixed(problem, sizes)
    data = np.load(folder / "inputs.npz")
    v = {name: data[name] for name in data}
    if problem == "ht":
        given["parents"] = tuple(v["parents"].tolist())
    twin, v = twins.twin(problem, **given), jax.tree.map(jax.numpy.asarray, v)
    for name in ("objective", "gradient"):
        f = jax.jit(getattr(twin, name))
        out = jax.block_until_ready(f(v))
        np.savez(folder / f"jax_{name}.npz", *jax.tree.leaves(out))
        calls, spent, best = 1, 0.0, float("inf")
        while spent < least:
            calls, begin = 2 * calls, time.perf_counter()
            for _ in range(calls):
                jax.block_until_ready(f(v))
            spent = time.perf_counter() - begin
            best = min(best, spent / calls)
        for _ in range(rounds):
            begin = time.perf_counter()
            for _ in range(calls):
                jax.block_until_ready(f(v))
            best = min(best, (time.perf_counter() - begin) / calls)
        print(name, f"{best:.9e}")


def times(text):
    return {name: float(best) for name, best in re.findall(r"^(objective|gradient) (\S+)$", text, re.M)}


def pinned(threads, command, folder, **more):
    cores = ",".join(map(str, sorted(os.sched_getaffinity(0))[:threads]))
    done = subprocess.run(["taskset", "-c", cores, *command], cwd=folder, capture_output=True, text=True, **more)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed\n{done.stdout}{done.stderr}")
    return times(done.stdout)


def differ(folder):
    """The greatest difference of what both computed, of the greatest number of each result."""
    import numpy as np

    worst = 0.0
    for name in ("objective", "gradient"):
        ours, theirs = np.load(folder / f"tds_{name}.npz"), np.load(folder / f"jax_{name}.npz")
        ours = [ours[k] for k in sorted((k for k in ours.files if k != "w"), key=lambda k: [int(p) if p.isdigit() else p for p in k.split(".")])]
        theirs = [theirs[f"arr_{i}"] for i in range(len(theirs.files))]
        assert len(ours) == len(theirs)
        worst = max([worst, *(float(abs(a - b).max() / (abs(b).max() or 1)) for a, b in zip(ours, theirs))])
    return worst


def row(problem, sizes, options):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        head, arguments = problems.prepare(problem, sizes, folder)
        body = "".join(f'save("tds_{name}.npz", (v=p.{name}({arguments}), w=0))\n' for name in ("objective", "gradient"))
        for name in ("objective", "gradient"):
            body += TIMED.format(name=name, call=f"{name}({arguments})", least=options.least, rounds=options.repeats)
        (folder / "time.tds").write_text(head + body)
        ours, theirs = {}, {}
        for _ in range(options.rounds):
            for best, command in ((ours, [os.environ["TDSLC"], "run", "--threads", str(options.threads), "time.tds"]),
                                  (theirs, [sys.executable, str(pathlib.Path(__file__).resolve()), "--jax", problem, json.dumps(sizes), "--least", str(options.least), "--repeats", str(options.repeats)])):
                for name, seconds in pinned(options.threads, command, folder).items():
                    best[name] = min(seconds, best.get(name, seconds))
        return ours, theirs, differ(folder)


def shown(seconds):
    for unit, scale in (("s", 1), ("ms", 1e3), ("us", 1e6)):
        if seconds * scale >= 1 or unit == "us":
            return f"{seconds * scale:.3g} {unit}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=2, help="processes of each")
    parser.add_argument("--repeats", type=int, default=5, help="measurements in a process")
    parser.add_argument("--least", type=float, default=0.05, help="seconds that a measurement takes")
    parser.add_argument("--jax", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("problems", nargs="*")
    options = parser.parse_args()
    if options.jax:
        return measure_jax(options.jax[0], json.loads(options.jax[1]), pathlib.Path.cwd(), options.least, options.repeats)
    print("| problem | f, TDS | derivative | ratio | f, JAX | derivative | ratio | TDS / JAX |\n| --- | --- | --- | --- | --- | --- | --- | --- |")
    for problem in options.problems or problems.TABLE:
        for sizes in problems.TABLE[problem]:
            ours, theirs, apart = row(problem, sizes, options)
            label = " ".join([problem, *(f"{k}={n}" for k, n in sizes.items())])
            f, g, jf, jg = ours["objective"], ours["gradient"], theirs["objective"], theirs["gradient"]
            print(f"| {label} | {shown(f)} | {shown(g)} | {g / f:.2f} | {shown(jf)} | {shown(jg)} | {jg / jf:.2f} | {g / jg:.2f} |", flush=True)
            if not apart < 1e-9:
                sys.exit(f"{label}: results differ by {apart:.1e} of the greatest number")


if __name__ == "__main__":
    main()
