#!/usr/bin/env python3
"""Runs the expressions of the JSON files here through tdslc (TDSLC) and compares what it prints with NumPy's values."""
import json
import math
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent


def parse(text):
    """Printed numbers and brackets as nested lists; complex numbers as pairs."""
    number = r"[-+]?(?:nan|inf|\d+\.?\d*(?:e[-+]?\d+)?)"
    text = re.sub(rf"({number})({number})j", r"[\1,\2]", text)
    text = re.sub(r"\w+=", "", text)  # a record as the tuple of its fields
    text = re.sub(r"\bnan\b", "float('nan')", re.sub(r"\binf\b", "float('inf')", text))
    return listed(eval(text.replace("true", "True").replace("false", "False"), {"float": float}))


def listed(value):
    return [listed(part) for part in value] if isinstance(value, (list, tuple)) else value


def same(a, b, rtol):
    if isinstance(b, dict):
        return zipped(a, b["re"], b["im"], rtol)
    if isinstance(a, list) or isinstance(b, list):
        return isinstance(a, list) and isinstance(b, list) and len(a) == len(b) and all(same(p, q, rtol) for p, q in zip(a, b))
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if rtol == 0 and struct.pack("<f", a) == struct.pack("<f", b) and abs(a - b) < 1e-7 * abs(b):
        return True  # one f32, printed with fewer digits
    return (math.isnan(a) and math.isnan(b)) or a == b or abs(a - b) <= rtol * (1 + abs(b))


def zipped(a, re_, im, rtol):
    if isinstance(re_, list):
        return len(a) == len(re_) and all(zipped(p, q, r, rtol) for p, q, r in zip(a, re_, im))
    return same(a[0], re_, rtol) and same(a[1], im, rtol)


def tolerance(text):
    """Random numbers are the same bits everywhere; halves are compared as such, f64 to its own digits."""
    if re.search(r"\b(uniform|randint|bernoulli)\b", text):
        return 0
    if "16" in text or re.search(r"\bh\b", text):
        return 2e-3
    return 1e-13 if re.search(r"\bd\b|f64", text) else 3e-6


def run(file):
    data = json.loads(file.read_text())
    lines = [data["setup"]]
    for text, _ in data["cases"]:
        lines.append(f'print({text})\nprint("--")')
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "cases.tds").write_text("\n".join(lines) + "\n")
        done = subprocess.run([os.environ["TDSLC"], "run", "--no-cache", "cases.tds"], cwd=folder, text=True, capture_output=True, timeout=300)
    printed = done.stdout.split("--\n")[:-1]
    failures = []
    for (text, expected), out in zip(data["cases"], printed):
        if not same(parse(out), expected, tolerance(text)):
            failures.append(f"{text}\n  gives    {out.strip()}\n  expected {expected}")
    if len(printed) != len(data["cases"]):
        failures.append(f"stopped at {data['cases'][len(printed)][0]}\n{done.stderr}")
    print(f"{file.stem}: {len(printed)} of {len(data['cases'])} expressions, {len(failures)} differ")
    print("\n".join(failures))
    return not failures


if __name__ == "__main__":
    sys.exit(0 if all([run(HERE / f"{name}.json") for name in ("expected", "functions")]) else 1)
