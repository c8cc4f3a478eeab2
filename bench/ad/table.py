#!/usr/bin/env python3
"""table.py [--threads N] [--rounds N] [--processor] [PROBLEM...]: the time of a function and of its derivative, in TDS and in JAX, as a
table.

$TDSLC and a python with JAX and NumPy are needed. Each measures in a process of its own, on the same cores and by turns; a time is the
least of all rounds, per call, compiled beforehand. Where other programs run, the clock tells of them: `--processor` takes the time that a
process was given instead. What is measured is compared as well: 1e-9 of the greatest number."""
import argparse
import json
import os
import pathlib
import re
import resource
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


# The same for a processor's time, which is asked from outside: so many calls of one of the two.
COUNTED = """
arg derivative = 0
arg calls = 1
for i in 0..calls {{
  if derivative == 0 {{ out = p.objective({arguments}) }} else {{ out = p.gradient({arguments}) }}
}}
"""


def measure_jax(problem, sizes, folder, least, rounds, processor):
    import time

    import jax
    import numpy as np

    import twins

    given = problems.fixed(problem, sizes)
    data = np.load(folder / "inputs.npz")
    v = {name: data[name] for name in data}
    if problem == "ht":
        given["parents"] = tuple(v["parents"].tolist())
    clock = time.process_time if processor else time.perf_counter
    twin, v = twins.twin(problem, **given), jax.tree.map(jax.numpy.asarray, v)
    for name in ("objective", "gradient"):
        f = jax.jit(getattr(twin, name))
        out = jax.block_until_ready(f(v))
        np.savez(folder / f"jax_{name}.npz", *jax.tree.leaves(out))
        calls, spent, best = 1, 0.0, float("inf")
        while spent < least:
            calls, begin = 2 * calls, clock()
            for _ in range(calls):
                jax.block_until_ready(f(v))
            spent = clock() - begin
            best = min(best, spent / calls)
        for _ in range(rounds):
            begin = clock()
            for _ in range(calls):
                jax.block_until_ready(f(v))
            best = min(best, (clock() - begin) / calls)
        print(name, f"{best:.9e}")


def times(text):
    return {name: float(best) for name, best in re.findall(r"^(objective|gradient) (\S+)$", text, re.M)}


def pinned(threads, command, folder):
    cores = ",".join(map(str, sorted(os.sched_getaffinity(0))[:threads]))
    done = subprocess.run(["taskset", "-c", cores, *command], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed\n{done.stdout}{done.stderr}")
    return times(done.stdout)


def processor_times(command, options, folder):
    """Of TDS: what more calls take more."""
    best = {}
    for derivative, name in enumerate(("objective", "gradient")):

        def spent(calls):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            pinned(options.threads, [*command, "--derivative", str(derivative), "--calls", str(calls)], folder)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

        spent(1)  # compiles
        one, more, calls = spent(1), 0.0, 1
        while more < 10 * options.least:
            calls *= 4
            more = spent(calls) - one
        best[name] = min([more, *(spent(calls) - one for _ in range(2))]) / (calls - 1)
    return best


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
        (folder / "count.tds").write_text(head + COUNTED.format(arguments=arguments))
        ours, theirs = {}, {}
        tds = [os.environ["TDSLC"], "run", "--threads", str(options.threads)]
        jax = [sys.executable, str(pathlib.Path(__file__).resolve()), "--jax", problem, json.dumps(sizes), "--least", str(options.least), "--repeats", str(options.repeats)]
        for _ in range(options.rounds):
            measured = pinned(options.threads, [*tds, "time.tds"], folder)
            if options.processor:
                measured, jax = processor_times([*tds, "count.tds"], options, folder), [*jax, "--processor"]
            for best, times in ((ours, measured), (theirs, pinned(options.threads, jax, folder))):
                for name, seconds in times.items():
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
    parser.add_argument("--processor", action="store_true")
    parser.add_argument("--jax", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("problems", nargs="*")
    options = parser.parse_args()
    if options.jax:
        return measure_jax(options.jax[0], json.loads(options.jax[1]), pathlib.Path.cwd(), options.least, options.repeats, options.processor)
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
