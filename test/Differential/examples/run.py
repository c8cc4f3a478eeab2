#!/usr/bin/env python3
"""run.py [--expected FOLDER] [EXAMPLE...]: runs examples/EXAMPLE.tds small and holds what it prints and draws to EXAMPLE.json.

The programs are run by $TDSLC in a folder of their own. An example without a twin or without its line in examples/README.md
is a failure."""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(HERE.parent / "programs"))
from compare import NUMBER, decode  # noqa: E402

OWN_CHECK = {"digits"}  # test/Checks/digits.sh


def numbers_differ(text, expected):
    numbers = [float(n) for n in re.findall(NUMBER, text)]
    if len(numbers) != len(expected["numbers"]):
        return f"prints {len(numbers)} numbers, expected {len(expected['numbers'])}"
    for i, (a, b) in enumerate(zip(numbers, expected["numbers"])):
        if b is None:
            continue
        b, most = b if isinstance(b, list) else (b, expected["relative"] * abs(b) + expected["absolute"])
        if not abs(a - b) <= most:
            return f"number {i} is {a}, expected {b} up to {most:.2g}"
    return None


def picture_differs(path, expected):
    if not path.exists():
        return "was not saved"
    width, height, channels, data = decode(path.read_bytes())
    shape = [height, width] + ([channels] if channels > 1 else [])
    if shape != expected["shape"]:
        return f"is {shape}, expected {expected['shape']}"
    for i, j, *value in expected["pixels"]:
        at = (i * width + j) * channels
        if any(abs(a - b) > 1 for a, b in zip(data[at:at + channels], value)):
            return f"[{i}, {j}] is {list(data[at:at + channels])}, expected {value}"
    return None


def check(name, expected):
    """What is wrong with an example, a line each."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = [word for k, v in expected["arguments"].items() for word in (f"--{k}", str(v))]
        result = subprocess.run([os.environ["TDSLC"], "run", str(ROOT / "examples" / f"{name}.tds"), *arguments],
                                cwd=folder, capture_output=True, text=True, timeout=300)
        if result.returncode:
            return [f"{name} exits with {result.returncode}:\n{result.stderr}"]
        text = expected.get("text", "")
        wrong = [(name, numbers_differ(result.stdout.replace(text, ""), expected)), (name, None if text in result.stdout else f"does not tell {text!r}")]
        wrong = [(name, f"{how}; it prints\n{result.stdout}") for name, how in wrong if how]
        for file, picture in expected.get("pictures", {}).items():
            wrong.append((f"{name}: {file}", picture_differs(pathlib.Path(folder) / file, picture)))
        return [f"{what}: {how}" for what, how in wrong if how]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--expected", type=pathlib.Path, default=HERE)
    parser.add_argument("examples", nargs="*")
    options = parser.parse_args()
    names = options.examples or sorted(p.stem for p in (ROOT / "examples").glob("*.tds") if p.stem not in OWN_CHECK)
    twins = {n: json.loads((options.expected / f"{n}.json").read_text()) for n in names if (options.expected / f"{n}.json").exists()}
    listed = (ROOT / "examples" / "README.md").read_text()
    wrong = [f"{name} has no twin" for name in names if name not in twins]
    wrong += [f"{name} is not in examples/README.md" for name in names if f"({name}.tds)" not in listed]
    with ThreadPoolExecutor(2) as pool:
        for lines in pool.map(check, twins, twins.values()):
            wrong += lines
    print("\n".join(wrong or [f"{len(names)} examples do what their twins do"]))
    return 1 if wrong or not names else 0


if __name__ == "__main__":
    sys.exit(main())
