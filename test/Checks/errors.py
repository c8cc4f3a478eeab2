#!/usr/bin/env python3
"""docs/errors.md against the compiler: every code has a section, and each example prints what the page shows.

errors.py          compares (TDSLC in the environment)
errors.py --update writes what the compiler prints into the page
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/errors.md"


def codes():
    found = {}
    for file, pattern in (("lib/Support/Errors.def", r'TDS_ERROR\((E\d{4}), "((?:[^"\\]|\\.)*)"\)'),
                          ("runtime/Errors.def", r'TDS_RUNTIME_ERROR\(\w+, "(E\d{4})", "((?:[^"\\]|\\.)*)"\)')):
        for code, summary in re.findall(pattern, (ROOT / file).read_text()):
            found[code] = summary
    return found


def printed(verb, program):
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "example.tds").write_text(program)
        done = subprocess.run([os.environ["TDSLC"], verb, "example.tds"], cwd=folder, text=True, capture_output=True, timeout=60)
        warned = done.returncode == 0 and done.stderr.startswith("warning[")
        if done.returncode != 1 and not warned:
            return f"exit code {done.returncode}: {done.stdout}{done.stderr}"
        return done.stderr


def main():
    page = PAGE.read_text()
    known, failures = codes(), []
    sections = re.split(r"(?m)^(?=## E\d{4})", page)
    seen = set()
    for i, section in enumerate(sections):
        head = re.match(r"## (E\d{4}): (.*)\n", section)
        if not head:
            continue
        code, summary = head.groups()
        seen.add(code)
        if known.get(code) != summary:
            failures.append(f"{code}: the summary in Errors.def is {known.get(code)!r}")
        for verb, program, output in re.findall(r"```tds (check|run)\n(.*?)```\n\n```text\n(.*?)```", section, re.S):
            real = printed(verb, program)
            if f"[{code}]" not in real.split("\n")[0]:
                failures.append(f"{code}: the example prints something else first:\n{real}")
            if real.strip() != output.strip():
                failures.append(f"{code}: the page shows\n{output}\nthe compiler prints\n{real}")
                sections[i] = sections[i].replace(f"```text\n{output}```", f"```text\n{real.strip()}\n```")
    failures += [f"{code} has no section" for code in known if code not in seen]
    failures += [f"{code} is no code" for code in seen if code not in known]
    if "--update" in sys.argv:
        PAGE.write_text("".join(sections))
    print("\n".join(failures))
    return 1 if failures else 0


sys.exit(main())
