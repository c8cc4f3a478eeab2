#!/usr/bin/env python3
"""Every code block of README.md and docs/: TDS parses, and does what the word behind ```tds says.

```tds                    parses
```tds run NAME           runs, under that name for the blocks after it on the page
```tds emit ARGUMENTS     is what `tdslc emit` prints
```tds check              belongs to errors.py
```cpp FILE               is that file of the repository, or a part of it
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
TDSLC = os.environ["TDSLC"]


def tdslc(folder, *arguments):
    done = subprocess.run([TDSLC, *arguments], cwd=folder, text=True, capture_output=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


def main():
    failures, count = [], 0
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        with tempfile.TemporaryDirectory() as folder:
            for info, text in re.findall(r"^```(\S[^\n]*)\n(.*?)^```$", page.read_text(), re.S | re.M):
                words = info.split()
                where = f"{page.name}: {text.splitlines()[0] if text else ''}"
                if page.name == "errors.md":  # errors.py's
                    continue
                if words[0] == "cpp" and len(words) == 2:
                    count += 1
                    if text.strip() not in (ROOT / words[1]).read_text():
                        failures.append(f"{where}: not in {words[1]}")
                if words[0] != "tds":
                    continue
                count += 1
                name = words[2] if words[1:2] == ["run"] and len(words) > 2 else "block.tds"
                if words[1:2] == ["emit"]:
                    code, out, err = tdslc(folder, *words[1:])
                    if code or out.strip() != text.strip():
                        failures.append(f"{where}: the compiler prints\n{out}{err}")
                    continue
                (pathlib.Path(folder) / name).write_text(text)
                code, out, err = tdslc(folder, "emit", name, "--stage", "ast") if words[1:2] != ["run"] else tdslc(folder, "run", name)
                if code:
                    failures.append(f"{where}:\n{out}{err}")
    print(f"{count} blocks")
    print("\n".join(failures))
    return 1 if failures or not count else 0


sys.exit(main())
