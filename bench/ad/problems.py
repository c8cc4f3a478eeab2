"""Which problems there are, their sizes, and how TDS calls them."""
import pathlib

import inputs

HERE = pathlib.Path(__file__).parent
FIXED = {"gmm": {"gamma": 1.0, "m": 0}, "ode": {"s": 100}, "det": {"sets": 0}}
# For each problem one small size, which tests compare, and those of the table.
SMALL = {"gmm": {"n": 20, "d": 4, "k": 3}, "ba": {"n": 3, "m": 7, "p": 20}, "lstm": {"l": 2, "c": 12, "b": 5}, "ht": {"n": 10, "v": 30, "t": 40},
         "ode": {"n": 6}, "lse": {"n": 50}, "kmeans": {"n": 40, "d": 3, "k": 4}, "det": {"n": 5}, "particle": {}, "saddle": {}}
TABLE = {"gmm": [{"n": 10000, "d": 10, "k": 25}, {"n": 1000, "d": 64, "k": 100}, {"n": 1000, "d": 128, "k": 200}],
         "ba": [{"n": 49, "m": 7776, "p": 31843}, {"n": 539, "m": 65220, "p": 277273}],
         "lstm": [{"l": 2, "c": 1024, "b": 14}, {"l": 6, "c": 8192, "b": 14}],
         "ht": [{"n": 100, "v": 544, "t": 1084}, {"n": 10000, "v": 10000, "t": 19996}],
         "ode": [{"n": 1000}, {"n": 100000}],
         "lse": [{"n": 10000}, {"n": 1280000}],
         "kmeans": [{"n": 1000, "d": 16, "k": 100}, {"n": 10000, "d": 16, "k": 1000}],
         "det": [{"n": 8}, {"n": 11}],
         "particle": [{}], "saddle": [{}]}
MODES = ("ff", "fr", "rf", "rr")


def fixed(problem, sizes):
    given = dict(FIXED.get(problem, {}))
    if problem == "det":
        given["sets"] = 2 ** sizes["n"]
    return given


def script(problem, names, given, folder):
    """The head of a script that has the problem's defs as `p` and its inputs, and the arguments of a call."""
    for file in (problem, "solver"):
        (folder / f"{file}.tds").write_text((HERE / f"{file}.tds").read_text())
    loaded = "".join(f"{name} = v.{name}\n" for name in names)
    arguments = ", ".join([*names, *(f"{k}={v}" for k, v in given.items())])
    return f'import "{problem}.tds" as p\nv = load("inputs.npz")\n{loaded}', arguments


def prepare(problem, sizes, folder):
    names = inputs.write(problem, sizes, folder / "inputs.npz")
    return script(problem, names, fixed(problem, sizes), folder)
