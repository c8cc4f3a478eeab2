#!/usr/bin/env python3
"""Fails when an op or a built-in with a derivative has no row in every.tds, which tests them in every order, or no case in
jax_orders.py, which holds the same to JAX.

Names come from where they are defined: the records of TdsFunctions.td (but those whose derivative is 0, or none), the ops of
TdsOps.td, and docs/language.md's list of built-ins without those marked as having none. A row names what it is of behind `#`."""
import pathlib
import re
import sys

import jax_orders

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Ops that make values, end a body, or are the host's, whose derivative is a `vjp` of one's own (test/Unit/Engine).
WITHOUT = {"constant", "size", "iota", "random_bits", "derive_key", "yield", "host"}
# Without a second derivative, which is refused by name (refused.test); rules.tds and forward.tds test the first.
FIRST_ONLY = {"lgamma"}


def records():
    for line in (ROOT / "docs/functions.md").read_text().splitlines():
        row = re.match(r"\| `(\w+)`(°?) \|", line)
        if row and not row[2] and "| none |" not in line:
            yield row[1]


def ops():
    for file in sorted((ROOT / "dialect").glob("TdsOps*.td")):
        for name in re.findall(r"^def Tds_\w+Op : Tds_\w+<\"(\w+)\"", file.read_text(), re.M):
            if name not in WITHOUT:
                yield name


def builtins():
    named, marked = set(), set()
    text = (ROOT / "docs/language.md").read_text()
    lists = text[text.index("## Built-in functions"):text.index("The library `nn`")]
    for line in lists.split("\n- ")[1:]:
        title, _, rest = line.partition(":")
        if not rest or title.startswith(("Making°", "Random°", "Script only")):
            continue
        for code in re.findall(r"`([^`]+)`", line):
            code = re.sub(r"\([^()]*(\([^()]*(\([^()]*\))*[^()]*\)[^()]*)*\)", lambda m: "°" if "°" in m[0] else "", code)
            for name, mark in re.findall(r"\b([a-z_]\w*)(°?)", code):
                (marked if mark else named).add(name)
    return named - marked


def main():
    words = "sum prod mean max min logsumexp".split()  # REDUCE: any all argmax argmin are no numbers
    wanted = set(records()) | set(ops()) | set(builtins()) | set(words)
    rows = set(re.findall(r"[\w]+", " ".join(re.findall(r"#([^#]*)$", (ROOT / "test/Gradients/every.tds").read_text(), re.M))))
    missing = sorted(wanted - rows - FIRST_ONLY)
    cases = {word for name, *_ in jax_orders.CASES + jax_orders.FIRST for word in name.split()}
    alone = sorted(wanted - cases)
    print(f"{len(wanted)} ops and built-ins with a derivative, {len(missing)} without a test of every order, {len(alone)} without JAX's")
    for name in missing:
        print(f"  `{name}` has no row in test/Gradients/every.tds")
    for name in alone:
        print(f"  `{name}` has no case in test/Gradients/jax_orders.py")
    return 1 if missing or alone else 0


sys.exit(main())
