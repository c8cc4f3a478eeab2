#!/usr/bin/env python3
"""What `tdslc plan` says of memory is what a run uses; a limit is kept, and changes no bit.

Each program under programs/ makes one large call. The plan's arena is compared with the pages that the call touched, within 1 %. Then
the limit is set to the arguments, the results and a part of the arena. Last, loops that read and write single places of a vector: what
their gradients move must not grow with the rounds times the vector.
"""
import os
import pathlib
import re
import subprocess
import sys

TDSLC = os.environ["TDSLC"]
PROGRAMS = pathlib.Path(__file__).parent / "programs"
PAGE = 4096
# The def that makes the call, the sizes of it, and the parts of the arena that it can do with.
CALLS = {
    "dense.tds": ("step", {"n": 512}, [0.7, 0.5]),
    "layers.tds": ("step", {"d": 64, "l": 4, "n": 256}, []),
    "recurrence.tds": ("slope", {"m": 4}, [0.5, 0.1, 0.02]),
    "branches.tds": ("slope", {"n": 64}, [0.5, 0.2]),
}


def tdslc(*words):
    done = subprocess.run([TDSLC, *map(str, words)], text=True, capture_output=True, timeout=300)
    if done.returncode:
        sys.exit(f"tdslc {' '.join(map(str, words))}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def size(text):
    number, unit = text.split()
    return float(number) * {"bytes": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}[unit]


def main():
    failures = 0
    for name, (function, sizes, parts) in CALLS.items():
        words = ["--fn", function] + [word for n, value in sizes.items() for word in ("--size", f"{n}={value}")]
        unlimited = None
        for part in [1, *parts]:
            limit = [] if unlimited is None else ["--memory-limit", int(others + part * unlimited[0])]
            said = tdslc("plan", PROGRAMS / name, *words, *limit).stdout
            peak = re.search(r"peak memory +(.*): arguments (.*), results (.*), arena .* \((\d+) bytes\)", said)
            others, plan = size(peak[2]) + size(peak[3]) + 64, int(peak[4])
            done = tdslc("run", "--no-cache", "--memory", *limit, PROGRAMS / name)
            used = re.search(r"arena of the largest call (\d+) bytes, of which it touched (\d+)", done.stderr)
            arena, touched = int(used[1]), int(used[2])
            good = plan == arena and 0.99 * plan - PAGE <= touched <= plan + PAGE
            if unlimited is None:
                unlimited = plan, done.stdout
            good = good and plan <= part * unlimited[0] and done.stdout == unlimited[1]
            failures += not good
            print(f"{'' if good else 'FAILED '}{name}, {part:.0%}: planned {plan} bytes, given {arena}, touched {touched}"
                  f"{'' if done.stdout == unlimited[1] else '; another result: ' + done.stdout}")
    for function in ("known", "nested", "slices", "update"):
        moved = {}
        for n in (10_000, 80_000):
            said = tdslc("plan", PROGRAMS / "inplace.tds", "--fn", function, "--grad", "x", "--size", f"n={n}").stdout
            moved[n] = size(re.search(r"moved +(\S+ \S+)", said)[1])
        passes = (moved[80_000] - moved[10_000]) / (70_000 * 8)
        failures += passes > 20
        print(f"{'FAILED ' if passes > 20 else ''}inplace.tds, {function}: {passes:.1f} passes over x in 200 rounds")
    return failures != 0


sys.exit(main())
