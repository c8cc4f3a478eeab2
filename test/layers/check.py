#!/usr/bin/env python3
"""Checks that every file includes, and every library links, lower layers only (docs/architecture.md).

usage: check.py ROOT. Prints `file:line: what` for each breach and exits with 1 if there was one.
"""
import os
import re
import sys

# A module is a folder; a file may include its own module and the modules of lower layers.
LAYERS = {
    "include": 0, "lib/Support": 1, "lib/Std": 1, "runtime/abi": 1,
    "lib/Shape": 2, "lib/Syntax": 2,
    "lib/Sema": 3,
    "dialect": 4, "lib/Calls": 4,
    "lib/IRGen": 5, "lib/Autodiff": 5, "lib/Conversion": 5, "lib/Source": 5,
    "lib/Codegen": 6,
    "lib/Compiler": 7, "runtime": 7,
    "lib/Engine": 8,
    "lib/Script": 9,
    "tools": 10,
}
# Modules that see less than their layer would let them.
SEES_ONLY = {
    "include": set(),
    "runtime/abi": set(),
    "runtime": {"include", "runtime/abi"},
    "dialect": {"include", "runtime/abi", "lib/Support", "lib/Shape"},
}
NEVER = {"lib/Codegen": {"dialect"}}
# Upstream headers a module stays free of.
FREE_OF = {
    "include": ("llvm", "mlir"), "runtime": ("llvm", "mlir"), "runtime/abi": ("llvm", "mlir"),
    "lib/Support": ("mlir",), "lib/Shape": ("mlir",), "lib/Syntax": ("mlir",), "lib/Sema": ("mlir",),
}
# TdsRuntime defines runtime/abi: whoever hands compiled code its symbols links it, and includes the ABI alone.
LIBRARIES = {"TdsDialect": "dialect", "TdsRuntime": "runtime/abi"}
INCLUDE = re.compile(r'^\s*#?\s*(?:include|import)\s*(["<])([^">]+)[">]')
LINKED = re.compile(r"\btds_library\s*\(\s*(\w+)(.*?)\)", re.DOTALL)


def module_of(path):
    """The module of a path from the root, or None for a path outside them."""
    parts = path.split("/")
    for length in (2, 1):
        name = "/".join(parts[:length])
        if len(parts) > length and name in LAYERS:
            return name
    return "include" if parts[0] in ("tds", "tds-c") else None


def breach(module, other):
    """Why `module` may not use `other`, or None."""
    if other == module:
        return None
    if module in SEES_ONLY:
        seen = SEES_ONLY[module]
        return None if other in seen else f"{module} sees {', '.join(sorted(seen)) or 'nothing else of the project'}"
    if other in NEVER.get(module, ()):
        return f"{module} uses nothing of {other}"
    if LAYERS[other] >= LAYERS[module]:
        return f"{module} is in layer {LAYERS[module]}, {other} in layer {LAYERS[other]}"
    return None


def includes_of(path, text):
    """Breaches among a source file's includes, as (line, what)."""
    module = module_of(path)
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        quote, target = match.groups()
        if ".." in target.split("/"):
            yield number, f"include of {target}: write the path from the repository's root"
            continue
        if target.split("/")[0] in FREE_OF.get(module, ()):
            yield number, f"include of {target}: {module} is free of {target.split('/')[0].upper()}"
            continue
        other = module_of(target)
        why = breach(module, other) if other else None
        if why:
            yield number, f"include of {target}: {why}"
        elif module == "include" and quote == '"':
            yield number, f'include of "{target}": a public header includes <tds/...> and standard headers'


def links_of(path, text):
    """Breaches among the libraries that a CMakeLists.txt links."""
    for match in LINKED.finditer(text):
        module = module_of(path)
        line = text[: match.start()].count("\n") + 1
        for library in re.findall(r"\bTds\w+", match.group(2).partition("LINK")[2]):
            other = LIBRARIES.get(library, "lib/" + library[3:])
            why = breach(module, other) if other in LAYERS else None
            if why:
                yield line, f"{match.group(1)} links {library}: {why}"


def main():
    root = sys.argv[1]
    files = breaches = 0
    for top in ("include", "dialect", "lib", "runtime", "tools"):
        for folder, _, names in os.walk(os.path.join(root, top)):
            for name in names:
                path = os.path.relpath(os.path.join(folder, name), root)
                if not module_of(path):
                    continue
                if name == "CMakeLists.txt":
                    find = links_of
                elif name.endswith((".h", ".cpp", ".td", ".def")):
                    find = includes_of
                else:
                    continue
                files += 1
                with open(os.path.join(root, path), encoding="utf-8") as file:
                    for line, what in find(path, file.read()):
                        breaches += 1
                        print(f"{path}:{line}: {what}")
    print(f"{files} files, {breaches} breaches of the layers")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
