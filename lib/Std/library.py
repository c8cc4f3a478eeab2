"""`library.py PAGE`: makes docs/library.md from the `##` comments beside this file; `./dev docs` runs it. A def without one is the file's own."""
import pathlib
import re
import sys

INTRO = """# The library

Made by `lib/Std/library.py` from the comments in `lib/Std/*.tds`; edit those. The prelude is always in scope, the other modules
want `import nn, optim`. All of it is TDS: `lib/Std` is its source, and derivatives come from that source. [functions.md](functions.md)
has the scalar functions, [language.md](language.md#built-in-functions) all that are built in.
"""
ORDER = ["prelude", "nn", "optim", "linalg", "data"]


def signature(text):
    """`def f(x: float[n] = 1) -> T`: up to the body, which `=` or `{` outside of brackets begins."""
    depth = 0
    for i, c in enumerate(text):
        depth += (c in "([") - (c in ")]")
        if depth == 0 and (c == "{" or c == "=" and text[i - 1] == " " and text[i + 1] in " \n"):
            return re.sub(r"(?<=\() | (?=\))", "", " ".join(text[:i].split()).replace(", )", ")"))
    raise ValueError(text)


def entries(lines):
    """(doc, what is documented) of each def and type; a type is shown whole."""
    doc = []
    for i, line in enumerate(lines):
        if line.startswith("## "):
            doc.append(line[3:])
        elif line.startswith(("def ", "type ")) and doc:
            if line.startswith("def "):
                shown = signature("\n".join(lines[i:]))[4:]
            else:
                end = i if line.count("{") == line.count("}") else next(j for j in range(i, len(lines)) if lines[j] == "}")
                inside = [part.strip().rstrip(",") for part in lines[i:end + 1]]
                shown = inside[0] if len(inside) == 1 else inside[0] + " " + ", ".join(inside[1:-1]) + " }"
            yield " ".join(doc), shown
            doc = []
        elif not line.startswith("@"):
            assert not doc, f"a comment stands before nothing: {doc}"


def page(files):
    out = [INTRO]
    for name in ORDER:
        out.append(f"## {name}\n")
        for file in sorted((f for f in files if f.stem.split("-")[0] == name), key=lambda f: f.stem):
            lines = file.read_text().splitlines()
            out.append(lines[0].removeprefix("# ") + "\n")
            prefix = "" if name == "prelude" else f"{name}."
            for doc, shown in entries(lines):
                words = f"type {prefix}{shown[5:]}" if shown.startswith("type ") else prefix + shown
                out.append(f"- `{words}`\n  {doc}")
            out.append("")
    return "\n".join(out).rstrip() + "\n"


if __name__ == "__main__":
    pathlib.Path(sys.argv[1]).write_text(page(list(pathlib.Path(__file__).parent.glob("*.tds"))))
