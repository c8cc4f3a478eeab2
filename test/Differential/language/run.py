#!/usr/bin/env python3
"""Runs the expressions of expected.json through tdslc (TDSLC) and compares what it prints with NumPy's values."""
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent


def parse(text):
    """Printed numbers and brackets as nested lists; complex numbers as pairs."""
    number = r"[-+]?(?:nan|inf|\d+\.?\d*(?:e[-+]?\d+)?)"
    text = re.sub(rf"({number})({number})j", r"[\1,\2]", text)
    text = re.sub(r"\bnan\b", "float('nan')", re.sub(r"\binf\b", "float('inf')", text))
    return eval(text.replace("true", "True").replace("false", "False"), {"float": float})


def same(a, b, rtol):
    if isinstance(b, dict):
        return zipped(a, b["re"], b["im"], rtol)
    if isinstance(a, list) or isinstance(b, list):
        return isinstance(a, list) and isinstance(b, list) and len(a) == len(b) and all(same(p, q, rtol) for p, q in zip(a, b))
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    return (math.isnan(a) and math.isnan(b)) or a == b or abs(a - b) <= rtol * (1 + abs(b))


def zipped(a, re_, im, rtol):
    if isinstance(re_, list):
        return len(a) == len(re_) and all(zipped(p, q, r, rtol) for p, q, r in zip(a, re_, im))
    return same(a[0], re_, rtol) and same(a[1], im, rtol)


def main():
    data = json.loads((HERE / "expected.json").read_text())
    lines = [data["setup"]]
    for text, _ in data["cases"]:
        lines.append(f'print({text})\nprint("--")')
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "cases.tds").write_text("\n".join(lines) + "\n")
        done = subprocess.run([os.environ["TDSLC"], "run", "--no-cache", "cases.tds"], cwd=folder, text=True, capture_output=True, timeout=300)
    printed = done.stdout.split("--\n")[:-1]
    failures = []
    for (text, expected), out in zip(data["cases"], printed):
        if not same(parse(out), expected, 2e-3 if "16" in text or "h" in re.findall(r"\b\w\b", text) else 3e-6):
            failures.append(f"{text}\n  gives    {out.strip()}\n  expected {expected}")
    if len(printed) != len(data["cases"]):
        failures.append(f"stopped at {data['cases'][len(printed)][0]}\n{done.stderr}")
    print(f"{len(printed)} of {len(data['cases'])} expressions, {len(failures)} differ")
    print("\n".join(failures))
    return 1 if failures else 0


sys.exit(main())
