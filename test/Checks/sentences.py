#!/usr/bin/env python3
"""Each sentence of docs/language.md against the compiler (TDSLC): test/Language/sentences/*.txt quote the page and test what it says.

    == LEX-4: the quote, word for word; it may run over lines up to an empty one

    a program; it ends with 0, so its `assert`s hold
    ---
    #! check                 another verb than run, and arguments of the script
    #$ --threads 1           options of tdslc
    another program
    #= a line that it prints (all of them)
    #> a line of its report; it ends with 1
    #? why it fails today: the program is known to break the sentence
    #@ other.tds             what follows is that file's; of a `.c` file the script gets the library, by --library

An `exempt` quote (== exempt: why: the quote) has no test of its own. All of the page from "## Lexical" on, but for the grammar, belongs to a quote.

sentences.py [ID...]  those alone, without the page's part
"""
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMPILER = shutil.which("clang-22") or shutil.which("cc") or "cc"


def squeezed(text):
    return " ".join(text.split())


def sentences():
    """(id, quote, programs) of all files; an exempt quote has no programs."""
    for file in sorted((ROOT / "test/Language/sentences").glob("*.txt")):
        for part in re.split(r"(?m)^== ", file.read_text())[1:]:
            head, _, body = part.partition("\n\n")
            name, _, quote = head.partition(": ")
            if name == "exempt":
                yield "exempt", squeezed(quote.partition(": ")[2]), []
                continue
            yield name, squeezed(quote), [program for program in re.split(r"(?m)^---\n", body) if program.strip()]


def unquoted(quotes):
    """Quotes that the page lacks, and words of the page that no quote has."""
    page = (ROOT / "docs/language.md").read_text()
    page = squeezed(re.sub(r"(?ms)^## Grammar\n.*?(?=^## )", "", page[page.index("## Lexical"):]))
    taken, problems = bytearray(len(page)), []
    for name, quote in quotes:
        at = page.find(quote)
        if at < 0:
            problems.append(f"{name} quotes what the page does not say: {quote}")
        else:
            taken[at:at + len(quote)] = b"\1" * len(quote)
    rest = "".join("\n" if done else c for c, done in zip(page, taken))
    rest = re.sub(r"#+ (Lexical|Types|Expressions|Index notation|Statements|Functions and derivatives|Numerics|Scripts|Built-in functions|Not in the language)\b", "", rest)
    for words in re.split(r"\n+", rest):
        if re.search(r"\w", re.sub(r"```(tds)?", "", words)):
            problems.append(f"no sentence quotes: {words.strip()}")
    return problems


def run(program):
    """What is wrong with a program, or empty."""
    lines = program.splitlines()
    marked = lambda sign: [line[3:] for line in lines if line.startswith(sign)]
    verb = (marked("#! ") or ["run"])[0].split()
    files, name = {"s.tds": []}, "s.tds"
    for line in lines:
        if line.startswith("#@ "):
            name = line[3:]
            files[name] = []
        elif not re.match(r"#[!$=>?]( |$)", line):
            files[name].append(line)
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            (pathlib.Path(folder) / name).write_text("\n".join(text) + "\n")
        options = (marked("#$ ") or [""])[0].split()
        for source in pathlib.Path(folder).glob("*.c"):
            made = subprocess.run([COMPILER, "-shared", "-fPIC", "-I", ROOT / "include", "-o", source.with_suffix(".so"), source], text=True, capture_output=True)
            if made.returncode:
                return f"{source.name} does not compile:\n{made.stderr}"
            options += ["--library", source.with_suffix(".so").name]
        command = [os.environ["TDSLC"], verb[0], *options, "s.tds", *verb[1:]]
        try:
            done = subprocess.run(command, cwd=folder, text=True, errors="replace", capture_output=True, timeout=60)
        except subprocess.TimeoutExpired:
            return "does not end"
    expected, report = marked("#> "), done.stderr.splitlines()
    if expected:
        at = 0
        for line in expected:
            found = [k for k in range(at, len(report)) if report[k].startswith(line)]
            if not found:
                return f"does not report\n{line}\nbut\n{done.stdout}{done.stderr}"
            at = found[0] + 1
    printed = [line[2:].removeprefix(" ") for line in lines if re.match(r"#=( |$)", line)]
    if printed and done.stdout.splitlines() != printed:
        return f"prints\n{done.stdout}{done.stderr}expected\n" + "\n".join(printed)
    wanted = (2 if "device" in expected[0] else 1) if expected else 0 # usage is 2
    return "" if done.returncode == wanted else f"ends with {done.returncode}\n{done.stdout}{done.stderr}"


def main():
    everything = list(sentences())
    names = [name for name, _, _ in everything if name != "exempt"]
    failures = [f"{name} is there twice" for name in set(names) if names.count(name) > 1]
    if not sys.argv[1:]:
        failures += unquoted([(name, quote) for name, quote, _ in everything])
    jobs = [(name, program) for name, _, programs in everything for program in programs if not sys.argv[1:] or name in sys.argv[1:]]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda job: run(job[1]), jobs))
    known = []
    for (name, program), wrong in zip(jobs, results):
        reason = re.search(r"(?m)^#\? (.*)", program)
        if reason and wrong:
            known.append(f"{name}: {reason.group(1)}")
        elif reason:
            failures.append(f"{name} holds now; take `#? {reason.group(1)}` out:\n{program}")
        elif wrong:
            failures.append(f"{name}:\n{program}{wrong}")
    tested = {name for name, program in jobs if not re.search(r"(?m)^#\? ", program)}
    bare = [] if sys.argv[1:] else [name for name in names if name not in tested]
    print(f"{len(names)} sentences, {len(jobs)} programs; {len(bare)} sentences without a test that holds: {' '.join(bare)}")
    print(f"{len(known)} known failures\n" + "".join(f"  {line}\n" for line in known), end="")
    print("\n".join(failures))
    return 1 if failures or not jobs else 0


sys.exit(main())
