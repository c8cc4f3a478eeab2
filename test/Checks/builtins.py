"""Every function that docs/language.md lists is called by a test that compares numbers: builtins.py ROOT."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
page = (root / "docs/language.md").read_text()
section = page[page.index("## Built-in functions") : page.index("The library `nn`")]
section = section[section.index("- Elementwise") :].replace("`v[t]` at `ids[t]`", "")
names = set()
for item in re.findall(r"`([^`]*)`", section):
    while "(" in item:
        item = re.sub(r"\([^()]*\)|\([^()]*$", "", item)  # arguments
    names |= set(re.findall(r"\b[a-z]\w*", item))
names -= {"data"}  # a folder
names |= set("sum prod mean max min any all argmax argmin logsumexp".split())  # REDUCE
# Numbers are compared by these; a script's own functions by lit tests.
tests = [*root.glob("test/Differential/language/*.py"), *root.glob("test/Gradients/*.tds"), *root.glob("test/Script/*.tds"), *root.glob("lib/Std/*.tds")]
text = "\n".join(test.read_text() for test in tests if test.name != "prelude.tds")
missing = sorted(name for name in names if not re.search(rf"(?<![\w.]){name}\(", text))
print(f"{len(names)} functions, {len(missing)} without a test: {' '.join(missing)}")
sys.exit(1 if missing or len(names) < 118 else 0)
