#!/usr/bin/env python3
"""What other languages write is refused with what to write here (TDSLC).

test/Language/habits.txt   expressions, each with the edit that mends it: the error prints it, and it compiles
test/Language/foreign.txt  programs, each with lines of the report
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def check(name, parameters, expressions):
    """What the compiler says of each expression, as a def of the parameters."""
    text = "".join(f"def f{k:04}({parameters}) = {e}\n" for k, e in enumerate(expressions))
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / name).write_text(text)
        done = subprocess.run([os.environ["TDSLC"], "check", name], cwd=folder, text=True, capture_output=True, timeout=120)
    said = [""] * len(expressions)
    for report in re.split(r"\n(?=error\[)", done.stderr):
        if place := re.search(rf"--> {name}:(\d+):", report):
            said[int(place.group(1)) - 1] += report
    return said, done


def programs():
    """Each program of foreign.txt, and the lines that are said of it."""
    text = (ROOT / "test/Language/foreign.txt").read_text()
    for block in re.split(r"(?m)^---\n", text):
        lines = block.splitlines()
        yield "\n".join(line for line in lines if not line.startswith("#")) + "\n", [line[3:] for line in lines if line.startswith("#>")]


def refused(program, expected):
    """What of `expected` the compiler does not say, in order."""
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "foreign.tds").write_text(program)
        done = subprocess.run([os.environ["TDSLC"], "check", "foreign.tds"], cwd=folder, text=True, capture_output=True, timeout=60)
    said, at = done.stderr.splitlines(), 0
    for line in expected:
        found = [k for k in range(at, len(said)) if said[k] == line or (line.startswith("error") and said[k].startswith(line))]
        if not found:
            return f"{program}does not say\n{line}\nbut\n{done.stdout}{done.stderr}"
        at = found[0] + 1
    return "" if done.returncode == 1 and expected else f"{program}ends with {done.returncode}"


def main():
    lines = (ROOT / "test/Language/habits.txt").read_text().splitlines()
    parameters = next(line[4:-1] for line in lines if line.startswith("def("))
    rows = [line.split(" | ") for line in lines if " | " in line and not line.startswith("#")]
    foreign, done = check("foreign.tds", parameters, [row[0] for row in rows])
    failures = [] if done.returncode == 1 else [f"foreign.tds ends with {done.returncode}:\n{done.stderr}"]
    for row, said in zip(rows, foreign):
        if "`" + row[1] + "`" not in said and row[1] not in re.findall(r"(\w+)", said):
            failures.append(f"`{row[0]}` does not lead to `{row[1]}`:\n{said}")
    ours, done = check("ours.tds", parameters, [row[-1] for row in rows])
    for row, said in zip(rows, ours):
        if said:
            failures.append(f"`{row[-1]}`, said of `{row[0]}`, does not compile:\n{said}")
    if done.returncode != 0 and not any(ours):
        failures.append(done.stderr)
    cases = list(programs())
    failures += [wrong for wrong in (refused(*case) for case in cases) if wrong]
    print(f"{len(rows)} expressions, {len(cases)} programs, {len(failures)} failures\n" + "\n".join(failures))
    return 1 if failures or not rows or not cases else 0


sys.exit(main())
