#!/usr/bin/env python3
"""roundtrip.py [CASE...]: gradients printed as TDS give the bits that the compiler's own give.

A case is FILE:DEF:VARIABLES and perhaps sizes, `examples/digits.tds:loss:p n=7`. The text is printed by $TDSLC, read again, and called
on the same numbers as the gradient of the def; all leaves have to be equal. Arguments are made up by the types of the text: normal
numbers (`positive`: their absolute values), integers from 0 to 2; a size that is not given is small. A case that begins with `about` is held to 1e-5 of the norm: sums
of windows (the gradient of a convolution's input) are written as sums over the window, which add in another order. One that begins with `long` is left out unless TDS_LONG is set."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parents[2]
CASES = (pathlib.Path(__file__).with_name("roundtrip.cases")).read_text().splitlines()


def tdslc(*words, cwd=None):
    return subprocess.run([os.environ["TDSLC"], *map(str, words)], cwd=cwd, capture_output=True, text=True, timeout=60)


def parameters(text):
    """[(name, type)] of the first def of a text; types are element and sizes, or a dict of a record's fields."""
    text = text[text.index("(") + 1:]
    place = 0

    def skip():
        nonlocal place
        while text[place] in " \n,":
            place += 1

    def word():
        nonlocal place
        start = place
        while re.match(r"\w", text[place]):
            place += 1
        return text[start:place]

    def kind():
        nonlocal place
        skip()
        if text[place] in "{(":
            close = {"{": "}", "(": ")"}[text[place]]
            place += 1
            fields, skipped = {}, skip()
            while text[place] != close:
                name = str(len(fields))
                if close == "}":
                    name = word()
                    place += 1
                fields[name] = kind()
                skip()
            place += 1
            return fields
        element, sizes = word(), []
        if text[place] == "[":
            end = text.index("]", place)
            sizes = [s.strip() for s in text[place + 1:end].split(",")]
            place = end + 1
        return element, sizes

    found = []
    skip()
    while text[place] != ")":
        name = word()
        place += 1
        found.append((name, kind()))
        skip()
    return found


def value(kind, sizes, seeds, positive):
    if isinstance(kind, dict):
        if "0" in kind:
            return "(" + ", ".join(value(k, sizes, seeds, positive) for k in kind.values()) + ",)"
        return "(" + ", ".join(f"{n}={value(k, sizes, seeds, positive)}" for n, k in kind.items()) + ")"
    element, dims = kind
    shape = ", ".join(re.sub(r"[A-Za-z_]\w*", lambda m: str(sizes.setdefault(m[0], 3 + len(sizes) % 4)), d) for d in dims)
    shape = f"({shape},)" if dims else "1"
    seeds.append(0)
    made = f"normal(key({len(seeds)}), {shape})"
    if positive:
        made = f"(abs({made}) + 0.1)"
    if element.startswith("i"):
        made = f"randint(key({len(seeds)}), {shape}, 0, 3)"
    elif element == "bool":
        made += " > 0"
    elif element == "key":
        return f"key({len(seeds)})"
    if element not in ("f32", "bool"):
        made = f"{element}({made})"
    return made if dims else f"({made})[0]"


def differs(case):
    exact = not case.startswith("about ")
    case = case.removeprefix("about ")
    (path, name, variables), *given = [case.split()[0].split(":")] + [s.split("=") for s in case.split()[1:]]
    positive = ["positive"] in given
    sizes = {n: int(v) for n, v in (g for g in given if len(g) == 2)}
    file = ROOT / path
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for other in [*file.parent.glob("*.tds"), *(ROOT / "examples/data").glob("*")]:
            (folder / other.name).write_bytes(other.read_bytes())
        (folder / "data").symlink_to(ROOT / "examples/data")
        printed = tdslc("emit", file.name, "--fn", name, "--grad", variables, "--stage", "source", cwd=folder)
        if printed.returncode:
            return f"{case}: {printed.stderr}"
        (folder / "printed_.tds").write_text(printed.stdout)
        seeds, lines, names = [], [], []
        for parameter, kind in parameters(printed.stdout):
            names.append(parameter)
            if kind == ("dim", []):
                lines.append(f"{parameter} = {sizes.setdefault(parameter, 3)}")
            else:
                lines.append(f"{parameter} = {value(kind, sizes, seeds, positive)}")
        call = ", ".join(f"{n}={n}" for n in names)
        (folder / "compare_.tds").write_text(
            f'import "{file.name}" as original_\nimport "printed_.tds" as printed_\n' + "\n".join(lines) +
            f"\na_ = grad[{variables}](original_.{name}({call}))\nb_ = printed_.{name}_grad({call})\n"
            'save("a_.npz", (a=a_))\nsave("b_.npz", (a=b_))\nprint(norm(a_ - b_) <= 1e-5 * norm(a_), norm(a_) > 0)\n')
        ran = tdslc("run", "--no-cache", "compare_.tds", cwd=folder)
        if ran.returncode:
            return f"{case}: {ran.stderr}\n{(folder / 'compare_.tds').read_text()}\n{printed.stdout}"
        if ran.stdout != "true true\n":
            return f"{case}: other numbers than the compiler's own; printed:\n{printed.stdout}"
        if exact and (folder / "a_.npz").read_bytes() != (folder / "b_.npz").read_bytes():
            return f"{case}: other bits than the compiler's own; printed:\n{printed.stdout}"
    return None


def main():
    cases = sys.argv[1:] or [c for c in CASES if c and not c.startswith("#")]
    cases = [c.removeprefix("long ") for c in cases if os.environ.get("TDS_LONG") or not c.startswith("long ")]
    with ThreadPoolExecutor(2) as pool:
        wrong = [w for w in pool.map(differs, cases) if w]
    print("\n".join(wrong) if wrong else f"{len(cases)} printed gradients give the same bits")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
