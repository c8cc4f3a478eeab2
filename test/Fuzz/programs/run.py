#!/usr/bin/env python3
"""Random programs through tdslc (TDSLC) and through the plain evaluator beside this file.

  run.py values 300            programs, their results compared within the evaluator's bound
  run.py gradients 200         differentiable programs, `grad` compared with central differences
  run.py values 1 --seed 17 --show        one program: its text

A difference, a refusal, a crash or a hang is reduced and printed as a script."""
import argparse
import concurrent.futures
import copy
import os
import random
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
from ast import literal_eval

import bounds
import generate
from nodes import Env, Node, literal_text
from statements import Statement, type_text
from tensors import Skip, T, Tensor, positions

BATCH = 20


def nested(dt, shape, data):
    if not shape:
        v = data[0]
        if isinstance(v, float):
            return next((t for t in (f"{v:.{d}g}" for d in (3, 5, 7, 9)) if "e" not in t and "." in t and bounds.nearest(dt, float(t)) == v), repr(v))
        return literal_text(v).strip("()")
    step = len(data) // shape[0] if shape[0] else 0
    return "[" + ", ".join(nested(dt, shape[1:], data[i * step:(i + 1) * step]) for i in range(shape[0])) + "]"


def data_text(program, t, data):
    if isinstance(t, dict):
        return "(" + ", ".join(f"{f}={data_text(program, u, data[f])}" for f, u in t.items()) + ")"
    shape = [d.at(program.sizes) for d in t.dims]
    if t.dt in ("c64", "c128"):
        part = "f32" if t.dt == "c64" else "f64"
        return f"complex({part}({nested(part, shape, [x.real for x in data])}), {part}({nested(part, shape, [x.imag for x in data])}))"
    return nested(t.dt, shape, data) if t.dt == "bool" else f"{t.dt}({nested(t.dt, shape, data)})"


def values_of(program, t, data):
    if isinstance(t, dict):
        return {f: values_of(program, u, data[f]) for f, u in t.items()}
    shape = [d.at(program.sizes) for d in t.dims]
    floating = bounds.kind(t.dt) in "fc"
    return Tensor(t.dt, shape, [(x, 0.0) if floating else x for x in data])


def flat(name, t):
    """The leaves of a result, by names that a file may have."""
    return [(f"{name}_{f}", f"{name}.{f}", u) for f, u in t.items()] if isinstance(t, dict) else [(name, name, t)]


class Case:
    """A program with a name of its own in a script."""

    def __init__(self, mode, seed, program=None):
        self.mode, self.seed = mode, seed
        self.program = program or generate.program(seed, mode == "gradients")
        self.name = f"program{seed}"

    def expected(self):
        p = self.program
        env = Env(dict(p.sizes), {}, {name: values_of(p, t, p.data[name]) for name, t in p.parameters.items()})
        for s in p.body:
            s.run(env)
        return env.values

    def definition(self):
        p = self.program
        params = ", ".join(f"{n}: {type_text(t)}" for n, t in p.parameters.items())
        names = [n for n, _ in p.results]
        result = names[0] if len(names) == 1 else f"({', '.join(names)})"
        lines = [h.text() for h in p.helpers if uses(p.body, h)] + [f"def {self.name}({params}) {{"]
        for s in p.body:
            lines += s.lines()
        return lines + [f"  {result}", "}"]

    def script(self):
        p, tag = self.program, f"{self.seed}_"
        lines = []
        for n, t in p.parameters.items():
            lines.append(f"{tag_name(n, tag)} = {data_text(p, t, p.data[n])}")
        args = ", ".join(tag_name(n, tag) for n in p.parameters)
        if self.mode == "values":
            outs = [tag_name("out_" + n, tag) for n, _ in p.results]
            lines.append(f"{', '.join(outs)} = {self.name}({args})")
            leaves = []
            for o, (n, t) in zip(outs, p.results):
                for key, path, u in flat(n, t):
                    access = o + path[len(n):]
                    leaves.append(f"{key}=" + (f"f32({access})" if u.dt == "bf16" else access))
            return lines + [f'save("{self.name}.npz", ({", ".join(leaves)}))']
        return lines + self.differences(args, tag)

    def differences(self, args, tag):
        """grad, and the loss at x + h d for several h, along fixed uneven directions."""
        p = self.program
        wrt = [tag_name(n, tag) for n in p.variables]
        out, moved = [], args
        lines = [f"{', '.join('g_' + w for w in wrt)} = grad[{', '.join(wrt)}]({self.name}({args}))"] if wrt else []
        for n, w in zip(p.variables, wrt):
            t = p.parameters[n]
            rng = random.Random(f"{self.seed} {n}")
            direction = {f: spread(p, u, rng) for f, u in t.items()} if isinstance(t, dict) else spread(p, t, rng)
            lines.append(f"d_{w} = {data_text(p, t, direction)}")
        moved = ", ".join(f"{tag_name(n, tag)} + h * d_{tag_name(n, tag)}" if n in p.variables else tag_name(n, tag) for n in p.parameters)
        lines.append(f"l_{tag} = for h in f64({[h for h, _ in STEPS]}) {{\n  yield {self.name}({moved})\n}}")
        lines.append(f"e_{tag} = " + " + ".join(f"dot(g_{w}, d_{w})" for w in wrt))
        return lines + [f'save("{self.name}.npz", (losses=l_{tag}, exact=e_{tag}))']


# Steps in units of a direction, and the weights of two central differences: of h and of h / 2.
STEPS = [(0.0, None), (2e-5, 0), (-2e-5, 0), (1e-5, 1), (-1e-5, 1)]


def spread(program, t, rng):
    return [round(rng.choice([-1, 1]) * rng.uniform(0.3, 1), 2) for _ in positions([d.at(program.sizes) for d in t.dims])]


def tag_name(name, tag):
    return f"a{tag}{name}"


def uses(body, helper):
    return f"{helper.name}(" in "\n".join(l for s in body for l in s.lines())


def loaded(path):
    """The arrays of an npz file."""
    out = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            raw = archive.read(name)
            length = struct.unpack("<H", raw[8:10])[0]
            header, body = literal_eval(raw[10:10 + length].decode()), raw[10 + length:]
            code = {"|b1": "?", "|i1": "b", "|u1": "B", "<i2": "h", "<i4": "i", "<i8": "q", "<f2": "e", "<f4": "f", "<f8": "d", "<c8": "f", "<c16": "d"}[header["descr"]]
            data = list(struct.unpack(f"<{len(body) // struct.calcsize(code)}{code}", body))
            if header["descr"][1] == "c":
                data = [complex(*pair) for pair in zip(data[::2], data[1::2])]
            out[name[:-4]] = (header["shape"], data)
    return out


def compiled(cases, folder):
    """Runs the cases as one script. Their files, and what went wrong: one for the whole script or None."""
    with open(os.path.join(folder, "programs.tds"), "w") as file:
        file.write(script(cases))
    try:
        done = subprocess.run([os.environ["TDSLC"], "run", "--no-cache", "--threads", "1", "programs.tds"], cwd=folder, capture_output=True, text=True, errors="replace", timeout=20 + 3 * len(cases))
    except subprocess.TimeoutExpired:
        return "it does not end"
    if done.returncode:
        return f"exit status {done.returncode}\n{done.stderr[-3000:]}"
    return None


def script(cases):
    return "\n".join(line for c in cases for line in c.definition() + c.script()) + "\n"


class Count:
    def __init__(self):
        self.elements = self.unknown = 0


def judged(case, want, folder, count):
    """What is wrong with the results of a case, or None."""
    got = loaded(os.path.join(folder, case.name + ".npz"))
    if case.mode == "gradients":
        losses, exact = got["losses"][1], got["exact"][1][0]
        f0 = want["loss"].item()
        if f0 is not None and not bounds.agrees("f64", losses[0], f0):
            return f"loss is {losses[0]!r}, expected {f0[0]!r} +- {f0[1]:.1e}"
        near = [(losses[i] - losses[i + 1]) / (2 * STEPS[i][0]) for i in (1, 3)]
        count.elements += 1
        if not abs(near[0] - near[1]) <= 1e-6 * (1 + abs(near[1])):  # a kink or a jump is near, or no number
            count.unknown += 1
            return None
        best = (4 * near[1] - near[0]) / 3
        if not abs(exact - best) <= 2e-6 * (1 + abs(best)):
            return f"derivative is {exact!r}, differences give {best!r} ({near[0]!r}, {near[1]!r})"
        return None
    for name, t in case.program.results:
        for key, path, u in flat(name, t):
            expected = want[name] if path == name else want[name][path[len(name) + 1:]]
            shape, data = got[key]
            if shape != expected.shape:
                return f"{path} has shape {shape}, expected {expected.shape}"
            for i, (a, b) in enumerate(zip(data, expected.data)):
                count.elements += 1
                count.unknown += b is None
                if not bounds.agrees(expected.dt, a, b):
                    return f"{path}: element {i} of {shape} is {a!r}, expected {b!r}"
    return None


def evaluated(mode, seed):
    """A case and its expected values; None where the program leaves open what it does."""
    case = Case(mode, seed)
    try:
        return case, case.expected()
    except Skip:
        return None


def check(cases, count):
    """Failures of evaluated cases: (case, what)."""
    with tempfile.TemporaryDirectory() as folder:
        wrong = compiled([c for c, _ in cases], folder)
        if wrong is None:
            found = [(c, judged(c, want, folder, count)) for c, want in cases]
            return [(c, what) for c, what in found if what]
    if len(cases) == 1:
        return [(cases[0][0], wrong)]
    half = len(cases) // 2
    return check(cases[:half], count) + check(cases[half:], count)


# Reducing


def places(case):
    """Every list that holds nodes or statements, with the index: what could be dropped or put simpler."""
    out = []
    def node(parent, i):
        out.append((parent, i))
        n = parent[i]
        for s in getattr(n, "body", []):
            statement(s)
        for j in range(len(n.kids)):
            node(n.kids, j)
    def statement(s):
        for j in range(len(s.kids)):
            node(s.kids, j)
        for inner in (s.body or []) + (s.other or []):
            statement(inner)
    for s in case.program.body:
        statement(s)
    return out


def bodies(case):
    out = [case.program.body]
    def walk(body):
        for s in body:
            for inner in (s.body, s.other):
                if inner:
                    out.append(inner)
                    walk(inner)
    walk(case.program.body)
    return out


def kindof(what):
    """A reduced program has to fail in the same way."""
    if not what.startswith("exit status"):
        return what.split(" ")[0] if what.startswith(("loss", "derivative", "it")) else "wrong"
    lines = what.split("\n")
    return lines[0] + "".join(l[:30] for l in lines[1:2])


def reduce(case, what, seconds=40):
    """A smaller case that fails alike."""
    best, kind, end = case, kindof(what), time.time() + seconds

    def fails(candidate):
        try:
            want = candidate.expected()
            [want[n] for n, _ in candidate.program.results]
        except Exception:  # a reduced program may read names that are gone
            return None
        bad = check([(candidate, want)], Count())
        return bad[0][1] if bad and kindof(bad[0][1]) == kind else None

    def attempt(change):
        nonlocal best, what
        candidate = copy.deepcopy(best)
        if change(candidate) is False:
            return False
        found = fails(candidate)
        if found:
            best, what = candidate, found
        return bool(found)

    progress = True
    while progress and time.time() < end:
        progress = False
        for i in reversed(range(len(best.program.results))):
            if len(best.program.results) > 1:
                progress |= attempt(lambda c: c.program.results.pop(i) and None)
        for b in range(len(bodies(best))):
            i = 0
            while b < len(bodies(best)) and i < len(bodies(best)[b]) and time.time() < end:
                if not attempt(lambda c: bodies(c)[b].pop(i) and None):
                    i += 1
                else:
                    progress = True
        i = 0
        while i < len(places(best)) and time.time() < end:
            parent, at = places(best)[i]
            n = parent[at]
            simpler = []
            if n.op not in ("full", "weak", "affine", "var") and isinstance(n.type, T) and n.type.dt != "int":
                simpler = [lambda n: Node("full", n.type, number=False if n.type.dt == "bool" else 1)]
                simpler += [lambda n, j=j: n.kids[j] for j, k in enumerate(n.kids) if k.type == n.type and k.op != "weak"]
                simpler += [lambda n, v=v: Node("var", n.type, name=v) for v, t in best.program.parameters.items() if t == n.type]
            for make in reversed(simpler):
                def change(c):
                    parent, at = places(c)[i]
                    parent[at] = make(parent[at])
                if attempt(change):
                    progress = True
                    break
            i += 1
    used = "\n".join(best.definition()[1:])
    p = best.program
    for n in list(p.parameters):
        if n not in p.variables or best.mode == "values":
            attempt(lambda c: c.program.parameters.pop(n) and None)
    return best, what


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=["values", "gradients"])
    parser.add_argument("count", type=int, nargs="?", default=300)
    parser.add_argument("--seed", type=int, default=0, help="of the first program")
    parser.add_argument("--show", action="store_true", help="print the first program and stop")
    parser.add_argument("--most", type=int, default=5, help="failures that are reduced and shown")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    sys.setrecursionlimit(10000)
    if options.show:
        print(script([Case(options.mode, options.seed)]))
        return 0
    seeds = range(options.seed, options.seed + options.count)
    batches = [seeds[i:i + BATCH] for i in range(0, len(seeds), BATCH)]
    failures, ran, count = [], 0, Count()
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        for failed, n, part in pool.map(run_batch, [options.mode] * len(batches), batches):
            failures += failed
            ran += n
            count.elements += part.elements
            count.unknown += part.unknown
        print(f"{options.mode}: {ran} of {options.count} programs ran, {len(failures)} failed; {count.elements - count.unknown} of {count.elements} numbers compared", flush=True)
        for case, what in pool.map(reduced, failures[:options.most]):
            print(f"== seed {case.seed}: {what}\n{script([case])}", flush=True)
    if failures:
        print("\n".join(f"seed {c.seed}: {' '.join(what.split())[:150]}" for c, what in failures))
    enough = ran > 0.8 * options.count and count.unknown < 0.25 * count.elements
    if not enough:
        print("too few programs ran, or too few numbers are certain")
    return 0 if not failures and enough else 1


def run_batch(mode, seeds):
    count = Count()
    cases = [c for c in (evaluated(mode, seed) for seed in seeds) if c]
    return (check(cases, count) if cases else []), len(cases), count


def reduced(failure):
    return reduce(*failure)


if __name__ == "__main__":
    sys.exit(main())
